//! `affiliate serve`: the production form. It needs a database and nothing else.

use std::net::SocketAddr;
use std::time::Duration;

use secrecy::ExposeSecret as _;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_postgres::Client;
use tokio_util::sync::CancellationToken;

use super::{CliError, Global};
use crate::db::{DbConfig, Pooler};
use crate::migrate::{self, MigrateError, ProfileChoice, SqlTree, State};
use crate::server::{self, Access, ServeConfig};

/// How much later than the server's own limit an answer may arrive.
const ANSWER_DELAY: Duration = Duration::from_secs(5);

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Address to listen on
    #[arg(
        long,
        env = "AFFILIATE_LISTEN",
        default_value = "127.0.0.1:8080",
        value_name = "HOST:PORT"
    )]
    listen: SocketAddr,
    /// Do not bring the database to this binary's schema first
    #[arg(long)]
    no_migrate: bool,
    /// Most connections to the database [default: 4 for each processor, 8 to 32]
    #[arg(long, env = "AFFILIATE_POOL_SIZE", value_name = "N", value_parser = clap::value_parser!(u16).range(2..=1000))]
    pool_size: Option<u16>,
    /// Whether a pooler in transaction mode (PgBouncer and the like) is between the gateway and the database
    #[arg(long, env = "AFFILIATE_POOLER", value_enum, default_value_t = Pooler::Auto)]
    pooler: Pooler,
    /// Longest a statement may run, in milliseconds; 0 leaves it to the server, as does a pooler in transaction mode
    #[arg(
        long,
        env = "AFFILIATE_STATEMENT_TIMEOUT_MS",
        default_value_t = 30_000,
        value_name = "MS",
        // What Postgres takes.
        value_parser = clap::value_parser!(u32).range(0..=2_147_483_647)
    )]
    statement_timeout_ms: u32,
    #[command(flatten)]
    pub server: ServeConfig,
}

pub(super) async fn run(args: Args, global: &Global) -> Result<(), CliError> {
    let mut database = global.database()?;
    if let Some(url) = args
        .server
        .listen_database_url
        .as_deref()
        .filter(|url| *url != "none")
    {
        DbConfig::new(url).prepare()?;
    }
    let client = database.connect_one().await?;
    ensure_schema(&client, args.no_migrate).await?;
    drop(client);

    if let Some(size) = args.pool_size {
        database.pool_size = size.into();
    }
    database.statement_timeout = (args.statement_timeout_ms > 0)
        .then(|| Duration::from_millis(args.statement_timeout_ms.into()));
    let mut server = args.server;
    let access = access(&mut database, args.pooler, &mut server).await?;
    let listener = TcpListener::bind(args.listen)
        .await
        .map_err(|error| CliError::Server(format!("cannot listen on {}: {error}", args.listen)))?;
    let shutdown = CancellationToken::new();
    watch_signals(shutdown.clone())?;
    tracing::info!(listen = %listener.local_addr()?, "serving");
    server::run(server, access, listener, shutdown)
        .await
        .map_err(|error| CliError::Server(error.to_string()))
}

/// The way to the database, and with it what can be had through a pooler and what cannot.
pub(super) async fn access(
    database: &mut DbConfig,
    pooler: Pooler,
    server: &mut ServeConfig,
) -> Result<Access, CliError> {
    let pooled = database.is_pooled(pooler).await?;
    let patience = database
        .statement_timeout
        .map(|timeout| timeout + ANSWER_DELAY);
    if pooled {
        database.statement_timeout = None;
        tracing::info!(
            notifications = server.listen_database_url.is_some(),
            "through a pooler in transaction mode: statements are not prepared and the statement timeout is the role's"
        );
    } else {
        server
            .listen_database_url
            .get_or_insert_with(|| database.url.expose_secret().to_owned());
    }
    let pool = database.pool()?;
    Ok(Access {
        pool,
        pooled,
        patience,
    })
}

/// Migrates where it may; where it may not, makes sure that the schema is the one this binary knows.
async fn ensure_schema(client: &Client, no_migrate: bool) -> Result<(), CliError> {
    let tree = SqlTree::embedded().map_err(MigrateError::from)?;
    let found = match migrate::state(client).await? {
        State::Hidden => Some(reported_version(client).await?),
        State::Installed(installed) if no_migrate => {
            installed.check_history(&tree)?;
            Some(installed.schema_version)
        }
        State::Empty if no_migrate => None,
        state @ (State::Empty | State::Installed(_)) => {
            let choice = match &state {
                State::Installed(installed) => ProfileChoice::keep(installed),
                State::Empty | State::Hidden => ProfileChoice::Auto,
            };
            let migrated = migrate::run(client, &tree, choice).await;
            let report = migrated.map_err(|error| match state {
                // A gateway's own login, most likely: it is not to be given the rights of an owner.
                State::Empty if error.is_refused() => CliError::Schema(format!(
                    "the database has no pg_affiliate schema, and this login may not make one ({error}): run affiliate migrate as its owner"
                )),
                _ => error.into(),
            })?;
            tracing::info!(
                schema_version = report.schema_version, profile = report.profile.name(),
                applied = ?report.applied, changed = report.changed, "database schema",
            );
            return Ok(());
        }
    };
    let known = tree.schema_version();
    match found {
        Some(version) if version == known => Ok(()),
        Some(version) if version > known => Err(MigrateError::Newer {
            database: version,
            binary: known,
        }
        .into()),
        Some(version) => Err(CliError::Schema(format!(
            "the database has schema version {version}, this binary needs {known}: run affiliate migrate as its owner"
        ))),
        None => Err(CliError::Schema(
            "the database has no pg_affiliate schema: run affiliate migrate".to_owned(),
        )),
    }
}

/// The schema version as a gateway's own login may learn it.
async fn reported_version(client: &Client) -> Result<i32, CliError> {
    const SQL: &str = "SELECT (affiliate_api.readiness()::json ->> 'schema_version')::integer";
    Ok(client.query_typed_one(SQL, &[]).await?.try_get(0)?)
}

/// The first SIGINT or SIGTERM asks for a graceful end, the second one ends the process at once.
pub(super) fn watch_signals(shutdown: CancellationToken) -> Result<(), CliError> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            if shutdown.is_cancelled() {
                tracing::warn!("second signal: ending at once");
                std::process::exit(1);
            }
            shutdown.cancel();
            tracing::info!("shutting down");
        }
    });
    Ok(())
}
