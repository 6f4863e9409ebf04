//! `affiliate doctor`: what is wrong with an installation, said before it hurts.
//!
//! Each check is one query that returns a row for every finding, so that a healthy installation returns nothing. They
//! are in the binary and not in the schema, since a schema that is missing, old or damaged is among what they look for.
//! Nothing is written.

mod check;
mod expected;
mod state;

use std::time::{Duration, SystemTime};

use serde::Serialize;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row};

use crate::db::{DbConfig, LOOK};
use crate::migrate::SqlTree;

pub use expected::Expected;

/// One check, in a transaction that sees nobody else's operators.
const PATIENCE: &str = "SET LOCAL statement_timeout = '20s'";
/// All of them.
const LONGEST: Duration = Duration::from_secs(60);

/// From when on something counts as a fault.
#[derive(Debug, Clone, clap::Args)]
pub struct Limits {
    /// Seconds that a delivery or a provider's call may be late
    #[arg(long, env = "AFFILIATE_DOCTOR_LAG_SECONDS", default_value_t = 300, value_name = "N",
          value_parser = clap::value_parser!(i64).range(0..=86_400))]
    pub lag_seconds: i64,
    /// Seconds that a transaction in the database may take
    #[arg(long, env = "AFFILIATE_DOCTOR_TRANSACTION_SECONDS", default_value_t = 900, value_name = "N",
          value_parser = clap::value_parser!(i64).range(0..=604_800))]
    pub transaction_seconds: i64,
    /// Seconds that the clocks of this machine and of the database may be apart
    #[arg(long, env = "AFFILIATE_DOCTOR_CLOCK_SECONDS", default_value_t = 2, value_name = "N",
          value_parser = clap::value_parser!(u64).range(1..=3_600))]
    pub clock_seconds: u64,
}

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Name of the check that found it.
    pub check: &'static str,
    /// What it is about.
    pub subject: String,
    /// What was found.
    pub finding: String,
    /// What to do about it.
    pub advice: String,
}

/// What was found out.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// Whether everything was looked at and there is no problem.
    pub healthy: bool,
    /// Versions and the like, for a bug report.
    pub facts: Vec<(&'static str, String)>,
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// Checks that this login may not make, and why.
    pub skipped: Vec<(&'static str, String)>,
}

impl Report {
    fn found(&mut self, check: &'static str, subject: &str, finding: String, advice: &str) {
        self.problems.push(Problem {
            check,
            subject: subject.to_owned(),
            finding,
            advice: advice.to_owned(),
        });
    }

    fn fact(&mut self, name: &'static str, value: impl ToString) {
        self.facts.push((name, value.to_string()));
    }
}

/// Looks at everything. What cannot be looked at is part of the report.
pub async fn examine(database: &DbConfig, tree: &SqlTree, limits: &Limits) -> Report {
    let mut report = Report::default();
    report.fact("affiliate", env!("CARGO_PKG_VERSION"));
    let examined = connect_and_examine(database, tree, limits, &mut report);
    if tokio::time::timeout(LONGEST, examined).await.is_err() {
        report.found(
            "connection",
            "database",
            format!("not everything was answered within {} s", LONGEST.as_secs()),
            "Is the server overloaded or stopped? Its log, and pg_stat_activity, say what it does",
        );
    }
    report.healthy = report.problems.is_empty() && report.skipped.is_empty();
    report
}

async fn connect_and_examine(
    database: &DbConfig,
    tree: &SqlTree,
    limits: &Limits,
    report: &mut Report,
) {
    let client = match database.connect_one().await {
        Ok(client) => client,
        Err(error) => {
            return report.found(
                "connection",
                "database",
                error.to_string(),
                "Check the database URL, the network, and whether the server runs",
            );
        }
    };
    let client = &client;
    if let Ok(pooled) = database.is_pooled(crate::db::Pooler::Auto).await {
        let route = if pooled {
            "through a pooler in transaction mode"
        } else {
            "direct"
        };
        report.fact("connection", route);
    }
    state::examine_server(client, report).await;
    examine_clock(client, limits, report).await;
    if state::examine_schema(client, tree, report).await {
        expected::examine(client, &Expected::of(tree), report).await;
        check::examine(client, limits, report).await;
    }
}

/// Asks one thing.
async fn ask(
    client: &Client,
    sql: &str,
    parameters: &[(&(dyn ToSql + Sync), Type)],
) -> Result<Vec<Row>, tokio_postgres::Error> {
    client.batch_execute(&format!("{LOOK}; {PATIENCE}")).await?;
    let rows = client.query_typed(sql, parameters).await;
    client.batch_execute("ROLLBACK").await?;
    rows
}

/// Signatures and tokens are checked by this machine's clock, everything else happens by the database's.
async fn examine_clock(client: &Client, limits: &Limits, report: &mut Report) {
    let before = SystemTime::now();
    let asked = client
        .query_typed_one("SELECT pg_catalog.clock_timestamp()", &[])
        .await;
    let Ok(Ok(theirs)) = asked.map(|row| row.try_get::<_, SystemTime>(0)) else {
        return;
    };
    let apart = apart(before, theirs, SystemTime::now());
    if apart > Duration::from_secs(limits.clock_seconds) {
        report.found(
            "clock",
            "database and this machine",
            format!("their clocks are {:.1} s apart", apart.as_secs_f64()),
            "Let both keep their time with NTP: signatures, tokens and holds depend on it",
        );
    }
}

/// How far a clock is at least from ours, when it was read at some moment between two of ours.
fn apart(before: SystemTime, theirs: SystemTime, after: SystemTime) -> Duration {
    before
        .duration_since(theirs)
        .or_else(|_| theirs.duration_since(after))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;
