//! Logging: one line an event on stderr, as JSON in production and as text while developing.
//!
//! Standard output is left to the command line's own answers. `RUST_LOG` overrides the level.

use std::fmt;
use std::io::{IsTerminal as _, stderr};

use tracing_subscriber::EnvFilter;

/// The pool warns of every connection that a restart of the database breaks; what matters of that is logged here.
const DEFAULT_LEVELS: &str = "info,deadpool.postgres=error";

/// Below this the driver logs the parameters of statements: keys, addresses, whole bodies.
const DRIVER_LEVEL: &str = "tokio_postgres=info";

/// How log lines are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// One JSON object a line.
    #[default]
    Json,
    /// Readable text.
    Text,
}

impl fmt::Display for LogFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Json => "json",
            Self::Text => "text",
        })
    }
}

/// Starts logging for the process; a second call changes nothing.
pub fn init(format: LogFormat) {
    let mut filter =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(DEFAULT_LEVELS));
    if let Ok(quiet) = DRIVER_LEVEL.parse() {
        filter = filter.add_directive(quiet);
    }
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(stderr().is_terminal())
        .with_writer(stderr)
        // Said on stderr as well, by a macro that panics where that cannot be written to: what is logged is lost then, and
        // nothing else.
        .log_internal_errors(false);
    let started = match format {
        LogFormat::Json => builder
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .try_init(),
        LogFormat::Text => builder.with_target(false).try_init(),
    };
    if started.is_err() {
        tracing::debug!("logging was set up before");
    }
}
