//! The least that still goes wrong, for a person to read.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use crate::batch::{Orders, Pool, differences};
use crate::door::Tally;
use crate::step::Step;

/// Leaves out whatever can be left out. One connection is enough for all but races.
pub async fn least(pool: &Pool, orders: Orders) -> String {
    let tally = Arc::new(Tally::default());
    let Some(mut found) = differences(pool, &orders, false, &tally).await else {
        return "Over one connection the same order does no harm: it takes a race.".to_owned();
    };
    let mut least = orders;
    let mut size = least.ordered.len().div_ceil(2);
    loop {
        let mut n = 0;
        let before = least.ordered.len();
        while n < least.ordered.len() {
            let without = leave_out(&least, n, size);
            if without.ordered.len() == least.ordered.len() {
                n += size;
                continue;
            }
            match differences(pool, &without, false, &tally).await {
                Some(worse) => (least, found) = (without, worse),
                None => n += size,
            }
        }
        if size == 1 && least.ordered.len() == before {
            break;
        }
        size = size.div_ceil(2);
    }
    let mut text = format!("{found}\nin order:");
    for (n, step) in least.ordered.iter().enumerate() {
        let _ = write!(text, "\n{n}. {step}");
    }
    text.push_str("\nshuffled:");
    for step in &least.shuffled {
        let place = least
            .ordered
            .iter()
            .position(|other| key(other) == key(step));
        let _ = write!(text, " {}", place.unwrap_or_default());
    }
    text
}

fn key(step: &Step) -> String {
    step.to_string()
}

/// Without some of the steps, in both orders.
fn leave_out(orders: &Orders, first: usize, count: usize) -> Orders {
    let mut gone: BTreeMap<String, usize> = BTreeMap::new();
    let mut ordered = Vec::new();
    for (n, step) in orders.ordered.iter().enumerate() {
        if (first..first + count).contains(&n) && !step.is_needed() {
            *gone.entry(key(step)).or_default() += 1;
        } else {
            ordered.push(step.clone());
        }
    }
    let mut shuffled = orders.shuffled.clone();
    shuffled.retain(|step| match (step, gone.get_mut(&key(step))) {
        (_, None) => true,
        // Each delivery of an event goes; of equal changes as many as went there.
        (Step::Event(_), Some(_)) => false,
        (Step::Change(_) | Step::Payday, Some(left)) => {
            let keep = *left == 0;
            *left = left.saturating_sub(1);
            keep
        }
    });
    Orders { ordered, shuffled }
}
