//! Checking the secrets of API keys that this process has not seen yet.
//!
//! bcrypt is slow on purpose, so a flood of wrong keys is a flood of work. What keeps it from good keys: a verified key
//! never comes here, nor does a wrong secret for one; the check bytes of a key tell wrong secrets before bcrypt does;
//! few checks run at once, those of one key one after another, so that guesses at a few keys do not queue up before the
//! others; and what waits is bounded, per key and in all.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::available_parallelism;

use axum::http::StatusCode;
use sha2::{Digest as _, Sha256};
use tokio::sync::{Semaphore, watch};
use tokio_postgres::Row;

use super::api_key::ApiKey;
use super::memory::{Memory, Proof, Recollection};
use crate::error::ApiError;
use crate::server::database::{CallError, Database, Repeat};

/// Looking up hashes: made-up key ids must not take the pool.
const CONCURRENT_LOOKUPS: usize = 2;
/// bcrypt checks that run at once, at most; half of the processors at most, too.
const MAX_CONCURRENT: usize = 4;
/// Credentials of one key id that may wait for bcrypt.
const MAX_WAITING_PER_KEY: usize = 16;
/// Credentials that may wait in all; the first of a key id has room beyond that.
const MAX_WAITING: usize = 256;
const MAX_WAITING_FIRST: usize = 1_024;

/// What checking a credential came to; `None` while it runs.
type Outcome = Option<Result<(), ApiError>>;

/// The checks under way.
#[derive(Debug)]
pub struct Checks {
    database: Database,
    /// What they find out.
    pub memory: Memory,
    running: Mutex<HashMap<Proof, Running>>,
    lookups: Semaphore,
    hashing: Semaphore,
}

#[derive(Debug)]
struct Running {
    key_id: i64,
    outcome: watch::Receiver<Outcome>,
    turns: Arc<Turns>,
}

/// Shared by the checks of one key id, whose bcrypts come one after another.
#[derive(Debug, Default)]
struct Turns {
    lock: tokio::sync::Mutex<()>,
    waiting: AtomicUsize,
}

/// One of those that wait or hash.
struct Place<'a>(&'a Turns);

impl Turns {
    fn enter(&self) -> Result<Place<'_>, ApiError> {
        let place = Place(self);
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= MAX_WAITING_PER_KEY {
            return Err(too_many());
        }
        Ok(place)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Checks {
    /// No checks yet, and nothing remembered.
    pub fn new(database: Database) -> Self {
        let half = available_parallelism().map_or(1, |cores| cores.get() / 2);
        Self {
            database,
            memory: Memory::default(),
            running: Mutex::default(),
            lookups: Semaphore::new(CONCURRENT_LOOKUPS),
            hashing: Semaphore::new(half.clamp(1, MAX_CONCURRENT)),
        }
    }

    /// Checks a credential, or waits for the check of it that runs already.
    ///
    /// # Errors
    /// 401 where it is wrong, 429 where too many wait, 503 where that cannot be told now.
    pub async fn check(self: &Arc<Self>, key: &ApiKey<'_>, proof: Proof) -> Result<(), ApiError> {
        let mut outcome = self.join(key, proof)?;
        // The sender goes away without an outcome only if the check panicked.
        let settled = outcome
            .wait_for(Option::is_some)
            .await
            .map_err(|_| ApiError::internal())?;
        settled.clone().unwrap_or_else(|| Err(ApiError::internal()))
    }

    fn join(
        self: &Arc<Self>,
        key: &ApiKey<'_>,
        proof: Proof,
    ) -> Result<watch::Receiver<Outcome>, ApiError> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(check) = running.get(&proof) {
            return Ok(check.outcome.clone());
        }
        let mut same_key = running.values().filter(|check| check.key_id == key.id);
        let turns = same_key.next().map(|check| Arc::clone(&check.turns));
        let bound = if turns.is_some() {
            MAX_WAITING
        } else {
            MAX_WAITING_FIRST
        };
        if running.len() >= bound {
            return Err(too_many());
        }
        let (sender, outcome) = watch::channel(None);
        let turns = turns.unwrap_or_default();
        let check = Check {
            checks: Arc::clone(self),
            key_id: key.id,
            proof,
            turns: Arc::clone(&turns),
        };
        let entry = Running {
            key_id: key.id,
            outcome: outcome.clone(),
            turns,
        };
        running.insert(proof, entry);
        drop(running);
        // A task of its own: a client that hangs up must not stop the check that others wait for.
        let secret = key.secret.to_owned();
        tokio::spawn(async move {
            let outcome = check.run(secret).await;
            sender.send_replace(Some(outcome));
        });
        Ok(outcome)
    }
}

/// A running check; it leaves the list of running ones however it ends.
struct Check {
    checks: Arc<Checks>,
    key_id: i64,
    proof: Proof,
    turns: Arc<Turns>,
}

impl Check {
    async fn run(&self, secret: String) -> Result<(), ApiError> {
        let checks = &self.checks;
        let valid = match self.stored().await? {
            Some(stored) if stored.may_be(&secret) => {
                let _place = self.turns.enter()?;
                let _turn = self.turns.lock.lock().await;
                // The one before may have verified the key, and so refused this secret.
                if checks.memory.recall(self.key_id, &self.proof) == Recollection::Refused {
                    return Err(invalid());
                }
                let _permit = acquire(&checks.hashing).await?;
                verify(secret, stored.hash).await?
            }
            _ => false,
        };
        if valid {
            checks.memory.verified(self.key_id, self.proof);
            Ok(())
        } else {
            checks.memory.refused(self.proof);
            Err(invalid())
        }
    }

    async fn stored(&self) -> Result<Option<Stored>, ApiError> {
        let _permit = acquire(&self.checks.lookups).await?;
        let sql = "SELECT k.secret_hash, k.secret_check FROM affiliate_api.find_api_key($1) AS k";
        let database = &self.checks.database;
        let rows = database.query(sql, &[&self.key_id], Repeat::Safe).await?;
        let stored = rows.first().map(Stored::from_row).transpose();
        Ok(stored.map_err(CallError::from)?)
    }
}

/// What is known of a key's secret.
struct Stored {
    /// By bcrypt.
    hash: String,
    /// The first bytes of its SHA-256; none of older keys.
    check: Option<Vec<u8>>,
}

impl Stored {
    fn from_row(row: &Row) -> Result<Self, tokio_postgres::Error> {
        Ok(Self {
            hash: row.try_get(0)?,
            check: row.try_get(1)?,
        })
    }

    /// Whether a secret is worth a bcrypt. What the time this takes tells is no more than the answer.
    fn may_be(&self, secret: &str) -> bool {
        let hash = Sha256::digest(secret);
        self.check
            .as_ref()
            .is_none_or(|check| hash.starts_with(check))
    }
}

impl Drop for Check {
    fn drop(&mut self) {
        let mut running = self
            .checks
            .running
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        running.remove(&self.proof);
    }
}

fn too_many() -> ApiError {
    let text = "Too many unverified API keys at once, try again";
    ApiError::new(StatusCode::TOO_MANY_REQUESTS, text)
}

/// The refusal of a key that is not valid, whatever is wrong with it.
pub fn invalid() -> ApiError {
    ApiError::unauthorized("The API key is not valid")
}

async fn acquire(semaphore: &Semaphore) -> Result<tokio::sync::SemaphorePermit<'_>, ApiError> {
    semaphore.acquire().await.map_err(|_| ApiError::internal())
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
