//! Webhooks out: claim what is due, send it, settle what came of it.
//!
//! The database owns the queue, the attempts and the retry schedule; here is only what it cannot do. Deliveries are
//! claimed under a lease, so a gateway that dies loses none: whoever claims next after the lease sends them again.

mod delivery;
mod sender;
mod settle;
mod signature;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, SystemTime};

use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::server::ServeConfig;
use crate::server::background::Doorbells;
use crate::server::database::{CallError, Database, Repeat};
use delivery::{Delivery, Report};
pub(crate) use sender::Sender;

/// How long a claimed delivery is this gateway's: waiting for its turn, sending and settling fit well within.
const LEASE_SECONDS: i32 = 60;
/// A delivery that waited this long for a busy host goes back into the queue.
const LONGEST_WAIT: Duration = Duration::from_secs(20);
/// Deliveries claimed in one statement.
const BATCH: usize = 64;
/// Deliveries claimed at once, as a multiple of those sent at once: a slow host must not hold up the others.
const CLAIMED_PER_SLOT: usize = 4;
/// The shortest pause between two looks at the queue that found nothing.
const SHORTEST_PAUSE: Duration = Duration::from_millis(50);

/// Sends deliveries until `stop`; then finishes what is on the wire and gives back what is not.
pub(crate) async fn drain(
    config: ServeConfig,
    database: Database,
    sender: Sender,
    doorbells: Arc<Doorbells>,
    stop: CancellationToken,
) {
    let (reports, received) = tokio::sync::mpsc::unbounded_channel();
    let settling = tokio::spawn(settle::settle(
        database.clone(),
        received,
        Arc::clone(&doorbells),
    ));
    let line = Arc::new(Line {
        sender,
        reports,
        slots: Arc::new(Semaphore::new(config.webhook_concurrency)),
        hosts: Hosts::new(config.webhook_host_concurrency),
        stop: stop.clone(),
    });
    let poll_interval = Duration::from_millis(config.poll_interval_ms);
    let mut under_way = JoinSet::new();
    while !stop.is_cancelled() {
        let free = (config.webhook_concurrency * CLAIMED_PER_SLOT).saturating_sub(under_way.len());
        let pause = if free == 0 {
            poll_interval
        } else {
            claim_some(
                &database,
                free.min(BATCH),
                &line,
                &mut under_way,
                poll_interval,
            )
            .await
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = doorbells.outbox.notified(), if free > 0 => {}
            () = tokio::time::sleep(pause) => {}
            Some(_) = under_way.join_next(), if free == 0 => {}
        }
        while under_way.try_join_next().is_some() {}
    }
    let bound = Duration::from_millis(config.shutdown_timeout_ms);
    let finished = async { while under_way.join_next().await.is_some() {} };
    if tokio::time::timeout(bound, finished).await.is_err() {
        tracing::warn!(
            "webhooks were still being sent when the shutdown timeout ended; they will be sent again"
        );
        under_way.shutdown().await;
    }
    drop(line);
    if let Err(error) = settling.await {
        tracing::error!(%error, "settling deliveries failed");
    }
}

/// Claims up to `limit` deliveries and starts on them; says how long to wait before the next look.
async fn claim_some(
    database: &Database,
    limit: usize,
    line: &Arc<Line>,
    under_way: &mut JoinSet<()>,
    poll_interval: Duration,
) -> Duration {
    let claimed = match delivery::claim(database, limit, LEASE_SECONDS).await {
        Ok(claimed) => claimed,
        Err(error) => {
            tracing::warn!(%error, "deliveries cannot be claimed");
            return poll_interval;
        }
    };
    let more_is_likely = claimed.len() >= limit;
    for delivery in claimed {
        under_way.spawn(Arc::clone(line).deliver(delivery));
    }
    if more_is_likely {
        return Duration::ZERO;
    }
    match next_due(database).await {
        Ok(Some(due)) => {
            let pause = due.duration_since(SystemTime::now()).unwrap_or_default();
            pause.clamp(SHORTEST_PAUSE.min(poll_interval), poll_interval)
        }
        Ok(None) => poll_interval,
        Err(error) => {
            tracing::warn!(%error, "the next delivery's time cannot be read");
            poll_interval
        }
    }
}

async fn next_due(database: &Database) -> Result<Option<SystemTime>, CallError> {
    let rows = database
        .query(
            "SELECT affiliate_api.next_delivery_due()",
            &[],
            Repeat::Safe,
        )
        .await?;
    match rows.first() {
        Some(row) => Ok(row.try_get(0)?),
        None => Ok(None),
    }
}

/// What every delivery under way shares.
struct Line {
    sender: Sender,
    reports: UnboundedSender<Report>,
    slots: Arc<Semaphore>,
    hosts: Hosts,
    stop: CancellationToken,
}

impl Line {
    async fn deliver(self: Arc<Self>, delivery: Delivery) {
        let turn = tokio::select! {
            biased;
            () = self.stop.cancelled() => None,
            turn = tokio::time::timeout(LONGEST_WAIT, self.turn(&delivery)) => turn.ok().flatten(),
        };
        let report = match &turn {
            Some(_) => Report::Sent(self.sender.send(&delivery).await),
            None => Report::NotSent(delivery.lease),
        };
        drop(turn);
        if self.reports.send(report).is_err() {
            tracing::error!("nobody settles deliveries any more");
        }
    }

    /// Waits for the host first: a delivery that waits for a slow one must not keep a slot from the others.
    async fn turn(
        &self,
        delivery: &Delivery,
    ) -> Option<(OwnedSemaphorePermit, OwnedSemaphorePermit)> {
        let host = self.hosts.permits(delivery.host());
        let host = host.acquire_owned().await.ok()?;
        let slot = Arc::clone(&self.slots).acquire_owned().await.ok()?;
        Some((host, slot))
    }
}

/// How many deliveries are under way to each host.
struct Hosts {
    each: usize,
    known: Mutex<HashMap<String, Weak<Semaphore>>>,
}

impl Hosts {
    fn new(each: usize) -> Self {
        Self {
            each,
            known: Mutex::default(),
        }
    }

    fn permits(&self, host: &str) -> Arc<Semaphore> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(permits) = known.get(host).and_then(Weak::upgrade) {
            return permits;
        }
        // Hosts that nobody sends to any more; at most as many remain as deliveries are claimed.
        known.retain(|_, permits| permits.strong_count() > 0);
        let permits = Arc::new(Semaphore::new(self.each));
        known.insert(host.to_owned(), Arc::downgrade(&permits));
        permits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deliveries_to_one_host_share_permits_that_vanish_with_the_last() {
        let hosts = Hosts::new(2);
        let (first, again) = (hosts.permits("a.example"), hosts.permits("a.example"));
        assert!(Arc::ptr_eq(&first, &again));
        assert!(!Arc::ptr_eq(&first, &hosts.permits("b.example")));
        drop((first, again));
        hosts.permits("c.example");
        assert_eq!(hosts.known.lock().expect("a lock").len(), 1);
    }
}
