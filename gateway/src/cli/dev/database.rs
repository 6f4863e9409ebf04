//! The logins and the database inside the private Postgres.
//!
//! The product is set up there as it would be anywhere: its owner is no superuser, the gateway's login can do nothing but
//! call the API's functions, and the analyst sees the views only.

use std::path::Path;

use serde_json::Value;
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use super::memory::{Memory, Passwords};
use crate::cli::CliError;
use crate::db::DbConfig;
use crate::embedded::Embedded;

const DATABASE: &str = "affiliate";
const OWNER: &str = "affiliate_dev";
const GATEWAY: &str = "affiliate_dev_gateway";
const ANALYST: &str = "analyst";

/// How to reach the database as whom.
#[derive(Debug)]
pub(super) struct Urls {
    /// Migrates and runs the commands.
    pub owner: String,
    /// Serves.
    pub gateway: String,
    /// For psql; none where the database is somebody's own, who decides about logins there.
    pub analyst: Option<String>,
    /// The psql that came with the private Postgres.
    pub psql: String,
}

impl Urls {
    /// A database of the user's own, with one login for everything.
    pub fn given(url: String) -> Self {
        Self {
            owner: url.clone(),
            gateway: url,
            analyst: None,
            psql: "psql".to_owned(),
        }
    }

    /// What tells this database from others in what is remembered: its address without the password.
    pub fn key(&self) -> String {
        match url::Url::parse(&self.owner) {
            Ok(url) if self.analyst.is_none() => {
                format!(
                    "{}:{}{}",
                    url.host_str().unwrap_or_default(),
                    url.port().unwrap_or(5432),
                    url.path()
                )
            }
            _ => "private".to_owned(),
        }
    }
}

/// Makes sure that the logins and the database are there.
pub(super) async fn prepare(server: &Embedded, state_dir: &Path) -> Result<Urls, CliError> {
    let passwords = Memory::load(state_dir).passwords()?;
    let superuser = DbConfig::new(server.superuser_url("postgres"))
        .connect_one()
        .await?;
    ensure_login(&superuser, OWNER, "CREATEROLE", &passwords.owner).await?;
    ensure_login(&superuser, GATEWAY, "NOCREATEROLE", &passwords.gateway).await?;
    ensure_login(&superuser, ANALYST, "NOCREATEROLE", &passwords.analyst).await?;
    let found = superuser
        .query_typed_opt(
            "SELECT FROM pg_catalog.pg_database WHERE datname = $1",
            &[(&DATABASE, Type::TEXT)],
        )
        .await?;
    if found.is_none() {
        superuser
            .batch_execute(&format!("CREATE DATABASE {DATABASE} OWNER {OWNER}"))
            .await?;
    }
    Ok(urls(server, &passwords))
}

fn urls(server: &Embedded, passwords: &Passwords) -> Urls {
    Urls {
        owner: server.url(OWNER, &passwords.owner, DATABASE),
        gateway: server.url(GATEWAY, &passwords.gateway, DATABASE),
        analyst: Some(server.url(ANALYST, &passwords.analyst, DATABASE)),
        psql: server.tree().program("psql").display().to_string(),
    }
}

/// Creates a login, or gives it the password and the right again. Names and passwords are ours and need no quoting.
async fn ensure_login(
    superuser: &Client,
    role: &str,
    right: &str,
    password: &str,
) -> Result<(), CliError> {
    let found = superuser
        .query_typed_opt(
            "SELECT FROM pg_catalog.pg_roles WHERE rolname = $1",
            &[(&role, Type::TEXT)],
        )
        .await?;
    let verb = if found.is_some() { "ALTER" } else { "CREATE" };
    superuser
        .batch_execute(&format!(
            "{verb} ROLE {role} LOGIN {right} PASSWORD '{password}'"
        ))
        .await?;
    Ok(())
}

/// Lets the gateway call the API and the analyst see the demo project, in the private Postgres.
pub(super) async fn grant_logins(
    owner: &Client,
    urls: &Urls,
    demo: &Value,
) -> Result<(), CliError> {
    if urls.analyst.is_none() {
        return Ok(());
    }
    owner
        .batch_execute(&format!("GRANT affiliate_gateway TO {GATEWAY}"))
        .await?;
    let project = demo["project_id"].to_string();
    owner
        .query_typed(
            "SELECT affiliate.grant_analyst($1, $2::bigint)",
            &[(&ANALYST, Type::TEXT), (&project, Type::TEXT)],
        )
        .await?;
    Ok(())
}
