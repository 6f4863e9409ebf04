//! `affiliate migrate`.

use serde_json::to_value;

use super::{CliError, Global, output};
use crate::migrate::{self, MigrateError, Profile, ProfileChoice, Report, SqlTree};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Kernels to use: the extension's, plain SQL, or whichever the server offers
    #[arg(long, value_enum, default_value_t)]
    profile: ProfileChoice,
    /// Print a script for psql -f instead of changing anything (portable kernels unless --profile native)
    #[arg(long)]
    print: bool,
    /// Make functions, views, triggers and grants again although they are those of this release: repairs what was dropped or revoked
    #[arg(long, conflicts_with = "print")]
    reapply: bool,
}

pub(super) async fn run(args: Args, global: &Global) -> Result<(), CliError> {
    let tree = SqlTree::embedded().map_err(MigrateError::from)?;
    if args.print {
        let profile = match args.profile {
            ProfileChoice::Native => Profile::Native,
            ProfileChoice::Portable | ProfileChoice::Auto => Profile::Portable,
        };
        output::print_text(&migrate::script(&tree, profile));
        return Ok(());
    }
    let client = global.connect().await?;
    let report = if args.reapply {
        migrate::reapply(&client, &tree, args.profile).await?
    } else {
        migrate::run(&client, &tree, args.profile).await?
    };
    if global.json {
        output::print(true, &to_value(&report)?);
    } else {
        output::print_text(&summary(&report));
    }
    Ok(())
}

fn summary(report: &Report) -> String {
    let Report {
        schema_version,
        profile,
        applied,
        changed,
    } = report;
    let state = format!(
        "schema version {schema_version}, {} kernels",
        profile.name()
    );
    if !changed {
        return format!("nothing to do: {state}");
    }
    let mut text: String = applied
        .iter()
        .map(|name| format!("applied {name}\n"))
        .collect();
    text.push_str(&format!(
        "functions, views, triggers and grants are up to date\n{state}"
    ));
    text
}
