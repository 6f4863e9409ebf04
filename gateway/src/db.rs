//! Connections to Postgres: one for commands, a pool for the server. Errors say where the connection was going and
//! never show the password.

mod parameter;
mod pooler;
mod tls;
mod url;

use std::thread::available_parallelism;
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Pool, QueueMode, RecyclingMethod, Runtime};
use futures_util::future::poll_fn;
use secrecy::{ExposeSecret, SecretString};
use tokio_postgres::config::Host;
use tokio_postgres::{AsyncMessage, Client, Config, Connection};

pub use parameter::Parameter;
pub use pooler::Pooler;
use url::ConnectionString;

const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// What the driver does unless it is told; the connection string may say otherwise (`keepalives_idle`).
const DRIVERS_KEEPALIVE: Duration = Duration::from_secs(2 * 60 * 60);
/// Connections may wait for hours to be used, longer than a firewall remembers them: this keeps them, or ends them.
const KEEPALIVE: Duration = Duration::from_secs(30);
/// How long what was sent may go unacknowledged before a connection is given up, and the request with it (`tcp_user_timeout`).
const UNHEARD: Duration = Duration::from_secs(30);

/// The start of a transaction that only looks. Names and operators mean what they say in it, whatever search path the role or the
/// database has: somebody else's operator for two types that Postgres has none for would run with our rights.
pub(crate) const LOOK: &str = "BEGIN READ ONLY; SET LOCAL search_path = pg_catalog, pg_temp";

/// How to reach the database.
#[derive(Debug, Clone)]
pub struct DbConfig {
    /// A connection string as libpq takes it.
    pub url: SecretString,
    /// Most connections a pool opens.
    pub pool_size: usize,
    /// How long one statement may run; `None` leaves it to the server, as a pooler in transaction mode needs.
    pub statement_timeout: Option<Duration>,
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// Nothing says which database.
    #[error(
        "no database is given: set DATABASE_URL or pass --database-url, \
         for example postgres://user:password@localhost:5432/affiliate"
    )]
    NoUrl,
    /// The connection string makes no sense.
    #[error("the database URL is not valid: {0}")]
    Url(String),
    /// Certificates that cannot be used.
    #[error("TLS to postgres cannot be set up: {0}")]
    Tls(String),
    /// The server is not there or does not let us in.
    #[error("cannot connect to postgres at {target}: {reason}")]
    Connect {
        /// `host:port/db as user`.
        target: String,
        /// What went wrong, outermost first.
        reason: String,
    },
}

impl DbConfig {
    /// The defaults for a connection string.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: SecretString::from(url.into()),
            pool_size: default_pool_size(),
            statement_timeout: None,
        }
    }

    /// One connection outside any pool. It ends when the client is dropped.
    ///
    /// # Errors
    /// When the connection string is wrong or the server cannot be reached.
    pub async fn connect_one(&self) -> Result<Client, DbError> {
        let (config, tls) = self.prepare()?;
        let opened = within_limit(&config, config.connect(tls)).await?;
        let (client, connection) = opened.map_err(|error| connect_error(&config, &error))?;
        tokio::spawn(drive(connection));
        Ok(client)
    }

    /// A pool that connects when it is first used.
    ///
    /// # Errors
    /// When the connection string is wrong.
    pub fn pool(&self) -> Result<Pool, DbError> {
        let (config, tls) = self.prepare()?;
        let manager = ManagerConfig {
            recycling_method: RecyclingMethod::Fast,
        };
        Pool::builder(Manager::from_config(config, tls, manager))
            .max_size(self.pool_size)
            // The one used last has its caches warm, and those that are not needed stay asleep.
            .queue_mode(QueueMode::Lifo)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(DEFAULT_CONNECT_TIMEOUT))
            .create_timeout(Some(DEFAULT_CONNECT_TIMEOUT))
            .build()
            .map_err(|error| DbError::Url(error.to_string()))
    }

    /// The settings of the driver, for connections that need more than a client.
    pub(crate) fn prepare(&self) -> Result<(Config, tls::Connector), DbError> {
        let ConnectionString { rest, tls } = ConnectionString::parse(self.url.expose_secret())?;
        let mut config: Config = rest
            .parse()
            .map_err(|error| DbError::Url(describe_error(&error)))?;
        config.ssl_mode(tls.mode.wire());
        if config.get_application_name().is_none() {
            config.application_name("affiliate");
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(DEFAULT_CONNECT_TIMEOUT);
        }
        if config.get_keepalives_idle() == DRIVERS_KEEPALIVE {
            config.keepalives_idle(KEEPALIVE);
        }
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(UNHEARD);
        }
        if let Some(timeout) = self.statement_timeout {
            add_option(&mut config, "statement_timeout", &timeout.as_millis());
        }
        Ok((config, tls::connector(&tls)?))
    }
}

/// Four connections for each processor, 8 to 32: more backends than the server has work for evict one another's caches, and
/// with twice as many a small machine answers fewer requests.
fn default_pool_size() -> usize {
    available_parallelism().map_or(8, |processors| (4 * processors.get()).clamp(8, 32))
}

/// Adds a setting to the start-up message, after those that the connection string has.
fn add_option(config: &mut Config, name: &str, value: &dyn std::fmt::Display) {
    let given = config
        .get_options()
        .map(|options| format!("{options} "))
        .unwrap_or_default();
    config.options(format!("{given}-c {name}={value}"));
}

/// The driver's own limit is for each address, and ends once the server has taken the connection: one that never says anything would
/// be waited for without end.
pub(crate) async fn within_limit<T>(
    config: &Config,
    connecting: impl Future<Output = T>,
) -> Result<T, DbError> {
    let limit = config.get_connect_timeout().copied();
    let limit = limit.unwrap_or(DEFAULT_CONNECT_TIMEOUT);
    // A name may have two addresses, of which the first lets everything vanish.
    let others = u32::try_from(config.get_hosts().len()).map_or(1, |hosts| 2 * hosts.max(1));
    let limit = limit * others;
    tokio::time::timeout(limit, connecting)
        .await
        .map_err(|_| DbError::Connect {
            target: describe_target(config),
            reason: format!("no answer within {} s", limit.as_secs_f64()),
        })
}

fn connect_error(config: &Config, error: &tokio_postgres::Error) -> DbError {
    DbError::Connect {
        target: describe_target(config),
        reason: describe_error(error),
    }
}

/// Serves a connection and hands the server's warnings to the log.
async fn drive<S, T>(mut connection: Connection<S, T>)
where
    Connection<S, T>: Unpin,
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
    T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    loop {
        match poll_fn(|context| connection.poll_message(context)).await {
            Some(Ok(AsyncMessage::Notice(notice))) if notice.severity() == "WARNING" => {
                tracing::warn!("{}", notice.message());
            }
            Some(Ok(_)) => {}
            Some(Err(error)) => {
                tracing::debug!(%error, "the database connection ended");
                return;
            }
            None => return,
        }
    }
}

/// `host:port/db as user`, from a parsed configuration, so that no password can be in it.
fn describe_target(config: &Config) -> String {
    let ports = config.get_ports();
    let hosts: Vec<String> = config
        .get_hosts()
        .iter()
        .enumerate()
        .map(|(index, host)| {
            let port = ports
                .get(index)
                .or_else(|| ports.first())
                .copied()
                .unwrap_or(5432);
            match host {
                Host::Tcp(name) => format!("{name}:{port}"),
                #[cfg(unix)]
                Host::Unix(path) => format!("{}:{port}", path.display()),
            }
        })
        .collect();
    let user = config.get_user().unwrap_or("the current user");
    let database = config
        .get_dbname()
        .or(config.get_user())
        .unwrap_or_default();
    format!("{}/{database} as {user}", hosts.join(","))
}

/// What the server said, or else an error with its causes, each said once.
fn describe_error(error: &tokio_postgres::Error) -> String {
    if let Some(error) = error.as_db_error() {
        return error.message().to_owned();
    }
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let next = error.to_string();
        if !text.contains(&next) {
            text.push_str(": ");
            text.push_str(&next);
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests;
