//! What a client is told when something fails.
//!
//! Every refusal of the gateway is an [`ApiError`], and every failure of the database becomes one through the single
//! table [`RULES`], so that one SQLSTATE has one meaning whichever endpoint raised it.

use std::borrow::Cow;

use axum::http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use tokio_postgres::error::SqlState;

const INVALID_VALUE: &str = "The request holds a value that is not valid here";
const NUMBER_OUT_OF_RANGE: &str = "A number is out of range";
const INVALID_TEXT: &str = "A text holds characters that cannot be stored";
const TRY_AGAIN: &str = "The service is busy, try again";
/// The text of every answer with status 503 that a database without a connection causes.
pub const UNAVAILABLE: &str = "The service is temporarily unavailable, try again";

/// SQLSTATE, HTTP status, and the text shown; `None` shows the message of the database, which only the product's own
/// class `RF` may do: messages of Postgres name constraints and columns. A five-character code wins over a class.
pub const RULES: &[(&str, u16, Option<&str>)] = &[
    ("RF400", 400, None),
    ("RF401", 401, None),
    ("RF403", 403, None),
    ("RF404", 404, None),
    ("RF409", 409, None),
    ("RF410", 410, None),
    ("RF413", 413, None),
    ("RF422", 400, None),
    ("RF429", 429, None),
    ("22P02", 400, Some(INVALID_VALUE)),
    ("22003", 400, Some(NUMBER_OUT_OF_RANGE)),
    ("22007", 400, Some("A date or time is not valid")),
    ("22008", 400, Some("A date or time is out of range")),
    ("22023", 400, Some(INVALID_VALUE)),
    ("22P05", 400, Some(INVALID_TEXT)),
    ("22021", 400, Some(INVALID_TEXT)),
    ("23514", 400, Some(INVALID_VALUE)),
    ("23502", 400, Some("A required value is missing")),
    (
        "23503",
        404,
        Some("Something the request refers to does not exist"),
    ),
    ("23505", 409, Some("It exists already")),
    ("25006", 503, Some(UNAVAILABLE)),
    ("40001", 503, Some(TRY_AGAIN)),
    ("40P01", 503, Some(TRY_AGAIN)),
    ("55P03", 503, Some(TRY_AGAIN)),
    ("57014", 503, Some("The request took too long, try again")),
    ("57P01", 503, Some(UNAVAILABLE)),
    ("57P02", 503, Some(UNAVAILABLE)),
    ("57P03", 503, Some(UNAVAILABLE)),
    ("57P05", 503, Some(UNAVAILABLE)),
    ("08", 503, Some(UNAVAILABLE)),
    ("53", 503, Some(UNAVAILABLE)),
];

/// Conflicts with other transactions: the statement was rolled back and is worth repeating at once.
const CONFLICTS: [SqlState; 3] = [
    SqlState::T_R_SERIALIZATION_FAILURE,
    SqlState::T_R_DEADLOCK_DETECTED,
    SqlState::LOCK_NOT_AVAILABLE,
];

/// An answer other than success: a status and a text that is safe to show.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{status}: {message}")]
pub struct ApiError {
    status: StatusCode,
    message: Cow<'static, str>,
    header: Option<(HeaderName, HeaderValue)>,
}

impl ApiError {
    /// An answer with `status` and `message`.
    pub fn new(status: StatusCode, message: impl Into<Cow<'static, str>>) -> Self {
        let header = match status {
            StatusCode::UNAUTHORIZED => {
                Some((WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")))
            }
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
                Some((RETRY_AFTER, HeaderValue::from_static("1")))
            }
            _ => None,
        };
        Self {
            status,
            message: message.into(),
            header,
        }
    }

    /// 400.
    pub fn bad_request(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    /// 401 with the challenge header.
    pub fn unauthorized(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, message)
    }

    /// 404.
    pub fn not_found(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::NOT_FOUND, message)
    }

    /// 429 with `Retry-After`.
    pub fn too_many_requests(message: impl Into<Cow<'static, str>>, retry_after_s: u64) -> Self {
        let mut error = Self::new(StatusCode::TOO_MANY_REQUESTS, message);
        error.header = Some((RETRY_AFTER, HeaderValue::from(retry_after_s)));
        error
    }

    /// 503 with `Retry-After`.
    pub fn unavailable() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, UNAVAILABLE)
    }

    /// 500; what happened is in the log only.
    pub fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "Internal server error")
    }

    /// 405 naming the methods that the path does have.
    pub fn method_not_allowed(allow: &str) -> Self {
        let mut error = Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            format!("This path does not have that method; it has {allow}"),
        );
        error.header = HeaderValue::from_str(allow)
            .ok()
            .map(|value| (ALLOW, value));
        error
    }

    /// The status of the answer.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The text of the answer.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The body of the answer.
    pub fn body(&self) -> String {
        json!({"success": false, "error": self.message, "message": self.message}).to_string()
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let content = ([(CONTENT_TYPE, "application/json")], self.body());
        let mut response = (self.status, content).into_response();
        if let Some((name, value)) = self.header {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

/// Whether the statement was rolled back because of another transaction.
pub fn is_conflict(error: &tokio_postgres::Error) -> bool {
    error.code().is_some_and(|code| CONFLICTS.contains(code))
}

/// Whether the database raised exactly this SQLSTATE.
pub fn has_sqlstate(error: &tokio_postgres::Error, sqlstate: &str) -> bool {
    error.code().is_some_and(|code| code.code() == sqlstate)
}

/// An error with its causes: those of the database driver say "db error" and leave the rest to their source.
pub fn describe(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// Whether the detail of an error quotes rows, and with them whatever was in them.
fn quotes_values(sqlstate: &str) -> bool {
    sqlstate.starts_with("22") || sqlstate.starts_with("23")
}

impl From<&tokio_postgres::Error> for ApiError {
    fn from(error: &tokio_postgres::Error) -> Self {
        let Some(reported) = error.as_db_error() else {
            tracing::error!(
                error = describe(error),
                closed = error.is_closed(),
                "no answer from the database"
            );
            // Anything but a lost connection is a mismatch between this program and the schema.
            return if error.is_closed()
                || std::error::Error::source(error).is_some_and(|s| s.is::<std::io::Error>())
            {
                Self::unavailable()
            } else {
                Self::internal()
            };
        };
        let code = reported.code().code();
        let Some((status, text)) = rule(code) else {
            tracing::error!(
                sqlstate = code,
                reported = reported.message(),
                detail = reported.detail().filter(|_| !quotes_values(code)),
                hint = reported.hint(),
                context = reported.where_(),
                table = reported.table(),
                column = reported.column(),
                constraint = reported.constraint(),
                "unexpected database error"
            );
            return Self::internal();
        };
        // The detail of a constraint violation quotes the row, emails included: the names suffice.
        tracing::debug!(
            sqlstate = code,
            constraint = reported.constraint(),
            column = reported.column(),
            "refused by the database"
        );
        let message = text.map_or_else(|| Cow::Owned(reported.message().to_owned()), Cow::Borrowed);
        Self::new(status, message)
    }
}

fn rule(sqlstate: &str) -> Option<(StatusCode, Option<&'static str>)> {
    let find = |key: &str| RULES.iter().find(|(code, ..)| *code == key);
    let (_, status, text) = find(sqlstate).or_else(|| find(sqlstate.get(..2)?))?;
    Some((StatusCode::from_u16(*status).ok()?, *text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_errors_show_their_message_and_standard_ones_a_generic_text() {
        assert_eq!(rule("RF404"), Some((StatusCode::NOT_FOUND, None)));
        assert_eq!(rule("RF422"), Some((StatusCode::BAD_REQUEST, None)));
        assert_eq!(
            rule("23514"),
            Some((StatusCode::BAD_REQUEST, Some(INVALID_VALUE)))
        );
        assert_eq!(
            rule("08006"),
            Some((StatusCode::SERVICE_UNAVAILABLE, Some(UNAVAILABLE)))
        );
    }

    #[test]
    fn unknown_states_have_no_rule() {
        assert_eq!(rule("XX000"), None);
        assert_eq!(rule("RF999"), None);
        assert_eq!(rule(""), None);
    }

    #[test]
    fn every_rule_has_a_valid_status_and_only_own_errors_show_messages() {
        for (code, status, text) in RULES {
            assert!(StatusCode::from_u16(*status).is_ok());
            assert_eq!(text.is_none(), code.starts_with("RF"), "{code}");
        }
    }

    #[test]
    fn refusals_carry_the_headers_their_status_asks_for() {
        let response = ApiError::method_not_allowed("GET, HEAD").into_response();
        assert_eq!(response.headers()[ALLOW], "GET, HEAD");
        assert_eq!(
            ApiError::unauthorized("x").into_response().headers()[WWW_AUTHENTICATE],
            "Bearer"
        );
        assert_eq!(
            ApiError::unavailable().into_response().headers()[RETRY_AFTER],
            "1"
        );
    }
}
