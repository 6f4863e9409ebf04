//! What the operations have in common: schemas, error responses, headers, and the paths of the gateway's own.

use serde_json::{Map, Value, json};

/// The name of the security scheme.
pub(super) const SECURITY_SCHEME: &str = "apiKey";
/// The tag of the paths that are not in the catalog.
pub(super) const SERVICE_TAG: &str = "Service";

/// Name, status, when. The order is that of the document.
const ERRORS: &[(&str, u16, &str)] = &[
    (
        "BadRequest",
        400,
        "A parameter or the body is not acceptable; the message says which and why",
    ),
    (
        "Unauthorized",
        401,
        "The API key is missing, malformed, wrong or revoked",
    ),
    ("Forbidden", 403, "The API key may not do this"),
    ("NotFound", 404, "There is no such thing in this project"),
    ("RequestTimeout", 408, "The body took too long to arrive"),
    (
        "Conflict",
        409,
        "It exists already, or its state does not allow this now",
    ),
    ("PayloadTooLarge", 413, "The body is too large"),
    ("UnsupportedMediaType", 415, "The body is not JSON in UTF-8"),
    (
        "TooManyRequests",
        429,
        "The rate limit of the API key is reached",
    ),
    (
        "InternalServerError",
        500,
        "Something failed that should not have; the log has the details",
    ),
    (
        "ServiceUnavailable",
        503,
        "The service cannot answer just now; try again",
    ),
];

/// A reference to one of the components.
pub(super) fn reference(kind: &str, name: &str) -> Value {
    json!({"$ref": format!("#/components/{kind}/{name}")})
}

/// The statuses of the error responses.
pub(super) fn error_statuses() -> impl Iterator<Item = u16> {
    ERRORS.iter().map(|(_, status, _)| *status)
}

/// The name of the response of an error status.
pub(super) fn response_name(status: u16) -> String {
    let known = ERRORS.iter().find(|(_, known, _)| *known == status);
    known
        .map_or("InternalServerError", |(name, ..)| name)
        .to_owned()
}

/// The schemas of the catalog and those of the gateway. One that is not JSON is logged and left out.
pub(super) fn schemas(declared: &[(String, String)]) -> Map<String, Value> {
    let mut schemas = Map::new();
    for (name, text) in declared {
        match serde_json::from_str(text) {
            Ok(schema) => {
                schemas.insert(name.clone(), schema);
            }
            Err(error) => tracing::error!(schema = name, %error, "schema left out"),
        }
    }
    schemas.insert("Error".to_owned(), error_schema());
    schemas.insert("Pagination".to_owned(), pagination_schema());
    schemas
}

fn error_schema() -> Value {
    json!({
        "type": "object", "required": ["success", "error"],
        "properties": {
            "success": {"const": false},
            "error": {"type": "string", "description": "What is wrong, for people"},
            "message": {"type": "string", "description": "The same text"},
        },
    })
}

fn pagination_schema() -> Value {
    let count = json!({"type": "integer", "minimum": 0});
    json!({
        "type": "object", "required": ["limit", "offset", "total", "has_more"],
        "properties": {"limit": count, "offset": count, "total": count, "has_more": {"type": "boolean"}},
    })
}

/// The `components` of the document.
pub(super) fn components(schemas: Map<String, Value>) -> Value {
    let responses: Map<String, Value> = ERRORS
        .iter()
        .map(|(name, status, when)| ((*name).to_owned(), error_response(*status, when)))
        .collect();
    json!({
        "securitySchemes": {
            SECURITY_SCHEME: {"type": "http", "scheme": "bearer", "description": "An API key, `rgk_…`, or a token made from one"},
        },
        "schemas": schemas,
        "responses": responses,
        "headers": headers(),
    })
}

fn error_response(status: u16, when: &str) -> Value {
    let mut headers = common_headers();
    if matches!(status, 429 | 503) {
        headers["Retry-After"] = reference("headers", "RetryAfter");
    }
    if status == 401 {
        headers["WWW-Authenticate"] = reference("headers", "WWWAuthenticate");
    }
    let schema = reference("schemas", "Error");
    json!({"description": when, "headers": headers, "content": {"application/json": {"schema": schema}}})
}

/// The headers that any response may carry.
pub(super) fn common_headers() -> Value {
    json!({
        "X-RateLimit-Limit": reference("headers", "RateLimitLimit"),
        "X-RateLimit-Remaining": reference("headers", "RateLimitRemaining"),
        "X-RateLimit-Reset": reference("headers", "RateLimitReset"),
        "X-Request-Id": reference("headers", "RequestId"),
    })
}

fn headers() -> Value {
    let header = |kind: &str, description: &str| json!({"description": description, "schema": {"type": kind}});
    json!({
        "RateLimitLimit": header("integer", "Requests the API key may make in a minute"),
        "RateLimitRemaining": header("integer", "Requests left in this window"),
        "RateLimitReset": header("integer", "When the window ends, in seconds since 1970"),
        "RetryAfter": header("integer", "Seconds to wait before trying again"),
        "WWWAuthenticate": header("string", "How to authenticate"),
        "RequestId": header("string", "The request's id, as in the log; the caller's own where it sent one"),
    })
}

/// The paths of the gateway's own that people deploying it need.
pub(super) fn service_paths() -> Map<String, Value> {
    let get = |id: &str, summary: &str, schema: Value| {
        json!({"get": {
            "operationId": id, "summary": summary, "tags": [SERVICE_TAG], "security": [],
            "responses": {"200": {"description": "Yes", "content": {"application/json": {"schema": schema}}}},
        }})
    };
    let alive = json!({"type": "object", "required": ["status"], "properties": {"status": {"const": "ok"}}});
    let ready = json!({
        "type": "object", "required": ["status", "schema_version", "profile"],
        "properties": {
            "status": {"const": "ready"},
            "schema_version": {"type": "integer"},
            "profile": {"type": "string", "enum": ["native", "portable"]},
        },
    });
    let mut readyz = get("readyz", "Can it answer requests?", ready);
    readyz["get"]["responses"]["503"] = reference("responses", "ServiceUnavailable");
    Map::from_iter([
        (
            "/healthz".to_owned(),
            get("healthz", "Does the process run?", alive),
        ),
        ("/readyz".to_owned(), readyz),
    ])
}
