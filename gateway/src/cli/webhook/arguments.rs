//! Options that several commands about webhooks take.

use serde_json::{Map, Value};

use super::super::call::Call;
use super::insert;

/// Which endpoint.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Endpoint {
    /// Project id
    #[arg(long, value_name = "ID")]
    project: i64,
    /// Endpoint id, as `webhook list` shows it
    #[arg(long, value_name = "ID")]
    id: i64,
}

impl Endpoint {
    /// A call about it.
    pub(super) fn call(&self, function: &'static str) -> Call {
        Call::new(function)
            .arg("p_project_id", "bigint", self.project)
            .arg("p_endpoint_id", "bigint", self.id)
    }
}

/// How an endpoint is sent to.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Options {
    /// Events to send, separated by commas; all of them for a new endpoint
    #[arg(long, value_delimiter = ',')]
    events: Vec<String>,
    /// How long an answer may take, 1000 to 10000; 5000 for a new endpoint
    #[arg(long, value_name = "MS")]
    timeout_ms: Option<i32>,
    /// How often an event is tried, 1 to 20; 3 for a new endpoint
    #[arg(long, value_name = "N", conflicts_with = "retry_schedule")]
    max_attempts: Option<i32>,
    /// Seconds between attempts, separated by commas, together at most three days; pauses that grow for a new endpoint
    #[arg(long, value_name = "S", value_delimiter = ',')]
    retry_schedule: Vec<i32>,
    /// Send events one after the other, in order; each waits until the one before is delivered or given up; not for a new endpoint
    #[arg(long)]
    ordered: Option<bool>,
}

impl Options {
    /// Passed to the function that makes an endpoint.
    pub(super) fn pass(self, call: Call) -> Call {
        let schedule = self.schedule().map(|pauses| {
            let pauses: Vec<String> = pauses.iter().map(ToString::to_string).collect();
            format!("{{{}}}", pauses.join(","))
        });
        call.list("p_events", self.trimmed_events())
            .maybe("p_timeout_ms", "integer", self.timeout_ms)
            .maybe("p_max_attempts", "integer", self.max_attempts)
            .maybe("p_retry_schedule", "integer[]", schedule)
            .maybe("p_ordered", "boolean", self.ordered)
    }

    /// What to change, called as the function that changes an endpoint calls it.
    pub(super) fn changes(self) -> Map<String, Value> {
        let mut changes = Map::new();
        let events = Some(self.trimmed_events()).filter(|events| !events.is_empty());
        insert(&mut changes, "events", events);
        insert(&mut changes, "timeout_ms", self.timeout_ms);
        insert(&mut changes, "max_attempts", self.max_attempts);
        insert(&mut changes, "retry_schedule", self.schedule());
        insert(&mut changes, "ordered", self.ordered);
        changes
    }

    fn schedule(&self) -> Option<Vec<i32>> {
        Some(self.retry_schedule.clone()).filter(|pauses| !pauses.is_empty())
    }

    fn trimmed_events(&self) -> Vec<String> {
        let events = self.events.iter();
        events.map(|event| event.trim().to_owned()).collect()
    }
}
