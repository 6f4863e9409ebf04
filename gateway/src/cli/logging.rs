//! Logs go to stderr. The server logs as it is told to; the other commands only warn, in plain text. `RUST_LOG` takes
//! another level in the usual `target=level` form.

use std::io::{IsTerminal, stderr};

use tracing_subscriber::EnvFilter;

use super::Command;
use crate::log;

pub(super) fn init(command: &Command) {
    if let Command::Serve(args) = command {
        return log::init(args.server.log_format);
    }
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    // Fails only when a subscriber is set already, which does as well.
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(stderr)
        .with_ansi(stderr().is_terminal())
        .with_target(false)
        .log_internal_errors(false)
        .without_time()
        .try_init()
        .ok();
}
