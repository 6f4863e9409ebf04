//! What is claimed from the queue, and what is reported back to it.

use axum::body::Bytes;
use serde::Serialize;
use tokio_postgres::Row;
use url::Url;

use crate::server::database::{CallError, Database, Repeat};

/// Names one attempt at one delivery.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Lease {
    project_id: i64,
    delivery_id: i64,
    lease_token: String,
}

/// One webhook to send.
pub(super) struct Delivery {
    pub(super) lease: Lease,
    pub(super) attempt_no: i32,
    /// Kept as an error where the stored text is no URL, so that the attempt says so.
    pub(super) url: Result<Url, url::ParseError>,
    pub(super) event_type: String,
    pub(super) message_id: String,
    pub(super) body: Bytes,
    pub(super) secrets: Vec<String>,
    pub(super) timeout_ms: i32,
}

impl Delivery {
    fn from_row(row: &Row) -> Result<Self, tokio_postgres::Error> {
        Ok(Self {
            lease: Lease {
                project_id: row.try_get(0)?,
                delivery_id: row.try_get(1)?,
                lease_token: row.try_get(2)?,
            },
            attempt_no: row.try_get(3)?,
            url: Url::parse(row.try_get(4)?),
            event_type: row.try_get(5)?,
            message_id: row.try_get(6)?,
            body: row.try_get::<_, String>(7)?.into(),
            secrets: row
                .try_get::<_, Option<Vec<String>>>(8)?
                .unwrap_or_default(),
            timeout_ms: row.try_get(9)?,
        })
    }

    /// The host it goes to, empty where it has none.
    pub(super) fn host(&self) -> &str {
        self.url
            .as_ref()
            .ok()
            .and_then(Url::host_str)
            .unwrap_or_default()
    }
}

/// What came of an attempt.
#[derive(Debug, Serialize)]
pub(super) struct Attempt {
    #[serde(flatten)]
    pub(super) lease: Lease,
    pub(super) attempt_no: i32,
    pub(super) status_code: Option<u16>,
    pub(super) error: Option<String>,
    pub(super) response: Option<String>,
    pub(super) duration_ms: u32,
    pub(super) retry_after_s: Option<u32>,
}

impl Attempt {
    /// Whether the receiver took it.
    pub(super) fn succeeded(&self) -> bool {
        self.status_code
            .is_some_and(|status| (200..300).contains(&status))
    }
}

/// How a claimed delivery leaves this gateway.
pub(super) enum Report {
    /// It was sent, or could not be.
    Sent(Attempt),
    /// It was not even tried and goes back into the queue.
    NotSent(Lease),
}

/// Claims what is due. A claim whose answer is lost runs into its lease, so that repeating it is safe.
pub(super) async fn claim(
    database: &Database,
    limit: usize,
    lease_seconds: i32,
) -> Result<Vec<Delivery>, CallError> {
    let limit = i32::try_from(limit).unwrap_or(i32::MAX);
    let rows = database
        .query(
            "SELECT d.project_id, d.delivery_id, d.lease_token::text, d.attempt_no, d.url, d.event_type, \
                    d.message_id, d.body, d.secrets, d.timeout_ms \
               FROM affiliate_api.claim_deliveries($1, $2) AS d",
            &[&limit, &lease_seconds],
            Repeat::Safe,
        )
        .await?;
    Ok(rows
        .iter()
        .map(Delivery::from_row)
        .collect::<Result<_, _>>()?)
}
