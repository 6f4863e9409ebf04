//! What a client is told of its limit.

use std::time::{Duration, Instant};

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;
use tokio_postgres::Row;

use crate::error::ApiError;

const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// A window of one minute, as the database described it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Requests allowed in a window.
    pub limit: i32,
    /// Requests left in this one.
    pub remaining: i32,
    /// When it ends, in Unix seconds by the database's clock.
    pub reset_at: i64,
    /// The same by this process's clock, never later than it is.
    pub resets: Instant,
}

/// The detail of an `RF429`.
#[derive(Deserialize)]
struct Refused {
    limit: i32,
    reset_at: i64,
    reset_in_ms: u64,
}

impl Rate {
    /// Reads the columns of `affiliate_api.authorize` from an answer to a statement sent at `sent`: the rate, and how
    /// many requests were granted. `None` where none were taken.
    ///
    /// # Errors
    /// When the columns are not what they should be.
    pub fn from_row(
        row: &Row,
        sent: Instant,
    ) -> Result<Option<(Self, i32)>, tokio_postgres::Error> {
        let Some(granted) = row.try_get("granted")? else {
            return Ok(None);
        };
        let reset_in_ms: i32 = row.try_get("reset_in_ms")?;
        let rate = Self {
            limit: row.try_get("rate_limit")?,
            remaining: row.try_get("remaining")?,
            reset_at: row.try_get("reset_at")?,
            resets: sent + Duration::from_millis(u64::try_from(reset_in_ms).unwrap_or(0)),
        };
        Ok(Some((rate, granted)))
    }

    /// Reads the detail of a refusal by the database.
    pub fn from_refusal(detail: &str, sent: Instant) -> Option<Self> {
        let refused: Refused = serde_json::from_str(detail).ok()?;
        Some(Self {
            limit: refused.limit,
            remaining: 0,
            reset_at: refused.reset_at,
            resets: sent + Duration::from_millis(refused.reset_in_ms),
        })
    }

    /// The answer to a request beyond the limit.
    pub fn refusal(&self) -> ApiError {
        let left = self.resets.saturating_duration_since(Instant::now());
        ApiError::too_many_requests(
            format!(
                "Rate limit exceeded: at most {} requests a minute",
                self.limit
            ),
            left.as_secs() + 1,
        )
    }

    /// Adds the `X-RateLimit-*` headers.
    pub fn describe_in(&self, headers: &mut HeaderMap) {
        headers.insert(LIMIT, HeaderValue::from(self.limit));
        headers.insert(REMAINING, HeaderValue::from(self.remaining.max(0)));
        headers.insert(RESET, HeaderValue::from(self.reset_at));
    }
}
