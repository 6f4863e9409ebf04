//! The command line. Every product command is one call of a SQL function a DBA could make in psql; this module parses
//! arguments and prints results. With `--json` stdout carries exactly one JSON object, or nothing after an error.

mod analyst;
mod call;
pub mod dev;
mod doctor;
mod error;
mod event;
mod healthcheck;
mod import;
mod jobs;
mod key;
mod logging;
mod mcp;
mod migrate;
mod output;
mod payout;
mod person;
mod project;
mod provider;
mod secret;
mod serve;
mod settings;
mod token;
mod verify;
mod webhook;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use tokio_postgres::Client;

pub use error::CliError;

use crate::db::{DbConfig, DbError};

/// Affiliate and referral tracking whose logic lives in Postgres.
#[derive(Debug, Parser)]
#[command(name = "affiliate", version)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Options every command takes.
#[derive(Debug, Clone, Args)]
pub struct Global {
    /// Connection string of the database, such as postgres://user:password@host:5432/db [env: DATABASE_URL]
    // Read by hand: clap names an option that comes from the environment in the usage of every wrong call.
    #[arg(long, global = true, value_name = "URL")]
    pub database_url: Option<String>,
    /// File with settings for what is not given otherwise, as lines of NAME=value
    #[arg(long, global = true, env = "AFFILIATE_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Print one JSON object instead of text
    #[arg(long, global = true)]
    pub json: bool,
}

impl Global {
    /// The database these options point at.
    ///
    /// # Errors
    /// When they point at none.
    pub fn database(&self) -> Result<DbConfig, DbError> {
        let url = self.database_url.clone();
        url.or_else(|| std::env::var("DATABASE_URL").ok())
            .filter(|url| !url.trim().is_empty())
            .map(DbConfig::new)
            .ok_or(DbError::NoUrl)
    }

    async fn connect(&self) -> Result<Client, DbError> {
        self.database()?.connect_one().await
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Create a project or change its settings
    #[command(subcommand)]
    Project(project::Command),
    /// Manage the API keys of a project
    #[command(subcommand)]
    Key(key::Command),
    /// Manage the short-lived tokens of a project
    #[command(subcommand)]
    Token(token::Command),
    /// Connect a payment provider
    #[command(subcommand)]
    Provider(provider::Command),
    /// Look into the events that payment providers have sent
    #[command(subcommand)]
    Event(event::Command),
    /// Manage the endpoints that receive a project's webhooks
    #[command(subcommand)]
    Webhook(webhook::Command),
    /// Say who may read a project's views in SQL
    #[command(subcommand)]
    Analyst(analyst::Command),
    /// Pay affiliates: batches, payouts, requests and how each is paid
    #[command(subcommand)]
    Payout(payout::Command),
    /// Bring affiliates, referrals and conversions in from CSV files
    #[command(subcommand)]
    Import(import::Command),
    /// Do the housekeeping, or say how long details are kept
    #[command(subcommand)]
    Jobs(jobs::Command),
    /// Export or erase what is stored about one person
    #[command(subcommand)]
    Person(person::Command),
    /// Bring the database to the schema of this binary
    Migrate(migrate::Args),
    /// Serve the API, receive provider events and send webhooks
    Serve(serve::Args),
    /// Try everything out on a private Postgres with a demo project
    Dev(dev::Args),
    /// Offer the API to an AI assistant on standard input and output (Model Context Protocol)
    Mcp(mcp::Args),
    /// Ask a gateway on this machine whether it is ready, as a container does
    Healthcheck(healthcheck::Args),
    /// Look for what is wrong with the installation
    Doctor(doctor::Args),
    /// Recompute all balances from the ledger and print the differences
    Verify(verify::Args),
}

/// Runs the command line of this process and says how it ended: 0 for success, 1 for an error, 2 for wrong usage.
#[must_use]
pub fn main() -> ExitCode {
    let Cli { global, command } = match parse() {
        Ok(parsed) => parsed,
        Err(error) => {
            output::print_error(false, &error.to_string());
            return ExitCode::from(2);
        }
    };
    logging::init(&command);
    // Fails only when one is installed already, which does as well.
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return report(&global, &CliError::Io(error)),
    };
    let ended = match runtime.block_on(run(command, &global)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(CliError::Differences | CliError::Unhealthy) => ExitCode::FAILURE,
        Err(error) => return report(&global, &error),
    };
    match output::lost() {
        None => ended,
        Some(error) => {
            let words = format!(
                "what the command did is done, but its output could not be written: {error}"
            );
            output::print_error(global.json, &words);
            ExitCode::FAILURE
        }
    }
}

/// The command line, the environment, and the file of settings. What clap refuses ends the process with its words.
fn parse() -> Result<Cli, settings::SettingsError> {
    let mut command = Cli::command();
    if let Some(path) = settings::given() {
        command = settings::apply(command, &path)?;
    }
    let matches = command.get_matches();
    Ok(Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit()))
}

async fn run(command: Command, global: &Global) -> Result<(), CliError> {
    match command {
        Command::Project(command) => project::run(command, global).await,
        Command::Key(command) => key::run(command, global).await,
        Command::Token(command) => token::run(command, global).await,
        Command::Provider(command) => provider::run(command, global).await,
        Command::Event(command) => event::run(command, global).await,
        Command::Webhook(command) => webhook::run(command, global).await,
        Command::Analyst(command) => analyst::run(command, global).await,
        Command::Payout(command) => payout::run(command, global).await,
        Command::Import(command) => import::run(command, global).await,
        Command::Jobs(command) => jobs::run(command, global).await,
        Command::Person(command) => person::run(command, global).await,
        Command::Migrate(args) => migrate::run(args, global).await,
        Command::Serve(args) => serve::run(args, global).await,
        Command::Dev(args) => dev::run(args, global).await,
        Command::Mcp(args) => mcp::run(args).await,
        Command::Healthcheck(args) => healthcheck::run(args, global).await,
        Command::Doctor(args) => doctor::run(args, global).await,
        Command::Verify(args) => verify::run(args, global).await,
    }
}

fn report(global: &Global, error: &CliError) -> ExitCode {
    output::print_error(global.json, &error.to_string());
    match error {
        CliError::Usage(_) | CliError::Db(DbError::Url(_) | DbError::Tls(_) | DbError::NoUrl) => {
            ExitCode::from(2)
        }
        _ => ExitCode::FAILURE,
    }
}

#[cfg(test)]
mod tests;
