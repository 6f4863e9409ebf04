//! What is claimed from the queue, and what is reported back to it.

use std::time::{Duration, SystemTime};

use secrecy::SecretString;
use serde::Serialize;
use serde_json::Value;
use tokio_postgres::Row;

use crate::server::database::{CallError, Database, Repeat};

/// Repeats of a failed report; then the lease ends and the call is made again, under the same idempotency key.
const MAX_REPEATS: u32 = 6;
const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// Names one attempt at one call.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Lease {
    pub(super) project_id: i64,
    pub(super) call_id: i64,
    lease_token: String,
}

/// One call to make.
pub(super) struct Call {
    pub(super) lease: Lease,
    pub(super) attempt_no: i32,
    pub(super) provider: String,
    pub(super) kind: String,
    pub(super) payload: Value,
    pub(super) idempotency_key: String,
    /// Gone where the provider was disconnected meanwhile.
    pub(super) secret_key: Option<SecretString>,
    pub(super) api_base: Option<String>,
}

impl Call {
    fn from_row(row: &Row) -> Result<Self, tokio_postgres::Error> {
        let payload: String = row.try_get(6)?;
        Ok(Self {
            lease: Lease {
                project_id: row.try_get(0)?,
                call_id: row.try_get(1)?,
                lease_token: row.try_get(2)?,
            },
            attempt_no: row.try_get(3)?,
            provider: row.try_get(4)?,
            kind: row.try_get(5)?,
            payload: serde_json::from_str(&payload).unwrap_or_default(),
            idempotency_key: row.try_get(7)?,
            secret_key: row.try_get::<_, Option<String>>(8)?.map(Into::into),
            api_base: row.try_get(9)?,
        })
    }
}

/// What a call brought.
#[derive(Debug, Default, Serialize)]
pub(super) struct Outcome {
    /// The webhook endpoint that was registered or found.
    pub(super) endpoint_id: Option<String>,
    /// What a new one signs with. Never logged.
    pub(super) secret: Option<String>,
}

/// Why a call is not done.
#[derive(Debug, Serialize)]
pub(super) struct Failure {
    pub(super) status_code: Option<u16>,
    pub(super) error: String,
    pub(super) retry_after_s: Option<u32>,
}

impl Failure {
    /// One that the provider has not said.
    pub(super) fn local(error: impl Into<String>) -> Self {
        Self {
            status_code: None,
            error: error.into(),
            retry_after_s: None,
        }
    }
}

/// Claims what is due. A claim whose answer is lost runs into its lease, so that repeating it is safe.
pub(super) async fn claim(
    database: &Database,
    limit: i32,
    lease_seconds: i32,
) -> Result<Vec<Call>, CallError> {
    let rows = database
        .query(
            "SELECT c.project_id, c.call_id, c.lease_token::text, c.attempt_no, c.provider, c.kind, c.payload, \
                    c.idempotency_key, c.secret_key, c.api_base \
               FROM affiliate_api.claim_provider_calls($1, $2) AS c",
            &[&limit, &lease_seconds],
            Repeat::Safe,
        )
        .await?;
    Ok(rows.iter().map(Call::from_row).collect::<Result<_, _>>()?)
}

/// When the next call comes due.
pub(super) async fn next_due(database: &Database) -> Result<Option<SystemTime>, CallError> {
    let statement = "SELECT affiliate_api.next_provider_call_due()";
    match database.query(statement, &[], Repeat::Safe).await?.first() {
        Some(row) => Ok(row.try_get(0)?),
        None => Ok(None),
    }
}

#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    lease: &'a Lease,
    provider: &'a str,
    #[serde(flatten)]
    outcome: Option<Outcome>,
    #[serde(flatten)]
    failure: Option<Failure>,
}

/// Reports a result; under a lease that does nothing the second time, so that repeating it is safe.
pub(super) async fn settle(database: &Database, call: &Call, made: Result<Outcome, Failure>) {
    let (outcome, failure) = match made {
        Ok(outcome) => (Some(outcome), None),
        Err(failure) => (None, Some(failure)),
    };
    let report = Report {
        lease: &call.lease,
        provider: &call.provider,
        outcome,
        failure,
    };
    let text = match serde_json::to_string(&report) {
        Ok(text) => text,
        Err(error) => {
            tracing::error!(%error, "the result of a provider's call cannot be written as JSON");
            return;
        }
    };
    let statement = "SELECT affiliate_api.settle_provider_call($1)";
    for repeat in 0..MAX_REPEATS {
        match database.query(statement, &[&text], Repeat::Safe).await {
            Ok(_) => return,
            Err(error) => {
                tracing::warn!(%error, "a call of a provider cannot be settled yet");
                tokio::time::sleep(FIRST_PAUSE * 2_u32.pow(repeat)).await;
            }
        }
    }
    tracing::error!("a call of a provider was not settled and will be made again");
}
