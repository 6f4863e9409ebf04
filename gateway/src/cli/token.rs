//! `affiliate token create|rotate|list|revoke`.

use clap::Subcommand;

use super::call::Call;
use super::{CliError, Global};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Create a short-lived token that the API accepts like a key
    Create {
        /// Project id
        #[arg(long, value_name = "ID")]
        project: i64,
        /// What it may do: read or write [default: read]
        #[arg(long)]
        scope: Option<String>,
        /// How long it is valid, such as 90s, 15m or 24h (the most) [default: 15m]
        #[arg(long, value_name = "TIME")]
        ttl: Option<String>,
    },
    /// Sign new tokens with a new key; those there are stay valid
    Rotate {
        /// Project id
        #[arg(long, value_name = "ID")]
        project: i64,
        /// Requests all tokens of the new key may make in a minute [default: as with the last key, at first 100]
        #[arg(long, value_name = "PER_MINUTE", allow_negative_numbers = true)]
        rate_limit: Option<i32>,
    },
    /// List the keys that sign a project's tokens, without their secrets
    List {
        /// Project id
        #[arg(long, value_name = "ID")]
        project: i64,
    },
    /// Make the tokens of one signing key, or all, useless from the next request on
    Revoke {
        /// Project id
        #[arg(long, value_name = "ID")]
        project: i64,
        /// Signing key, as `token list` shows it [default: all]
        #[arg(long, value_name = "KEY_ID")]
        key: Option<i64>,
    },
}

pub(super) async fn run(command: Command, global: &Global) -> Result<(), CliError> {
    let call = match command {
        Command::Create {
            project,
            scope,
            ttl,
        } => Call::new("create_token")
            .arg("p_project_id", "bigint", project)
            .maybe("p_scope", "text", scope)
            .maybe("p_ttl", "interval", ttl),
        Command::Rotate {
            project,
            rate_limit,
        } => Call::new("create_token_key")
            .arg("p_project_id", "bigint", project)
            .maybe("p_rate_limit_per_minute", "integer", rate_limit),
        Command::Revoke { project, key } => Call::new("revoke_token_keys")
            .arg("p_project_id", "bigint", project)
            .maybe("p_key_id", "bigint", key),
        Command::List { project } => {
            return Call::new("list_token_keys")
                .arg("p_project_id", "bigint", project)
                .print_list(global, "keys", "no signing keys")
                .await;
        }
    };
    call.print(global).await
}
