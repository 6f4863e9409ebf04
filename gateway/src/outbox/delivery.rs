//! What is claimed from the queue, and what is reported back to it.

use std::time::{Duration, Instant};

use axum::body::Bytes;
use serde::Serialize;
use tokio_postgres::Row;
use url::Url;

use super::lane::Rooms;
use crate::server::database::{CallError, Database, Repeat};

/// How long a claimed delivery is this gateway's: waiting for its turn, sending and settling fit well within.
pub(super) const LEASE: Duration = Duration::from_secs(60);

/// Names one attempt at one delivery.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Lease {
    pub(super) project_id: i64,
    delivery_id: i64,
    lease_token: String,
}

/// One webhook to send.
pub(super) struct Delivery {
    pub(super) lease: Lease,
    /// Not after the lease begins, by our own clock.
    pub(super) claimed_at: Instant,
    pub(super) endpoint_id: i64,
    /// Whether it may only be sent after those before it.
    pub(super) ordered: bool,
    pub(super) attempt_no: i32,
    /// The URL as it is stored.
    pub(super) target: String,
    /// Kept as an error where the stored text is no URL, so that the attempt says so.
    pub(super) url: Result<Url, url::ParseError>,
    pub(super) event_type: String,
    pub(super) message_id: String,
    pub(super) body: Bytes,
    pub(super) secrets: Vec<String>,
    pub(super) timeout_ms: i32,
}

impl Delivery {
    fn from_row(row: &Row, claimed_at: Instant) -> Result<Self, tokio_postgres::Error> {
        let target: String = row.try_get("url")?;
        Ok(Self {
            lease: Lease {
                project_id: row.try_get("project_id")?,
                delivery_id: row.try_get("delivery_id")?,
                lease_token: row.try_get("lease_token")?,
            },
            claimed_at,
            endpoint_id: row.try_get("endpoint_id")?,
            ordered: row.try_get("ordered")?,
            attempt_no: row.try_get("attempt_no")?,
            url: Url::parse(&target),
            target,
            event_type: row.try_get("event_type")?,
            message_id: row.try_get("message_id")?,
            body: row.try_get::<_, String>("body")?.into(),
            secrets: row.try_get("secrets")?,
            timeout_ms: row.try_get("timeout_ms")?,
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
    /// Whether there may be more to claim once this is recorded: what waited for it, or whether its endpoint is well.
    #[serde(skip)]
    pub(super) others_wait: bool,
    pub(super) attempt_no: i32,
    pub(super) url: String,
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

const CLAIM: &str = "SELECT d.project_id, d.endpoint_id, d.ordered, d.delivery_id, d.lease_token::text AS lease_token, \
                            d.attempt_no, d.url, d.event_type, d.message_id, d.body, d.secrets, d.timeout_ms \
                       FROM affiliate_api.claim_deliveries($1, $2, $3, $4, $5, $6, $7) AS d";

/// What a claim came to.
pub(super) enum Claimed {
    Deliveries(Vec<Delivery>),
    /// Nothing yet: there are more projects to look at after this one.
    LookedUpTo(i64),
}

/// Claims what is ready. A claim whose answer is lost runs into its lease, so that repeating it is safe.
pub(super) async fn claim(
    database: &Database,
    limit: usize,
    after_project: i64,
    rooms: Rooms,
    window: usize,
) -> Result<Claimed, CallError> {
    let number = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
    let lease_seconds = i32::try_from(LEASE.as_secs()).unwrap_or(i32::MAX);
    let claimed_at = Instant::now();
    let rows = database
        .query(
            CLAIM,
            &[
                &number(limit),
                &lease_seconds,
                &after_project,
                &rooms.full_projects,
                &rooms.endpoints,
                &rooms.rooms,
                &number(window),
            ],
            Repeat::Safe,
        )
        .await?;
    if let [row] = rows.as_slice()
        && row.try_get::<_, Option<i64>>("delivery_id")?.is_none()
    {
        return Ok(Claimed::LookedUpTo(row.try_get("project_id")?));
    }
    let deliveries = rows.iter().map(|row| Delivery::from_row(row, claimed_at));
    Ok(Claimed::Deliveries(deliveries.collect::<Result<_, _>>()?))
}
