//! What this gateway has under way, by endpoint and by project, so that one that is slow or dead holds up nobody else.
//!
//! An endpoint that answers gets many deliveries at a time, so that claiming them costs little, of which a few are on
//! the wire at once. One that fails or takes long is asked for fewer, and what waits for it goes back into the queue.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, Semaphore, watch};

/// Deliveries claimed for one endpoint at most, as a multiple of those sent to it at once: while one half is sent, the
/// other is claimed.
const CLAIMED_PER_SEND: usize = 64;
/// No more is claimed for an endpoint than it lately took in such a time: what is claimed should be sent soon.
const CLAIMED_AHEAD: Duration = Duration::from_secs(2);
/// How long it is remembered how an endpoint does that nothing is sent to.
const MEMORY: Duration = Duration::from_secs(300);
/// Endpoints known before those that nothing is sent to are looked for.
const MANY: usize = 1024;

/// How an endpoint did last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Health {
    /// Nothing has been sent yet.
    Unknown,
    /// It answers, and soon.
    Good,
    /// It takes its time.
    Slow,
    /// It fails.
    Failing,
}

/// One endpoint, as this gateway knows it.
#[derive(Debug)]
pub(super) struct Lane {
    /// How many may be on the wire at once.
    pub(super) wire: Semaphore,
    state: Mutex<State>,
    /// Counts how often it began to be slow or to fail: what waits for it then need not wait any longer.
    trouble: watch::Sender<u64>,
}

#[derive(Debug)]
struct State {
    claimed: usize,
    health: Health,
    /// How long it lately took to answer.
    took: Duration,
    /// Whether it is sent one after the other.
    ordered: bool,
    used_at: Instant,
}

impl Lane {
    fn new(sends: usize) -> Self {
        Self {
            wire: Semaphore::new(sends),
            state: Mutex::new(State {
                claimed: 0,
                health: Health::Unknown,
                took: Duration::ZERO,
                ordered: false,
                used_at: Instant::now(),
            }),
            trouble: watch::Sender::new(0),
        }
    }

    /// Takes note of how it does, and says how it did before.
    pub(super) fn note(&self, health: Health, took: Duration) -> Health {
        let mut state = lock(&self.state);
        state.took = (state.took * 7 + took) / 8;
        let before = std::mem::replace(&mut state.health, health);
        drop(state);
        if matches!(health, Health::Slow | Health::Failing) {
            self.trouble.send_modify(|times| *times += 1);
        }
        before
    }

    /// Takes note of a request that takes long and is not over. Of an endpoint that fails it says nothing new.
    pub(super) fn note_waiting(&self, so_far: Duration) {
        let failing = lock(&self.state).health == Health::Failing;
        let health = if failing {
            Health::Failing
        } else {
            Health::Slow
        };
        self.note(health, so_far);
    }

    /// How many more to claim for it; none until there is room for a good part of what it takes.
    fn room(&self, sends: usize) -> usize {
        let state = lock(&self.state);
        let most = match state.health {
            Health::Good => state.ahead(sends),
            Health::Unknown | Health::Slow => sends,
            Health::Failing => 1,
        };
        if state.claimed * 2 > most {
            0
        } else {
            most - state.claimed
        }
    }

    fn is_forgettable(&self) -> bool {
        let state = lock(&self.state);
        state.claimed == 0 && state.used_at.elapsed() > MEMORY
    }
}

impl State {
    /// How many it takes in the time ahead: no fewer than are sent to it at once.
    fn ahead(&self, sends: usize) -> usize {
        let at_once = if self.ordered { 1 } else { sends };
        let in_a_row = CLAIMED_AHEAD.as_micros() / self.took.as_micros().max(1);
        let in_a_row = usize::try_from(in_a_row).unwrap_or(usize::MAX);
        in_a_row
            .saturating_mul(at_once)
            .clamp(sends, sends * CLAIMED_PER_SEND)
    }
}

/// All endpoints and projects that have something under way.
#[derive(Debug)]
pub(super) struct Lanes {
    /// How many are sent to one endpoint at once.
    sends: usize,
    /// How many of one project may be claimed at once.
    project_share: usize,
    lanes: Mutex<HashMap<i64, Arc<Lane>>>,
    projects: Mutex<HashMap<i64, usize>>,
    /// There is room again where there was none.
    pub(super) freed: Notify,
}

/// What to leave out of a claim, and how much to take of whom.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Rooms {
    pub(super) full_projects: Vec<i64>,
    pub(super) endpoints: Vec<i64>,
    pub(super) rooms: Vec<i32>,
}

impl Lanes {
    pub(super) fn new(sends: usize, project_share: usize) -> Self {
        Self {
            sends,
            project_share,
            lanes: Mutex::default(),
            projects: Mutex::default(),
            freed: Notify::new(),
        }
    }

    /// What may be claimed now; of an endpoint that is not named, as many as are sent to it at once.
    pub(super) fn rooms(&self) -> Rooms {
        let mut rooms = Rooms::default();
        for (endpoint, lane) in lock(&self.lanes).iter() {
            let room = lane.room(self.sends);
            // The same as for an endpoint that is not known.
            if room != self.sends {
                rooms.endpoints.push(*endpoint);
                rooms.rooms.push(i32::try_from(room).unwrap_or(i32::MAX));
            }
        }
        let projects = lock(&self.projects);
        let full = projects
            .iter()
            .filter(|(_, claimed)| **claimed >= self.project_share);
        rooms
            .full_projects
            .extend(full.map(|(project, _)| *project));
        rooms
    }

    /// How many to claim of an endpoint that nothing is known of.
    pub(super) fn window(&self) -> usize {
        self.sends
    }

    /// A place for a delivery that was claimed.
    pub(super) fn enter(self: &Arc<Self>, project: i64, endpoint: i64, ordered: bool) -> Place {
        let lane = self.lane(endpoint);
        let mut state = lock(&lane.state);
        state.ordered = ordered;
        state.claimed += 1;
        state.used_at = Instant::now();
        drop(state);
        *lock(&self.projects).entry(project).or_default() += 1;
        Place {
            trouble: lane.trouble.subscribe(),
            lanes: Arc::clone(self),
            lane,
            project,
        }
    }

    fn lane(&self, endpoint: i64) -> Arc<Lane> {
        let mut lanes = lock(&self.lanes);
        if lanes.len() >= MANY {
            lanes.retain(|_, lane| !lane.is_forgettable());
        }
        Arc::clone(
            lanes
                .entry(endpoint)
                .or_insert_with(|| Arc::new(Lane::new(self.sends))),
        )
    }

    fn leave(&self, project: i64, lane: &Lane) {
        let before = lane.room(self.sends);
        lock(&lane.state).claimed -= 1;
        let mut freed = before == 0 && lane.room(self.sends) > 0;
        let mut projects = lock(&self.projects);
        if let Some(claimed) = projects.get_mut(&project) {
            freed |= *claimed == self.project_share;
            *claimed -= 1;
            if *claimed == 0 {
                projects.remove(&project);
            }
        }
        if freed {
            self.freed.notify_one();
        }
    }
}

/// A claimed delivery's place in its lane, until it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) lane: Arc<Lane>,
    /// Changes when there is trouble that was not there when the place was taken.
    pub(super) trouble: watch::Receiver<u64>,
    lanes: Arc<Lanes>,
    project: i64,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.lanes.leave(self.project, &self.lane);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
