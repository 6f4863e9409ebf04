//! Sending one webhook, and putting what came of it into words for the delivery log.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use axum::http::header::{
    CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, InvalidHeaderValue, USER_AGENT,
};
use axum::http::{Method, StatusCode};

use super::delivery::{Attempt, Delivery};
use super::signature;
use crate::metrics;
use crate::outbound::{Answer, AskError, Outbound, Question};

const AGENT: HeaderValue = HeaderValue::from_static("Refgrow-Webhooks/1.0");
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

/// Sends webhooks.
#[derive(Clone)]
pub(crate) struct Sender {
    outbound: Outbound,
}

/// Why there is no response.
#[derive(Debug, thiserror::Error)]
enum SendError {
    #[error("the webhook URL is not valid: {0}")]
    Url(url::ParseError),
    #[error("the event cannot be put into headers: {0}")]
    Header(#[from] InvalidHeaderValue),
    #[error(transparent)]
    Ask(#[from] AskError),
}

impl Sender {
    /// Sends through a client.
    pub(crate) fn new(outbound: Outbound) -> Self {
        Self { outbound }
    }

    /// Sends a delivery once; whatever happens is the attempt's result.
    pub(super) async fn send(&self, delivery: &Delivery) -> Attempt {
        let started = Instant::now();
        let sent = self.post(delivery).await;
        let (status, error, response, retry_after_s) = match sent {
            Ok(answer) => (
                Some(answer.status),
                answer.broke_off,
                Some(answer.text),
                answer.retry_after_s,
            ),
            Err(error) => {
                let error = error.to_string().replace('\0', "\u{fffd}");
                (None, Some(error), None, None)
            }
        };
        let duration_ms = u32::try_from(started.elapsed().as_millis()).unwrap_or(u32::MAX);
        let attempt = Attempt {
            lease: delivery.lease.clone(),
            others_wait: delivery.ordered,
            attempt_no: delivery.attempt_no,
            url: delivery.target.clone(),
            status_code: status.as_ref().map(StatusCode::as_u16),
            error,
            response,
            duration_ms,
            retry_after_s,
        };
        metrics::webhook_attempt(match attempt.status_code {
            _ if attempt.succeeded() => "delivered",
            Some(_) => "refused",
            None => "failed",
        });
        log(delivery, &attempt);
        attempt
    }

    async fn post(&self, delivery: &Delivery) -> Result<Answer, SendError> {
        let url = delivery.url.clone().map_err(SendError::Url)?;
        let timeout_ms = u64::try_from(delivery.timeout_ms)
            .unwrap_or(0)
            .clamp(1, MAX_TIMEOUT_MS);
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_secs();
        let question = Question {
            method: Method::POST,
            url,
            headers: headers(delivery, now)?,
            body: delivery.body.clone(),
            timeout: Duration::from_millis(timeout_ms),
            most: MAX_RESPONSE_BYTES,
            afresh: delivery.attempt_no > 1,
        };
        Ok(self.outbound.ask(question).await?)
    }
}

/// Successes are in the database's log; many a second would fill this one.
fn log(delivery: &Delivery, attempt: &Attempt) {
    macro_rules! line {
        ($level:ident) => {
            tracing::$level!(
                message_id = delivery.message_id,
                event = delivery.event_type,
                attempt = delivery.attempt_no,
                host = delivery.host(),
                status = attempt.status_code,
                error = attempt.error,
                duration_ms = attempt.duration_ms,
                "webhook"
            )
        };
    }
    if attempt.succeeded() {
        line!(debug);
    } else {
        line!(info);
    }
}

fn headers(delivery: &Delivery, now: u64) -> Result<HeaderMap, InvalidHeaderValue> {
    let mut headers = HeaderMap::new();
    let message_id = HeaderValue::from_str(&delivery.message_id)?;
    headers.insert(USER_AGENT, AGENT);
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
