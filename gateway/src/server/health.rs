//! Is the process alive, and can it do its work?

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use super::App;
use super::database::Repeat;
use crate::error::ApiError;

/// An orchestrator asks every few seconds and gives up soon.
const READINESS_TIMEOUT: Duration = Duration::from_secs(3);

/// NULL on a standby that nobody has promoted, or in a database that takes no writes: every request and every event would fail.
const READINESS: &str = "SELECT CASE pg_catalog.current_setting('transaction_read_only') WHEN 'off' THEN affiliate_api.readiness()::text END";

/// Answers as long as the process runs.
pub(super) async fn alive() -> Response {
    ([(CONTENT_TYPE, "application/json")], r#"{"status":"ok"}"#).into_response()
}

/// Answers 200 once the database and the catalog are usable.
pub(super) async fn ready(State(app): State<Arc<App>>) -> Response {
    match tokio::time::timeout(READINESS_TIMEOUT, readiness(&app)).await {
        Ok(Ok(text)) => ([(CONTENT_TYPE, "application/json")], text).into_response(),
        Ok(Err(reason)) => not_ready(reason),
        Err(_) => not_ready("the database does not answer"),
    }
}

async fn readiness(app: &App) -> Result<String, &'static str> {
    let asked = app.database.query_text(READINESS, &[], Repeat::Safe).await;
    let text = asked.map_err(|error| {
        tracing::warn!(%error, "not ready");
        "the database cannot be used"
    })?;
    if app.catalog.current().is_empty() {
        return Err("the endpoints are not loaded");
    }
    text.ok_or("the database takes no writes: is it a standby, or default_transaction_read_only?")
}

fn not_ready(reason: &str) -> Response {
    ApiError::new(
        StatusCode::SERVICE_UNAVAILABLE,
        format!("Not ready: {reason}"),
    )
    .into_response()
}
