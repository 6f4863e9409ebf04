//! Housekeeping by whichever gateway comes first. The database says what there is to do and keeps two from doing it at
//! once; where pg_cron does it, or another gateway, there is nothing left to do here.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::server::database::{Database, Repeat};

/// How often the jobs run in the whole installation.
const INTERVAL: Duration = Duration::from_secs(60);
/// Somebody else's run within this time counts as ours.
const RECENT: &str = "SELECT affiliate_api.run_jobs(50)";

/// Runs the jobs until `stop`.
pub(crate) async fn run(database: Database, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(INTERVAL) => {}
        }
        match database.query_text(RECENT, &[], Repeat::Safe).await {
            Ok(done) => tracing::debug!(done, "jobs"),
            Err(error) => tracing::warn!(%error, "the jobs failed; nothing depends on them"),
        }
    }
}
