//! Reporting results to the database, many in one statement.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::sync::mpsc::UnboundedReceiver;

use super::delivery::{Attempt, Lease, Report};
use crate::server::background::Doorbells;
use crate::server::database::{Database, Repeat};

/// How long the first result waits for company.
const GATHER: Duration = Duration::from_millis(10);
const MAX_BATCH: usize = 512;
/// Repeats of a failed report; after about the time of a lease the deliveries are someone else's.
const MAX_REPEATS: u32 = 8;
const FIRST_PAUSE: Duration = Duration::from_millis(250);

const SETTLE: &str = "SELECT affiliate_api.settle_deliveries($1)";
const RELEASE: &str = "SELECT affiliate_api.release_deliveries($1)";

/// Settles what arrives until the last sender is gone.
///
/// The drain is told to look again where there may be something to claim now: a failed attempt that is soon due again,
/// what was given back, and what had to wait for the one before.
pub(super) async fn settle(
    database: Database,
    mut reports: UnboundedReceiver<Report>,
    doorbells: Arc<Doorbells>,
) {
    let mut batch = Vec::new();
    while reports.recv_many(&mut batch, MAX_BATCH).await > 0 {
        if batch.len() < MAX_BATCH && !reports.is_closed() {
            tokio::time::sleep(GATHER).await;
            while batch.len() < MAX_BATCH
                && let Ok(report) = reports.try_recv()
            {
                batch.push(report);
            }
        }
        let (mut attempts, mut unsent): (Vec<Attempt>, Vec<Lease>) = (Vec::new(), Vec::new());
        for report in batch.drain(..) {
            match report {
                Report::Sent(attempt) => attempts.push(attempt),
                Report::NotSent(lease) => unsent.push(lease),
            }
        }
        report(&database, SETTLE, &attempts).await;
        report(&database, RELEASE, &unsent).await;
        let is_final = |attempt: &Attempt| attempt.succeeded() && !attempt.others_wait;
        if !unsent.is_empty() || !attempts.iter().all(is_final) {
            doorbells.outbox.notify_one();
        }
    }
}

/// Reports under a lease do nothing the second time, so that repeating them is safe.
async fn report<T: Serialize>(database: &Database, statement: &str, results: &[T]) {
    if results.is_empty() {
        return;
    }
    let text = match serde_json::to_string(results) {
        Ok(text) => text,
        Err(error) => {
            tracing::error!(%error, "results cannot be written as JSON");
            return;
        }
    };
    for repeat in 0..MAX_REPEATS {
        match database.query(statement, &[&text], Repeat::Safe).await {
            Ok(_) => return,
            Err(error) => {
                tracing::warn!(%error, results = results.len(), "deliveries cannot be settled yet");
                tokio::time::sleep(FIRST_PAUSE * 2_u32.pow(repeat)).await;
            }
        }
    }
    tracing::error!(
        results = results.len(),
        "deliveries were not settled and will be sent again"
    );
}
