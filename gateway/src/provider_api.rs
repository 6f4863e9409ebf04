//! Calls of payment providers' APIs: claim what is due, make it, settle what came of it.
//!
//! As with webhooks out, the database owns the queue, the attempts and the retry schedule, and claims are leased.

mod call;
mod stripe;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures_util::future::join_all;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::outbound::Outbound;
use crate::server::ServeConfig;
use crate::server::background::Doorbells;
use crate::server::database::Database;
use call::{Call, Failure, Outcome};

/// How long a claimed call is this gateway's: a few requests and settling fit well within.
const LEASE_SECONDS: i32 = 180;
/// Calls made at once.
const BATCH: i32 = 8;
/// The shortest pause between two looks at the queue that found nothing.
const SHORTEST_PAUSE: Duration = Duration::from_millis(50);

/// Makes calls until `stop`; then finishes what is under way.
pub(crate) async fn drain(
    config: ServeConfig,
    database: Database,
    outbound: Outbound,
    doorbells: Arc<Doorbells>,
    stop: CancellationToken,
) {
    let poll_interval = Duration::from_millis(config.poll_interval_ms);
    let bound = Duration::from_millis(config.shutdown_timeout_ms);
    while !stop.is_cancelled() {
        let pause = tokio::select! {
            pause = make_some(&config, &database, &outbound, poll_interval) => pause,
            () = async { stop.cancelled().await; tokio::time::sleep(bound).await } => {
                tracing::warn!("calls of providers were under way when the shutdown timeout ended; they will be made again");
                return;
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = doorbells.provider_calls.notified() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Claims a few calls and makes them; says how long to wait before the next look.
async fn make_some(
    config: &ServeConfig,
    database: &Database,
    outbound: &Outbound,
    poll_interval: Duration,
) -> Duration {
    let calls = match call::claim(database, BATCH, LEASE_SECONDS).await {
        Ok(calls) => calls,
        Err(error) => {
            tracing::warn!(%error, "calls of providers cannot be claimed");
            return poll_interval;
        }
    };
    let made = calls.iter().map(|call| async {
        let made = make(outbound, call, config.public_url.as_ref()).await;
        report(call, &made);
        call::settle(database, call, made).await;
    });
    join_all(made).await;
    match call::next_due(database).await {
        Ok(Some(due)) => {
            let pause = due.duration_since(SystemTime::now()).unwrap_or_default();
            pause.clamp(SHORTEST_PAUSE.min(poll_interval), poll_interval)
        }
        Ok(None) => poll_interval,
        Err(error) => {
            tracing::warn!(%error, "the time of the next call of a provider cannot be read");
            poll_interval
        }
    }
}

async fn make(
    outbound: &Outbound,
    call: &Call,
    public_url: Option<&Url>,
) -> Result<Outcome, Failure> {
    match call.provider.as_str() {
        "stripe" => stripe::make(outbound, call, public_url).await,
        other => Err(Failure::local(format!("nothing is called at {other}"))),
    }
}

fn report(call: &Call, made: &Result<Outcome, Failure>) {
    let (project_id, call_id) = (call.lease.project_id, call.lease.call_id);
    let (provider, kind, attempt) = (&call.provider, &call.kind, call.attempt_no);
    match made {
        Ok(_) => tracing::info!(
            project_id,
            call_id,
            provider,
            kind,
            attempt,
            "call of a provider"
        ),
        Err(failure) => tracing::warn!(
            project_id,
            call_id,
            provider,
            kind,
            attempt,
            status = failure.status_code,
            error = failure.error,
            "a call of a provider failed"
        ),
    }
}
