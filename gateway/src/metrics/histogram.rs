//! Durations in buckets.

use std::time::Duration;

use super::Exposition;

/// Upper bounds in microseconds, and how they are written in seconds.
const BUCKETS: [(u128, &str); 11] = [
    (1_000, "0.001"),
    (2_500, "0.0025"),
    (5_000, "0.005"),
    (10_000, "0.01"),
    (25_000, "0.025"),
    (50_000, "0.05"),
    (100_000, "0.1"),
    (250_000, "0.25"),
    (1_000_000, "1"),
    (5_000_000, "5"),
    (30_000_000, "30"),
];

/// How many durations fell into which bucket.
#[derive(Debug, Default)]
pub(crate) struct Histogram {
    counts: [u64; BUCKETS.len()],
    total: u64,
    sum: Duration,
}

impl Histogram {
    pub(super) fn observe(&mut self, duration: Duration) {
        let micros = duration.as_micros();
        let bucket = BUCKETS.iter().position(|(bound, _)| micros <= *bound);
        if let Some(count) = bucket.and_then(|bucket| self.counts.get_mut(bucket)) {
            *count += 1;
        }
        self.total += 1;
        self.sum = self.sum.saturating_add(duration);
    }

    pub(super) fn expose(&self, name: &str, route: &str, out: &mut Exposition) {
        let mut at_most = 0;
        let bucket = format!("{name}_bucket");
        for (count, (_, bound)) in self.counts.iter().zip(BUCKETS) {
            at_most += count;
            out.sample(&bucket, &[("route", route), ("le", bound)], at_most);
        }
        out.sample(&bucket, &[("route", route), ("le", "+Inf")], self.total);
        let sum = format!("{:.6}", self.sum.as_secs_f64());
        out.sample(&format!("{name}_sum"), &[("route", route)], sum);
        out.sample(&format!("{name}_count"), &[("route", route)], self.total);
    }
}
