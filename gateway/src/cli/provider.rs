//! `affiliate provider set`.

use std::io::stdin;

use clap::Subcommand;

use super::call::Call;
use super::{CliError, Global, output, secret};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Store the credentials of a payment provider
    Set {
        /// Project id
        #[arg(long, value_name = "ID")]
        project: i64,
        /// Provider, such as stripe
        provider: String,
        /// Secret its webhooks are signed with; - reads a line of standard input
        #[arg(
            long,
            env = "AFFILIATE_WEBHOOK_SECRET",
            hide_env_values = true,
            value_name = "SECRET"
        )]
        webhook_secret: String,
        /// Key for calls to its API; - reads a line of standard input
        #[arg(
            long,
            env = "AFFILIATE_SECRET_KEY",
            hide_env_values = true,
            value_name = "KEY"
        )]
        secret_key: Option<String>,
        /// Base URL of its API, where it is not the provider's own
        #[arg(long, value_name = "URL")]
        api_base: Option<String>,
    },
}

pub(super) async fn run(command: Command, global: &Global) -> Result<(), CliError> {
    let Command::Set {
        project,
        provider,
        webhook_secret,
        secret_key,
        api_base,
    } = command;
    let mut input = stdin().lock();
    let webhook_secret = secret::resolve(Some(webhook_secret), "--webhook-secret", &mut input)?;
    let secret_key = secret::resolve(secret_key, "--secret-key", &mut input)?;
    drop(input);
    let client = global.connect().await?;
    let result = Call::new("set_provider")
        .arg("p_project_id", "bigint", project)
        .arg("p_provider", "text", provider)
        .maybe("p_webhook_secret", "text", webhook_secret)
        .maybe("p_secret_key", "text", secret_key)
        .maybe("p_api_base", "text", api_base)
        .json(&client)
        .await?;
    output::print(global.json, &result);
    Ok(())
}
