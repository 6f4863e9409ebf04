//! The REST API of a gateway elsewhere, over HTTP with one API key.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, ETAG, HeaderValue, IF_NONE_MATCH};
use reqwest::{Client, Method, Response, StatusCode, redirect};
use rmcp::model::Extensions;
use serde_json::Value;
use url::Url;

use super::{Answer, Api, ApiRequest, ToolSet, Unreachable};
use crate::error::describe;
use crate::server::tls;

const TIMEOUT: Duration = Duration::from_secs(60);
const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// What the documented base URL ends with; the rest is where the gateway is.
const API_PATH: &str = "/api/v1";

/// Why the client cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// Not an HTTP URL.
    #[error("{0:?} is not the URL of an API, such as https://affiliates.example.com/api/v1")]
    Url(String),
    /// Not a header value.
    #[error("the API key holds characters that no key has")]
    Key,
    /// TLS cannot be set up.
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
    /// The HTTP client cannot be set up.
    #[error("the HTTP client cannot be set up: {0}")]
    Client(#[from] reqwest::Error),
}

/// The tools of the document with this `ETag`.
type Known = (HeaderValue, Arc<ToolSet>);

/// A gateway and a key for it.
#[derive(Debug)]
pub struct Remote {
    client: Client,
    base: String,
    authorization: HeaderValue,
    known: Mutex<Option<Known>>,
}

impl Remote {
    /// A client for the API at `url`, with or without its `/api/v1`.
    ///
    /// # Errors
    /// When the URL or the key cannot be one.
    pub fn new(url: &str, key: &str) -> Result<Self, RemoteError> {
        let mut authorization = HeaderValue::try_from(format!("Bearer {}", key.trim()))
            .map_err(|_| RemoteError::Key)?;
        authorization.set_sensitive(true);
        let client = Client::builder()
            .user_agent(concat!("affiliate-mcp/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .timeout(TIMEOUT)
            .tls_backend_preconfigured(tls::client_config()?)
            .build()?;
        Ok(Self {
            client,
            base: base(url)?,
            authorization,
            known: Mutex::default(),
        })
    }

    async fn fetch_tools(&self) -> Result<Arc<ToolSet>, Unreachable> {
        let url = format!("{}/openapi.json", self.base);
        let known = self
            .known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let mut request = self.client.get(&url).header(ACCEPT, JSON);
        if let Some((etag, _)) = &known {
            request = request.header(IF_NONE_MATCH, etag);
        }
        let response = request
            .send()
            .await
            .map_err(|error| unreachable(&url, &error))?;
        let status = response.status();
        match (status, known) {
            (StatusCode::NOT_MODIFIED, Some((_, tools))) => Ok(tools),
            (StatusCode::OK, _) => self.remember(&url, response).await,
            _ => Err(Unreachable(format!("{url} answered with status {status}"))),
        }
    }

    async fn remember(&self, url: &str, response: Response) -> Result<Arc<ToolSet>, Unreachable> {
        let etag = response.headers().get(ETAG).cloned();
        let document: Value = response
            .json()
            .await
            .map_err(|error| unreachable(url, &error))?;
        if document["paths"].is_null() {
            return Err(Unreachable(format!("{url} is no OpenAPI document")));
        }
        let tools = Arc::new(ToolSet::of(&document));
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        *known = etag.map(|etag| (etag, Arc::clone(&tools)));
        Ok(tools)
    }
}

impl Api for Remote {
    async fn tools(&self) -> Result<Arc<ToolSet>, Unreachable> {
        self.fetch_tools().await
    }

    async fn call(&self, request: ApiRequest, _: &Extensions) -> Result<Answer, Unreachable> {
        let url = format!("{}{}", self.base, request.target);
        let method = Method::from_bytes(request.method.as_bytes())
            .map_err(|error| Unreachable(error.to_string()))?;
        let mut sent = self
            .client
            .request(method, &url)
            .header(AUTHORIZATION, &self.authorization)
            .header(ACCEPT, JSON);
        if let Some(body) = request.body {
            sent = sent.header(CONTENT_TYPE, JSON).body(body);
        }
        let failed = |error: &reqwest::Error| unreachable(&self.base, error);
        let response = sent.send().await.map_err(|error| failed(&error))?;
        Ok(Answer {
            status: response.status().as_u16(),
            body: response.text().await.map_err(|error| failed(&error))?,
        })
    }
}

/// Where the gateway is: the URL without `/api/v1`, and without a slash at its end.
fn base(url: &str) -> Result<String, RemoteError> {
    let wrong = || RemoteError::Url(url.to_owned());
    let parsed = Url::parse(url.trim()).map_err(|_| wrong())?;
    if !matches!(parsed.scheme(), "http" | "https") || !parsed.has_host() {
        return Err(wrong());
    }
    let path = parsed.path().trim_end_matches('/');
    let prefix = path.strip_suffix(API_PATH).unwrap_or(path);
    Ok(parsed.origin().ascii_serialization() + prefix)
}

/// The error without the URL that reqwest repeats: it may hold an email.
fn unreachable(url: &str, error: &reqwest::Error) -> Unreachable {
    let cause = std::error::Error::source(error).map_or_else(|| error.to_string(), describe);
    Unreachable(format!("The API at {url} cannot be reached: {cause}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_base_url_and_the_origin_are_the_same() {
        for (url, expected) in [
            ("https://refgrow.com/api/v1", "https://refgrow.com"),
            ("https://refgrow.com", "https://refgrow.com"),
            ("http://127.0.0.1:8080/api/v1/", "http://127.0.0.1:8080"),
            (
                "https://x.example/affiliates/api/v1",
                "https://x.example/affiliates",
            ),
        ] {
            assert_eq!(base(url).expect("a base"), expected);
        }
    }

    #[test]
    fn anything_else_is_no_url_of_an_api() {
        for bad in [
            "",
            "refgrow.com",
            "ftp://refgrow.com",
            "file:///etc",
            "localhost:8080",
        ] {
            assert!(base(bad).is_err(), "{bad}");
        }
    }
}
