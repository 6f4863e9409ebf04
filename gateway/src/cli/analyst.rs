//! `affiliate analyst grant|revoke|list`.

use clap::Subcommand;

use super::call::Call;
use super::{CliError, Global, output};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Let a login role read a project through the views of schema affiliate
    Grant {
        /// Project id
        #[arg(long, value_name = "ID")]
        project: i64,
        /// Name of the role, which must exist
        #[arg(value_name = "ROLE")]
        role: String,
    },
    /// Take a project back from a role
    Revoke {
        /// Project id
        #[arg(long, value_name = "ID")]
        project: i64,
        /// Name of the role, which need not exist any more
        #[arg(value_name = "ROLE")]
        role: String,
    },
    /// List who may read which project
    List {
        /// Only this project
        #[arg(long, value_name = "ID")]
        project: Option<i64>,
    },
}

pub(super) async fn run(command: Command, global: &Global) -> Result<(), CliError> {
    let client = global.connect().await?;
    let (function, project, role) = match command {
        Command::Grant { project, role } => ("grant_analyst", project, role),
        Command::Revoke { project, role } => ("revoke_analyst", project, role),
        Command::List { project } => {
            let analysts = Call::new("list_analysts")
                .maybe("p_project_id", "bigint", project)
                .json(&client)
                .await?;
            output::print_list(global.json, "analysts", &analysts, "no analysts");
            return Ok(());
        }
    };
    let changed = Call::new(function)
        .arg("p_role", "text", role)
        .arg("p_project_id", "bigint", project)
        .json(&client)
        .await?;
    output::print(global.json, &changed);
    Ok(())
}
