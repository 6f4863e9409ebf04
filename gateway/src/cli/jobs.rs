//! `affiliate jobs run`: housekeeping now, instead of when a gateway or pg_cron comes to it.

use clap::Subcommand;
use serde_json::{Map, Value, json};

use super::call::Call;
use super::{CliError, Global, output};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Fold balances and counts, and prune what is older than it is kept, until nothing is left to do
    Run {
        /// Rows per project and job in one transaction, 1 to 1000000
        #[arg(long, value_name = "N")]
        batch: Option<u32>,
    },
    /// Change how long a project keeps details, and print it
    Keep {
        /// Project id
        #[arg(long, value_name = "ID")]
        project: i64,
        /// Days until the raw bodies of provider events are emptied, or forever [default: 400]
        #[arg(long, value_name = "DAYS")]
        event_body_days: Option<String>,
        /// Days until webhook bodies and attempts go, or forever [default: 90]
        #[arg(long, value_name = "DAYS")]
        webhook_days: Option<String>,
        /// Days until visits become counts by day, or forever [default: 400]
        #[arg(long, value_name = "DAYS")]
        visit_days: Option<String>,
        /// Minutes within which another click of a visitor is a repeat [default: 1440]
        #[arg(long, value_name = "MINUTES")]
        repeat_window_minutes: Option<String>,
    },
}

pub(super) async fn run(command: Command, global: &Global) -> Result<(), CliError> {
    let client = global.connect().await?;
    let result = match command {
        Command::Run { batch } => run_until_done(&client, batch).await?,
        Command::Keep {
            project,
            event_body_days,
            webhook_days,
            visit_days,
            repeat_window_minutes,
        } => {
            let given = [
                ("event_body_days", event_body_days),
                ("webhook_days", webhook_days),
                ("visit_days", visit_days),
                ("repeat_window_minutes", repeat_window_minutes),
            ];
            let settings: Map<String, Value> = given
                .into_iter()
                .filter_map(|(name, value)| Some((name.to_owned(), Value::String(value?))))
                .collect();
            Call::new("set_data_policy")
                .arg("p_project_id", "bigint", project)
                .arg("p_settings", "json", Value::Object(settings))
                .json(&client)
                .await?
        }
    };
    output::print(global.json, &result);
    Ok(())
}

/// Each call is one transaction over a bounded number of rows. Pruning ends when a call finds nothing more; folding
/// always finds what has been written meanwhile, so it is not waited for.
async fn run_until_done(
    client: &tokio_postgres::Client,
    batch: Option<u32>,
) -> Result<Value, CliError> {
    let mut sums = Map::new();
    loop {
        let done = Call::new("run_jobs")
            .maybe("p_batch", "integer", batch)
            .json(client)
            .await?;
        let mut pruned = 0;
        for (name, count) in done.as_object().into_iter().flatten() {
            let count = count.as_i64().unwrap_or_default();
            let before = sums.get(name).and_then(Value::as_i64).unwrap_or_default();
            sums.insert(name.clone(), json!(before + count));
            if name.starts_with("prune_") {
                pruned += count;
            }
        }
        if pruned == 0 {
            return Ok(Value::Object(sums));
        }
    }
}
