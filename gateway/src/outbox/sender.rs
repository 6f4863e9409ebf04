//! Sending one webhook, and putting what came of it into words for the delivery log.

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use reqwest::header::{
    CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, InvalidHeaderValue, RETRY_AFTER,
};
use reqwest::{Client, Response, StatusCode, redirect};
use rustls::ClientConfig;

use super::delivery::{Attempt, Delivery};
use super::signature;
use super::target::{Policy, PolicyResolver, TargetError};
use crate::server::ServeConfig;

const USER_AGENT: &str = "Refgrow-Webhooks/1.0";
const EVENT: HeaderName = HeaderName::from_static("x-refgrow-event");
const DELIVERY: HeaderName = HeaderName::from_static("x-refgrow-delivery");
const SIGNATURE: HeaderName = HeaderName::from_static("x-refgrow-signature");
const STANDARD_ID: HeaderName = HeaderName::from_static("webhook-id");
const STANDARD_TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
const STANDARD_SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");

/// How much of a response is kept.
const MAX_RESPONSE_BYTES: usize = 4096;
/// Longest time an endpoint may be given, whatever is stored.
const MAX_TIMEOUT_MS: u64 = 30_000;
/// Shorter than common servers keep idle connections: meeting one that just closed would cost an attempt.
const IDLE_TIMEOUT: Duration = Duration::from_secs(4);
const MAX_RETRY_AFTER_SECONDS: u64 = 86_400;

/// Sends webhooks.
#[derive(Clone)]
pub(crate) struct Sender {
    client: Client,
    policy: Policy,
}

/// Why there is no response.
#[derive(Debug, thiserror::Error)]
enum SendError {
    #[error("the webhook URL is not valid: {0}")]
    Url(url::ParseError),
    #[error(transparent)]
    Target(#[from] TargetError),
    #[error("the event cannot be put into headers: {0}")]
    Header(#[from] InvalidHeaderValue),
    #[error("{0}")]
    Request(String),
}

impl Sender {
    /// Prepares the HTTP client.
    pub(crate) fn new(config: &ServeConfig, tls: ClientConfig) -> Result<Self, reqwest::Error> {
        let policy = Policy {
            allow_private: config.allow_private_webhook_targets,
            allow_http: config.allow_http_webhook_targets,
        };
        let client = Client::builder()
            .user_agent(USER_AGENT)
            .redirect(redirect::Policy::none())
            .referer(false)
            .no_proxy()
            .dns_resolver(Arc::new(PolicyResolver(policy)))
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(config.webhook_host_concurrency)
            .tls_backend_preconfigured(tls)
            .build()?;
        Ok(Self { client, policy })
    }

    /// Sends a delivery once; whatever happens is the attempt's result.
    pub(super) async fn send(&self, delivery: &Delivery) -> Attempt {
        let started = Instant::now();
        let sent = self.post(delivery).await;
        let (status, error, response, retry_after_s) = match sent {
            Ok(answer) => {
                let (status, retry_after) = (answer.status(), retry_after(answer.headers()));
                let (text, error) = read_start(answer).await;
                (Some(status), error, Some(text), retry_after)
            }
            Err(error) => (None, Some(error.to_string()), None, None),
        };
        let duration_ms = u32::try_from(started.elapsed().as_millis()).unwrap_or(u32::MAX);
        tracing::info!(
            message_id = delivery.message_id,
            event = delivery.event_type,
            attempt = delivery.attempt_no,
            host = delivery.host(),
            status = status.map(|status| status.as_u16()),
            error,
            duration_ms,
            "webhook"
        );
        Attempt {
            lease: delivery.lease.clone(),
            attempt_no: delivery.attempt_no,
            status_code: status.as_ref().map(StatusCode::as_u16),
            error,
            response,
            duration_ms,
            retry_after_s,
        }
    }

    async fn post(&self, delivery: &Delivery) -> Result<Response, SendError> {
        let url = delivery.url.clone().map_err(SendError::Url)?;
        self.policy.check(&url)?;
        let timeout_ms = u64::try_from(delivery.timeout_ms)
            .unwrap_or(0)
            .clamp(1, MAX_TIMEOUT_MS);
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_secs();
        self.client
            .post(url)
            .headers(headers(delivery, now)?)
            .body(delivery.body.clone())
            .timeout(Duration::from_millis(timeout_ms))
            .send()
            .await
            .map_err(|error| SendError::Request(describe(error, timeout_ms)))
    }
}

fn headers(delivery: &Delivery, now: u64) -> Result<HeaderMap, InvalidHeaderValue> {
    let mut headers = HeaderMap::new();
    let message_id = HeaderValue::from_str(&delivery.message_id)?;
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(EVENT, HeaderValue::from_str(&delivery.event_type)?);
    headers.insert(DELIVERY, message_id.clone());
    headers.insert(STANDARD_ID, message_id);
    headers.insert(STANDARD_TIMESTAMP, HeaderValue::from(now));
    if let Some(first) = delivery.secrets.first() {
        let documented = signature::documented(first, &delivery.body);
        let standard =
            signature::standard(&delivery.secrets, &delivery.message_id, now, &delivery.body);
        headers.insert(SIGNATURE, HeaderValue::from_str(&documented)?);
        headers.insert(STANDARD_SIGNATURE, HeaderValue::from_str(&standard)?);
    }
    Ok(headers)
}

/// The start of the response as storable text, and why it ended early if it did.
async fn read_start(mut response: Response) -> (String, Option<String>) {
    let mut start = Vec::new();
    let mut error = None;
    while start.len() < MAX_RESPONSE_BYTES {
        match response.chunk().await {
            Ok(Some(chunk)) => {
                start.extend_from_slice(&chunk[..chunk.len().min(MAX_RESPONSE_BYTES - start.len())])
            }
            Ok(None) => break,
            Err(failure) => {
                error = Some(format!(
                    "the response broke off: {}",
                    causes(&failure.without_url())
                ));
                break;
            }
        }
    }
    (
        String::from_utf8_lossy(&start).replace('\0', "\u{fffd}"),
        error,
    )
}

/// Seconds or a date; only some receivers send it, and only for refusals.
fn retry_after(headers: &HeaderMap) -> Option<u32> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let seconds = text.parse::<u64>().ok().or_else(|| {
        let date = httpdate::parse_http_date(text).ok()?;
        Some(
            date.duration_since(SystemTime::now())
                .unwrap_or_default()
                .as_secs(),
        )
    })?;
    u32::try_from(seconds.min(MAX_RETRY_AFTER_SECONDS)).ok()
}

fn describe(error: reqwest::Error, timeout_ms: u64) -> String {
    if error.is_timeout() {
        return format!("no response within {timeout_ms} ms");
    }
    causes(&error.without_url())
}

/// The innermost cause, which says most: refused, unreachable, not public, a bad certificate.
fn causes(error: &dyn Error) -> String {
    let mut innermost = error;
    while let Some(cause) = innermost.source() {
        innermost = cause;
    }
    innermost.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let parsed = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(
                RETRY_AFTER,
                HeaderValue::from_str(text).expect("a header value"),
            );
            retry_after(&headers)
        };
        assert_eq!(parsed("120"), Some(120));
        assert_eq!(parsed("99999999999"), Some(86_400));
        assert_eq!(parsed("Wed, 21 Oct 2015 07:28:00 GMT"), Some(0));
        assert_eq!(parsed("soon"), None);
    }
}
