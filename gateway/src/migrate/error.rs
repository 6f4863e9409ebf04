//! What can stop a migration.

use tokio_postgres::error::{DbError, SqlState};

use super::TreeError;

/// Why a migration did not happen. The database is unchanged in every case.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// A newer binary has been here.
    #[error(
        "the database has schema version {database}, this binary knows {binary}: use a newer affiliate"
    )]
    Newer {
        /// Newest migration in the database.
        database: i32,
        /// Newest migration in the binary.
        binary: i32,
    },
    /// A migration is history once it is applied.
    #[error(
        "migration {version} ({name}) was applied to this database with other content than this binary has: \
         an applied migration must not be edited, use the affiliate release that applied it or a later one"
    )]
    Edited {
        /// Its number.
        version: i32,
        /// Its name in the database.
        name: String,
    },
    /// A statement of a file failed.
    #[error("{path}:{line}: {}", describe(source))]
    File {
        /// The file, starting with `sql/`.
        path: String,
        /// The line the failing statement or the failing word is on.
        line: usize,
        /// What the server said.
        source: tokio_postgres::Error,
    },
    /// `--profile native` where it cannot be had.
    #[error("the native profile needs the pg_affiliate extension: {}", describe(.0))]
    Native(tokio_postgres::Error),
    /// The files themselves are wrong.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// Anything else the server or the connection said.
    #[error("{}", describe(.0))]
    Postgres(#[from] tokio_postgres::Error),
}

impl MigrateError {
    /// Whether another run got in the way and trying again makes sense.
    pub(super) fn is_collision(&self) -> bool {
        self.raised().is_some_and(|error| {
            [
                SqlState::T_R_SERIALIZATION_FAILURE,
                SqlState::T_R_DEADLOCK_DETECTED,
            ]
            .contains(error.code())
                || (*error.code() == SqlState::INTERNAL_ERROR
                    && error.message().contains("concurrently updated"))
        })
    }

    /// Whether the login may not do what has to be done.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.raised()
            .is_some_and(|error| *error.code() == SqlState::INSUFFICIENT_PRIVILEGE)
    }

    /// What the server said.
    fn raised(&self) -> Option<&DbError> {
        let (Self::File { source: error, .. } | Self::Native(error) | Self::Postgres(error)) = self
        else {
            return None;
        };
        error.as_db_error()
    }
}

/// A server's error as one line with its hint, and where in a function body it happened.
fn describe(error: &tokio_postgres::Error) -> String {
    let Some(error) = error.as_db_error() else {
        return error.to_string();
    };
    let mut text = format!("{} ({})", error.message(), error.code().code());
    // The blocks every run starts with explain themselves; only a named function is worth naming.
    let place = error
        .where_()
        .filter(|place| !place.contains("inline_code_block"));
    let extras = [
        ("detail", DbError::detail(error)),
        ("hint", error.hint()),
        ("in", place),
    ];
    for (label, extra) in extras {
        if let Some(extra) = extra {
            text.push_str(&format!("\n  {label}: {extra}"));
        }
    }
    text
}
