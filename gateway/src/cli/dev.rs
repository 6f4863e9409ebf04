//! `affiliate dev`: everything on one machine with nothing to configure.
//!
//! Without a database it runs a private Postgres, kept between runs and stopped with this process. It brings the
//! database to this binary's schema, creates the demo project once, serves, and prints what to paste next.

mod banner;
mod database;
mod memory;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use secrecy::ExposeSecret;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{CliError, Global, output, serve};
use crate::db::{DbConfig, Pooler};
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
    #[command(flatten)]
    server: ServeConfig,
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
    if let Ok(given) = global.database() {
        let urls = Urls::given(given.url.expose_secret().to_owned());
        return serve_demo(
            global.json,
            args.server,
            &urls,
            &state_dir,
            listener,
            shutdown,
        )
        .await;
    }
    let mut server = start_postgres(state_dir.clone()).await?;
    let outcome = match database::prepare(&server, &state_dir).await {
        Ok(urls) => {
            serve_demo(
                global.json,
                args.server,
                &urls,
                &state_dir,
                listener,
                shutdown,
            )
            .await
        }
        Err(error) => Err(error),
    };
    blocking(move || server.stop()).await?;
    outcome
}

/// Makes the database ready, says where everything is, and serves.
async fn serve_demo(
    json: bool,
    mut config: ServeConfig,
    urls: &Urls,
    state_dir: &Path,
    listener: TcpListener,
    shutdown: CancellationToken,
) -> Result<(), CliError> {
    let demo = tokio::select! {
        demo = prepare_demo(urls, state_dir) => demo?,
        () = shutdown.cancelled() => return Ok(()),
    };
    // A newcomer's own endpoint is on this machine, and speaks plain HTTP.
    config.allow_loopback_webhook_targets = true;
    config.allow_http_webhook_targets = true;
    let mut gateway = DbConfig::new(&urls.gateway);
    let access = serve::access(&mut gateway, Pooler::Auto, &mut config).await?;
    let banner = Banner::new(listener.local_addr()?, urls, &demo);
    if json {
        output::print(true, &banner.json());
    } else {
        output::print_text(&banner.text());
    }
    server::run(config, access, listener, shutdown)
        .await
        .map_err(|error| CliError::Server(error.to_string()))
}

async fn prepare_demo(urls: &Urls, state_dir: &Path) -> Result<Value, CliError> {
    let client = DbConfig::new(&urls.owner).connect_one().await?;
    let tree = SqlTree::embedded().map_err(MigrateError::from)?;
    migrate::run(&client, &tree, ProfileChoice::Auto).await?;
    let mut memory = Memory::load(state_dir);
    let demo = memory.seed_demo(&client, &urls.key()).await?;
    database::grant_logins(&client, urls, &demo).await?;
    Ok(demo)
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
