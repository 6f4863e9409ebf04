//! `affiliate migrate`: brings a database to the schema this binary carries.
//!
//! Tables change through numbered, forward-only migrations, each applied once. Everything else (functions, views,
//! triggers, grants and the kernels of the chosen profile) is one object a file, created again whenever any of those
//! files or the profile changed. All of it is one transaction behind one advisory lock, so any number of gateways may
//! start together and a failure leaves the database as it was. The state is compared first without any lock, so that
//! a database which is up to date costs three small reads.

mod apply;
mod error;
mod locate;
mod print;
mod state;
mod tree;

use std::time::Duration;

use serde::Serialize;
use tokio_postgres::Client;

pub use error::MigrateError;
pub use print::script;
pub use state::{Installed, State};
pub use tree::{Migration, SqlFile, SqlTree, TreeError};

/// How often a whole run is tried when it collides with another one on objects of the cluster.
const ATTEMPTS: u32 = 10;

/// Which kernels a database uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// The functions of the `pg_affiliate` extension.
    Native,
    /// The same functions in plain SQL.
    Portable,
}

impl Profile {
    /// The name used in `sql/` and in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Portable => "portable",
        }
    }

    /// The schema whose trigger functions are put on the tables.
    pub(crate) const fn trigger_schema(self) -> &'static str {
        match self {
            Self::Native => "affiliate_native",
            Self::Portable => "affiliate_kernel",
        }
    }
}

/// What the caller asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum ProfileChoice {
    /// Native where the server offers the extension, else portable.
    #[default]
    Auto,
    /// Native, or an error.
    Native,
    /// Portable, even where the extension is there.
    Portable,
}

impl ProfileChoice {
    /// Stay with what an installed schema uses: that was decided by whoever migrated it.
    #[must_use]
    pub fn keep(installed: &Installed) -> Self {
        match installed.profile.as_str() {
            "native" => Self::Native,
            "portable" => Self::Portable,
            _ => Self::Auto,
        }
    }

    /// The profile to aim for on a server that does or does not offer the extension.
    pub(crate) const fn resolve(self, extension_available: bool) -> Profile {
        match (self, extension_available) {
            (Self::Native, _) | (Self::Auto, true) => Profile::Native,
            (Self::Portable, _) | (Self::Auto, false) => Profile::Portable,
        }
    }
}

/// What a run found or left behind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Number of the newest migration in the database.
    pub schema_version: i32,
    /// The kernels in use.
    pub profile: Profile,
    /// Names of the migrations applied by this run.
    pub applied: Vec<String>,
    /// Whether this run changed anything.
    pub changed: bool,
}

/// Brings the database behind `client` to the state `tree` describes.
///
/// # Errors
/// When the database is newer than `tree`, an applied migration was edited since, or a statement fails; nothing has
/// been changed then.
pub async fn run(
    client: &Client,
    tree: &SqlTree,
    choice: ProfileChoice,
) -> Result<Report, MigrateError> {
    if let State::Installed(installed) = state::read(client).await? {
        installed.check_history(tree)?;
        if let Some(report) = installed.up_to_date(tree, choice) {
            return Ok(report);
        }
    }
    patiently(client, tree, choice, false).await
}

/// The same, with functions, views, triggers and grants made again whatever was applied last, on the kernels in use unless
/// `choice` names some.
///
/// # Errors
/// As [`run`].
pub async fn reapply(
    client: &Client,
    tree: &SqlTree,
    choice: ProfileChoice,
) -> Result<Report, MigrateError> {
    let choice = match (state::read(client).await?, choice) {
        (State::Installed(installed), ProfileChoice::Auto) => ProfileChoice::keep(&installed),
        _ => choice,
    };
    patiently(client, tree, choice, true).await
}

/// Tries again where another run got in the way.
async fn patiently(
    client: &Client,
    tree: &SqlTree,
    choice: ProfileChoice,
    again: bool,
) -> Result<Report, MigrateError> {
    let mut attempt = 1;
    loop {
        match apply::run(client, tree, choice, again).await {
            Err(error) if error.is_collision() && attempt < ATTEMPTS => {
                tokio::time::sleep(Duration::from_millis(20 * u64::from(attempt * attempt))).await;
                attempt += 1;
            }
            outcome => return outcome,
        }
    }
}

/// What the database holds, for callers that must not change it.
///
/// # Errors
/// When the state cannot be read for another reason than a missing right.
pub async fn state(client: &Client) -> Result<State, MigrateError> {
    state::read(client).await
}
