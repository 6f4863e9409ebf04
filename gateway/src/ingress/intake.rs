//! The way of verified events into the database.
//!
//! A transaction costs about as much as the event in it. So no more events are on their way at a time than keep the server busy,
//! and those that come meanwhile go in together, in one transaction. Where there is no crowd, an event waits for nobody.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use tokio::sync::oneshot;

use super::provider::Provider;
use crate::server::database::{CallError, Database, Repeat};

/// Connections of the pool for each lane. Four connections are meant for one processor of the server, which one lane keeps busy.
const CONNECTIONS_PER_LANE: usize = 4;
/// Most events that go in together: what they lock they hold until the last of them is done.
const MOST_EVENTS: usize = 16;
/// How far into the queue others are looked for that may go with the first.
const MOST_LOOKED_AT: usize = 256;
/// Most bytes of events that go in together, unless one is larger.
const MOST_BYTES: usize = 1024 * 1024;
/// A call that takes longer (an event that settles thousands of sales, a lock) does not hold up those behind it.
const SLOW: Duration = Duration::from_millis(250);

const ALONE: &str = "SELECT affiliate_api.ingest_provider_event($1, $2, $3, $4, $5)::text";
const TOGETHER: &str = "SELECT affiliate_api.ingest_provider_events($1, $2, $3, $4, $5)";

/// An event whose signature is right.
#[derive(Debug)]
pub(super) struct Event {
    pub(super) project_id: i64,
    pub(super) provider: Provider,
    /// The secret that it was signed with.
    pub(super) secret_id: i64,
    /// What the provider calls this delivery, where it says so apart from the body.
    pub(super) delivery_id: Option<String>,
    pub(super) body: Bytes,
}

/// What an event came to; nothing where it has to go in alone.
type Answer = Option<Result<String, CallError>>;

#[derive(Debug)]
struct Waiting {
    event: Arc<Event>,
    answer: oneshot::Sender<Answer>,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<Waiting>,
    /// Lanes in use.
    lanes: usize,
}

/// Where events go in.
#[derive(Debug)]
pub(crate) struct Intake {
    database: Database,
    most_lanes: usize,
    queue: Mutex<Queue>,
}

impl Intake {
    pub(crate) fn new(database: Database) -> Self {
        let connections = database.pool_status().max_size;
        Self {
            database,
            most_lanes: connections.div_ceil(CONNECTIONS_PER_LANE),
            queue: Mutex::default(),
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
        match answered.await {
            Ok(Some(result)) => result,
            Ok(None) | Err(_) => self.alone(&event).await,
        }
    }

    /// Has an event wait, and says whether there is a lane for it that nobody works in.
    fn push(&self, waiting: Waiting) -> bool {
        let mut queue = self.queue();
        queue.waiting.push_back(waiting);
        let free = queue.lanes < self.most_lanes;
        if free {
            queue.lanes += 1;
        }
        free
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
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
            let handed_over = tokio::spawn(async move { intake.hand_over(events).await });
            // A slow one goes on beside what follows it.
            let _ = tokio::time::timeout(SLOW, handed_over).await;
        }
    }

    /// The next events; without any, one lane fewer is in use.
    fn next(&self) -> Option<Vec<Waiting>> {
        let mut queue = self.queue();
        let events = queue.take();
        if events.is_empty() {
            queue.lanes -= 1;
            return None;
        }
        Some(events)
    }

    async fn hand_over(&self, events: Vec<Waiting>) {
        let mut answers: Vec<Answer> = match events.as_slice() {
            [only] => vec![Some(self.alone(&only.event).await)],
            several => match self.together(several).await {
                Ok(texts) => texts.into_iter().map(|text| text.map(Ok)).collect(),
                Err(failure) => several
                    .iter()
                    .map(|_| failure.for_another().map(Err))
                    .collect(),
            },
        };
        answers.resize_with(events.len(), || None);
        for (waiting, answer) in events.into_iter().zip(answers) {
            // Whoever asked may have gone.
            let _ = waiting.answer.send(answer);
        }
    }
}

impl Queue {
    /// The event that has waited longest, with others of its project and provider.
    fn take(&mut self) -> Vec<Waiting> {
        let looked_at = self.waiting.len().min(MOST_LOOKED_AT);
        let (mut events, mut bytes, mut left) = (Vec::<Waiting>::new(), 0, Vec::new());
        for waiting in self.waiting.drain(..looked_at) {
            let (event, first) = (&waiting.event, events.first().map(|first| &first.event));
            let fits = first.is_none_or(|first| {
                (event.project_id, event.provider) == (first.project_id, first.provider)
                    && events.len() < MOST_EVENTS
                    && bytes + event.body.len() <= MOST_BYTES
            });
            if waiting.answer.is_closed() {
                continue;
            }
            if fits {
                bytes += event.body.len();
                events.push(waiting);
            } else {
                left.push(waiting);
            }
        }
        for waiting in left.into_iter().rev() {
            self.waiting.push_front(waiting);
        }
        events
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Asker = oneshot::Receiver<Answer>;

    fn queue(of: &[(i64, Provider, usize)]) -> (Queue, Vec<Asker>) {
        let (mut queue, mut askers) = (Queue::default(), Vec::new());
        for (project_id, provider, bytes) in of {
            let (answer, asker) = oneshot::channel();
            let event = Event {
                project_id: *project_id,
                provider: *provider,
                secret_id: 1,
                delivery_id: None,
                body: vec![b' '; *bytes].into(),
            };
            queue.waiting.push_back(Waiting {
                event: Arc::new(event),
                answer,
            });
            askers.push(asker);
        }
        (queue, askers)
    }

    /// Project, provider and length of those taken.
    fn taken(queue: &mut Queue) -> Vec<(i64, &'static str, usize)> {
        let events = queue.take().into_iter().map(|waiting| waiting.event);
        events
            .map(|event| (event.project_id, event.provider.name(), event.body.len()))
            .collect()
    }

    #[test]
    fn only_events_of_one_project_and_provider_go_in_together() {
        let (mut queue, _askers) = queue(&[
            (1, Provider::Stripe, 1),
            (2, Provider::Stripe, 2),
            (1, Provider::Paddle, 3),
            (1, Provider::Stripe, 4),
            (2, Provider::Stripe, 5),
        ]);
        assert_eq!(taken(&mut queue), [(1, "stripe", 1), (1, "stripe", 4)]);
        assert_eq!(taken(&mut queue), [(2, "stripe", 2), (2, "stripe", 5)]);
        assert_eq!(taken(&mut queue), [(1, "paddle", 3)]);
        assert_eq!(taken(&mut queue), []);
    }

    #[test]
    fn a_batch_is_bounded_in_events_and_bytes() {
        let (mut many, _askers) = queue(&[(1, Provider::Polar, 1); 40]);
        let sizes: Vec<usize> = (0..4).map(|_| taken(&mut many).len()).collect();
        assert_eq!(sizes, [16, 16, 8, 0]);
        let size = MOST_BYTES / 2;
        let bodies = [3 * size, 1, size, size, size, 1].map(|size| (1, Provider::Polar, size));
        let (mut large, _askers) = queue(&bodies);
        let sizes: Vec<usize> = (0..4).map(|_| taken(&mut large).len()).collect();
        assert_eq!(sizes, [1, 3, 2, 0]);
    }

    #[test]
    fn nobody_is_looked_after_who_has_gone() {
        let (mut queue, mut askers) = queue(&[
            (1, Provider::Stripe, 1),
            (1, Provider::Stripe, 2),
            (2, Provider::Stripe, 3),
        ]);
        askers.remove(0);
        askers.pop();
        assert_eq!(taken(&mut queue), [(1, "stripe", 2)]);
        assert!(queue.waiting.is_empty());
    }
}
