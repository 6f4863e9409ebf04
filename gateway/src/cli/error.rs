//! What a command can end with, and which of the database's words are fit to show.

use tokio_postgres::error::SqlState;

use crate::db::DbError;
use crate::migrate::MigrateError;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// Arguments that parse but make no sense together.
    #[error("{0}")]
    Usage(String),
    /// No connection.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The migration failed.
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    /// A product function refused or failed.
    #[error("{}", describe(.0))]
    Sql(#[from] tokio_postgres::Error),
    /// The database is not in a state this binary can serve.
    #[error("{0}")]
    Schema(String),
    /// The operating system refused.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// A product function answered with something that is not JSON.
    #[error("the database answered with invalid JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// The server, or a part of it, stopped with an error.
    #[error("{0}")]
    Server(String),
    /// `doctor` found problems; they have been printed.
    #[error("the installation has problems")]
    Unhealthy,
    /// `verify` found differences; they have been printed.
    #[error("the ledger and the balances differ")]
    Differences,
}

/// Refusals speak for themselves; a missing schema gets the remedy; anything else keeps its code for a bug report.
fn describe(error: &tokio_postgres::Error) -> String {
    let Some(db) = error.as_db_error() else {
        return format!("the database connection failed: {error}");
    };
    let code = db.code().code();
    let missing = [
        SqlState::UNDEFINED_FUNCTION,
        SqlState::INVALID_SCHEMA_NAME,
        SqlState::UNDEFINED_TABLE,
    ];
    if ["RF", "22", "23"]
        .iter()
        .any(|class| code.starts_with(class))
    {
        db.message().to_owned()
    } else if missing.contains(db.code()) {
        format!(
            "this database has no pg_affiliate schema, or an older one: run affiliate migrate (SQLSTATE {code})"
        )
    } else {
        format!(
            "the database reported an error (SQLSTATE {code}): {}",
            db.message()
        )
    }
}
