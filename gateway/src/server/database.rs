//! One statement, one round trip: checking a connection out, repeating what is safe to repeat, and nothing else.

use std::time::Duration;

use deadpool_postgres::{Client, Pool, Status};
use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};

use crate::db::Parameter;
use crate::error::{self, ApiError};

/// How often a statement is repeated that another transaction got in the way of.
const CONFLICT_REPEATS: u32 = 3;
/// The first pause before such a repeat; it doubles each time.
const CONFLICT_PAUSE: Duration = Duration::from_millis(10);
/// Lets the tasks that own broken connections notice before the pool hands another one out.
const RECONNECT_PAUSE: Duration = Duration::from_millis(50);

/// How long a statement may go on that nobody waits for any more, before its connection is given up.
const LEFT_ALONE: Duration = Duration::from_secs(30);

/// Statements prepared on a connection that a restart, a migration or a pooler has since invalidated.
const STALE_STATEMENT: [&str; 2] = ["26000", "0A000"];

/// Whether a statement may be sent again when the connection is lost before its answer arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// It only reads, or does nothing the second time.
    Safe,
    /// It may have been executed.
    Unsafe,
}

/// Why a statement has no result.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// No connection could be had.
    #[error("no connection to the database: {0}")]
    Checkout(String),
    /// The server has not said anything for longer than it lets a statement run.
    #[error("the database does not answer")]
    Silent,
    /// The statement failed.
    #[error("{}", error::describe(.0))]
    Statement(#[from] tokio_postgres::Error),
}

impl CallError {
    /// Whether the database raised exactly this SQLSTATE.
    pub fn has_sqlstate(&self, sqlstate: &str) -> bool {
        matches!(self, Self::Statement(failure) if error::has_sqlstate(failure, sqlstate))
    }

    /// The detail that came with exactly this SQLSTATE.
    pub fn detail_of(&self, sqlstate: &str) -> Option<&str> {
        match self {
            Self::Statement(failure) if error::has_sqlstate(failure, sqlstate) => {
                failure.as_db_error()?.detail()
            }
            _ => None,
        }
    }

    /// The same for another one whose statement would fare alike: where the database is out of reach.
    pub fn for_another(&self) -> Option<Self> {
        match self {
            Self::Checkout(reason) => Some(Self::Checkout(reason.clone())),
            Self::Silent => Some(Self::Silent),
            Self::Statement(_) => None,
        }
    }

    /// Whether the server refused the statement, rather than being out of reach.
    pub fn is_raised(&self) -> bool {
        matches!(self, Self::Statement(failure) if failure.as_db_error().is_some())
    }
}

impl From<CallError> for ApiError {
    fn from(failure: CallError) -> Self {
        match failure {
            CallError::Checkout(reason) => {
                tracing::error!(reason, "no connection to the database");
                Self::unavailable()
            }
            CallError::Silent => {
                tracing::error!("the database does not answer");
                Self::unavailable()
            }
            CallError::Statement(failure) => Self::from(&failure),
        }
    }
}

/// How the gateway reaches its database.
#[derive(Debug, Clone)]
pub struct Access {
    /// Connections to it.
    pub pool: Pool,
    /// Whether another server answers each transaction: a pooler in transaction mode is in between, and nothing may be
    /// left behind in a session.
    pub pooled: bool,
    /// How long an answer is waited for: a little longer than the server lets a statement run.
    pub patience: Option<Duration>,
}

/// The pool, with the rules for using it.
#[derive(Debug, Clone)]
pub struct Database {
    access: Access,
    checkout_timeout: Duration,
}

/// How far an attempt got.
enum Attempt {
    Done(Vec<Row>),
    /// The statement cannot have been executed.
    NotSent(tokio_postgres::Error),
    /// The server answered, or the connection went away while it might have been working.
    Sent(tokio_postgres::Error),
}

impl Database {
    /// Wraps a pool; waiting for a free connection takes at most `checkout_timeout`.
    pub fn new(access: Access, checkout_timeout: Duration) -> Self {
        Self {
            access,
            checkout_timeout,
        }
    }

    /// How busy the pool is.
    pub fn pool_status(&self) -> Status {
        self.access.pool.status()
    }

    /// How long a connection is waited for.
    pub fn checkout_timeout(&self) -> Duration {
        self.checkout_timeout
    }

    /// A connection from the pool.
    ///
    /// # Errors
    /// When none is free in time or the server cannot be reached.
    async fn checkout(&self) -> Result<Client, CallError> {
        let waited = tokio::time::timeout(self.checkout_timeout, self.access.pool.get()).await;
        match waited {
            Ok(Ok(client)) => Ok(client),
            Ok(Err(error)) => Err(CallError::Checkout(error::describe(&error))),
            Err(_) => Err(CallError::Checkout("every connection is in use".to_owned())),
        }
    }

    /// Runs a statement: prepared once per connection, or in one message through a pooler.
    ///
    /// # Errors
    /// When no connection can be had, or the statement fails even after the repeats that are safe.
    pub async fn query(
        &self,
        sql: &str,
        parameters: &[&dyn Parameter],
        repeat: Repeat,
    ) -> Result<Vec<Row>, CallError> {
        let mut conflicts = 0;
        let mut reconnected = false;
        loop {
            let client = self.checkout().await?;
            let client = Busy(Some(client));
            let attempt = self.attempt(client.get(), sql, parameters);
            let attempt = match self.access.patience {
                None => Ok(attempt.await),
                Some(patience) => tokio::time::timeout(patience, attempt).await,
            };
            let client = client.rest();
            let Ok(attempt) = attempt else {
                drop(Client::take(client));
                return Err(CallError::Silent);
            };
            let (failure, repeatable) = match attempt {
                Attempt::Done(rows) => return Ok(rows),
                Attempt::NotSent(failure) => (failure, true),
                Attempt::Sent(failure) => (failure, repeat == Repeat::Safe),
            };
            let stale = STALE_STATEMENT
                .iter()
                .any(|state| error::has_sqlstate(&failure, state));
            if error::is_conflict(&failure) && conflicts < CONFLICT_REPEATS {
                drop(client);
                tokio::time::sleep(CONFLICT_PAUSE * 2_u32.pow(conflicts)).await;
                conflicts += 1;
            } else if stale && !reconnected {
                client.statement_cache.clear();
                reconnected = true;
            } else if lost(&client, &failure) && repeatable && !reconnected {
                drop(client);
                tokio::time::sleep(RECONNECT_PAUSE).await;
                self.access.pool.retain(|client, _| !client.is_closed());
                reconnected = true;
            } else {
                return Err(failure.into());
            }
        }
    }

    async fn attempt(&self, client: &Client, sql: &str, parameters: &[&dyn Parameter]) -> Attempt {
        let types = parameters.iter().map(|parameter| parameter.sql_type());
        let values = parameters.iter().map(|parameter| parameter.as_sql());
        let sent = if self.access.pooled {
            let typed: Vec<(&(dyn ToSql + Sync), Type)> = values.zip(types).collect();
            client.query_typed(sql, &typed).await
        } else {
            let types: Vec<Type> = types.collect();
            let statement = match client.prepare_typed_cached(sql, &types).await {
                Ok(statement) => statement,
                Err(failure) => return Attempt::NotSent(failure),
            };
            let values: Vec<&(dyn ToSql + Sync)> = values.collect();
            client.query(&statement, &values).await
        };
        match sent {
            Ok(rows) => Attempt::Done(rows),
            Err(failure) => Attempt::Sent(failure),
        }
    }

    /// Runs a statement that returns one value.
    ///
    /// # Errors
    /// As [`Self::query`].
    pub async fn query_text(
        &self,
        sql: &str,
        parameters: &[&dyn Parameter],
        repeat: Repeat,
    ) -> Result<Option<String>, CallError> {
        match self.query(sql, parameters, repeat).await?.first() {
            Some(row) => Ok(row.try_get(0)?),
            None => Ok(None),
        }
    }
}

/// A connection that a statement is under way on. Whoever asked may go (a client that hangs up, a probe that has waited long enough):
/// the next one would wait for that statement too, so that the connection goes back to the pool only after it.
struct Busy(Option<Client>);

impl Busy {
    fn get(&self) -> &Client {
        self.0.as_ref().expect("it is there until it rests")
    }

    /// The statement is over.
    fn rest(mut self) -> Client {
        self.0.take().expect("it rests once")
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let Some(client) = self.0.take() else {
            return;
        };
        // Not thrown away at once: whoever hangs up again and again would have us connect again and again.
        tokio::spawn(async move {
            let over = tokio::time::timeout(LEFT_ALONE, client.simple_query("SELECT 1")).await;
            if !matches!(over, Ok(Ok(_))) {
                drop(Client::take(client));
            }
        });
    }
}

/// Whether the connection is gone, rather than the statement being refused.
fn lost(client: &Client, failure: &tokio_postgres::Error) -> bool {
    let shutting_down = failure
        .code()
        .is_some_and(|code| code.code().starts_with("57P0"));
    failure.is_closed() || shutting_down || client.is_closed()
}
