//! Logs go to stderr. Commands only warn, in plain text; the server logs JSON lines. `AFFILIATE_LOG` takes a filter in
//! the usual `target=level` form.

use std::io::{IsTerminal, stderr};

use tracing_subscriber::EnvFilter;

use super::Command;

pub(super) fn init(command: &Command) {
    let serving = matches!(command, Command::Serve(_));
    let default = if serving { "info" } else { "warn" };
    let filter =
        EnvFilter::try_from_env("AFFILIATE_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(stderr)
        .with_ansi(stderr().is_terminal());
    // Fails only when a subscriber is set already, which does as well.
    if serving {
        builder.json().flatten_event(true).try_init().ok();
    } else {
        builder.with_target(false).without_time().try_init().ok();
    }
}
