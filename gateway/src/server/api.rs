//! One REST request: route by the catalog, check key and arguments, call one function.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};

use super::admission::{Admission, Outcome, Wanted};
use super::{App, RequestBody, Template};
use crate::catalog::arguments::{self, Sent};
use crate::catalog::{Endpoint, Route, json};
use crate::error::ApiError;

/// Answers every request that is not for a route of the gateway's own.
pub(super) async fn dispatch(State(app): State<Arc<App>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let timeout = Duration::from_millis(app.config.body_timeout_ms);
    let mut body = RequestBody::new(body, &parts.headers, app.config.max_body_bytes, timeout);
    let catalog = app.catalog.current();
    let response = match catalog.route(&parts.method, parts.uri.path()) {
        Route::Found(endpoint, segments) => {
            let mut response = call(&app, &endpoint, &segments, &parts, &mut body).await;
            response
                .extensions_mut()
                .insert(Template::Endpoint(endpoint));
            response
        }
        Route::Unknown if catalog.is_empty() => ApiError::unavailable().into_response(),
        Route::OtherMethods(allow) => {
            refuse(&app, &parts, ApiError::method_not_allowed(&allow)).await
        }
        Route::Unknown => {
            let error = ApiError::not_found("There is nothing at this path");
            refuse(&app, &parts, error).await
        }
    };
    body.discard();
    response
}

async fn call(
    app: &App,
    endpoint: &Endpoint,
    segments: &[&str],
    parts: &Parts,
    body: &mut RequestBody,
) -> Response {
    let caller = match app.authenticator.authenticate(&parts.headers).await {
        Ok(caller) => caller,
        Err(error) => return error.into_response(),
    };
    let admission = Admission::new(app, &caller);
    let outcome = match admission.refused() {
        Some(outcome) => outcome,
        None => match arguments(endpoint, segments, parts, body).await {
            Ok(arguments) => admission.run(Wanted::Call(endpoint, &arguments)).await,
            Err(error) => {
                let scope = Some(endpoint.scope.as_str());
                admission.run(Wanted::Refusal(scope, error)).await
            }
        },
    };
    respond(outcome, |text| answer(endpoint, text))
}

/// The answer where there is no endpoint. A request with a valid key is counted here too and told where it stands;
/// any other is not worth the trouble of a 401.
async fn refuse(app: &App, parts: &Parts, error: ApiError) -> Response {
    let has_key = parts.headers.contains_key(AUTHORIZATION);
    if !has_key || !parts.uri.path().starts_with("/api/") {
        return error.into_response();
    }
    let Ok(caller) = app.authenticator.authenticate(&parts.headers).await else {
        return error.into_response();
    };
    let admission = Admission::new(app, &caller);
    let outcome = match admission.refused() {
        Some(outcome) => outcome,
        None => admission.run(Wanted::Refusal(None, error)).await,
    };
    respond(outcome, |_| Err(ApiError::internal()))
}

fn respond(
    outcome: Outcome,
    answer: impl FnOnce(Option<String>) -> Result<Response, ApiError>,
) -> Response {
    let answered = outcome.result.and_then(answer);
    let mut response = answered.unwrap_or_else(IntoResponse::into_response);
    if let Some(rate) = outcome.rate {
        rate.describe_in(response.headers_mut());
    }
    response
}

/// The arguments of the endpoint's function as JSON.
async fn arguments(
    endpoint: &Endpoint,
    segments: &[&str],
    parts: &Parts,
    body: &mut RequestBody,
) -> Result<String, ApiError> {
    let sent = Sent {
        path: segments,
        query: parts.uri.query().unwrap_or_default(),
        body: if endpoint.takes_body {
            parse_body(&parts.headers, &body.read().await?)?
        } else {
            Map::new()
        },
    };
    Ok(Value::Object(arguments::collect(endpoint, sent)?).to_string())
}

/// The function's text is the answer, byte for byte.
fn answer(endpoint: &Endpoint, text: Option<String>) -> Result<Response, ApiError> {
    if endpoint.success_status == StatusCode::NO_CONTENT {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let text = text.ok_or_else(|| {
        tracing::error!(
            path = endpoint.template,
            "the endpoint's function returned NULL"
        );
        ApiError::internal()
    })?;
    Ok((
        endpoint.success_status,
        [(CONTENT_TYPE, "application/json")],
        text,
    )
        .into_response())
}

fn parse_body(headers: &HeaderMap, body: &Bytes) -> Result<Map<String, Value>, ApiError> {
    if body.is_empty() {
        return Ok(Map::new());
    }
    check_media_type(headers)?;
    match json::parse(body) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err(ApiError::bad_request(
            "The request body must be a JSON object",
        )),
        Err(reason) => Err(ApiError::bad_request(format!(
            "The request body is not acceptable JSON: {reason}"
        ))),
    }
}

/// A body is JSON in UTF-8. One that does not say what it is gets the benefit of the doubt.
fn check_media_type(headers: &HeaderMap) -> Result<(), ApiError> {
    let unsupported = |message| Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
    let encoded = headers
        .get(CONTENT_ENCODING)
        .is_some_and(|value| value.as_bytes() != b"identity");
    if encoded {
        return unsupported("The request body must not be compressed (Content-Encoding)");
    }
    let Some(value) = headers.get(CONTENT_TYPE) else {
        return Ok(());
    };
    let text = value.to_str().unwrap_or_default().to_ascii_lowercase();
    let mut parts = text.split(';').map(str::trim);
    let media_type = parts.next().unwrap_or_default();
    let is_json = media_type == "application/json"
        || (media_type.starts_with("application/") && media_type.ends_with("+json"));
    let charset = parts.find_map(|parameter| parameter.strip_prefix("charset="));
    let is_utf8 =
        charset.is_none_or(|name| matches!(name.trim_matches('"'), "utf-8" | "utf8" | "us-ascii"));
    if is_json && is_utf8 {
        Ok(())
    } else {
        unsupported("The request body must be JSON in UTF-8: send Content-Type: application/json")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(content_type: Option<&str>, body: &'static [u8]) -> Result<usize, (u16, String)> {
        let mut headers = HeaderMap::new();
        if let Some(value) = content_type {
            headers.insert(CONTENT_TYPE, value.parse().expect("a header value"));
        }
        parse_body(&headers, &Bytes::from_static(body))
            .map(|members| members.len())
            .map_err(|error| (error.status().as_u16(), error.message().to_owned()))
    }

    #[test]
    fn json_objects_are_accepted_and_an_empty_body_is_an_empty_object() {
        assert_eq!(parsed(Some("application/json"), b"{\"a\":1}"), Ok(1));
        assert_eq!(
            parsed(Some("Application/JSON; charset=UTF-8"), b"{}"),
            Ok(0)
        );
        assert_eq!(parsed(Some("application/merge-patch+json"), b"{}"), Ok(0));
        assert_eq!(parsed(None, b"{}"), Ok(0));
        assert_eq!(parsed(Some("text/plain"), b""), Ok(0));
    }

    #[test]
    fn other_media_types_are_415() {
        for other in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "application/json; charset=latin1",
        ] {
            assert_eq!(
                parsed(Some(other), b"{}").map_err(|(status, _)| status),
                Err(415)
            );
        }
    }

    #[test]
    fn other_json_is_400_with_the_reason() {
        let refusal = |body| parsed(None, body).expect_err("a refusal");
        assert_eq!(
            refusal(b"[]"),
            (400, "The request body must be a JSON object".to_owned())
        );
        let (status, text) = refusal(b"{\"a\":1,\"a\":2}");
        assert_eq!(status, 400);
        assert!(text.contains("the key \"a\" is given twice"), "{text}");
        assert!(refusal(b"{").1.contains("EOF"));
    }
}
