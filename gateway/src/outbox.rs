//! Webhooks out: claim what is due, send it, settle what came of it.
//!
//! The database owns the queue, the attempts and the retry schedule; here is only what it cannot do. Deliveries are
//! claimed under a lease, so a gateway that dies loses none: whoever claims next after the lease sends them again.

mod delivery;
mod lane;
mod line;
mod sender;
mod settle;
mod signature;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::server::ServeConfig;
use crate::server::background::Doorbells;
use crate::server::database::{CallError, Database, Repeat};
use delivery::{Claimed, Delivery};
use line::{Line, most_claimed};
pub(crate) use sender::Sender;

/// Deliveries claimed in one statement.
const BATCH: usize = 512;
/// Pause after a look that found less than this: meanwhile more comes together.
const FEW: usize = 64;
const SHORTEST_PAUSE: Duration = Duration::from_millis(5);
/// The shortest pause where the database said that there is something, and then there was not.
const SHORTEST_WAIT: Duration = Duration::from_millis(50);

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
    let line = Arc::new(Line::new(&config, sender, reports, stop.clone()));
    let mut queue = Queue {
        database,
        most: most_claimed(&config),
        last_project: 0,
        poll_interval: Duration::from_millis(config.poll_interval_ms),
    };
    let mut under_way = JoinSet::new();
    while !stop.is_cancelled() {
        match queue.claim_some(&line, &mut under_way).await {
            Found::Much => {}
            Found::Some => tokio::time::sleep(SHORTEST_PAUSE).await,
            Found::Nothing { pause } => tokio::select! {
                () = stop.cancelled() => {}
                () = doorbells.outbox.notified() => {}
                () = line.lanes.freed.notified() => {}
                () = tokio::time::sleep(pause) => {}
            },
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

/// What a look at the queue came to.
enum Found {
    /// So much that there is probably more.
    Much,
    Some,
    /// Nothing, and there will not be before this pause is over unless somebody says so.
    Nothing {
        pause: Duration,
    },
}

/// Where deliveries come from.
struct Queue {
    database: Database,
    /// How many may be under way at once.
    most: usize,
    /// Whose turn it was last.
    last_project: i64,
    poll_interval: Duration,
}

impl Queue {
    /// Claims what there is room for and starts on it.
    async fn claim_some(&mut self, line: &Arc<Line>, under_way: &mut JoinSet<()>) -> Found {
        let limit = BATCH.min(self.most.saturating_sub(line.claimed()));
        if limit == 0 {
            return Found::Nothing {
                pause: self.poll_interval,
            };
        }
        let rooms = line.lanes.rooms();
        let window = line.lanes.window();
        let claimed =
            delivery::claim(&self.database, limit, self.last_project, rooms, window).await;
        let claimed = match claimed {
            Ok(Claimed::Deliveries(claimed)) => claimed,
            Ok(Claimed::LookedUpTo(project)) => {
                self.last_project = project;
                return Found::Nothing {
                    pause: SHORTEST_WAIT,
                };
            }
            Err(error) => {
                tracing::warn!(%error, "deliveries cannot be claimed");
                return Found::Nothing {
                    pause: self.poll_interval,
                };
            }
        };
        if let Some(last) = claimed.last() {
            self.last_project = last.lease.project_id;
            let much = claimed.len() >= FEW;
            for turn in turns(claimed) {
                under_way.spawn(Arc::clone(line).deliver(line.places(turn)));
            }
            return if much { Found::Much } else { Found::Some };
        }
        let pause = match next_due(&self.database).await {
            Ok(Some(due)) => {
                let pause = due.duration_since(SystemTime::now()).unwrap_or_default();
                pause.clamp(SHORTEST_WAIT.min(self.poll_interval), self.poll_interval)
            }
            Ok(None) => self.poll_interval,
            Err(error) => {
                tracing::warn!(%error, "the next delivery's time cannot be read");
                self.poll_interval
            }
        };
        Found::Nothing { pause }
    }
}

/// What is sent one after the other: the deliveries of an endpoint that wants order, or just one.
fn turns(claimed: Vec<Delivery>) -> Vec<Vec<Delivery>> {
    let mut turns: Vec<Vec<Delivery>> = Vec::new();
    for delivery in claimed {
        match turns.last_mut() {
            Some(turn)
                if delivery.ordered
                    && turn.iter().all(|d| d.endpoint_id == delivery.endpoint_id) =>
            {
                turn.push(delivery);
            }
            _ => turns.push(vec![delivery]),
        }
    }
    turns
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
