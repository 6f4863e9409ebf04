//! What the signatures of all providers have in common: HMAC-SHA256 with a secret that both sides know.

use std::time::{SystemTime, UNIX_EPOCH};

use axum::http::HeaderMap;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};

/// Rotation sends a few signatures; more only cost time.
const MAX_SIGNATURES: usize = 16;

/// A secret that events of a project may be signed with.
#[derive(Debug)]
pub(crate) struct SigningSecret {
    pub(super) id: i64,
    pub(super) value: SecretString,
}

/// What a verified signature tells.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Verified {
    /// The secret that made it.
    pub(super) secret_id: i64,
    /// The delivery's own id, where the provider sends one outside the body.
    pub(super) delivery_id: Option<String>,
}

/// Why a signature is not accepted.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    #[error("There is no signature header `{0}`")]
    Missing(&'static str),
    #[error("The signature header `{0}` is malformed")]
    Malformed(&'static str),
    #[error("The signature's timestamp is {age} s old; at most {tolerance} s is accepted")]
    Stale { age: u64, tolerance: u64 },
    #[error(
        "The signature's timestamp is {ahead} s in the future; at most {tolerance} s is accepted"
    )]
    Future { ahead: u64, tolerance: u64 },
    #[error("The signature does not match any webhook secret of this project")]
    Mismatch,
}

/// The clock and the tolerance that timestamps are held against.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    pub(super) now: i64,
    pub(super) tolerance: u64,
}

impl Clock {
    pub(super) fn system(tolerance: u64) -> Self {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_secs();
        Self {
            now: i64::try_from(now).unwrap_or(i64::MAX),
            tolerance,
        }
    }

    /// Refuses the text of a Unix time that is too far away, in the past or in the future.
    pub(super) fn check(self, header: &'static str, timestamp: &str) -> Result<(), Refusal> {
        let timestamp = timestamp.parse().map_err(|_| Refusal::Malformed(header))?;
        let (distance, tolerance) = (self.now.abs_diff(timestamp), self.tolerance);
        match (distance > tolerance, timestamp > self.now) {
            (false, _) => Ok(()),
            (true, false) => Err(Refusal::Stale {
                age: distance,
                tolerance,
            }),
            (true, true) => Err(Refusal::Future {
                ahead: distance,
                tolerance,
            }),
        }
    }
}

/// The signatures of a delivery that are of the scheme checked here.
#[derive(Debug, Default)]
pub(super) struct Signatures(Vec<[u8; 32]>);

impl Signatures {
    /// Adds one written in hexadecimal; what cannot be one matches nothing.
    pub(super) fn add_hex(&mut self, text: &str) {
        let mut signature = [0; 32];
        if hex::decode_to_slice(text, &mut signature).is_ok() {
            self.add(signature);
        }
    }

    /// Adds one, up to a bound.
    pub(super) fn add(&mut self, signature: [u8; 32]) {
        if self.0.len() < MAX_SIGNATURES {
            self.0.push(signature);
        }
    }

    fn contain(&self, expected: &[u8; 32]) -> Choice {
        let signatures = self.0.iter();
        signatures.fold(Choice::from(0), |found, signature| {
            found | signature.ct_eq(expected)
        })
    }

    /// The first secret that made one of them over `message`; a secret may stand for several keys.
    pub(super) fn signer(
        &self,
        secrets: &[SigningSecret],
        keys: fn(&str) -> Vec<Vec<u8>>,
        message: &[&[u8]],
    ) -> Result<i64, Refusal> {
        let signer = secrets.iter().find(|secret| {
            let keys = keys(secret.value.expose_secret());
            let usable = keys.iter().filter(|key| !key.is_empty());
            let found = usable.fold(Choice::from(0), |found, key| {
                found | self.contain(&hmac(key, message))
            });
            found.into()
        });
        signer.map(|secret| secret.id).ok_or(Refusal::Mismatch)
    }
}

/// The key of most providers: the bytes of the whole secret.
pub(super) fn whole_secret(secret: &str) -> Vec<Vec<u8>> {
    vec![secret.as_bytes().to_vec()]
}

/// A header that is there exactly once and is text.
pub(super) fn header<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<&'a str, Refusal> {
    let mut values = headers.get_all(name).iter();
    let value = values.next().ok_or(Refusal::Missing(name))?;
    match (value.to_str(), values.next()) {
        (Ok(text), None) => Ok(text),
        _ => Err(Refusal::Malformed(name)),
    }
}

fn hmac(key: &[u8], message: &[&[u8]]) -> [u8; 32] {
    match Hmac::<Sha256>::new_from_slice(key) {
        Ok(mac) => message
            .iter()
            .fold(mac, |mac, part| mac.chain_update(part))
            .finalize()
            .into_bytes()
            .into(),
        Err(_) => unreachable!("HMAC takes keys of any length"),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::Value;

    use super::*;
    use crate::ingress::provider::Provider;

    /// Signatures made by the providers' official libraries.
    const VECTORS: &str = include_str!("../../../tests/fixtures/webhook_vectors.json");
    /// When they were made.
    pub(crate) const TIMESTAMP: i64 = 1_767_225_600;

    /// A field of one provider's vector.
    pub(crate) fn vector(provider: &str, field: &str) -> String {
        let vectors: Value = serde_json::from_str(VECTORS).expect("JSON");
        let text = vectors[provider][field].as_str();
        text.unwrap_or_else(|| panic!("{provider} has no {field}"))
            .to_owned()
    }

    /// Verifies a delivery at a time with 300 s of tolerance; secrets are numbered from 1.
    pub(crate) fn check(
        provider: Provider,
        headers: &[(&'static str, &str)],
        body: &str,
        secrets: &[&str],
        now: i64,
    ) -> Result<Verified, Refusal> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().expect("a header value"));
        }
        let secrets: Vec<SigningSecret> = (1..)
            .zip(secrets)
            .map(|(id, value)| SigningSecret {
                id,
                value: (*value).into(),
            })
            .collect();
        let clock = Clock {
            now,
            tolerance: 300,
        };
        provider.verify(&map, body.as_bytes(), &secrets, clock)
    }

    /// What a delivery without an id of its own is verified as.
    pub(crate) fn by(secret_id: i64) -> Result<Verified, Refusal> {
        Ok(Verified {
            secret_id,
            delivery_id: None,
        })
    }

    #[test]
    fn timestamps_are_bounded_on_both_sides() {
        let clock = Clock {
            now: 1000,
            tolerance: 300,
        };
        let check = |text: &str| clock.check("t", text);
        assert_eq!(check("700"), Ok(()));
        assert_eq!(check("1300"), Ok(()));
        let (age, ahead, tolerance) = (301, 301, 300);
        assert_eq!(check("699"), Err(Refusal::Stale { age, tolerance }));
        assert_eq!(check("1301"), Err(Refusal::Future { ahead, tolerance }));
        assert!(check(&i64::MIN.to_string()).is_err());
        for bad in ["", "soon", "1e3", "99999999999999999999"] {
            assert_eq!(check(bad), Err(Refusal::Malformed("t")), "{bad}");
        }
    }

    #[test]
    fn an_empty_key_signs_nothing() {
        let mut signatures = Signatures::default();
        signatures.add(hmac(b"", &[b"body"]));
        let secret = SigningSecret {
            id: 1,
            value: "anything".into(),
        };
        let signer = signatures.signer(&[secret], |_| vec![Vec::new()], &[b"body"]);
        assert_eq!(signer, Err(Refusal::Mismatch));
    }
}
