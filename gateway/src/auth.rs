//! Who is asking: `Authorization: Bearer` with an API key (`rgk_<key id>_<secret>`) or a token (a JWT).
//!
//! The database keeps bcrypt hashes, which take tens of milliseconds to check, so each key pays for that once per
//! process: a SHA-256 proof of the verified secret stays in memory. What can change, revocation and scope, is not
//! remembered here but checked by every request's own statement.

pub mod api_key;
mod check;
mod memory;
mod token;

use std::sync::Arc;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;

use crate::error::ApiError;
use crate::server::database::Database;
use api_key::ApiKey;
use check::Checks;
use memory::Recollection;
use token::Tokens;

const FORM: &str = "send it as `Authorization: Bearer rgk_…`";

/// Who sent a request, as far as its secret or signature proves it; what they may do is for the database to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The API key, or the key that signed the token; their ids are one series.
    pub key_id: i64,
    /// The claims of a token as JSON; `None` for an API key.
    pub claims: Option<String>,
}

/// Verifies API keys and tokens.
#[derive(Debug)]
pub struct Authenticator {
    checks: Arc<Checks>,
    tokens: Tokens,
}

impl Authenticator {
    /// An authenticator that remembers nothing yet.
    pub fn new(database: Database) -> Self {
        Self {
            checks: Arc::new(Checks::new(database.clone())),
            tokens: Tokens::new(database),
        }
    }

    /// The sender of a request, once what it presents is known to be genuine.
    ///
    /// # Errors
    /// 401 where there is no valid key, 429 where too many wait to be checked, 503 where that cannot be told now.
    pub async fn authenticate(&self, headers: &HeaderMap) -> Result<Caller, ApiError> {
        let credential = bearer(headers)?;
        if Tokens::is_token(credential) {
            return self.tokens.verify(credential).await;
        }
        let key = ApiKey::parse(credential).ok_or_else(malformed)?;
        let proof = key.proof();
        match self.checks.memory.recall(key.id, &proof) {
            Recollection::Verified => {}
            Recollection::Refused => return Err(check::invalid()),
            Recollection::Unknown => self.checks.check(&key, proof).await?,
        }
        Ok(Caller {
            key_id: key.id,
            claims: None,
        })
    }

    /// Drops what is remembered of a key that the database no longer accepts.
    pub fn forget(&self, caller: &Caller) {
        if caller.claims.is_some() {
            self.tokens.forget(caller.key_id);
        } else {
            self.checks.memory.forget(caller.key_id);
        }
    }
}

fn malformed() -> ApiError {
    ApiError::unauthorized(format!("The API key is malformed: {FORM}"))
}

fn bearer(headers: &HeaderMap) -> Result<&str, ApiError> {
    let mut sent = headers.get_all(AUTHORIZATION).iter();
    let header = sent
        .next()
        .ok_or_else(|| ApiError::unauthorized(format!("The API key is missing: {FORM}")))?;
    // Two of them: a proxy and this gateway might each believe another one.
    if sent.next().is_some() {
        return Err(malformed());
    }
    let text = header.to_str().map_err(|_| malformed())?;
    let (scheme, credential) = text.split_once(' ').ok_or_else(malformed)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(malformed());
    }
    Ok(credential.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(header: &str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, header.parse().expect("a header value"));
        bearer(&headers).ok().map(str::to_owned)
    }

    #[test]
    fn the_scheme_is_bearer_in_any_case() {
        for header in ["Bearer x", "bearer  x", "BEARER x "] {
            assert_eq!(parse(header).as_deref(), Some("x"), "{header}");
        }
        for header in ["x", "Basic x", "Bearer", "Bearerx"] {
            assert_eq!(parse(header), None, "{header}");
        }
    }

    #[test]
    fn there_is_one_credential() {
        let mut headers = HeaderMap::new();
        assert!(bearer(&headers).is_err());
        headers.append(AUTHORIZATION, "Bearer x".parse().expect("a header value"));
        headers.append(AUTHORIZATION, "Bearer y".parse().expect("a header value"));
        assert!(bearer(&headers).is_err());
    }
}
