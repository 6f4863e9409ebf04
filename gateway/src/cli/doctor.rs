//! `affiliate doctor`.

use serde_json::{Map, Value, json, to_value};

use super::{CliError, Global, output};
use crate::doctor::{self, Limits, Problem, Report};
use crate::migrate::{MigrateError, SqlTree};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    limits: Limits,
}

pub(super) async fn run(args: Args, global: &Global) -> Result<(), CliError> {
    let tree = SqlTree::embedded().map_err(MigrateError::from)?;
    let report = doctor::examine(&global.database()?, &tree, &args.limits).await;
    if global.json {
        output::print(true, &json(&report)?);
    } else {
        output::print_text(&text(&report));
    }
    if report.healthy {
        Ok(())
    } else {
        Err(CliError::Unhealthy)
    }
}

fn json(report: &Report) -> Result<Value, CliError> {
    let object = |pairs: &[(&'static str, String)]| {
        let fields = pairs
            .iter()
            .map(|(name, value)| (name.replace(' ', "_"), json!(value)));
        Value::Object(fields.collect::<Map<_, _>>())
    };
    Ok(json!({
        "healthy": report.healthy,
        "facts": object(&report.facts),
        "problems": to_value(&report.problems)?,
        "skipped": object(&report.skipped),
    }))
}

fn text(report: &Report) -> String {
    let mut text = String::new();
    for (name, value) in &report.facts {
        text.push_str(&format!("{name:22}{value}\n"));
    }
    for (check, reason) in &report.skipped {
        text.push_str(&format!("not checked: {check} ({reason})\n"));
    }
    text.push('\n');
    for Problem {
        check,
        subject,
        finding,
        advice,
    } in &report.problems
    {
        text.push_str(&format!("{check}: {subject}: {finding}\n  {advice}\n"));
    }
    match report.problems.len() {
        0 if !report.skipped.is_empty() => {
            text.push_str("not everything could be checked, for the reasons above");
        }
        0 => text.push_str("healthy: no problem found"),
        count => text.push_str(&format!("{count} problem(s) found")),
    }
    text
}
