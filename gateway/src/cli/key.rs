//! `affiliate key create|list|revoke`.

use clap::Subcommand;

use super::call::Call;
use super::{CliError, Global};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Create a key; it is shown this once
    Create {
        /// Project id
        #[arg(long, value_name = "ID")]
        project: i64,
        /// What the key is for
        #[arg(long)]
        name: Option<String>,
        /// What it may do: read or write [default: write]
        #[arg(long)]
        scope: Option<String>,
        /// Requests it may make in a minute [default: 100]
        #[arg(long, value_name = "PER_MINUTE", allow_negative_numbers = true)]
        rate_limit: Option<i32>,
    },
    /// List the keys of a project, without their secrets
    List {
        /// Project id
        #[arg(long, value_name = "ID")]
        project: i64,
    },
    /// Make a key useless from the next request on
    Revoke {
        /// Project id
        #[arg(long, value_name = "ID")]
        project: i64,
        /// Key id, as `key list` shows it and as it stands in rgk_ID_…
        #[arg(value_name = "KEY_ID")]
        key: i64,
    },
}

pub(super) async fn run(command: Command, global: &Global) -> Result<(), CliError> {
    let call = match command {
        Command::Create {
            project,
            name,
            scope,
            rate_limit,
        } => Call::new("create_api_key")
            .arg("p_project_id", "bigint", project)
            .maybe("p_name", "text", name)
            .maybe("p_scope", "text", scope)
            .maybe("p_rate_limit_per_minute", "integer", rate_limit),
        Command::Revoke { project, key } => Call::new("revoke_api_key")
            .arg("p_project_id", "bigint", project)
            .arg("p_key_id", "bigint", key),
        Command::List { project } => {
            return Call::new("list_api_keys")
                .arg("p_project_id", "bigint", project)
                .print_list(global, "keys", "no API keys")
                .await;
        }
    };
    call.print(global).await
}
