//! The documentation: the OpenAPI document, and a page that renders it without anything from elsewhere.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, LOCATION,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use super::App;
use crate::error::ApiError;
use crate::openapi::etag;

const JSON: &str = "application/json";
const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";

const PAGE: &str = include_str!("../../assets/docs/index.html");
const ASSETS: [(&str, &str, &str); 3] = [
    ("app.js", SCRIPT, include_str!("../../assets/docs/app.js")),
    (
        "schema.js",
        SCRIPT,
        include_str!("../../assets/docs/schema.js"),
    ),
    (
        "style.css",
        STYLE,
        include_str!("../../assets/docs/style.css"),
    ),
];

/// The page runs nothing but its own files.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// `GET /openapi.json`.
pub(super) async fn document(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let catalog = app.catalog.current();
    if catalog.is_empty() {
        return ApiError::unavailable().into_response();
    }
    let document = app.documents.of(&catalog);
    send(&headers, JSON, &document.etag, document.body.clone())
}

/// `GET /docs`.
pub(super) async fn page(headers: HeaderMap) -> Response {
    send(&headers, HTML, &etag(PAGE.as_bytes()), PAGE)
}

/// `GET /docs/`: the page refers to its files from `/docs`.
pub(super) async fn without_slash() -> Response {
    (StatusCode::PERMANENT_REDIRECT, [(LOCATION, "../docs")]).into_response()
}

/// `GET /docs/{asset}`.
pub(super) async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Response {
    match ASSETS.iter().find(|(known, ..)| *known == name) {
        Some((_, kind, content)) => send(&headers, kind, &etag(content.as_bytes()), *content),
        None => ApiError::not_found("There is nothing at this path").into_response(),
    }
}

/// Sends a document, or says that the caller has it already.
fn send(
    headers: &HeaderMap,
    kind: &'static str,
    etag: &HeaderValue,
    body: impl IntoResponse,
) -> Response {
    let mut response = if has(headers, etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let mut whole = body.into_response();
        whole
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        whole
    };
    let set = response.headers_mut();
    set.insert(ETAG, etag.clone());
    set.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    set.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if kind == HTML {
        set.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    }
    response
}

fn has(headers: &HeaderMap, etag: &HeaderValue) -> bool {
    let (Some(known), Ok(etag)) = (headers.get(IF_NONE_MATCH), etag.to_str()) else {
        return false;
    };
    let mut known = known.to_str().unwrap_or_default().split(',').map(str::trim);
    known.any(|known| known == "*" || known.trim_start_matches("W/") == etag)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(if_none_match: &str) -> StatusCode {
        let mut headers = HeaderMap::new();
        headers.insert(IF_NONE_MATCH, if_none_match.parse().expect("a value"));
        send(&headers, JSON, &HeaderValue::from_static("\"a\""), "{}").status()
    }

    #[test]
    fn what_the_caller_has_is_not_sent_again() {
        for known in ["\"a\"", "W/\"a\"", "\"b\", \"a\"", "*"] {
            assert_eq!(status(known), StatusCode::NOT_MODIFIED, "{known}");
        }
        assert_eq!(status("\"b\""), StatusCode::OK);
    }

    #[tokio::test]
    async fn the_page_brings_its_own_policy_and_type() {
        let page = page(HeaderMap::new()).await;
        assert_eq!(page.headers()[CONTENT_TYPE], HTML);
        assert!(page.headers().contains_key(CONTENT_SECURITY_POLICY));
        for (name, kind, _) in ASSETS {
            let asset = asset(Path(name.to_owned()), HeaderMap::new()).await;
            assert_eq!(asset.headers()[CONTENT_TYPE], kind);
        }
    }
}
