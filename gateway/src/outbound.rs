//! HTTP to where project owners say: their webhook endpoints, and the APIs of their payment providers.

mod resolver;
mod target;

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Client, Method, RequestBuilder, Response, redirect};
use rustls::ClientConfig;
use url::Url;

use crate::server::ServeConfig;
use resolver::PolicyResolver;
use target::Policy;
pub(crate) use target::TargetError;

/// Shorter than common servers keep idle connections: meeting one that just closed would cost an attempt.
const IDLE_TIMEOUT: Duration = Duration::from_secs(4);
const MAX_RETRY_AFTER_SECONDS: u64 = 86_400;

/// A client that goes only where the operator allows.
#[derive(Clone)]
pub(crate) struct Outbound {
    client: Client,
    policy: Policy,
}

impl Outbound {
    /// Prepares the HTTP client.
    pub(crate) fn new(config: &ServeConfig, tls: ClientConfig) -> Result<Self, reqwest::Error> {
        let policy = Policy {
            allow_loopback: config.allow_loopback_webhook_targets,
            allow_private: config.allow_private_webhook_targets,
            allow_http: config.allow_http_webhook_targets,
        };
        let client = Client::builder()
            .redirect(redirect::Policy::none())
            .referer(false)
            .no_proxy()
            .dns_resolver(Arc::new(PolicyResolver::new(policy)))
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(config.webhook_concurrency)
            .tls_backend_preconfigured(tls)
            .build()?;
        Ok(Self { client, policy })
    }

    /// Begins a request to a URL that the policy permits.
    pub(crate) fn request(&self, method: Method, url: Url) -> Result<RequestBuilder, TargetError> {
        self.policy.check(&url)?;
        Ok(self.client.request(method, url))
    }
}

/// The start of the response as storable text, and why it ended early if it did.
pub(crate) async fn read_start(mut response: Response, most: usize) -> (String, Option<String>) {
    let mut start = Vec::new();
    let mut error = None;
    while start.len() < most {
        match response.chunk().await {
            Ok(Some(chunk)) => {
                start.extend_from_slice(&chunk[..chunk.len().min(most - start.len())])
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
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<u32> {
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

/// Why there is no response, without the URL.
pub(crate) fn describe(error: reqwest::Error, timeout_ms: u64) -> String {
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
    use reqwest::header::HeaderValue;

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
