//! `affiliate webhook`: the endpoints of a project, and what was sent to them.

mod arguments;
mod log;

use std::io::stdin;

use clap::Subcommand;
use serde_json::{Map, Value, json};
use tokio_postgres::Client;

use super::call::Call;
use super::{CliError, Global, output, secret};
use arguments::{Endpoint, Options};

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
        /// Signing secret, where one is already agreed; - reads a line of standard input
        #[arg(long, env = "AFFILIATE_ENDPOINT_SECRET", hide_env_values = true)]
        secret: Option<String>,
        #[command(flatten)]
        options: Options,
    },
    /// List the endpoints of a project
    List {
        /// Project id
        #[arg(long, value_name = "ID")]
        project: i64,
    },
    /// Change an endpoint; what is not given stays as it is
    Set {
        #[command(flatten)]
        endpoint: Endpoint,
        /// Where the events are posted
        #[arg(long)]
        url: Option<String>,
        #[command(flatten)]
        options: Options,
        /// Whether events are sent; true also clears why it was disabled on its own
        #[arg(long)]
        enabled: Option<bool>,
    },
    /// Delete an endpoint; nothing more is sent to it, not even what waits
    Remove(Endpoint),
    /// Begin to rotate the signing secret: the new one is shown this once and signs beside the old one
    RotateSecret {
        #[command(flatten)]
        endpoint: Endpoint,
        /// The new secret, where one is already agreed; - reads a line of standard input
        #[arg(long, env = "AFFILIATE_ENDPOINT_SECRET", hide_env_values = true)]
        secret: Option<String>,
    },
    /// Finish rotating: the new secret alone signs from now on
    PromoteSecret(Endpoint),
    /// Send an endpoint a made-up event
    Test {
        #[command(flatten)]
        endpoint: Endpoint,
        /// Which event to make up [default: referral_converted]
        #[arg(long)]
        event: Option<String>,
    },
    /// List what was sent to an endpoint, newest first
    Deliveries {
        #[command(flatten)]
        endpoint: Endpoint,
        /// Only those that are pending, delivered or dead
        #[arg(long)]
        status: Option<String>,
        /// How many, 1 to 500 [default: 50]
        #[arg(long, value_name = "N", allow_negative_numbers = true)]
        limit: Option<i64>,
    },
    /// Show a delivery with every attempt and answer
    Show {
        #[command(flatten)]
        endpoint: Endpoint,
        /// Delivery id, as `webhook deliveries` shows it
        #[arg(value_name = "DELIVERY_ID")]
        delivery: i64,
    },
    /// Send again, with the same ids: one delivery, or all of a kind
    Replay {
        #[command(flatten)]
        endpoint: Endpoint,
        /// Delivery id, as `webhook deliveries` shows it; without one all that --status says
        #[arg(value_name = "DELIVERY_ID", conflicts_with_all = ["status", "since", "until", "after"])]
        delivery: Option<i64>,
        /// What never succeeded (dead), what was never tried (missed), or everything (all) [default: dead]
        #[arg(long)]
        status: Option<String>,
        /// Only events written from then on [default: since the endpoint was made]
        #[arg(long, value_name = "TIME")]
        since: Option<String>,
        /// Only events written before
        #[arg(long, value_name = "TIME")]
        until: Option<String>,
        /// Only events after this one: next_after of the answer before
        #[arg(long, value_name = "EVENT")]
        after: Option<i64>,
    },
}

pub(super) async fn run(command: Command, global: &Global) -> Result<(), CliError> {
    match command {
        Command::List { project } => {
            let webhooks = Call::new("list_webhooks")
                .arg("p_project_id", "bigint", project)
                .json(&global.connect().await?)
                .await?;
            output::print_list(global.json, "webhooks", &webhooks, "no webhooks");
        }
        Command::Deliveries {
            endpoint,
            status,
            limit,
        } => {
            let deliveries = endpoint
                .call("list_webhook_deliveries")
                .maybe("p_status", "text", status)
                .maybe("p_limit", "bigint", limit)
                .json(&global.connect().await?)
                .await?;
            log::print_deliveries(global.json, deliveries);
        }
        Command::Show { endpoint, delivery } => {
            let delivery = endpoint
                .call("show_webhook_delivery")
                .arg("p_delivery_id", "bigint", delivery)
                .json(&global.connect().await?)
                .await?;
            log::print_delivery(global.json, delivery);
        }
        command => {
            let call = changing(command)?;
            let client: Client = global.connect().await?;
            output::print(global.json, &call.json(&client).await?);
        }
    }
    Ok(())
}

/// The call of a command that answers with one object.
fn changing(command: Command) -> Result<Call, CliError> {
    Ok(match command {
        Command::Add {
            project,
            url,
            secret,
            options,
        } => {
            let secret = secret::resolve(secret, "--secret", &mut stdin().lock())?;
            let call = Call::new("add_webhook")
                .arg("p_project_id", "bigint", project)
                .arg("p_url", "text", url)
                .maybe("p_secret", "text", secret);
            options.pass(call)
        }
        Command::Set {
            endpoint,
            url,
            options,
            enabled,
        } => {
            let mut changes = options.changes();
            insert(&mut changes, "url", url);
            insert(&mut changes, "enabled", enabled);
            if changes.is_empty() {
                return Err(CliError::Usage("say what to change".to_owned()));
            }
            let changes = Value::Object(changes);
            endpoint
                .call("set_webhook")
                .arg("p_changes", "json", changes)
        }
        Command::Remove(endpoint) => endpoint.call("remove_webhook"),
        Command::RotateSecret { endpoint, secret } => {
            let secret = secret::resolve(secret, "--secret", &mut stdin().lock())?;
            endpoint
                .call("rotate_webhook_secret")
                .maybe("p_secret", "text", secret)
        }
        Command::PromoteSecret(endpoint) => endpoint.call("promote_webhook_secret"),
        Command::Test { endpoint, event } => {
            endpoint
                .call("test_webhook")
                .maybe("p_event_type", "text", event)
        }
        Command::Replay {
            endpoint,
            delivery: Some(delivery),
            ..
        } => endpoint
            .call("replay_webhook")
            .arg("p_delivery_id", "bigint", delivery),
        Command::Replay {
            endpoint,
            status,
            since,
            until,
            after,
            ..
        } => endpoint
            .call("replay_webhooks")
            .maybe("p_status", "text", status)
            .maybe("p_since", "timestamptz", since)
            .maybe("p_until", "timestamptz", until)
            .maybe("p_after", "bigint", after),
        Command::List { .. } | Command::Deliveries { .. } | Command::Show { .. } => {
            unreachable!("they print lists and texts")
        }
    })
}

fn insert<T: Into<Value>>(changes: &mut Map<String, Value>, name: &str, value: Option<T>) {
    if let Some(value) = value {
        changes.insert(name.to_owned(), json!(value.into()));
    }
}
