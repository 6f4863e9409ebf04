//! What surrounds every request: its id, its log line, and the answer when a handler panics.

use std::any::Any;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;
use tracing::Instrument;

use crate::catalog::Endpoint;
use crate::error::ApiError;
use crate::metrics;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const MAX_REQUEST_ID_BYTES: usize = 128;

/// The route of a response, for the log: paths themselves hold emails.
#[derive(Clone)]
pub(crate) enum Template {
    /// An endpoint of the catalog.
    Endpoint(Arc<Endpoint>),
}

impl Template {
    fn as_str(&self) -> &str {
        match self {
            Self::Endpoint(endpoint) => &endpoint.template,
        }
    }
}

/// Wraps the routes.
pub(super) fn layers(routes: Router) -> Router {
    routes
        .layer(CatchPanicLayer::custom(on_panic))
        .layer(middleware::from_fn(trace))
}

/// The answer to a method that a route of the gateway's own does not have; axum adds `Allow`.
pub(super) async fn method_not_allowed() -> Response {
    let text = "This path does not have that method; the Allow header lists those it has";
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, text).into_response()
}

async fn trace(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = request_id(&request);
    let method = request.method().clone();
    let matched = request.extensions().get::<MatchedPath>().cloned();
    let span = tracing::info_span!("request", request_id = id.to_str().unwrap_or_default());
    let mut response = next.run(request).instrument(span).await;

    let template = response.extensions_mut().remove::<Template>();
    let route = match (&template, &matched) {
        (Some(template), _) => template.as_str(),
        (None, Some(path)) => path.as_str(),
        (None, None) => "-",
    };
    let status = response.status().as_u16();
    let duration = started.elapsed();
    metrics::request(&method, route, status, duration);
    let duration_us = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
    let request_id = id.to_str().unwrap_or_default();
    if matches!(route, "/healthz" | "/readyz") {
        tracing::debug!(%method, route, status, duration_us, request_id, "request");
    } else {
        tracing::info!(%method, route, status, duration_us, request_id, "request");
    }
    response.headers_mut().insert(REQUEST_ID, id);
    response
}

/// The caller's id where it is harmless in a log, else a new one.
fn request_id(request: &Request) -> HeaderValue {
    let harmless = |value: &&HeaderValue| {
        (1..=MAX_REQUEST_ID_BYTES).contains(&value.len())
            && value
                .as_bytes()
                .iter()
                .all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(b))
    };
    request
        .headers()
        .get(REQUEST_ID)
        .filter(harmless)
        .cloned()
        .unwrap_or_else(new_request_id)
}

/// Unique: random per process, counted within it.
pub(super) fn new_request_id() -> HeaderValue {
    static PROCESS: OnceLock<u64> = OnceLock::new();
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let process = PROCESS.get_or_init(|| RandomState::new().hash_one(std::process::id()));
    let count = COUNTER.fetch_add(1, Ordering::Relaxed);
    let text = format!("{process:016x}-{count:08x}");
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static("unknown"))
}

fn on_panic(panic: Box<dyn Any + Send>) -> Response {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    tracing::error!(panic = text, "a request handler panicked");
    ApiError::internal().into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use axum::routing::get;
    use tower::ServiceExt;

    async fn ask(path: &str, id: Option<&str>) -> Response {
        async fn panics() -> &'static str {
            panic!("as a test wants it")
        }
        let router = layers(
            Router::new()
                .route("/panics", get(panics))
                .method_not_allowed_fallback(method_not_allowed),
        );
        let mut request = Request::builder().uri(path);
        if let Some(id) = id {
            request = request.header(REQUEST_ID, id);
        }
        let request = request.body(Body::empty()).expect("a request");
        router.oneshot(request).await.expect("an answer")
    }

    #[tokio::test]
    async fn a_panic_is_a_500_with_a_request_id() {
        let response = ask("/panics", None).await;
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(response.headers()["content-type"], "application/json");
        assert!(response.headers().contains_key(REQUEST_ID));
    }

    #[tokio::test]
    async fn a_harmless_request_id_is_kept_and_another_replaced() {
        assert_eq!(
            ask("/panics", Some("abc-1")).await.headers()[REQUEST_ID],
            "abc-1"
        );
        assert_ne!(
            ask("/panics", Some("a b\"c")).await.headers()[REQUEST_ID],
            "a b\"c"
        );
        assert_ne!(new_request_id(), new_request_id());
    }
}
