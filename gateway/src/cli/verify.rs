//! `affiliate verify`.

use serde_json::json;

use super::call::Call;
use super::{CliError, Global, output};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only this project
    #[arg(long, value_name = "ID")]
    project: Option<i64>,
}

pub(super) async fn run(args: Args, global: &Global) -> Result<(), CliError> {
    let client = global.connect().await?;
    let differences = Call::new("verify")
        .maybe("p_project_id", "bigint", args.project)
        .rows(&client)
        .await?;
    let installed = client
        .query_typed_one("SELECT i.profile FROM affiliate_private.install AS i", &[])
        .await?;
    let profile: String = installed.get(0);
    let clean = differences.is_empty();
    if global.json {
        output::print(
            true,
            &json!({"clean": clean, "differences": differences, "profile": profile}),
        );
    } else if clean {
        output::print_text(&format!(
            "clean: the ledger and the balances agree ({profile} kernels)"
        ));
    } else {
        output::print_text(&output::table(&differences));
    }
    if clean {
        Ok(())
    } else {
        Err(CliError::Differences)
    }
}
