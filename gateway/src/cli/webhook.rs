//! `affiliate webhook add`.

use std::io::stdin;

use clap::Subcommand;

use super::call::Call;
use super::{CliError, Global, output, secret};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Send a project's events to a URL; the signing secret is shown this once
    Add {
        /// Project id
        #[arg(long, value_name = "ID")]
        project: i64,
        /// Where the events are posted
        #[arg(long)]
        url: String,
        /// Events to send, separated by commas [default: all]
        #[arg(long, value_delimiter = ',')]
        events: Vec<String>,
        /// Signing secret, where one is already agreed; - reads a line of standard input
        #[arg(long, env = "AFFILIATE_ENDPOINT_SECRET", hide_env_values = true)]
        secret: Option<String>,
    },
}

pub(super) async fn run(command: Command, global: &Global) -> Result<(), CliError> {
    let Command::Add {
        project,
        url,
        events,
        secret,
    } = command;
    let secret = secret::resolve(secret, "--secret", &mut stdin().lock())?;
    let client = global.connect().await?;
    let result = Call::new("add_webhook")
        .arg("p_project_id", "bigint", project)
        .arg("p_url", "text", url)
        .list(
            "p_events",
            events
                .into_iter()
                .map(|event| event.trim().to_owned())
                .collect(),
        )
        .maybe("p_secret", "text", secret)
        .json(&client)
        .await?;
    output::print(global.json, &result);
    Ok(())
}
