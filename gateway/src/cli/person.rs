//! `affiliate person export|erase`: what privacy law lets a person ask for.

use clap::Subcommand;

use super::call::Call;
use super::{CliError, Global, output};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Print everything stored about a person
    Export {
        /// Project id
        #[arg(long, value_name = "ID")]
        project: i64,
        /// One of the person's emails
        #[arg(value_name = "EMAIL")]
        email: String,
    },
    /// Forget a person for good; amounts and balances stay as they are
    Erase {
        /// Project id
        #[arg(long, value_name = "ID")]
        project: i64,
        /// One of the person's emails
        #[arg(value_name = "EMAIL")]
        email: String,
    },
}

pub(super) async fn run(command: Command, global: &Global) -> Result<(), CliError> {
    let client = global.connect().await?;
    let (function, project, email) = match command {
        Command::Export { project, email } => ("export_person", project, email),
        Command::Erase { project, email } => ("erase_person", project, email),
    };
    let result = Call::new(function)
        .arg("p_project_id", "bigint", project)
        .arg("p_email", "text", email)
        .json(&client)
        .await?;
    if function == "export_person" && !global.json {
        output::print_text(&format!("{result:#}"));
    } else {
        output::print(global.json, &result);
    }
    Ok(())
}
