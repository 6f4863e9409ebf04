//! Where these tests get their databases: the only place that knows.

use std::env;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio_postgres::{Client, NoTls};

static NUMBER: AtomicU32 = AtomicU32::new(1);

/// A connection to a new, empty database, as its owner, who is no superuser.
pub async fn empty_database() -> Client {
    let server = env::var("AFFILIATE_TEST_DATABASE_URL")
        .expect("AFFILIATE_TEST_DATABASE_URL names a superuser's database");
    let name = format!(
        "kernel_{}_{}",
        std::process::id(),
        NUMBER.fetch_add(1, Ordering::Relaxed)
    );
    let owner = format!("owner_of_{name}");
    let superuser = connect(&server).await;
    superuser
        .batch_execute(&format!("CREATE ROLE {owner} LOGIN"))
        .await
        .expect("an owner");
    superuser
        .batch_execute(&format!("CREATE DATABASE {name} OWNER {owner}"))
        .await
        .expect("a database");
    connect(&format!("{server} dbname={name} user={owner}")).await
}

async fn connect(server: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(server, NoTls)
        .await
        .expect("a connection");
    tokio::spawn(connection);
    client
}
