//! `affiliate dev`.

use super::{CliError, Global};

/// Options of `affiliate dev`.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs the product on a private Postgres until it is interrupted.
///
/// # Errors
/// When Postgres or the server cannot be started.
pub async fn run(_args: Args, _global: &Global) -> Result<(), CliError> {
    Err(CliError::Server(
        "affiliate dev is not part of this build".to_owned(),
    ))
}
