//! `affiliate dev`: everything on one machine with nothing to configure.
//!
//! Without a database it runs a private Postgres, kept between runs and stopped with this process. It brings the
//! database to this binary's schema, creates the demo project once, serves, and prints what to paste next.

mod banner;
mod database;
mod memory;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{CliError, Global, output, serve};
use crate::db::DbConfig;
use crate::embedded::{Embedded, Options, Tree};
use crate::migrate::{self, MigrateError, ProfileChoice, SqlTree};
use crate::server::{self, ServeConfig};

use banner::Banner;
use database::Urls;
use memory::Memory;

/// The first port tried where none is asked for, and how many after it.
const FIRST_PORT: u16 = 8080;
const PORTS: u16 = 1000;

/// Options of `affiliate dev`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Address to listen on [default: the first free port of 127.0.0.1 from 8080 up]
    #[arg(long, env = "AFFILIATE_LISTEN", value_name = "HOST:PORT")]
    listen: Option<SocketAddr>,
    /// Where the private Postgres and what is remembered are kept [default: .local of the checkout]
    #[arg(long, env = "AFFILIATE_STATE_DIR", value_name = "DIRECTORY")]
    state_dir: Option<PathBuf>,
}

/// Runs the product on a private Postgres, or on the database given, until it is interrupted.
///
/// # Errors
/// When Postgres or the server cannot be started.
pub async fn run(args: Args, global: &Global) -> Result<(), CliError> {
    let shutdown = CancellationToken::new();
    serve::watch_signals(shutdown.clone())?;
    // First of all, since it is the likeliest to fail and the quickest to say so.
    let listener = listen(args.listen).await?;
    let state_dir = args.state_dir.unwrap_or_else(default_state_dir);
    let given = global
        .database_url
        .as_ref()
        .filter(|url| !url.trim().is_empty())
        .cloned();
    let server = if given.is_none() {
        Some(start_postgres(state_dir.clone()).await?)
    } else {
        None
    };

    let work = async {
        let urls = match (&server, given) {
            (Some(server), _) => database::prepare(server, &state_dir).await?,
            (None, url) => Urls::given(url.unwrap_or_default()),
        };
        prepare_and_serve(global.json, &urls, &state_dir, listener, shutdown.clone()).await
    };
    let outcome = work.await;
    if let Some(mut server) = server {
        blocking(move || server.stop()).await?;
    }
    outcome
}

async fn prepare_and_serve(
    json: bool,
    urls: &Urls,
    state_dir: &std::path::Path,
    listener: TcpListener,
    shutdown: CancellationToken,
) -> Result<(), CliError> {
    let prepared = async {
        let client = DbConfig::new(&urls.owner).connect_one().await?;
        let tree = SqlTree::embedded().map_err(MigrateError::from)?;
        migrate::run(&client, &tree, ProfileChoice::Auto).await?;
        let mut memory = Memory::load(state_dir);
        let demo = memory.seed_demo(&client, &urls.key()).await?;
        database::grant_logins(&client, urls, &demo).await?;
        Ok::<_, CliError>(demo)
    };
    let demo = tokio::select! {
        demo = prepared => demo?,
        () = shutdown.cancelled() => return Ok(()),
    };
    let pool = DbConfig::new(&urls.gateway).pool()?;
    let banner = Banner::new(listener.local_addr()?, urls, &demo);
    if json {
        output::print(true, &banner.json());
    } else {
        output::print_text(&banner.text());
    }
    server::run(ServeConfig::default(), pool, listener, shutdown)
        .await
        .map_err(|error| CliError::Server(error.to_string()))
}

async fn listen(address: Option<SocketAddr>) -> Result<TcpListener, CliError> {
    if let Some(address) = address {
        let explain = |error| CliError::Server(format!("cannot listen on {address}: {error}"));
        return TcpListener::bind(address).await.map_err(explain);
    }
    for port in FIRST_PORT..FIRST_PORT + PORTS {
        match TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await {
            Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {}
            outcome => return Ok(outcome?),
        }
    }
    Err(CliError::Server(format!(
        "every port of 127.0.0.1 from {FIRST_PORT} up is taken: pass --listen"
    )))
}

async fn start_postgres(base: PathBuf) -> Result<Embedded, CliError> {
    let started = blocking(move || {
        let tree = Tree::find(&base)?;
        Embedded::start(Options {
            tree,
            base,
            durable: true,
        })
    });
    started
        .await?
        .map_err(|error| CliError::Server(error.to_string()))
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, CliError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| CliError::Server(error.to_string()))
}

/// `.local` of the checkout this program was built in, else of the current directory.
fn default_state_dir() -> PathBuf {
    let program = std::env::current_exe().unwrap_or_default();
    let checkout = program
        .ancestors()
        .find(|directory| directory.join("extension/setup.sh").is_file());
    checkout
        .map(PathBuf::from)
        .unwrap_or_default()
        .join(".local")
}
