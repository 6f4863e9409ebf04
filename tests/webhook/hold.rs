//! Endpoints that are switched while somebody claims of them, or settles what was sent to them.

use affiliate_tests::database::{Profile, TestDatabase};
use affiliate_tests::shop::Shop;
use affiliate_tests::wait::until;
use serde_json::json;
use tokio_postgres::Client;

use crate::support::{add_endpoint, emit};

/// The owner enables the endpoint.
const ENABLE: &str = "SELECT affiliate.set_webhook(e.project_id, e.endpoint_id, '{\"enabled\": true}') FROM affiliate_private.webhook_endpoint AS e";
const DISABLE: &str = "UPDATE affiliate_private.webhook_endpoint SET enabled = false, disabled_at = now(), failing_since = now()";
const CLAIM: &str = "SELECT FROM affiliate_api.claim_deliveries(10, 60, 0, '{}', '{}', '{}', 10)";
/// A report that everything leased has failed.
const SETTLE: &str = "SELECT affiliate_api.settle_deliveries(json_agg(json_build_object('project_id', l.project_id, 'delivery_id', i.delivery_id,
                        'lease_token', l.lease_token, 'attempt_no', 1, 'url', 'http://127.0.0.1:1/', 'status_code', 500, 'duration_ms', 1))::text)
                      FROM affiliate_private.webhook_lease AS l CROSS JOIN LATERAL unnest(l.delivery_ids) AS i (delivery_id)";

/// An endpoint with three deliveries that nobody but this test claims.
async fn endpoint() -> (TestDatabase, Client) {
    let shop = Shop::open(Profile::Portable).await;
    let id = add_endpoint(&shop.project, "http://127.0.0.1:1/", json!({})).await;
    let Shop {
        gateway, database, ..
    } = shop;
    gateway.kill9();
    let owner = database.connect_superuser().await;
    emit(&owner, id, 3).await;
    (database, owner)
}

/// Runs a statement of a gateway while the owner has enabled the endpoint and not said so yet.
async fn while_enabling(database: &TestDatabase, owner: &Client, statement: &'static str) {
    let enable = format!("BEGIN; {ENABLE}");
    owner.batch_execute(&enable).await.expect("enabled");
    let drain = database.connect_superuser().await;
    let row = drain.query_one("SELECT pg_backend_pid()", &[]).await;
    let pid: i32 = row.expect("a row").get(0);
    let drain = tokio::spawn(async move { drain.execute(statement, &[]).await });
    let watcher = database.connect_superuser().await;
    until("the gateway to end, or to wait for the owner", async || {
        let waits = "SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = $1";
        let row = watcher.query_opt(waits, &[&pid]).await.expect("activities");
        let waits: Option<bool> = row.and_then(|row| row.get(0));
        (drain.is_finished() || waits == Some(true)).then_some(())
    })
    .await;
    owner.batch_execute("COMMIT").await.expect("enabled");
    drain.await.expect("no panic").expect("done");
    let held = "SELECT count(*) FROM affiliate_private.webhook_delivery WHERE next_attempt_at = 'infinity'";
    let row = owner.query_one(held, &[]).await.expect("a count");
    let held: i64 = row.get(0);
    assert_eq!(held, 0, "deliveries of an enabled endpoint are held");
}

#[tokio::test]
async fn what_is_enabled_while_a_claim_looks_at_it_is_not_held_for_good() {
    let (database, owner) = endpoint().await;
    // As when they are written at the moment the endpoint is disabled: nobody has held them yet.
    owner.batch_execute(DISABLE).await.expect("disabled");
    while_enabling(&database, &owner, CLAIM).await;
    database.drop().await;
}

#[tokio::test]
async fn what_is_enabled_while_a_failure_is_settled_is_not_held_for_good() {
    let (database, owner) = endpoint().await;
    owner.batch_execute(CLAIM).await.expect("leases");
    owner.batch_execute(DISABLE).await.expect("disabled");
    while_enabling(&database, &owner, SETTLE).await;
    let due = "SELECT count(*) FROM affiliate_private.webhook_delivery WHERE status = 'pending' AND attempts = 1 AND next_attempt_at > now()";
    let row = owner.query_one(due, &[]).await.expect("a count");
    let due: i64 = row.get(0);
    assert_eq!(due, 3, "they are tried again");
    database.drop().await;
}
