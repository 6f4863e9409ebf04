//! Who is asking: `Authorization: Bearer rgk_<key id>_<secret>`.
//!
//! The database keeps bcrypt hashes, which take tens of milliseconds to check, so each key pays for that once per
//! process: a SHA-256 proof of the verified secret stays in memory. What can change, revocation and scope, is not
//! remembered here but checked by every request's own statement.

mod memory;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode};
use sha2::{Digest as _, Sha256};
use tokio::sync::{Semaphore, watch};

use crate::error::ApiError;
use crate::server::database::{Database, Repeat};
use memory::{Memory, Proof, Recollection};

/// bcrypt checks that run at once: the machine's other cores stay free for verified keys.
const CONCURRENT_CHECKS: usize = 2;
/// Credentials that may wait for a check; more are told to come back.
const MAX_WAITING: usize = 256;
/// The same for one key id, so that guessing at one key leaves room for the others.
const MAX_WAITING_PER_KEY: usize = 64;
/// bcrypt ignores what comes after.
const MAX_SECRET_BYTES: usize = 72;

const FORM: &str = "send it as `Authorization: Bearer rgk_…`";

/// An API key as a request sends it.
#[derive(Debug, PartialEq, Eq)]
struct ApiKey<'a> {
    id: i64,
    secret: &'a str,
}

impl<'a> ApiKey<'a> {
    fn from_headers(headers: &'a HeaderMap) -> Result<Self, ApiError> {
        let header = headers
            .get(AUTHORIZATION)
            .ok_or_else(|| ApiError::unauthorized(format!("The API key is missing: {FORM}")))?;
        let malformed = || ApiError::unauthorized(format!("The API key is malformed: {FORM}"));
        let text = header.to_str().map_err(|_| malformed())?;
        let (scheme, token) = text.split_once(' ').ok_or_else(malformed)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(malformed());
        }
        Self::parse(token.trim()).ok_or_else(malformed)
    }

    fn parse(token: &'a str) -> Option<Self> {
        let (id, secret) = token.strip_prefix("rgk_")?.split_once('_')?;
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
    fn proof(&self) -> Proof {
        Sha256::new()
            .chain_update(self.id.to_be_bytes())
            .chain_update(self.secret)
            .finalize()
            .into()
    }
}

/// Who sent a request, as far as its secret proves it; what they may do is for the database to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The API key.
    pub key_id: i64,
    /// The claims of a token as JSON; `None` for an API key.
    pub claims: Option<String>,
}

fn invalid() -> ApiError {
    ApiError::unauthorized("The API key is not valid")
}

/// What checking a credential came to; `None` while it runs.
type Outcome = Option<Result<(), ApiError>>;

/// Verifies API keys.
#[derive(Debug)]
pub struct Authenticator {
    database: Database,
    memory: Memory,
    running: Mutex<HashMap<Proof, (i64, watch::Receiver<Outcome>)>>,
    permits: Semaphore,
}

impl Authenticator {
    /// An authenticator that remembers nothing yet.
    pub fn new(database: Database) -> Arc<Self> {
        Arc::new(Self {
            database,
            memory: Memory::default(),
            running: Mutex::default(),
            permits: Semaphore::new(CONCURRENT_CHECKS),
        })
    }

    /// The sender of a request, once the secret of its API key is known to be right.
    ///
    /// # Errors
    /// 401 where there is no valid key, 429 where too many wait to be checked, 503 where that cannot be told now.
    pub async fn authenticate(self: &Arc<Self>, headers: &HeaderMap) -> Result<Caller, ApiError> {
        let key = ApiKey::from_headers(headers)?;
        let proof = key.proof();
        let caller = Caller {
            key_id: key.id,
            claims: None,
        };
        match self.memory.recall(key.id, &proof) {
            Recollection::Verified => return Ok(caller),
            Recollection::Refused => return Err(invalid()),
            Recollection::Unknown => {}
        }
        let mut outcome = self.join_check(&key, proof)?;
        // The sender goes away without an outcome only if the check panicked.
        let settled = outcome
            .wait_for(Option::is_some)
            .await
            .map_err(|_| ApiError::internal())?;
        settled
            .clone()
            .unwrap_or_else(|| Err(ApiError::internal()))
            .map(|()| caller)
    }

    /// Drops what is remembered of a key that the database no longer accepts.
    pub fn forget(&self, caller: &Caller) {
        self.memory.forget(caller.key_id);
    }

    /// The running check of this credential, or a new one: many requests with one cold key pay for one check.
    fn join_check(
        self: &Arc<Self>,
        key: &ApiKey<'_>,
        proof: Proof,
    ) -> Result<watch::Receiver<Outcome>, ApiError> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, receiver)) = running.get(&proof) {
            return Ok(receiver.clone());
        }
        let same_key = running.values().filter(|(id, _)| *id == key.id).count();
        if running.len() >= MAX_WAITING || same_key >= MAX_WAITING_PER_KEY {
            let text = "Too many unverified API keys at once, try again";
            return Err(ApiError::new(StatusCode::TOO_MANY_REQUESTS, text));
        }
        let (sender, receiver) = watch::channel(None);
        running.insert(proof, (key.id, receiver.clone()));
        drop(running);
        let check = Check {
            authenticator: Arc::clone(self),
            key_id: key.id,
            proof,
        };
        // A task of its own: a client that hangs up must not stop the check that others wait for.
        let secret = key.secret.to_owned();
        tokio::spawn(async move {
            let outcome = check.run(secret).await;
            sender.send_replace(Some(outcome));
        });
        Ok(receiver)
    }
}

/// A running check; it leaves the list of running ones however it ends.
struct Check {
    authenticator: Arc<Authenticator>,
    key_id: i64,
    proof: Proof,
}

impl Check {
    async fn run(&self, secret: String) -> Result<(), ApiError> {
        let authenticator = &self.authenticator;
        let _permit = authenticator
            .permits
            .acquire()
            .await
            .map_err(|_| ApiError::internal())?;
        if authenticator.memory.recall(self.key_id, &self.proof) == Recollection::Refused {
            return Err(invalid());
        }
        let hash = authenticator
            .database
            .query_text(
                "SELECT k.secret_hash::text FROM affiliate_api.find_api_key($1) AS k",
                &[&self.key_id],
                Repeat::Safe,
            )
            .await?;
        let valid = match hash {
            Some(hash) => verify(secret, hash).await?,
            None => false,
        };
        if valid {
            authenticator.memory.verified(self.key_id, self.proof);
            Ok(())
        } else {
            authenticator.memory.refused(self.proof);
            Err(invalid())
        }
    }
}

impl Drop for Check {
    fn drop(&mut self) {
        let mut running = self
            .authenticator
            .running
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        running.remove(&self.proof);
    }
}

async fn verify(secret: String, hash: String) -> Result<bool, ApiError> {
    let checked = tokio::task::spawn_blocking(move || bcrypt::verify(secret, &hash)).await;
    match checked {
        Ok(Ok(valid)) => Ok(valid),
        Ok(Err(error)) => {
            tracing::error!(%error, "the stored hash of an API key is not a bcrypt hash");
            Err(ApiError::internal())
        }
        Err(error) => {
            tracing::error!(%error, "checking an API key failed");
            Err(ApiError::internal())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(header: &str) -> Result<(i64, String), String> {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, header.parse().expect("a header value"));
        ApiKey::from_headers(&headers)
            .map(|key| (key.id, key.secret.to_owned()))
            .map_err(|error| error.message().to_owned())
    }

    #[test]
    fn keys_have_an_id_and_a_secret_that_may_hold_underscores() {
        assert_eq!(parse("Bearer rgk_12_ab_c-d"), Ok((12, "ab_c-d".to_owned())));
        assert_eq!(parse("bearer  rgk_1_x"), Ok((1, "x".to_owned())));
    }

    #[test]
    fn anything_else_is_malformed() {
        let long = format!("Bearer rgk_1_{}", "x".repeat(73));
        for bad in [
            "rgk_1_x",
            "Basic rgk_1_x",
            "Bearer ",
            "Bearer rgk_1",
            "Bearer rgk_1_",
            "Bearer rgk__x",
            "Bearer rgk_-1_x",
            "Bearer rgk_01_x",
            "Bearer rgk_99999999999999999999_x",
            "Bearer rgk_1_x y",
            long.as_str(),
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_proof_depends_on_id_and_secret() {
        let proof = |id, secret| ApiKey { id, secret }.proof();
        assert_eq!(proof(1, "a"), proof(1, "a"));
        assert_ne!(proof(1, "a"), proof(2, "a"));
        assert_ne!(proof(1, "a"), proof(1, "b"));
    }
}
