//! Endpoints that are switched while somebody claims of them.

use affiliate_tests::database::Profile;
use affiliate_tests::shop::Shop;
use affiliate_tests::wait::until;
use serde_json::json;

use crate::support::{add_endpoint, emit};

#[tokio::test]
async fn what_is_enabled_while_a_claim_looks_at_it_is_not_held_for_good() {
    let shop = Shop::open(Profile::Portable).await;
    let id = add_endpoint(&shop.project, "http://127.0.0.1:1/", json!({})).await;
    // Nobody but this test claims.
    let Shop {
        gateway, database, ..
    } = shop;
    gateway.kill9();
    let owner = database.connect_superuser().await;
    emit(&owner, id, 3).await;
    // As when they are written at the moment the endpoint is disabled: nobody has held them yet.
    let disable =
        "UPDATE affiliate_private.webhook_endpoint SET enabled = false, disabled_at = now()";
    owner.batch_execute(disable).await.expect("disabled");
    let enable = "BEGIN;
                  SELECT affiliate.set_webhook(e.project_id, e.endpoint_id, '{\"enabled\": true}') FROM affiliate_private.webhook_endpoint AS e";
    owner.batch_execute(enable).await.expect("enabled");

    let drain = database.connect_superuser().await;
    let row = drain.query_one("SELECT pg_backend_pid()", &[]).await;
    let pid: i32 = row.expect("a row").get(0);
    let claim = "SELECT FROM affiliate_api.claim_deliveries(10, 60, 0, '{}', '{}', '{}', 10)";
    let claim = tokio::spawn(async move { drain.execute(claim, &[]).await });
    let watcher = database.connect_superuser().await;
    until("the claim to end, or to wait for the owner", async || {
        let waits = "SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = $1";
        let row = watcher.query_opt(waits, &[&pid]).await.expect("activities");
        let waits: Option<bool> = row.and_then(|row| row.get(0));
        (claim.is_finished() || waits == Some(true)).then_some(())
    })
    .await;
    owner.batch_execute("COMMIT").await.expect("enabled");
    claim.await.expect("no panic").expect("a claim");

    let held =
        "SELECT count(*) FROM affiliate_private.webhook_delivery WHERE next_attempt_at IS NOT NULL";
    let row = owner.query_one(held, &[]).await.expect("a count");
    let held: i64 = row.get(0);
    assert_eq!(held, 0, "deliveries of an enabled endpoint are held");
    database.drop().await;
}
