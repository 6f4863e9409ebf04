//! The way of verified events into the database.
//!
//! A transaction costs about as much as the event in it. So no more events are on their way at a time than keep the server busy,
//! and those that come meanwhile go in together, in one transaction. Where there is no crowd, an event waits for nobody.

mod queue;

use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::server::database::{CallError, Database, Repeat};
pub(super) use queue::Event;
use queue::{Answer, Queue, Waiting};

/// Connections of the pool for each lane. Four connections are meant for one processor of the server, which one lane keeps busy.
const CONNECTIONS_PER_LANE: usize = 4;
/// A call that takes longer (an event that settles thousands of sales, a lock) does not hold up those behind it.
const SLOW: Duration = Duration::from_millis(250);
/// The same for an event that none goes with: where a lane waits for the disk or the network, more lanes make up for it.
const SLOW_ALONE: Duration = Duration::from_millis(5);

const ALONE: &str = "SELECT affiliate_api.ingest_provider_event($1, $2, $3, $4, $5)::text";
const TOGETHER: &str = "SELECT affiliate_api.ingest_provider_events($1, $2, $3, $4, $5)";

/// How many calls with events a gateway makes at a time that has so many connections, as long as none of them is slow.
#[must_use]
pub fn lanes(connections: usize) -> usize {
    connections.div_ceil(CONNECTIONS_PER_LANE)
}

#[derive(Debug, Default)]
struct State {
    queue: Queue,
    lanes_in_use: usize,
}

/// Where events go in.
#[derive(Debug)]
pub(crate) struct Intake {
    database: Database,
    most_lanes: usize,
    state: Mutex<State>,
}

impl Intake {
    pub(crate) fn new(database: Database) -> Self {
        let connections = database.pool_status().max_size;
        Self {
            database,
            most_lanes: lanes(connections),
            state: Mutex::default(),
        }
    }

    /// Stores and applies an event, and answers when that is committed.
    ///
    /// # Errors
    /// When the database refuses it or is out of reach.
    pub(super) async fn ingest(self: &Arc<Self>, event: Event) -> Result<String, CallError> {
        let event = Arc::new(event);
        let (answer, answered) = oneshot::channel();
        if self.push(Waiting {
            event: Arc::clone(&event),
            answer,
        }) {
            tokio::spawn(Arc::clone(self).work());
        }
        let mut answered = pin!(answered);
        let in_time = timeout(self.database.checkout_timeout(), &mut answered).await;
        let answer = match in_time {
            Ok(answer) => answer,
            Err(_) if self.state().queue.give_up(&event) => {
                let reason = "every connection for events is in use".to_owned();
                return Err(CallError::Checkout(reason));
            }
            // It has been taken.
            Err(_) => answered.await,
        };
        match answer {
            Ok(Some(result)) => result,
            Ok(None) | Err(_) => self.alone(&event).await,
        }
    }

    /// How many events wait for a lane.
    pub(crate) fn waiting(&self) -> usize {
        self.state().queue.len()
    }

    /// Has an event wait, and says whether there is a lane for it that nobody works in.
    fn push(&self, waiting: Waiting) -> bool {
        let mut state = self.state();
        state.queue.push(waiting);
        let free = state.lanes_in_use < self.most_lanes;
        if free {
            state.lanes_in_use += 1;
        }
        free
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The database ignores an event it has, so that repeating is safe.
    async fn alone(&self, event: &Event) -> Result<String, CallError> {
        let (provider, body) = (event.provider.name(), event.body.as_ref());
        let text = self
            .database
            .query_text(
                ALONE,
                &[
                    &event.project_id,
                    &provider,
                    &event.secret_id,
                    &event.delivery_id,
                    &body,
                ],
                Repeat::Safe,
            )
            .await?;
        Ok(text.unwrap_or_else(|| r#"{"received":true}"#.to_owned()))
    }

    /// Events of one project and provider in one transaction.
    async fn together(&self, events: &[Waiting]) -> Result<Vec<Option<String>>, CallError> {
        let Some(first) = events.first() else {
            return Ok(Vec::new());
        };
        let provider = first.event.provider.name();
        let each = || events.iter().map(|waiting| &*waiting.event);
        let secret_ids: Vec<i64> = each().map(|event| event.secret_id).collect();
        let delivery_ids: Vec<Option<&str>> =
            each().map(|event| event.delivery_id.as_deref()).collect();
        let bodies: Vec<&[u8]> = each().map(|event| event.body.as_ref()).collect();
        let rows = self
            .database
            .query(
                TOGETHER,
                &[
                    &first.event.project_id,
                    &provider,
                    &secret_ids,
                    &delivery_ids,
                    &bodies,
                ],
                Repeat::Safe,
            )
            .await?;
        match rows.first() {
            Some(row) => Ok(row.try_get(0)?),
            None => Ok(Vec::new()),
        }
    }

    /// Hands events to the database, one batch after the other, until none wait.
    async fn work(self: Arc<Self>) {
        while let Some(events) = self.next() {
            let intake = Arc::clone(&self);
            let slow = if events.len() == 1 { SLOW_ALONE } else { SLOW };
            let handed_over = tokio::spawn(async move { intake.hand_over(events).await });
            // A slow one goes on beside what follows it.
            let _ = timeout(slow, handed_over).await;
        }
    }

    /// The next events; without any, one lane fewer is in use.
    fn next(&self) -> Option<Vec<Waiting>> {
        let mut state = self.state();
        let events = state.queue.take();
        if events.is_empty() {
            state.lanes_in_use -= 1;
            return None;
        }
        Some(events)
    }

    async fn hand_over(&self, events: Vec<Waiting>) {
        let mut answers: Vec<Answer> = match events.as_slice() {
            [only] => vec![Some(self.alone(&only.event).await)],
            several => match self.together(several).await {
                Ok(texts) => texts.into_iter().map(|text| text.map(Ok)).collect(),
                Err(failure) => {
                    let reason = failure.to_string();
                    tracing::warn!(
                        reason,
                        events = several.len(),
                        "events do not go in together"
                    );
                    several
                        .iter()
                        .map(|_| failure.for_another().map(Err))
                        .collect()
                }
            },
        };
        answers.resize_with(events.len(), || None);
        for (waiting, answer) in events.into_iter().zip(answers) {
            // Whoever asked may have gone.
            let _ = waiting.answer.send(answer);
        }
    }
}
