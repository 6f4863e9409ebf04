//! Signed events from payment providers.
//!
//! Only the signature is checked here, over the bytes as they came; what the event means is for the database to say,
//! in the same transaction that stores it.

pub(crate) mod intake;
mod lemonsqueezy;
mod paddle;
mod polar;
mod provider;
pub(crate) mod secrets;
mod signature;
mod stripe;
mod timestamped;
mod tolerance;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use crate::error::ApiError;
use crate::metrics;
use crate::server::{App, RequestBody};
use intake::Event;
pub use intake::lanes;
use provider::Provider;
use secrets::{Freshness, Secrets};
use signature::{Clock, Refusal, Verified};
pub use tolerance::Tolerance;

/// Raised where the secret that verified the event has been revoked meanwhile.
const SECRET_REVOKED: &str = "RF410";

/// What became of an event that is not taken and not worth trying again.
const REFUSED: &str = "refused";

/// Answers `POST /webhook/{provider}/{project_id}`.
pub(crate) async fn receive(State(app): State<Arc<App>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let timeout = Duration::from_millis(app.config.body_timeout_ms);
    let mut body = RequestBody::new(body, &parts.headers, app.config.max_body_bytes, timeout);
    let answered = match target(parts.uri.path()) {
        Some((provider, project_id)) => {
            let answered = handle(&app, provider, project_id, &parts.headers, &mut body).await;
            let outcome = outcome(&answered);
            metrics::provider_event(provider.name(), outcome);
            if let (REFUSED, Err(error)) = (outcome, &answered) {
                let (provider, reason) = (provider.name(), error.message());
                tracing::warn!(provider, project_id, reason, "event refused");
            }
            answered
        }
        None => Err(ApiError::not_found("There is no such webhook endpoint")),
    };
    body.discard();
    match answered {
        Ok(text) => ([(CONTENT_TYPE, "application/json")], text).into_response(),
        Err(error) => error.into_response(),
    }
}

/// What became of an event, for the metrics.
fn outcome(answered: &Result<String, ApiError>) -> &'static str {
    #[derive(serde::Deserialize)]
    struct Answer<'a> {
        #[serde(borrow)]
        status: Option<&'a str>,
    }
    match answered {
        Ok(text) => {
            let answer = serde_json::from_str::<Answer<'_>>(text).ok();
            match answer.and_then(|answer| answer.status) {
                Some("applied") => "applied",
                Some("ignored") => "ignored",
                Some("parked") => "parked",
                Some("duplicate") => "duplicate",
                _ => "received",
            }
        }
        Err(error) if error.status().is_client_error() => REFUSED,
        Err(_) => "failed",
    }
}

/// The provider and the project id that end the path.
fn target(path: &str) -> Option<(Provider, i64)> {
    let mut segments = path.rsplit('/');
    let (project, name) = (segments.next()?, segments.next()?);
    let provider = Provider::named(name)?;
    let canonical = !project.starts_with('0') && project.bytes().all(|b| b.is_ascii_digit());
    let project_id = project.parse().ok().filter(|_| canonical)?;
    Some((provider, project_id))
}

async fn handle(
    app: &App,
    provider: Provider,
    project_id: i64,
    headers: &HeaderMap,
    body: &mut RequestBody,
) -> Result<String, ApiError> {
    let secrets = app
        .secrets
        .get(project_id, provider, Freshness::Usual)
        .await?;
    let body = body.read().await?;
    let verified = match verify(app, provider, &secrets, headers, &body) {
        Err(Refusal::Mismatch) => {
            // The secret may have been set a moment ago.
            let secrets = app
                .secrets
                .get(project_id, provider, Freshness::AfterMismatch)
                .await?;
            verify(app, provider, &secrets, headers, &body)
        }
        other => other,
    };
    let verified = verified.map_err(refused)?;
    let event = |verified: Verified| Event {
        project_id,
        provider,
        secret_id: verified.secret_id,
        delivery_id: verified.delivery_id,
        body: body.clone(),
    };
    match app.intake.ingest(event(verified)).await {
        Err(error) if error.has_sqlstate(SECRET_REVOKED) => {
            let secrets = app
                .secrets
                .get(project_id, provider, Freshness::Now)
                .await?;
            let verified = verify(app, provider, &secrets, headers, &body).map_err(refused)?;
            Ok(app.intake.ingest(event(verified)).await?)
        }
        other => Ok(other?),
    }
}

fn verify(
    app: &App,
    provider: Provider,
    secrets: &Secrets,
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<Verified, Refusal> {
    let clock = Clock::system(provider.tolerance(&app.config.tolerance));
    provider.verify(headers, body, secrets, clock)
}

fn refused(refusal: Refusal) -> ApiError {
    ApiError::unauthorized(refusal.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_name_a_known_provider_and_an_integer_project() {
        let found = |path: &str| target(path).map(|(provider, id)| (provider.name(), id));
        for name in ["stripe", "lemonsqueezy", "paddle", "polar"] {
            assert_eq!(found(&format!("/webhook/{name}/12")), Some((name, 12)));
            assert_eq!(found(&format!("/api/webhook/{name}/1")), Some((name, 1)));
        }
        for bad in [
            "/webhook/stripe/0",
            "/webhook/stripe/-1",
            "/webhook/stripe/+1",
            "/webhook/stripe/x",
            "/webhook/Stripe/1",
            "/webhook/nobody/1",
            "/webhook/stripe/99999999999999999999",
        ] {
            assert_eq!(found(bad), None, "{bad}");
        }
    }
}
