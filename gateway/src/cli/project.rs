//! `affiliate project create|set`.

use clap::Subcommand;
use serde_json::{Map, Value};

use super::call::Call;
use super::{CliError, Global};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Create a project and its first API key
    Create {
        /// Name shown to its affiliates
        #[arg(long)]
        name: String,
        /// Currency of its balances, such as USD
        #[arg(long)]
        currency: Option<String>,
        /// Days a commission is held before it can be paid out
        #[arg(long, allow_negative_numbers = true)]
        hold_days: Option<i32>,
        /// Default commission in percent of a sale [default: 20]
        #[arg(
            long,
            conflicts_with = "commission_fixed",
            value_name = "PERCENT",
            allow_negative_numbers = true
        )]
        commission_percent: Option<String>,
        /// Default commission as a fixed amount a sale, such as 10.00
        #[arg(long, value_name = "AMOUNT", allow_negative_numbers = true)]
        commission_fixed: Option<String>,
    },
    /// Change settings and print all of them
    Set {
        /// Project id
        #[arg(long, value_name = "ID")]
        project: i64,
        /// Settings by their documented names, such as hold_days=14
        #[arg(value_name = "KEY=VALUE", required = true, value_parser = setting)]
        settings: Vec<(String, String)>,
    },
}

pub(super) async fn run(command: Command, global: &Global) -> Result<(), CliError> {
    let call = match command {
        Command::Create {
            name,
            currency,
            hold_days,
            commission_percent,
            commission_fixed,
        } => Call::new("create_project")
            .arg("p_name", "text", name)
            .maybe("p_currency", "text", currency)
            .maybe("p_hold_days", "integer", hold_days)
            .maybe("p_commission_percent", "text", commission_percent)
            .maybe("p_commission_fixed", "text", commission_fixed),
        Command::Set { project, settings } => Call::new("set_project")
            .arg("p_project_id", "bigint", project)
            .arg("p_settings", "json", settings_object(settings)?),
    };
    call.print(global).await
}

pub(super) fn setting(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("expected KEY=VALUE".to_owned()),
    }
}

/// Values stay strings: the database knows the type of each setting.
pub(super) fn settings_object(settings: Vec<(String, String)>) -> Result<Value, CliError> {
    let mut object = Map::new();
    for (key, value) in settings {
        if object.insert(key.clone(), Value::String(value)).is_some() {
            return Err(CliError::Usage(format!("{key} is given twice")));
        }
    }
    Ok(Value::Object(object))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_become_an_object_of_strings() {
        let pairs =
            ["hold_days=14", "note=a=b", "empty="].map(|text| setting(text).expect("valid"));
        let object = settings_object(pairs.to_vec()).expect("distinct");
        assert_eq!(
            object.to_string(),
            r#"{"hold_days":"14","note":"a=b","empty":""}"#
        );
    }

    #[test]
    fn a_setting_needs_a_key_and_comes_once() {
        assert!(setting("hold_days").is_err() && setting("=14").is_err());
        let twice = vec![
            ("a".to_owned(), "1".to_owned()),
            ("a".to_owned(), "2".to_owned()),
        ];
        assert!(matches!(settings_object(twice), Err(CliError::Usage(_))));
    }
}
