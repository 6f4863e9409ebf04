//! Checking the secrets of API keys that this process has not seen yet.
//!
//! bcrypt is slow on purpose, so a flood of wrong keys is a flood of work. What keeps it from good keys: a verified key
//! never comes here, nor does a wrong secret for one; few checks run at once, those of one key one after another, so
//! that guesses at a few keys do not queue up before the others; and what waits is bounded, per key and in all.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::available_parallelism;

use axum::http::StatusCode;
use tokio::sync::{Semaphore, watch};

use super::api_key::ApiKey;
use super::memory::{Memory, Proof, Recollection};
use crate::error::ApiError;
use crate::server::database::{Database, Repeat};

/// Looking up hashes: made-up key ids must not take the pool.
const CONCURRENT_LOOKUPS: usize = 2;
/// bcrypt checks that run at once, at most; half of the processors at most, too.
const MAX_CONCURRENT: usize = 4;
/// Credentials of one key id that may wait.
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
    /// Shared by the checks of one key id.
    turn: Arc<tokio::sync::Mutex<()>>,
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
        let turn = same_key.next().map(|check| Arc::clone(&check.turn));
        let others = same_key.count();
        let bound = if turn.is_some() {
            MAX_WAITING
        } else {
            MAX_WAITING_FIRST
        };
        if running.len() >= bound || others + 1 >= MAX_WAITING_PER_KEY {
            let text = "Too many unverified API keys at once, try again";
            return Err(ApiError::new(StatusCode::TOO_MANY_REQUESTS, text));
        }
        let (sender, outcome) = watch::channel(None);
        let turn = turn.unwrap_or_default();
        let check = Check {
            checks: Arc::clone(self),
            key_id: key.id,
            proof,
            turn: Arc::clone(&turn),
        };
        let entry = Running {
            key_id: key.id,
            outcome: outcome.clone(),
            turn,
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
    turn: Arc<tokio::sync::Mutex<()>>,
}

impl Check {
    async fn run(&self, secret: String) -> Result<(), ApiError> {
        let checks = &self.checks;
        let _turn = self.turn.lock().await;
        // The one before may have verified the key, and so refused this secret.
        if checks.memory.recall(self.key_id, &self.proof) == Recollection::Refused {
            return Err(invalid());
        }
        let valid = match self.hash().await? {
            Some(hash) => {
                let _permit = acquire(&checks.hashing).await?;
                verify(secret, hash).await?
            }
            None => false,
        };
        if valid {
            checks.memory.verified(self.key_id, self.proof);
            Ok(())
        } else {
            checks.memory.refused(self.proof);
            Err(invalid())
        }
    }

    async fn hash(&self) -> Result<Option<String>, ApiError> {
        let _permit = acquire(&self.checks.lookups).await?;
        let sql = "SELECT k.secret_hash::text FROM affiliate_api.find_api_key($1) AS k";
        let database = &self.checks.database;
        Ok(database
            .query_text(sql, &[&self.key_id], Repeat::Safe)
            .await?)
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
