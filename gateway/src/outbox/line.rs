//! From the claim to the report: waiting for a turn, sending, and giving back what cannot be sent now.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};
use tokio_util::sync::CancellationToken;

use super::delivery::{Attempt, Delivery, Report};
use super::lane::{Health, Lanes, Place};
use super::sender::Sender;
use crate::server::ServeConfig;

/// A request that takes longer than this does not count among those sent at once any more: slow receivers, of whom each
/// has few, must not take all the places.
const SLOW: Duration = Duration::from_secs(1);
/// Deliveries claimed at once, as a multiple of those sent at once.
const CLAIMED_PER_SLOT: usize = 16;
/// Nothing is sent so long after it was claimed: its endpoint may have been changed or deleted since, and the request and
/// the report must fit into the rest of the lease.
const LATEST: Duration = Duration::from_secs(5);

/// What every delivery under way shares.
pub(super) struct Line {
    pub(super) lanes: Arc<Lanes>,
    sender: Sender,
    reports: UnboundedSender<Report>,
    slots: Arc<Semaphore>,
    claimed: AtomicUsize,
    /// Half of what may be claimed: when it is less again, there is room for much.
    half: usize,
    stop: CancellationToken,
}

/// A claimed delivery with its place in the line.
pub(super) struct Placed {
    delivery: Delivery,
    place: Place,
}

/// Leave to send; dropped, it is somebody else's.
struct Turn<'a> {
    _wire: SemaphorePermit<'a>,
    slot: OwnedSemaphorePermit,
}

/// Deliveries that may be claimed at once, of which a project alone gets half.
pub(super) fn most_claimed(config: &ServeConfig) -> usize {
    config.webhook_concurrency * CLAIMED_PER_SLOT
}

impl Line {
    pub(super) fn new(
        config: &ServeConfig,
        sender: Sender,
        reports: UnboundedSender<Report>,
        stop: CancellationToken,
    ) -> Self {
        let half = most_claimed(config) / 2;
        Self {
            half,
            lanes: Arc::new(Lanes::new(config.webhook_endpoint_concurrency, half)),
            sender,
            reports,
            slots: Arc::new(Semaphore::new(config.webhook_concurrency)),
            claimed: AtomicUsize::new(0),
            stop,
        }
    }

    /// How many deliveries this gateway has claimed and not reported on.
    pub(super) fn claimed(&self) -> usize {
        self.claimed.load(Ordering::Relaxed)
    }

    /// Counts deliveries in before anything else is claimed.
    pub(super) fn places(&self, turn: Vec<Delivery>) -> Vec<Placed> {
        self.claimed.fetch_add(turn.len(), Ordering::Relaxed);
        turn.into_iter()
            .map(|delivery| Placed {
                place: self.lanes.enter(
                    delivery.lease.project_id,
                    delivery.endpoint_id,
                    delivery.ordered,
                ),
                delivery,
            })
            .collect()
    }

    /// Sends deliveries one after the other; after one that failed or was not sent, the rest goes back.
    pub(super) async fn deliver(self: Arc<Self>, placed: Vec<Placed>) {
        let mut go_on = true;
        for Placed {
            delivery,
            mut place,
        } in placed
        {
            let report = match go_on {
                true => self.attempt(&delivery, &mut place).await,
                false => Report::NotSent(delivery.lease.clone()),
            };
            go_on = matches!(&report, Report::Sent(attempt) if attempt.succeeded());
            drop(place);
            if self.claimed.fetch_sub(1, Ordering::Relaxed) == self.half {
                self.lanes.freed.notify_one();
            }
            if self.reports.send(report).is_err() {
                tracing::error!("nobody settles deliveries any more");
            }
        }
    }

    async fn attempt(&self, delivery: &Delivery, place: &mut Place) -> Report {
        let lane = Arc::clone(&place.lane);
        let latest = delivery.claimed_at + LATEST;
        let turn = tokio::select! {
            biased;
            () = self.stop.cancelled() => None,
            _ = place.trouble.changed() => None,
            turn = tokio::time::timeout_at(latest.into(), self.turn(&lane.wire)) => turn.ok().flatten(),
        };
        let started = Instant::now();
        // Also where the turn came at once, as it does in a row of ordered ones, or this process stood still.
        let Some(Turn { _wire, slot }) = turn.filter(|_| started < latest) else {
            return Report::NotSent(delivery.lease.clone());
        };
        let mut attempt = {
            let sent = self.sender.send(delivery);
            tokio::pin!(sent);
            match tokio::time::timeout(SLOW, &mut sent).await {
                Ok(attempt) => attempt,
                Err(_) => {
                    drop(slot);
                    lane.note_waiting(started.elapsed());
                    sent.await
                }
            }
        };
        let elapsed = started.elapsed();
        let before = lane.note(health(&attempt, elapsed), elapsed);
        attempt.others_wait |= before != Health::Good;
        Report::Sent(attempt)
    }

    /// Waits for the endpoint first: a delivery that waits for a slow one must not keep a slot from the others.
    async fn turn<'a>(&self, wire: &'a Semaphore) -> Option<Turn<'a>> {
        let wire = wire.acquire().await.ok()?;
        let slot = Arc::clone(&self.slots).acquire_owned().await.ok()?;
        Some(Turn { _wire: wire, slot })
    }
}

fn health(attempt: &Attempt, elapsed: Duration) -> Health {
    match attempt.succeeded() {
        false => Health::Failing,
        true if elapsed > SLOW => Health::Slow,
        true => Health::Good,
    }
}
