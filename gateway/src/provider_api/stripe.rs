//! Stripe's API: registering the webhook endpoint, deleting coupons, deactivating promotion codes.

use std::time::Duration;

use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, USER_AGENT};
use axum::http::{HeaderMap, HeaderValue, Method};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::Url;
use url::form_urlencoded::Serializer;

use super::call::{Call, Failure, Outcome};
use crate::outbound::{Outbound, Question};

const API_BASE: &str = "https://api.stripe.com";
const TIMEOUT: Duration = Duration::from_secs(30);
/// A page of webhook endpoints is some 100 KiB.
const MAX_RESPONSE_BYTES: usize = 1 << 20;
/// Names of form fields.
const EVENT: &str = "enabled_events[]";
const MADE_BY: &str = "metadata[pg_affiliate_call]";
const AGENT: HeaderValue =
    HeaderValue::from_static(concat!("pg_affiliate/", env!("CARGO_PKG_VERSION")));
const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const VERSION: HeaderName = HeaderName::from_static("stripe-version");

/// Makes one call.
pub(super) async fn make(
    outbound: &Outbound,
    call: &Call,
    public_url: Option<&Url>,
) -> Result<Outcome, Failure> {
    let api = Api::new(outbound, call)?;
    match call.kind.as_str() {
        "register_webhook" => {
            let url = endpoint_url(public_url, call.lease.project_id)?;
            api.register(&url, &call.payload).await
        }
        "delete_coupon" => api.delete_coupon(subject(&call.payload)?).await,
        "deactivate_promotion_code" => api.deactivate(subject(&call.payload)?).await,
        other => Err(Failure::local(format!(
            "there is no call {other} of Stripe"
        ))),
    }
}

/// Where Stripe is to post a project's events.
fn endpoint_url(public_url: Option<&Url>, project_id: i64) -> Result<String, Failure> {
    let base = public_url.ok_or_else(|| {
        Failure::local(
            "the gateway does not know its public URL: start it with AFFILIATE_PUBLIC_URL",
        )
    })?;
    let base = base.as_str().trim_end_matches('/');
    Ok(format!("{base}/webhook/stripe/{project_id}"))
}

fn subject(payload: &Value) -> Result<&str, Failure> {
    payload["id"]
        .as_str()
        .filter(|id| !id.is_empty() && !id.contains(['/', '.', '?', '#']))
        .ok_or_else(|| Failure::local("the call names no id"))
}

fn texts(list: &Value) -> Vec<&str> {
    let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter().filter_map(Value::as_str).collect()
}

fn encoded(form: &[(&str, &str)]) -> String {
    Serializer::new(String::new()).extend_pairs(form).finish()
}

/// Stripe as one project reaches it.
struct Api<'a> {
    outbound: &'a Outbound,
    base: String,
    key: &'a SecretString,
    idempotency_key: &'a str,
    version: Option<&'a str>,
    made_by: String,
}

impl<'a> Api<'a> {
    fn new(outbound: &'a Outbound, call: &'a Call) -> Result<Self, Failure> {
        let base = call.api_base.as_deref().unwrap_or(API_BASE);
        let base = base.trim_end_matches('/');
        let key = call.secret_key.as_ref();
        Ok(Self {
            outbound,
            base: base.strip_suffix("/v1").unwrap_or(base).to_owned(),
            key: key.ok_or_else(|| Failure::local("no secret key is stored"))?,
            idempotency_key: &call.idempotency_key,
            version: call.payload["api_version"].as_str(),
            made_by: format!("{}-{}", call.lease.project_id, call.lease.call_id),
        })
    }

    /// Makes an endpoint, or takes the one there is, where the project knows a secret that it may sign with.
    async fn register(&self, url: &str, payload: &Value) -> Result<Outcome, Failure> {
        let wanted = texts(&payload["enabled_events"]);
        if payload["adopt"] == Value::Bool(true)
            && let Some(found) = self.find_endpoint(url).await?
        {
            return self.adopt(&found, &wanted).await;
        }
        let mut form = vec![
            ("url", url),
            ("description", "pg_affiliate"),
            (MADE_BY, &self.made_by),
        ];
        form.extend(self.version.map(|version| ("api_version", version)));
        form.extend(wanted.iter().map(|event| (EVENT, *event)));
        let made = self
            .send(Method::POST, "webhook_endpoints", Some(encoded(&form)))
            .await?;
        match (made["id"].as_str(), made["secret"].as_str()) {
            (Some(id), Some(secret)) => Ok(Outcome {
                endpoint_id: Some(id.to_owned()),
                secret: Some(secret.to_owned()),
            }),
            _ => Err(Failure::local("the answer has no endpoint with a secret")),
        }
    }

    async fn find_endpoint(&self, url: &str) -> Result<Option<Value>, Failure> {
        let listed = self
            .send(Method::GET, "webhook_endpoints?limit=100", None)
            .await;
        match listed {
            Ok(page) => {
                let mut endpoints = page["data"].as_array().into_iter().flatten();
                let same =
                    |endpoint: &&Value| endpoint["url"] == url && endpoint["status"] != "disabled";
                Ok(endpoints.find(same).cloned())
            }
            // A restricted key may be allowed to write and not to read.
            Err(failure) if matches!(failure.status_code, Some(403..=405)) => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// Takes an endpoint that is there, with the events it lacks.
    async fn adopt(&self, endpoint: &Value, wanted: &[&str]) -> Result<Outcome, Failure> {
        let id = subject(endpoint)?;
        let mut events = texts(&endpoint["enabled_events"]);
        let before = events.len();
        if !events.contains(&"*") {
            events.extend(wanted.iter().filter(|event| !endpoint_has(endpoint, event)));
        }
        if events.len() > before {
            let form: Vec<_> = events.into_iter().map(|event| (EVENT, event)).collect();
            let path = format!("webhook_endpoints/{id}");
            self.send(Method::POST, &path, Some(encoded(&form))).await?;
        }
        Ok(Outcome {
            endpoint_id: Some(id.to_owned()),
            secret: None,
        })
    }

    async fn delete_coupon(&self, id: &str) -> Result<Outcome, Failure> {
        let path = format!("coupons/{id}");
        gone(self.send(Method::DELETE, &path, None).await)
    }

    async fn deactivate(&self, id: &str) -> Result<Outcome, Failure> {
        let path = format!("promotion_codes/{id}");
        let form = "active=false".to_owned();
        gone(self.send(Method::POST, &path, Some(form)).await)
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        form: Option<String>,
    ) -> Result<Value, Failure> {
        let url = Url::parse(&format!("{}/v1/{path}", self.base))
            .map_err(|error| Failure::local(format!("the API base is not valid: {error}")))?;
        let mut headers = HeaderMap::new();
        let mut bearer = header(
            &format!("Bearer {}", self.key.expose_secret()),
            "secret key",
        )?;
        bearer.set_sensitive(true);
        headers.insert(AUTHORIZATION, bearer);
        headers.insert(USER_AGENT, AGENT);
        if method != Method::GET {
            let key = header(self.idempotency_key, "idempotency key")?;
            headers.insert(IDEMPOTENCY_KEY, key);
        }
        if let Some(version) = self.version {
            headers.insert(VERSION, header(version, "API version")?);
        }
        if form.is_some() {
            headers.insert(CONTENT_TYPE, FORM);
        }
        let question = Question {
            method,
            url,
            headers,
            body: form.unwrap_or_default().into(),
            timeout: TIMEOUT,
            most: MAX_RESPONSE_BYTES,
            afresh: false,
        };
        let answer = self.outbound.ask(question).await;
        let answer = answer.map_err(|error| Failure::local(error.to_string()))?;
        match (answer.status.is_success(), answer.broke_off) {
            // Only registering needs what is in it, and says so where it is missing.
            (true, None) => Ok(serde_json::from_str(&answer.text).unwrap_or_default()),
            (true, Some(broken)) => Err(Failure::local(broken)),
            (false, _) => Err(Failure {
                status_code: Some(answer.status.as_u16()),
                error: format!(
                    "HTTP {}{}",
                    answer.status.as_u16(),
                    self.reason(&answer.text)
                ),
                retry_after_s: answer.retry_after_s,
            }),
        }
    }

    /// Stripe's words about an error, which must not repeat the key.
    fn reason(&self, text: &str) -> String {
        let body: Value = serde_json::from_str(text).unwrap_or_default();
        let message = body["error"]["message"].as_str();
        message.map_or_else(String::new, |message| {
            let short: String = message.chars().take(300).collect();
            format!(": {}", short.replace(self.key.expose_secret(), "…"))
        })
    }
}

fn header(text: &str, what: &str) -> Result<HeaderValue, Failure> {
    HeaderValue::from_str(text)
        .map_err(|_| Failure::local(format!("the {what} cannot be put into a header")))
}

fn endpoint_has(endpoint: &Value, event: &str) -> bool {
    texts(&endpoint["enabled_events"]).contains(&event)
}

/// What is not there (any more) need not be deleted; it may have been a typed code all along.
fn gone(sent: Result<Value, Failure>) -> Result<Outcome, Failure> {
    match sent {
        Err(failure) if failure.status_code != Some(404) => Err(failure),
        _ => Ok(Outcome::default()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_endpoint_is_below_the_public_url() {
        let url = |text: &str| {
            let base = Url::parse(text).expect("a URL");
            endpoint_url(Some(&base), 7).expect("a URL")
        };
        assert_eq!(
            url("https://a.example"),
            "https://a.example/webhook/stripe/7"
        );
        assert_eq!(
            url("https://a.example/x/"),
            "https://a.example/x/webhook/stripe/7"
        );
        let missing = endpoint_url(None, 7).expect_err("a failure");
        assert!(missing.error.contains("AFFILIATE_PUBLIC_URL"));
    }

    #[test]
    fn ids_cannot_lead_elsewhere() {
        for bad in ["", "..", "a/../b", "a?b", "a#b"] {
            assert!(subject(&json!({"id": bad})).is_err(), "{bad}");
        }
        assert!(subject(&json!({})).is_err());
        assert_eq!(subject(&json!({"id": "promo_1"})).ok(), Some("promo_1"));
    }

    #[test]
    fn what_is_gone_already_is_done() {
        let failed = |status| {
            gone(Err(Failure {
                status_code: status,
                error: String::new(),
                retry_after_s: None,
            }))
        };
        assert!(failed(Some(404)).is_ok());
        assert!(failed(Some(500)).is_err() && failed(None).is_err());
    }
}
