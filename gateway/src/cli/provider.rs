//! `affiliate provider set|list`.

use std::io::stdin;

use clap::Subcommand;
use serde_json::{Value, json};

use super::call::Call;
use super::{CliError, Global, output, secret};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Store the credentials of a payment provider
    Set {
        /// Project id
        #[arg(long, value_name = "ID")]
        project: i64,
        /// stripe, lemonsqueezy, paddle or polar
        provider: String,
        /// Secret its webhooks are signed with, needed the first time; - reads a line of standard input
        #[arg(
            long,
            env = "AFFILIATE_WEBHOOK_SECRET",
            hide_env_values = true,
            value_name = "SECRET"
        )]
        webhook_secret: Option<String>,
        /// Key for calls to its API; - reads a line of standard input. A Stripe key registers the webhook by itself
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
        /// Whose events are taken: live, test, or auto, which follows the key's prefix [default: auto]
        #[arg(long, value_name = "MODE")]
        environment: Option<String>,
        /// How long the webhook secret before is still accepted; 0 retires it at once [default: 24]
        #[arg(long, value_name = "HOURS", allow_negative_numbers = true)]
        overlap_hours: Option<i32>,
    },
    /// List the connected providers, without their secrets
    List {
        /// Project id
        #[arg(long, value_name = "ID")]
        project: i64,
    },
}

pub(super) async fn run(command: Command, global: &Global) -> Result<(), CliError> {
    let call = match command {
        Command::Set {
            project,
            provider,
            webhook_secret,
            secret_key,
            api_base,
            environment,
            overlap_hours,
        } => {
            let mut input = stdin().lock();
            let webhook_secret = secret::resolve(webhook_secret, "--webhook-secret", &mut input)?;
            let secret_key = secret::resolve(secret_key, "--secret-key", &mut input)?;
            Call::new("set_provider")
                .arg("p_project_id", "bigint", project)
                .arg("p_provider", "text", provider)
                .maybe("p_webhook_secret", "text", webhook_secret)
                .maybe("p_secret_key", "text", secret_key)
                .maybe("p_api_base", "text", api_base)
                .maybe("p_environment", "text", environment)
                .maybe("p_overlap_hours", "integer", overlap_hours)
        }
        Command::List { project } => return list(project, global).await,
    };
    call.print(global).await
}

async fn list(project: i64, global: &Global) -> Result<(), CliError> {
    let client = global.connect().await?;
    let providers = Call::new("list_providers")
        .arg("p_project_id", "bigint", project)
        .json(&client)
        .await?;
    if global.json {
        output::print_list(true, "providers", &providers, "");
        return Ok(());
    }
    let rows = providers.as_array().map(Vec::as_slice).unwrap_or_default();
    let rows = rows.iter().map(readable).collect();
    output::print_list(false, "providers", &Value::Array(rows), "no providers");
    Ok(())
}

/// One line of the table: which secrets there are, and what its API could not be told yet.
fn readable(provider: &Value) -> Value {
    let secret = |value: &Value| match (&value["configured"], value["last4"].as_str()) {
        (Value::Bool(true), Some(end)) => json!(format!("…{end}")),
        (Value::Bool(true), None) => json!("set"),
        _ => Value::Null,
    };
    let calls = provider["open_calls"].as_array();
    let calls = calls.into_iter().flatten().map(|call| {
        let text = |name: &str| call[name].as_str().unwrap_or_default().to_owned();
        let (kind, status, error) = (text("kind"), text("status"), text("error"));
        format!("{kind} {status} {error}").trim_end().to_owned()
    });
    let calls: Vec<String> = calls.collect();
    json!({
        "provider": provider["provider"], "webhook_path": provider["webhook_path"],
        "webhook_secret": secret(&provider["webhook_secret"]), "secret_key": secret(&provider["secret_key"]),
        "environment": provider["environment"], "endpoint": provider["webhook_endpoint_id"],
        "open_calls": calls.join("; ")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_is_one_line_with_what_is_open() {
        let provider = json!({
            "provider": "stripe", "webhook_path": "/webhook/stripe/1", "environment": null, "webhook_endpoint_id": null,
            "webhook_secret": {"configured": true, "last4": "shop"}, "secret_key": {"configured": false, "last4": null},
            "open_calls": [{"kind": "register_webhook", "status": "pending", "error": "no answer"}]
        });
        let line = readable(&provider);
        assert_eq!(line["webhook_secret"], json!("…shop"));
        assert_eq!(line["secret_key"], Value::Null);
        assert_eq!(
            line["open_calls"],
            json!("register_webhook pending no answer")
        );
    }
}
