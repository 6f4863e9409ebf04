//! HTTP to where project owners say: their webhook endpoints, and the APIs of their payment providers.

mod connector;
mod resolver;
mod target;

use std::error::Error;
use std::time::{Duration, SystemTime};

use axum::body::Bytes;
use axum::http::header::{ACCEPT, RETRY_AFTER};
use axum::http::uri::InvalidUri;
use axum::http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::ClientConfig;
use tokio::time::{Instant, timeout_at};
use url::Url;

use crate::server::ServeConfig;
use connector::Connector;
use resolver::PolicyResolver;
use target::{Policy, TargetError};

/// Shorter than common servers keep idle connections: meeting one that just closed would cost an attempt.
const IDLE_TIMEOUT: Duration = Duration::from_secs(4);
const MAX_RETRY_AFTER_SECONDS: u64 = 86_400;

/// A client that goes only where the operator allows. It follows no redirect and knows of no proxy.
#[derive(Clone)]
pub(crate) struct Outbound {
    client: Client<Connector, Full<Bytes>>,
    /// The same, with a new connection for every request.
    afresh: Client<Connector, Full<Bytes>>,
    policy: Policy,
}

/// What to ask, and how long and how much to listen.
#[derive(Debug)]
pub(crate) struct Question {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// For everything, from connecting to the last byte that is wanted.
    pub(crate) timeout: Duration,
    /// Bytes of the answer's body that are wanted.
    pub(crate) most: usize,
    /// Whether to connect for it alone: some receivers close connections without a word, which costs who meets it an attempt.
    pub(crate) afresh: bool,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) retry_after_s: Option<u32>,
    /// The start of the body as storable text.
    pub(crate) text: String,
    /// Why the body ended before its end and before what was wanted, if it did.
    pub(crate) broke_off: Option<String>,
}

/// Why nothing came back; never the URL, whose path may be a secret.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AskError {
    #[error(transparent)]
    Target(#[from] TargetError),
    #[error("the URL is not valid: {0}")]
    Url(#[from] InvalidUri),
    #[error("no response within {0} ms")]
    Timeout(u128),
    /// The innermost cause.
    #[error("{0}")]
    Failed(String),
}

impl Outbound {
    /// Prepares the HTTP client.
    pub(crate) fn new(config: &ServeConfig, tls: ClientConfig) -> Self {
        let policy = Policy {
            allow_loopback: config.allow_loopback_webhook_targets,
            allow_private: config.allow_private_webhook_targets,
            allow_http: config.allow_http_webhook_targets,
        };
        let connector = Connector::new(PolicyResolver::new(policy), tls);
        let client = |most_idle: usize| {
            Client::builder(TokioExecutor::new())
                .pool_timer(TokioTimer::new())
                .pool_idle_timeout(IDLE_TIMEOUT)
                .pool_max_idle_per_host(most_idle)
                .build(connector.clone())
        };
        Self {
            client: client(config.webhook_concurrency),
            afresh: client(0),
            policy,
        }
    }

    /// Asks once, where the policy permits it.
    pub(crate) async fn ask(&self, question: Question) -> Result<Answer, AskError> {
        self.policy.check(&question.url)?;
        let uri: Uri = question.url.as_str().parse()?;
        let mut request = Request::new(Full::new(question.body));
        *request.method_mut() = question.method;
        *request.uri_mut() = uri;
        *request.headers_mut() = question.headers;
        let headers = request.headers_mut();
        headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
        let until = Instant::now() + question.timeout;
        let client = if question.afresh {
            &self.afresh
        } else {
            &self.client
        };
        let (head, body) = timeout_at(until, client.request(request))
            .await
            .map_err(|_| AskError::Timeout(question.timeout.as_millis()))?
            .map_err(|error| AskError::Failed(cause(&error)))?
            .into_parts();
        let (text, broke_off) = read_start(body, question.most, until).await;
        Ok(Answer {
            status: head.status,
            retry_after_s: retry_after(&head.headers),
            text,
            broke_off,
        })
    }
}

async fn read_start(mut body: Incoming, most: usize, until: Instant) -> (String, Option<String>) {
    let mut start = Vec::new();
    let mut broke_off = None;
    while start.len() < most && broke_off.is_none() {
        match timeout_at(until, body.frame()).await {
            Ok(Some(Ok(frame))) => {
                let chunk = frame.into_data().unwrap_or_default();
                start.extend_from_slice(&chunk[..chunk.len().min(most - start.len())]);
            }
            Ok(None) => break,
            Ok(Some(Err(error))) => broke_off = Some(cause(&error)),
            Err(_) => broke_off = Some("it took too long".to_owned()),
        }
    }
    (
        String::from_utf8_lossy(&start).replace('\0', "\u{fffd}"),
        broke_off.map(|why| format!("the response broke off: {why}")),
    )
}

/// Seconds or a date; only some receivers send it, and only for refusals.
fn retry_after(headers: &HeaderMap) -> Option<u32> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let number = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    // However many digits.
    let seconds = number.then(|| text.parse::<u64>().unwrap_or(u64::MAX));
    let seconds = seconds.or_else(|| {
        let date = httpdate::parse_http_date(text).ok()?;
        Some(
            date.duration_since(SystemTime::now())
                .unwrap_or_default()
                .as_secs(),
        )
    })?;
    u32::try_from(seconds.min(MAX_RETRY_AFTER_SECONDS)).ok()
}

/// The innermost cause, which says most: refused, unreachable, not public, a bad certificate.
fn cause(error: &dyn Error) -> String {
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
        assert_eq!(parsed("99999999999999999999999"), Some(86_400));
        assert_eq!(parsed("Wed, 21 Oct 2015 07:28:00 GMT"), Some(0));
        assert_eq!(parsed("soon"), None);
    }
}
