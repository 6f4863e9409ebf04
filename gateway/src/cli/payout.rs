//! `affiliate payout create|list|show|export|confirm|fail|cancel|return|requests|decide|preferences`.

use clap::{Args, Subcommand};
use serde_json::Value;

use super::call::Call;
use super::{CliError, Global, output};

mod batch_text;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Reserve what is eligible in a new batch
    Create {
        /// Project id
        #[arg(long, value_name = "ID")]
        project: i64,
        /// Only these affiliates, separated by commas
        #[arg(long, value_name = "IDS", value_delimiter = ',')]
        affiliates: Vec<i64>,
        /// Only affiliates with an approved payout request
        #[arg(long)]
        requested: bool,
        /// Your own name for this run: under the name of a batch that is there it gives that batch
        #[arg(long)]
        reference: Option<String>,
        /// For your own eyes
        #[arg(long)]
        note: Option<String>,
    },
    /// List the batches of a project, newest first
    List {
        /// Project id
        #[arg(long, value_name = "ID")]
        project: i64,
        /// How many, 1 to 500 [default: 50]
        #[arg(long, value_name = "N", allow_negative_numbers = true)]
        limit: Option<i64>,
    },
    /// Show a batch: its payouts, and whom it left out
    Show {
        /// Project id
        #[arg(long, value_name = "ID")]
        project: i64,
        /// Batch id, as `payout list` shows it
        #[arg(value_name = "BATCH_ID")]
        batch: i64,
    },
    /// Print a batch as a file for a payment provider
    Export {
        /// Project id
        #[arg(long, value_name = "ID")]
        project: i64,
        /// Batch id, as `payout list` shows it
        #[arg(value_name = "BATCH_ID")]
        batch: i64,
        /// paypal, wise, wise_saved, wise_iban or csv
        #[arg(long)]
        format: String,
        /// Which part, where there are more payouts than the provider takes in one file [default: 1]
        #[arg(long, value_name = "N")]
        part: Option<i32>,
        /// Amounts with a decimal comma (paypal)
        #[arg(long)]
        decimal_comma: bool,
    },
    /// Say that a payout, or all of a batch that are still reserved, reached its affiliate
    Confirm {
        #[command(flatten)]
        which: Which,
        /// The payment provider's id of the transfer
        #[arg(long, value_name = "ID", conflicts_with = "batch")]
        transaction_id: Option<String>,
    },
    /// Say that a payout did not go through
    Fail(TakenBack),
    /// Give up a payout, or all of a batch that are still reserved, before it is sent
    Cancel {
        #[command(flatten)]
        which: Which,
        /// Why
        #[arg(long)]
        reason: Option<String>,
    },
    /// Say that a confirmed payout came back
    Return(TakenBack),
    /// List what affiliates have asked for, newest first
    Requests {
        /// Project id
        #[arg(long, value_name = "ID")]
        project: i64,
        /// Only requests with this status, such as pending
        #[arg(long)]
        status: Option<String>,
        /// How many, 1 to 500 [default: 50]
        #[arg(long, value_name = "N", allow_negative_numbers = true)]
        limit: Option<i64>,
    },
    /// Approve or reject a payout request, or cancel it for its affiliate
    Decide {
        /// Project id
        #[arg(long, value_name = "ID")]
        project: i64,
        /// Request id, as `payout requests` shows it
        #[arg(value_name = "REQUEST_ID")]
        request: i64,
        /// approved, rejected or canceled
        #[arg(value_name = "STATUS")]
        status: String,
        /// Why, for the affiliate to read
        #[arg(long)]
        reason: Option<String>,
    },
    /// Show how an affiliate is paid, or set it
    Preferences {
        /// Project id
        #[arg(long, value_name = "ID")]
        project: i64,
        /// Email address of the affiliate
        #[arg(value_name = "EMAIL")]
        email: String,
        /// Preferences by their documented names, such as method=paypal, in place of what was set
        #[arg(value_name = "KEY=VALUE", value_parser = super::project::setting)]
        preferences: Vec<(String, String)>,
    },
}

/// A payout that did not arrive.
#[derive(Debug, Args)]
pub(super) struct TakenBack {
    /// Project id
    #[arg(long, value_name = "ID")]
    project: i64,
    /// Payout id, as `payout show` shows it
    #[arg(value_name = "PAYOUT_ID")]
    payout: i64,
    /// Why
    #[arg(long)]
    reason: Option<String>,
}

impl TakenBack {
    fn call(self, function: &'static str) -> Call {
        of_project(function, self.project)
            .arg("p_payout_id", "bigint", self.payout)
            .maybe("p_reason", "text", self.reason)
    }
}

/// One payout or a whole batch.
#[derive(Debug, Args)]
pub(super) struct Which {
    /// Project id
    #[arg(long, value_name = "ID")]
    project: i64,
    /// Payout id, as `payout show` shows it
    #[arg(
        value_name = "PAYOUT_ID",
        required_unless_present = "batch",
        conflicts_with = "batch"
    )]
    payout: Option<i64>,
    /// All of this batch instead
    #[arg(long, value_name = "BATCH_ID")]
    batch: Option<i64>,
}

impl Which {
    /// The call about one payout or, where a batch is named, the one about a batch.
    fn call(self, one: &'static str, all: &'static str) -> Call {
        let (function, argument, id) = match self.batch {
            Some(batch) => (all, "p_batch_id", Some(batch)),
            None => (one, "p_payout_id", self.payout),
        };
        of_project(function, self.project).maybe(argument, "bigint", id)
    }
}

fn of_project(function: &'static str, project: i64) -> Call {
    Call::new(function).arg("p_project_id", "bigint", project)
}

pub(super) async fn run(command: Command, global: &Global) -> Result<(), CliError> {
    match command {
        Command::List { project, limit } => {
            let call = of_project("list_payout_batches", project);
            let batches = answer(call.maybe("p_limit", "bigint", limit), global).await?;
            output::print_list(global.json, "batches", &batches, "no batches");
        }
        Command::Requests {
            project,
            status,
            limit,
        } => {
            let call = of_project("list_payout_requests", project);
            let call = call.maybe("p_status", "text", status);
            let requests = answer(call.maybe("p_limit", "bigint", limit), global).await?;
            output::print_list(global.json, "requests", &requests, "no requests");
        }
        Command::Show { project, batch } => {
            let call = of_project("show_payout_batch", project);
            let shown = answer(call.arg("p_batch_id", "bigint", batch), global).await?;
            if global.json {
                output::print(true, &shown);
            } else {
                output::print_text(&batch_text::readable(&shown));
            }
        }
        Command::Export { .. } => {
            let file = answer(call(command)?, global).await?;
            match file["content"].as_str() {
                Some(content) if !global.json => output::print_exactly(content),
                _ => output::print(global.json, &file),
            }
        }
        command => output::print(global.json, &answer(call(command)?, global).await?),
    }
    Ok(())
}

async fn answer(call: Call, global: &Global) -> Result<Value, CliError> {
    call.json(&global.connect().await?).await
}

/// The call of a command that answers with one object.
fn call(command: Command) -> Result<Call, CliError> {
    Ok(match command {
        Command::Create {
            project,
            affiliates,
            requested,
            reference,
            note,
        } => of_project("create_payout_batch", project)
            .maybe("p_affiliate_ids", "bigint[]", ids(&affiliates))
            .arg("p_requested_only", "boolean", requested)
            .maybe("p_reference", "text", reference)
            .maybe("p_note", "text", note),
        Command::Export {
            project,
            batch,
            format,
            part,
            decimal_comma,
        } => of_project("export_payout_batch", project)
            .arg("p_batch_id", "bigint", batch)
            .arg("p_format", "text", format)
            .maybe("p_part", "integer", part)
            .arg("p_decimal_comma", "boolean", decimal_comma),
        Command::Confirm {
            which,
            transaction_id,
        } => {
            let call = which.call("confirm_payout", "confirm_payout_batch");
            call.maybe("p_transaction_id", "text", transaction_id)
        }
        Command::Cancel { which, reason } => which
            .call("cancel_payout", "cancel_payout_batch")
            .maybe("p_reason", "text", reason),
        Command::Fail(which) => which.call("fail_payout"),
        Command::Return(which) => which.call("return_payout"),
        Command::Decide {
            project,
            request,
            status,
            reason,
        } => of_project("decide_payout_request", project)
            .arg("p_request_id", "bigint", request)
            .arg("p_status", "text", status)
            .maybe("p_reason", "text", reason),
        Command::Preferences {
            project,
            email,
            preferences,
        } if preferences.is_empty() => {
            of_project("show_payout_preferences", project).arg("p_email", "text", email)
        }
        Command::Preferences {
            project,
            email,
            preferences,
        } => of_project("set_payout_preferences", project)
            .arg("p_email", "text", email)
            .arg(
                "p_preferences",
                "jsonb",
                super::project::settings_object(preferences)?,
            ),
        Command::List { project, .. } => of_project("list_payout_batches", project),
        Command::Show { project, .. } => of_project("show_payout_batch", project),
        Command::Requests { project, .. } => of_project("list_payout_requests", project),
    })
}

/// As Postgres reads an array; nothing for none.
fn ids(ids: &[i64]) -> Option<String> {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    (!ids.is_empty()).then(|| format!("{{{}}}", ids.join(",")))
}

#[cfg(test)]
mod tests;
