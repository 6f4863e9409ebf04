//! `affiliate event list|show|replay`.

use clap::Subcommand;
use serde_json::Value;

use super::call::Call;
use super::{CliError, Global, output};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List the events that payment providers have sent, newest first
    List {
        /// Project id
        #[arg(long, value_name = "ID")]
        project: i64,
        /// Only events of which this became: applied, ignored or parked
        #[arg(long, visible_alias = "outcome")]
        status: Option<String>,
        /// Only events of this payment provider
        #[arg(long)]
        provider: Option<String>,
        /// Only events of this type, as the provider calls it
        #[arg(long = "type", value_name = "TYPE")]
        kind: Option<String>,
        /// How many, 1 to 500 [default: 50]
        #[arg(long, value_name = "N", allow_negative_numbers = true)]
        limit: Option<i64>,
    },
    /// Show an event: its body, what was read from it, and what it did or why it did not
    Show {
        /// Project id
        #[arg(long, value_name = "ID")]
        project: i64,
        /// Event id, as `event list` shows it
        #[arg(value_name = "EVENT_ID")]
        event: i64,
    },
    /// Apply a stored event again; one that was applied before changes nothing
    Replay {
        /// Project id
        #[arg(long, value_name = "ID")]
        project: i64,
        /// Event id, as `event list` shows it
        #[arg(value_name = "EVENT_ID")]
        event: i64,
    },
}

pub(super) async fn run(command: Command, global: &Global) -> Result<(), CliError> {
    let client = global.connect().await?;
    match command {
        Command::List {
            project,
            status,
            provider,
            kind,
            limit,
        } => {
            let events = Call::new("list_events")
                .arg("p_project_id", "bigint", project)
                .maybe("p_status", "text", status)
                .maybe("p_provider", "text", provider)
                .maybe("p_type", "text", kind)
                .maybe("p_limit", "bigint", limit)
                .json(&client)
                .await?;
            output::print_list(global.json, "events", &events, "no events");
        }
        Command::Show { project, event } => {
            let event = about("show_event", project, event).json(&client).await?;
            if global.json {
                output::print(true, &event);
            } else {
                output::print_text(&readable(event));
            }
        }
        Command::Replay { project, event } => {
            let replayed = about("replay_event", project, event).json(&client).await?;
            output::print(global.json, &replayed);
        }
    }
    Ok(())
}

fn about(function: &'static str, project: i64, event: i64) -> Call {
    Call::new(function)
        .arg("p_project_id", "bigint", project)
        .arg("p_provider_event_id", "bigint", event)
}

/// What is short as lines, what it touched as tables, and then what it says.
fn readable(mut event: Value) -> String {
    let (fact, effects) = (event["fact"].take(), event["effects"].take());
    let (body, encoded) = (event["body"].take(), event["body_base64"].take());
    if let Value::Object(fields) = &mut event {
        fields.retain(|name, value| {
            !value.is_null() && !["fact", "effects"].contains(&name.as_str()) && name != "error"
        });
    }
    let mut text = output::lines(&event);
    let mut section = |name: &str, content: &str| {
        text.push_str(&format!("\n{name}:\n{}\n", content.trim_end()));
    };
    for name in ["sales", "conversions", "ledger"] {
        if let Some([_, ..]) = effects[name].as_array().map(Vec::as_slice) {
            let rows = effects[name].as_array().map(Vec::as_slice);
            section(name, &output::table(rows.unwrap_or_default()));
        }
    }
    if !fact.is_null() {
        section("fact", &format!("{fact:#}"));
    }
    match body.as_str() {
        Some(body) => section("body", body),
        None => section("body (base64)", encoded.as_str().unwrap_or_default()),
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_event_is_lines_tables_and_what_it_says() {
        let event = json!({
            "id": 7, "status": "applied", "error": null, "reason": null, "fact": {"customer_key": "cus_1"},
            "effects": {"sales": [{"sale_key": "pi_1"}], "conversions": [], "ledger": []},
            "body": "{\"id\":\"evt_1\"}", "body_base64": null
        });
        let expected = "id:      7\nstatus:  applied\n\nsales:\nsale_key\npi_1\n\nfact:\n{\n  \"customer_key\": \"cus_1\"\n}\n\nbody:\n{\"id\":\"evt_1\"}\n";
        assert_eq!(readable(event), expected);
        let unreadable = json!({"id": 8, "body": null, "body_base64": "/w==", "effects": {}});
        assert_eq!(readable(unreadable), "id:  8\n\nbody (base64):\n/w==\n");
    }
}
