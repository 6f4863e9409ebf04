//! Whose events wait, and which go in next.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use axum::body::Bytes;
use tokio::sync::oneshot;

use crate::ingress::provider::Provider;
use crate::server::database::CallError;

/// Most events that go in together: what they lock they hold until the last of them is done.
const MOST_EVENTS: usize = 16;
/// Most bytes of events that go in together, unless one is larger.
const MOST_BYTES: usize = 1024 * 1024;

/// An event whose signature is right.
#[derive(Debug)]
pub(in crate::ingress) struct Event {
    pub(in crate::ingress) project_id: i64,
    pub(in crate::ingress) provider: Provider,
    /// The secret that it was signed with.
    pub(in crate::ingress) secret_id: i64,
    /// What the provider calls this delivery, where it says so apart from the body.
    pub(in crate::ingress) delivery_id: Option<String>,
    pub(in crate::ingress) body: Bytes,
}

/// Whose events go in together: a project's from one provider.
type Source = (i64, Provider);

impl Event {
    fn source(&self) -> Source {
        (self.project_id, self.provider)
    }
}

/// What an event came to; nothing where it has to go in alone.
pub(super) type Answer = Option<Result<String, CallError>>;

/// An event whose asker waits for its answer.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) event: Arc<Event>,
    pub(super) answer: oneshot::Sender<Answer>,
}

/// Events that no lane was free for.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: HashMap<Source, VecDeque<Waiting>>,
    /// Those with events that wait, in the order of their turns.
    turns: VecDeque<Source>,
}

impl Queue {
    /// Has an event wait for its project's turn.
    pub(super) fn push(&mut self, waiting: Waiting) {
        let source = waiting.event.source();
        let queue = self.waiting.entry(source).or_default();
        if queue.is_empty() {
            self.turns.push_back(source);
        }
        queue.push_back(waiting);
    }

    /// How many events wait.
    pub(super) fn len(&self) -> usize {
        self.waiting.values().map(VecDeque::len).sum()
    }

    /// Has an event wait no longer; says whether it still did.
    pub(super) fn give_up(&mut self, event: &Arc<Event>) -> bool {
        let source = event.source();
        let Some(queue) = self.waiting.get_mut(&source) else {
            return false;
        };
        let before = queue.len();
        queue.retain(|waiting| !Arc::ptr_eq(&waiting.event, event));
        let gave_up = queue.len() < before;
        if queue.is_empty() {
            self.waiting.remove(&source);
            self.turns.retain(|turn| *turn != source);
        }
        gave_up
    }

    /// The next events of whose turn it is, so that a burst of one project does not keep the others waiting.
    pub(super) fn take(&mut self) -> Vec<Waiting> {
        let (mut events, mut bytes) = (Vec::new(), 0);
        while events.is_empty()
            && let Some(source) = self.turns.pop_front()
        {
            let mut queue = self.waiting.remove(&source).unwrap_or_default();
            while let Some(waiting) = queue.pop_front() {
                if waiting.answer.is_closed() {
                    continue;
                }
                bytes += waiting.event.body.len();
                if !events.is_empty() && bytes > MOST_BYTES || events.len() == MOST_EVENTS {
                    queue.push_front(waiting);
                    break;
                }
                events.push(waiting);
            }
            if !queue.is_empty() {
                self.waiting.insert(source, queue);
                self.turns.push_back(source);
            }
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
            queue.push(Waiting {
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
    fn projects_and_providers_take_turns() {
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
        let burst = [
            [(1, Provider::Stripe, 1); 40].as_slice(),
            &[(2, Provider::Stripe, 2)],
        ]
        .concat();
        let (mut queue, _askers) = self::queue(&burst);
        let turns: Vec<i64> = (0..4).map(|_| taken(&mut queue)[0].0).collect();
        assert_eq!(turns, [1, 2, 1, 1]);
    }

    #[test]
    fn a_call_is_bounded_in_events_and_bytes() {
        let (mut many, _askers) = queue(&[(1, Provider::Polar, 1); 40]);
        let sizes: Vec<usize> = (0..4).map(|_| taken(&mut many).len()).collect();
        assert_eq!(sizes, [16, 16, 8, 0]);
        let size = MOST_BYTES / 2;
        let bodies = [3 * size, 1, size, size - 1, size, 1].map(|size| (1, Provider::Polar, size));
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
        assert_eq!(taken(&mut queue), []);
        assert!(queue.waiting.is_empty() && queue.turns.is_empty());
        let crowd = [
            [(1, Provider::Stripe, 1); 900].as_slice(),
            &[(2, Provider::Stripe, 2)],
        ]
        .concat();
        let (mut queue, mut askers) = self::queue(&crowd);
        askers.drain(..900);
        assert_eq!(taken(&mut queue), [(2, "stripe", 2)]);
    }

    #[test]
    fn an_event_that_waits_can_give_up_and_one_that_was_taken_cannot() {
        let of = [
            (1, Provider::Stripe, 1),
            (1, Provider::Stripe, 2),
            (2, Provider::Stripe, 3),
        ];
        let (mut queue, _askers) = queue(&of);
        let events: Vec<Arc<Event>> = ([1, 2].iter())
            .flat_map(|project| &queue.waiting[&(*project, Provider::Stripe)])
            .map(|waiting| Arc::clone(&waiting.event))
            .collect();
        assert!(queue.give_up(&events[0]));
        assert_eq!(queue.len(), 2);
        assert_eq!(taken(&mut queue), [(1, "stripe", 2)]);
        assert!(!queue.give_up(&events[1]));
        assert!(queue.give_up(&events[2]));
        assert!(queue.waiting.is_empty() && queue.turns.is_empty());
        assert_eq!(taken(&mut queue), []);
    }
}
