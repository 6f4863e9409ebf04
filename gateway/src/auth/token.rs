//! Short-lived tokens: `Authorization: Bearer <JWT>`, signed in the database with a key of the project.
//!
//! The signature is verified here, with the secret of the key the token names, fetched once. Whether that key is still
//! live, and what the claims allow, is checked by every request's own statement, as with API keys.

mod hs256;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

use super::Caller;
use crate::error::ApiError;
use crate::server::database::{Database, Repeat};

/// How far the clocks of the database and of this machine may be apart.
const LEEWAY_S: u64 = 5;
/// A token of ours has about 250 bytes.
const MAX_TOKEN_BYTES: usize = 2_048;
const MAX_KEYS: usize = 65_536;
const MAX_UNKNOWN: usize = 4_096;
/// How long a key that was not found is not looked for again; short, for it may be made any moment.
const UNKNOWN_FOR: Duration = Duration::from_secs(2);
/// Keys that are looked up at once, and tokens that may wait for it: made-up key ids must not take the pool.
const CONCURRENT_LOOKUPS: usize = 2;
const MAX_WAITING: usize = 256;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Scope {
    Read,
    Write,
}

/// What a token says. Every claim is required and of exactly this type.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Claims {
    project: i64,
    scope: Scope,
    nbf: u64,
    exp: u64,
}

/// What the database gets to see of it.
#[derive(Serialize)]
struct Granted {
    project: i64,
    scope: Scope,
}

/// Verifies tokens.
#[derive(Debug)]
pub struct Tokens {
    database: Database,
    keys: RwLock<HashMap<i64, Arc<DecodingKey>>>,
    unknown: Mutex<HashMap<i64, Instant>>,
    lookups: Semaphore,
    waiting: Semaphore,
}

impl Tokens {
    /// A verifier that knows no key yet.
    pub fn new(database: Database) -> Self {
        hs256::install();
        Self {
            database,
            keys: RwLock::default(),
            unknown: Mutex::default(),
            lookups: Semaphore::new(CONCURRENT_LOOKUPS),
            waiting: Semaphore::new(MAX_WAITING),
        }
    }

    /// Whether a bearer credential has the form of a token.
    pub fn is_token(credential: &str) -> bool {
        !credential.starts_with("rgk_")
            && credential.len() <= MAX_TOKEN_BYTES
            && credential.split('.').count() == 3
    }

    /// The sender of a request with this token, if it is genuine and its time is now.
    ///
    /// # Errors
    /// 401 where it is not, 429 where too many wait for their key to be looked up, 503 where that cannot be done now.
    pub async fn verify(&self, token: &str) -> Result<Caller, ApiError> {
        let key_id = key_id(token).ok_or_else(invalid)?;
        let key = match self.known(key_id) {
            Some(key) => key,
            None => self.look_up(key_id).await?.ok_or_else(invalid)?,
        };
        let claims = verified(token, &key, jsonwebtoken::get_current_timestamp())?;
        let granted = Granted {
            project: claims.project,
            scope: claims.scope,
        };
        Ok(Caller {
            key_id,
            claims: Some(serde_json::to_string(&granted).map_err(|_| ApiError::internal())?),
        })
    }

    /// Drops the secret of a key that the database no longer accepts.
    pub fn forget(&self, key_id: i64) {
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        keys.remove(&key_id);
    }

    fn known(&self, key_id: i64) -> Option<Arc<DecodingKey>> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        keys.get(&key_id).cloned()
    }

    async fn look_up(&self, key_id: i64) -> Result<Option<Arc<DecodingKey>>, ApiError> {
        let _place = self.waiting.try_acquire().map_err(|_| {
            let text = "Too many tokens with unknown keys at once, try again";
            ApiError::new(StatusCode::TOO_MANY_REQUESTS, text)
        })?;
        let _turn = self
            .lookups
            .acquire()
            .await
            .map_err(|_| ApiError::internal())?;
        // Another token of the same key may have been first.
        if let Some(key) = self.known(key_id) {
            return Ok(Some(key));
        }
        if self.is_unknown(key_id) {
            return Ok(None);
        }
        let sql = "SELECT k.secret::text FROM affiliate_api.find_token_key($1) AS k";
        let found = self
            .database
            .query_text(sql, &[&key_id], Repeat::Safe)
            .await?;
        let key = found.map(|secret| Arc::new(DecodingKey::from_secret(secret.as_bytes())));
        match &key {
            Some(key) => self.remember(key_id, Arc::clone(key)),
            None => self.remember_unknown(key_id),
        }
        Ok(key)
    }

    fn remember(&self, key_id: i64, key: Arc<DecodingKey>) {
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        if keys.len() >= MAX_KEYS
            && let Some(other) = keys.keys().next().copied()
        {
            keys.remove(&other);
        }
        keys.insert(key_id, key);
    }

    fn is_unknown(&self, key_id: i64) -> bool {
        let unknown = self.unknown.lock().unwrap_or_else(PoisonError::into_inner);
        unknown
            .get(&key_id)
            .is_some_and(|at| at.elapsed() < UNKNOWN_FOR)
    }

    fn remember_unknown(&self, key_id: i64) {
        let mut unknown = self.unknown.lock().unwrap_or_else(PoisonError::into_inner);
        if unknown.len() >= MAX_UNKNOWN {
            unknown.clear();
        }
        unknown.insert(key_id, Instant::now());
    }
}

fn invalid() -> ApiError {
    ApiError::unauthorized("The token is not valid")
}

/// The key that a token says it was signed with; `None` for one that is not ours.
fn key_id(token: &str) -> Option<i64> {
    let header = decode_header(token).ok()?;
    let kid = header.kid.filter(|_| header.alg == Algorithm::HS256)?;
    let key_id: i64 = kid.parse().ok()?;
    (key_id > 0 && key_id.to_string() == kid).then_some(key_id)
}

fn verified(token: &str, key: &DecodingKey, now: u64) -> Result<Claims, ApiError> {
    let mut validation = Validation::new(Algorithm::HS256);
    // The library reads these two as numbers of any kind, which serde_json's arbitrary precision hides from it; here
    // they are plain integers that must be there.
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.required_spec_claims.clear();
    let claims = decode::<Claims>(token, key, &validation)
        .map_err(|_| invalid())?
        .claims;
    if claims.exp.saturating_add(LEEWAY_S) <= now {
        return Err(ApiError::unauthorized("The token has expired"));
    }
    if claims.nbf > now.saturating_add(LEEWAY_S) {
        return Err(ApiError::unauthorized("The token is not valid yet"));
    }
    Ok(claims)
}

#[cfg(test)]
mod tests;
