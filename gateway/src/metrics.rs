//! What this process counts, for Prometheus.
//!
//! Counting costs a map look-up and an addition. Labels are routes as declared, methods, statuses, providers and
//! outcomes: never a project, an address or anything else that a caller could make up, so that the number of series is
//! bounded and nothing personal is in them.

mod histogram;
mod text;

use std::collections::BTreeMap;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::Method;

pub(crate) use histogram::Histogram;
pub(crate) use text::Exposition;

/// Everything counted since the process started.
static COUNTED: LazyLock<Mutex<Counted>> = LazyLock::new(Mutex::default);

#[derive(Debug, Default)]
struct Counted {
    requests: BTreeMap<(String, &'static str, u16), u64>,
    durations: BTreeMap<String, Histogram>,
    events: BTreeMap<(&'static str, &'static str), u64>,
    webhook_attempts: BTreeMap<&'static str, u64>,
}

fn counted() -> MutexGuard<'static, Counted> {
    COUNTED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Counts an answered request.
pub(crate) fn request(method: &Method, route: &str, status: u16, duration: Duration) {
    let mut counted = counted();
    *counted
        .requests
        .entry((route.to_owned(), method_label(method), status))
        .or_default() += 1;
    match counted.durations.get_mut(route) {
        Some(histogram) => histogram.observe(duration),
        None => {
            let mut histogram = Histogram::default();
            histogram.observe(duration);
            counted.durations.insert(route.to_owned(), histogram);
        }
    }
}

/// Counts an event of a payment provider by what became of it.
pub(crate) fn provider_event(provider: &'static str, outcome: &'static str) {
    *counted().events.entry((provider, outcome)).or_default() += 1;
}

/// Counts an attempt at a webhook by what became of it.
pub(crate) fn webhook_attempt(outcome: &'static str) {
    *counted().webhook_attempts.entry(outcome).or_default() += 1;
}

/// A client may send any method.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// Adds what was counted to an answer.
pub(crate) fn expose(out: &mut Exposition) {
    let counted = counted();
    out.family(
        "affiliate_http_requests_total",
        "counter",
        "Requests answered",
    );
    for ((route, method, status), count) in &counted.requests {
        let status = status.to_string();
        let labels = [("method", *method), ("route", route), ("status", &status)];
        out.sample("affiliate_http_requests_total", &labels, count);
    }
    out.family(
        "affiliate_http_request_duration_seconds",
        "histogram",
        "Time from the head of a request to the head of its answer",
    );
    for (route, histogram) in &counted.durations {
        histogram.expose("affiliate_http_request_duration_seconds", route, out);
    }
    out.family(
        "affiliate_provider_events_total",
        "counter",
        "Events received from payment providers",
    );
    for ((provider, outcome), count) in &counted.events {
        let labels = [("provider", *provider), ("outcome", *outcome)];
        out.sample("affiliate_provider_events_total", &labels, count);
    }
    out.family(
        "affiliate_webhook_attempts_total",
        "counter",
        "Webhooks sent, once for each attempt",
    );
    for (outcome, count) in &counted.webhook_attempts {
        let labels = [("outcome", *outcome)];
        out.sample("affiliate_webhook_attempts_total", &labels, count);
    }
}

#[cfg(test)]
mod tests;
