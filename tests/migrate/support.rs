//! Small schemas to migrate with, and ways to look at the outcome.

use std::process::Command;

use affiliate_gateway::db::DbConfig;
use affiliate_gateway::migrate::{self, MigrateError, ProfileChoice, Report, SqlTree};
use affiliate_tests::cluster::Cluster;
use tokio_postgres::Client;

/// A tree of these files below `sql/`.
pub fn tree(files: &[(&str, &str)]) -> SqlTree {
    let owned = files
        .iter()
        .map(|(path, body)| ((*path).to_owned(), (*body).to_owned()));
    SqlTree::from_files(owned).expect("a well-formed tree")
}

pub const CORE: (&str, &str) = (
    "migrations/0001_core.sql",
    "CREATE TABLE affiliate_private.thing (id bigint NOT NULL);\n",
);
pub const MORE: (&str, &str) = (
    "migrations/0002_more.sql",
    "ALTER TABLE affiliate_private.thing ADD COLUMN note text;\n",
);

/// What the binary carries.
pub fn product() -> SqlTree {
    SqlTree::embedded().expect("a well-formed tree")
}

/// Migrates over a connection of its own.
pub async fn run(url: &str, tree: &SqlTree, choice: ProfileChoice) -> Result<Report, MigrateError> {
    let client = DbConfig::new(url)
        .connect_one()
        .await
        .expect("a connection");
    migrate::run(&client, tree, choice).await
}

/// Migrates with the portable kernels, which must work.
pub async fn migrate(url: &str, tree: &SqlTree) -> Report {
    run(url, tree, ProfileChoice::Portable)
        .await
        .unwrap_or_else(|error| panic!("{error}"))
}

/// Migrates with the portable kernels, which must fail, and gives the message.
pub async fn refusal(url: &str, tree: &SqlTree) -> String {
    run(url, tree, ProfileChoice::Portable)
        .await
        .expect_err("a refusal")
        .to_string()
}

/// The first column of the first row.
pub async fn one<T: for<'a> tokio_postgres::types::FromSql<'a>>(client: &Client, sql: &str) -> T {
    client
        .query_one(sql, &[])
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error:?}"))
        .get(0)
}

/// Runs one of the server's client programs on a database and gives its output, which must be a success.
pub fn client_program(cluster: &Cluster, name: &str, url: &str, arguments: &[&str]) -> String {
    let output = Command::new(cluster.server().tree().program(name))
        .args(["--no-password", "--dbname", url])
        .args(arguments)
        .output()
        .expect("the program starts");
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name}: {words}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// The schema as pg_dump tells it, without what differs from run to run.
pub fn dump(cluster: &Cluster, url: &str) -> String {
    client_program(cluster, "pg_dump", url, &["--schema-only"])
        .lines()
        .filter(|line| !line.starts_with("\\restrict") && !line.starts_with("\\unrestrict"))
        .fold(String::new(), |text, line| text + line + "\n")
}
