//! Logical replication out, with the statements of docs/scaling.md.

use affiliate_tests::cluster::Cluster;
use affiliate_tests::database::{self, Profile};
use affiliate_tests::shop::Shop;
use affiliate_tests::stripe::event::Event;
use affiliate_tests::wait::until;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio_postgres::Client;

const TABLES: [&str; 2] = ["conversion", "ledger_entry"];

/// The blocks an owner runs: the publication, the login, and what prints the tables of the other side.
fn documented() -> Vec<&'static str> {
    let document = include_str!("../../docs/scaling.md");
    let (_, section) = document
        .split_once("### Logical replication to a warehouse")
        .expect("the section");
    let (section, _) = section.split_once("\n## ").expect("its end");
    let blocks = section.split("```sql owner\n").skip(1);
    blocks
        .map(|block| block.split_once("```").expect("the block's end").0)
        .collect()
}

/// A cluster that can be replicated from.
async fn publisher() -> Cluster {
    let cluster = Cluster::durable().await;
    let url = cluster.superuser_url("postgres");
    let superuser = database::connect(&url).await;
    let logical = "ALTER SYSTEM SET wal_level = logical";
    superuser.batch_execute(logical).await.expect("a setting");
    let stopped = cluster.server().postmaster_pid().expect("a postmaster");
    kill(Pid::from_raw(stopped), Signal::SIGINT).expect("it stops");
    until("Postgres to run again", async || {
        let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls)
            .await
            .ok()?;
        tokio::spawn(connection);
        let row = client.query_one("SHOW wal_level", &[]).await.ok()?;
        (row.get::<_, String>(0) == "logical").then_some(())
    })
    .await;
    cluster
}

async fn rows(client: &Client, table: &str) -> String {
    let all = format!(
        "SELECT coalesce(json_agg(t ORDER BY to_json(t)::text), '[]')::text FROM affiliate_private.{table} AS t"
    );
    let row = client.query_one(&all, &[]).await.expect("rows");
    row.get(0)
}

/// Waits until the other side has what the books have.
async fn arrives(books: &Client, warehouse: &Client) {
    for table in TABLES {
        let expected = rows(books, table).await;
        assert_ne!(expected, "[]", "{table}");
        until(&format!("{table} to arrive"), async || {
            (rows(warehouse, table).await == expected).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn a_warehouse_follows_by_logical_replication_and_sees_nothing_else() {
    let cluster = publisher().await;
    let database = cluster.create_database(Profile::Portable).await;
    let shop = Shop::open_on(database, &[]).await;
    shop.project.add_affiliate("ada@example.com", "ADA").await;
    let before = Event::sale("pi_before", 4999).code("ADA");
    assert_eq!(shop.project.deliver(&before).await, "applied");

    let owner = shop.database.connect().await;
    let superuser = shop.database.connect_superuser().await;
    let [publication, login, tables] = documented()[..] else {
        panic!("three blocks: {:#?}", documented());
    };
    owner.batch_execute(publication).await.expect("publication");
    owner.batch_execute(login).await.expect("a login");
    let replication = "ALTER ROLE warehouse REPLICATION";
    superuser.batch_execute(replication).await.expect("a right");
    let tables = owner.query(tables, &[]).await.expect("tables");
    assert_eq!(tables.len(), 4);

    let other_side = Cluster::shared().await;
    let other = other_side.create_database(Profile::None).await;
    let warehouse = other.connect_superuser().await;
    let schema = "CREATE SCHEMA affiliate_private";
    warehouse.batch_execute(schema).await.expect("a schema");
    for table in tables {
        let create = table.get::<_, &str>(0);
        let created = warehouse.batch_execute(create).await;
        created.unwrap_or_else(|error| panic!("{create}: {error:?}"));
    }
    let url = cluster.url("warehouse", "choose-one", shop.database.name());
    let subscribe = format!(
        "CREATE SUBSCRIPTION affiliate_warehouse CONNECTION '{url}' PUBLICATION affiliate_warehouse"
    );
    let subscribed = warehouse.batch_execute(&subscribe).await;
    subscribed.expect("a subscription");
    arrives(&owner, &warehouse).await;

    // A sale, one that is taken back in part, and the first one in full: rows that are new and rows that change.
    for event in [
        Event::sale("pi_after", 10_000).code("ADA"),
        Event::refund("pi_after", 10_000, 2500),
        Event::refund("pi_before", 4999, 4999),
    ] {
        assert_eq!(shop.project.deliver(&event).await, "applied");
    }
    arrives(&owner, &warehouse).await;
    let emails = "SELECT string_agg(email, ',') FROM affiliate_private.affiliate";
    let emails = warehouse.query_one(emails, &[]).await.expect("affiliates");
    assert_eq!(emails.get::<_, &str>(0), "ada@example.com");

    let login = database::connect(&url).await;
    for hidden in [
        "SELECT * FROM affiliate_private.api_key",
        "SELECT body FROM affiliate_private.provider_event",
        "SELECT lock_seed FROM affiliate_private.project",
    ] {
        let refused = login.query(hidden, &[]).await.expect_err(hidden);
        assert_eq!(
            refused.code().expect("SQLSTATE").code(),
            "42501",
            "{hidden}"
        );
    }
    let unsubscribe = "DROP SUBSCRIPTION affiliate_warehouse";
    warehouse.batch_execute(unsubscribe).await.expect("the end");
    other.drop().await;
}
