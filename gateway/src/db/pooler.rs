//! Finding out whether a pooler in transaction mode is between us and the server.
//!
//! Such a pooler gives each transaction to whichever server connection is free, so that nothing may be expected of a
//! session: no prepared statement, no setting, no LISTEN. It cannot be asked, but it cannot hide either: it either
//! refuses settings in the start-up message, or swallows them, so that one we make up does not arrive.

use std::fmt;
use std::hash::{BuildHasher, RandomState};

use tokio_postgres::Client;
use tokio_postgres::types::Type;

use super::{DbConfig, DbError, add_option, connect_error, drive, within_limit};

const SETTING: &str = "affiliate.session";
const ARRIVED: &str = "SELECT pg_catalog.current_setting($1, true)";

/// Whether connections go through a pooler in transaction mode.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Pooler {
    /// Find out when starting.
    #[default]
    Auto,
    /// They go to the server itself, or through a pooler in session mode.
    None,
    /// They do: no prepared statements, no settings of a session, and no LISTEN on the same URL.
    Transaction,
}

impl fmt::Display for Pooler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::None => "none",
            Self::Transaction => "transaction",
        })
    }
}

impl DbConfig {
    /// Whether a pooler is in between, as said or as found out by whoever has been connected once.
    ///
    /// # Errors
    /// When it has to be found out and the server cannot be reached.
    pub async fn is_pooled(&self, pooler: Pooler) -> Result<bool, DbError> {
        match pooler {
            Pooler::None => Ok(false),
            Pooler::Transaction => Ok(true),
            Pooler::Auto => self.find_pooler().await,
        }
    }

    async fn find_pooler(&self) -> Result<bool, DbError> {
        let (mut config, tls) = self.prepare()?;
        let mark = format!("{:016x}", RandomState::new().hash_one(std::process::id()));
        add_option(&mut config, SETTING, &mark);
        match within_limit(&config, config.connect(tls)).await? {
            Ok((client, connection)) => {
                tokio::spawn(drive(connection));
                within_limit(&config, arrived(&client))
                    .await?
                    .map(|value| value.as_deref() != Some(mark.as_str()))
                    .map_err(|error| connect_error(&config, &error))
            }
            Err(error) if refuses_settings(&error) => Ok(true),
            Err(error) => Err(connect_error(&config, &error)),
        }
    }
}

/// Whether a connection was refused for its settings: each pooler has a code of its own for that, and without settings
/// the same login was let in before. Only a server that is full or not there is another matter.
fn refuses_settings(error: &tokio_postgres::Error) -> bool {
    error.code().is_some_and(|code| {
        !["53", "57"]
            .iter()
            .any(|class| code.code().starts_with(class))
    })
}

async fn arrived(client: &Client) -> Result<Option<String>, tokio_postgres::Error> {
    let row = client
        .query_typed_one(ARRIVED, &[(&SETTING, Type::TEXT)])
        .await?;
    row.try_get(0)
}
