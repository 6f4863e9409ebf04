//! What is done to a project: events that arrive, and what its owner does.

use affiliate_tests::random::Random;
use serde_json::Value;

/// An event as a provider delivers it.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// Provider time.
    pub at: i64,
    pub provider: &'static str,
    /// Where the provider sends an id beside the body.
    pub delivery_id: Option<String>,
    pub body: Value,
}

/// A call of a function on the project ($1). What an owner does comes in one order, whatever arrives in between.
#[derive(Debug, Clone)]
pub struct Change {
    /// When it takes effect.
    pub at: i64,
    pub sql: String,
}

#[derive(Debug, Clone)]
pub enum Step {
    Event(Delivery),
    Change(Change),
    /// Some of what is there by now is paid out, before the rest arrives.
    Payday,
}

impl Step {
    /// Without it the others cannot be applied.
    pub fn is_needed(&self) -> bool {
        matches!(self, Self::Change(change) if change.sql.contains("'JPY'"))
    }
}

/// Everything in the order of its time; what the owner does at once stays in its order.
pub fn in_order(events: &[Delivery], changes: &[Change]) -> Vec<Step> {
    let mut latest = i64::MIN;
    let mut steps: Vec<(i64, Step)> = Vec::new();
    for change in changes {
        latest = latest.max(change.at);
        steps.push((latest, Step::Change(change.clone())));
    }
    for event in events {
        steps.push((event.at, Step::Event(event.clone())));
    }
    steps.sort_by_key(|step| step.0);
    steps.into_iter().map(|step| step.1).collect()
}

/// Events in any order, every third twice, with the owner's changes somewhere among them.
pub fn shuffled(random: &mut Random, events: &[Delivery], changes: &[Change]) -> Vec<Step> {
    let again = events.iter().filter(|_| random.one_in(3)).cloned();
    let mut deliveries: Vec<Delivery> = again.collect();
    deliveries.extend(events.iter().cloned());
    random.shuffle(&mut deliveries);
    let mut steps: Vec<Step> = deliveries.into_iter().map(Step::Event).collect();
    let mut places: Vec<usize> = changes
        .iter()
        .map(|_| super::story::pick(random, steps.len() + 1))
        .collect();
    places.sort_unstable();
    for (change, place) in changes.iter().zip(places).rev() {
        steps.insert(place, Step::Change(change.clone()));
    }
    steps
}

impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Event(event) => write!(f, "{} {}", event.at, event.body),
            Self::Change(change) => write!(f, "{} {}", change.at, change.sql),
            Self::Payday => write!(f, "payday"),
        }
    }
}
