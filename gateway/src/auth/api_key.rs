//! API keys as requests send them: `rgk_<key id>_<secret>`.

use sha2::{Digest as _, Sha256};

use super::memory::Proof;

/// bcrypt ignores what comes after.
const MAX_SECRET_BYTES: usize = 72;

/// An API key whose secret is not verified yet.
#[derive(Debug, PartialEq, Eq)]
pub struct ApiKey<'a> {
    /// Which key it claims to be.
    pub id: i64,
    /// What is to prove it.
    pub secret: &'a str,
}

impl<'a> ApiKey<'a> {
    /// Reads a bearer credential; `None` where it has another form.
    pub fn parse(credential: &'a str) -> Option<Self> {
        let (id, secret) = credential.strip_prefix("rgk_")?.split_once('_')?;
        let canonical = !id.starts_with('0') && id.bytes().all(|b| b.is_ascii_digit());
        let usable = (1..=MAX_SECRET_BYTES).contains(&secret.len())
            && secret.bytes().all(|b| b.is_ascii_graphic());
        if !canonical || !usable {
            return None;
        }
        Some(Self {
            id: id.parse().ok()?,
            secret,
        })
    }

    /// What stands for this credential in memory.
    pub fn proof(&self) -> Proof {
        Sha256::new()
            .chain_update(self.id.to_be_bytes())
            .chain_update(self.secret)
            .finalize()
            .into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_an_id_and_a_secret_that_may_hold_underscores() {
        let parsed = |text| ApiKey::parse(text).map(|key| (key.id, key.secret));
        assert_eq!(parsed("rgk_12_ab_c-d"), Some((12, "ab_c-d")));
        assert_eq!(parsed("rgk_1_x"), Some((1, "x")));
    }

    #[test]
    fn anything_else_is_malformed() {
        let long = format!("rgk_1_{}", "x".repeat(73));
        for bad in [
            "",
            "rgk_1",
            "rgk_1_",
            "rgk__x",
            "rgk_-1_x",
            "rgk_01_x",
            "rgk_99999999999999999999_x",
            "rgk_1_x y",
            long.as_str(),
        ] {
            assert_eq!(ApiKey::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_proof_depends_on_id_and_secret() {
        let proof = |id, secret| ApiKey { id, secret }.proof();
        assert_eq!(proof(1, "a"), proof(1, "a"));
        assert_ne!(proof(1, "a"), proof(1, "b"));
        assert_ne!(proof(1, "a"), proof(2, "a"));
    }
}
