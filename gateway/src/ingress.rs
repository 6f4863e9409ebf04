//! Signed events from payment providers.
//!
//! Only the signature is checked here, over the bytes as they came; what the event means is for the database to say,
//! in the same transaction that stores it.

pub(crate) mod secrets;
mod stripe;

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use secrecy::SecretString;

use crate::error::ApiError;
use crate::server::database::{CallError, Repeat};
use crate::server::{App, RequestBody};
use secrets::{Freshness, Secrets};

/// Raised where the secret that verified the event has been revoked meanwhile.
const SECRET_REVOKED: &str = "RF410";

/// A secret that events of a project may be signed with.
#[derive(Debug)]
pub(crate) struct SigningSecret {
    id: i64,
    value: SecretString,
}

/// What a verified signature tells.
#[derive(Debug, PartialEq, Eq)]
struct Verified {
    /// The secret that made it.
    secret_id: i64,
    /// The delivery's own id, where the provider sends one outside the body.
    delivery_id: Option<String>,
}

/// Why a signature is not accepted.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum Refusal {
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
struct Clock {
    now: i64,
    tolerance: u64,
}

impl Clock {
    fn system(tolerance: u64) -> Self {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_secs();
        Self {
            now: i64::try_from(now).unwrap_or(i64::MAX),
            tolerance,
        }
    }

    fn check(self, timestamp: i64) -> Result<(), Refusal> {
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

type Verify = fn(&HeaderMap, &[u8], &[SigningSecret], Clock) -> Result<Verified, Refusal>;

/// A provider whose events are received.
struct Provider {
    name: &'static str,
    verify: Verify,
}

const PROVIDERS: &[Provider] = &[Provider {
    name: "stripe",
    verify: stripe::verify,
}];

/// Answers `POST /webhook/{provider}/{project_id}`.
pub(crate) async fn receive(State(app): State<Arc<App>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let timeout = Duration::from_millis(app.config.body_timeout_ms);
    let mut body = RequestBody::new(body, &parts.headers, app.config.max_body_bytes, timeout);
    let answered = match target(parts.uri.path()) {
        Some((provider, project_id)) => {
            handle(&app, provider, project_id, &parts.headers, &mut body).await
        }
        None => Err(ApiError::not_found("There is no such webhook endpoint")),
    };
    body.discard().await;
    match answered {
        Ok(text) => ([(CONTENT_TYPE, "application/json")], text).into_response(),
        Err(error) => error.into_response(),
    }
}

/// The provider and the project id that end the path.
fn target(path: &str) -> Option<(&'static Provider, i64)> {
    let mut segments = path.rsplit('/');
    let (project, name) = (segments.next()?, segments.next()?);
    let provider = PROVIDERS.iter().find(|provider| provider.name == name)?;
    let canonical = !project.starts_with('0') && project.bytes().all(|b| b.is_ascii_digit());
    let project_id = project.parse().ok().filter(|_| canonical)?;
    Some((provider, project_id))
}

async fn handle(
    app: &App,
    provider: &'static Provider,
    project_id: i64,
    headers: &HeaderMap,
    body: &mut RequestBody,
) -> Result<String, ApiError> {
    let secrets = app
        .secrets
        .get(project_id, provider.name, Freshness::Usual)
        .await?;
    let body = body.read().await?;
    let verified = match verify(app, provider, &secrets, headers, &body) {
        Err(Refusal::Mismatch) => {
            // The secret may have been set a moment ago.
            let secrets = app
                .secrets
                .get(project_id, provider.name, Freshness::Recent)
                .await?;
            verify(app, provider, &secrets, headers, &body)
        }
        other => other,
    };
    let verified = verified.map_err(refused)?;
    match ingest(app, provider, project_id, &verified, &body).await {
        Err(error) if error.has_sqlstate(SECRET_REVOKED) => {
            let secrets = app
                .secrets
                .get(project_id, provider.name, Freshness::Now)
                .await?;
            let verified = verify(app, provider, &secrets, headers, &body).map_err(refused)?;
            Ok(ingest(app, provider, project_id, &verified, &body).await?)
        }
        other => Ok(other?),
    }
}

fn verify(
    app: &App,
    provider: &Provider,
    secrets: &Secrets,
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<Verified, Refusal> {
    let clock = Clock::system(app.config.signature_tolerance_seconds);
    (provider.verify)(headers, body, secrets, clock)
}

fn refused(refusal: Refusal) -> ApiError {
    ApiError::unauthorized(refusal.to_string())
}

/// Stores and applies the event; the database ignores an event it has, so that repeating is safe.
async fn ingest(
    app: &App,
    provider: &Provider,
    project_id: i64,
    verified: &Verified,
    body: &Bytes,
) -> Result<String, CallError> {
    let text = app
        .database
        .query_text(
            "SELECT affiliate_api.ingest_provider_event($1, $2, $3, $4, $5)::text",
            &[
                &project_id,
                &provider.name,
                &verified.secret_id,
                &verified.delivery_id,
                &body.as_ref(),
            ],
            Repeat::Safe,
        )
        .await?;
    Ok(text.unwrap_or_else(|| r#"{"received":true}"#.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_name_a_known_provider_and_an_integer_project() {
        let found = |path| target(path).map(|(provider, id)| (provider.name, id));
        assert_eq!(found("/webhook/stripe/12"), Some(("stripe", 12)));
        assert_eq!(found("/api/webhook/stripe/1"), Some(("stripe", 1)));
        for bad in [
            "/webhook/stripe/0",
            "/webhook/stripe/-1",
            "/webhook/stripe/+1",
            "/webhook/stripe/x",
            "/webhook/nobody/1",
            "/webhook/stripe/99999999999999999999",
        ] {
            assert_eq!(found(bad), None, "{bad}");
        }
    }

    #[test]
    fn timestamps_are_bounded_on_both_sides() {
        let clock = Clock {
            now: 1000,
            tolerance: 300,
        };
        assert_eq!(clock.check(700), Ok(()));
        assert_eq!(clock.check(1300), Ok(()));
        assert_eq!(
            clock.check(588),
            Err(Refusal::Stale {
                age: 412,
                tolerance: 300
            })
        );
        assert_eq!(
            clock.check(1301),
            Err(Refusal::Future {
                ahead: 301,
                tolerance: 300
            })
        );
        assert!(clock.check(i64::MIN).is_err());
    }
}
