//! The MCP tools at `/mcp` (streamable HTTP), for callers with an API key.
//!
//! Nothing is kept between requests, so that any gateway can answer any of them. A tool's call goes through the same
//! function as a REST request, with the caller's own `Authorization` header: key, scope, limits and validation are
//! the same.

use std::sync::{Arc, Weak};
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use rmcp::model::Extensions;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};

use super::admission::Admission;
use super::{App, RequestBody, ServeConfig, api};
use crate::catalog::json;
use crate::error::ApiError;
use crate::mcp::{Answer, Api, ApiRequest, Server, ToolSet, Unreachable};

/// The protocol's side of it.
pub(super) type Service = StreamableHttpService<Server<Local>, NeverSessionManager>;

/// The service of the gateway that owns it.
pub(super) fn service(app: Weak<App>, config: &ServeConfig) -> Service {
    let settings = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_max_request_body_bytes(config.max_body_bytes)
        // Whoever holds an API key may come from anywhere; a page that rebinds a name holds none.
        .disable_allowed_hosts();
    StreamableHttpService::new(
        move || Ok(Server(Local(Weak::clone(&app)))),
        Arc::new(NeverSessionManager::default()),
        settings,
    )
}

/// `POST /mcp`.
pub(super) async fn receive(State(app): State<Arc<App>>, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    let timeout = Duration::from_millis(app.config.body_timeout_ms);
    let mut body = RequestBody::new(body, &parts.headers, app.config.max_body_bytes, timeout);
    let response = match message(&app, &parts.headers, &mut body).await {
        Ok(bytes) => {
            accept_both(&mut parts.headers);
            let request = Request::from_parts(parts, Body::from(bytes));
            in_json(app.mcp.handle(request).await.into_response()).await
        }
        Err(error) => error.into_response(),
    };
    body.discard();
    response
}

/// The body of a caller whose key is live, once it is seen to be one JSON object without ambiguous keys.
async fn message(
    app: &App,
    headers: &HeaderMap,
    body: &mut RequestBody,
) -> Result<Bytes, ApiError> {
    let caller = app.authenticator.authenticate(headers).await?;
    Admission::new(app, &caller).check().await?;
    let bytes = body.read().await?;
    let wrong = |reason: &str| {
        ApiError::bad_request(format!("The body is not a JSON-RPC message: {reason}"))
    };
    match json::parse(&bytes) {
        Ok(message) if message.is_object() => Ok(bytes),
        Ok(_) => Err(wrong("it is not an object, and there are no batches")),
        Err(reason) => Err(wrong(&reason)),
    }
}

/// Who takes anything, or does not say, takes both forms that the protocol asks for.
fn accept_both(headers: &mut HeaderMap) {
    let mut accepted = headers.get_all(ACCEPT).iter().peekable();
    let anything = accepted.peek().is_none()
        || accepted.any(|kinds| kinds.as_bytes().windows(3).any(|part| part == b"*/*"));
    if anything {
        let both = HeaderValue::from_static("application/json, text/event-stream");
        headers.insert(ACCEPT, both);
    }
}

/// The protocol's refusals as they are, and those of its transport, which are plain text, in the form of all others.
async fn in_json(response: Response) -> Response {
    let is_json = |kind: &HeaderValue| kind.as_bytes().starts_with(b"application/json");
    let status = response.status();
    let is_refusal = status.is_client_error() || status.is_server_error();
    if !is_refusal || response.headers().get(CONTENT_TYPE).is_some_and(is_json) {
        return response;
    }
    let text = to_bytes(response.into_body(), usize::MAX).await;
    let text = String::from_utf8_lossy(&text.unwrap_or_default()).into_owned();
    // It was JSON by its header and in fact, and makes no message.
    if status == StatusCode::UNSUPPORTED_MEDIA_TYPE && text.starts_with("fail to deserialize") {
        let text = "The body is not a JSON-RPC message: jsonrpc must be \"2.0\", method a string, and id a string or a whole number";
        return ApiError::bad_request(text).into_response();
    }
    ApiError::new(status, text).into_response()
}

/// The API of the gateway itself.
#[derive(Debug, Clone)]
pub(super) struct Local(Weak<App>);

impl Local {
    fn app(&self) -> Result<Arc<App>, Unreachable> {
        self.0
            .upgrade()
            .ok_or_else(|| Unreachable("The gateway is shutting down".to_owned()))
    }
}

impl Api for Local {
    async fn tools(&self) -> Result<Arc<ToolSet>, Unreachable> {
        let app = self.app()?;
        let document = app.documents.of(&app.catalog.current());
        Ok(Arc::new(ToolSet::of(&document.value)))
    }

    async fn call(
        &self,
        request: ApiRequest,
        extensions: &Extensions,
    ) -> Result<Answer, Unreachable> {
        let app = self.app()?;
        let caller = extensions.get::<Parts>().map(|parts| &parts.headers);
        let request =
            http_request(request, caller).map_err(|error| Unreachable(error.to_string()))?;
        let response = api::dispatch(State(app), request).await;
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), usize::MAX)
            .await
            .map_err(|error| Unreachable(error.to_string()))?;
        Ok(Answer {
            status,
            body: String::from_utf8_lossy(&body).into_owned(),
        })
    }
}

fn http_request(
    request: ApiRequest,
    caller: Option<&HeaderMap>,
) -> Result<Request, axum::http::Error> {
    let mut built = Request::builder()
        .method(request.method.as_str())
        .uri(request.target)
        .body(request.body.map_or_else(Body::empty, Body::from))?;
    let headers = built.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Some(key) = caller.and_then(|headers| headers.get(AUTHORIZATION)) {
        headers.insert(AUTHORIZATION, key.clone());
    }
    Ok(built)
}
