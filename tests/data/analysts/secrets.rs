//! What is known inside and not for analysts.

use affiliate_tests::analyst;
use affiliate_tests::database::Profile;
use affiliate_tests::stripe::event::Event;
use serde_json::json;

use super::{texts, two_projects};

/// What an endpoint is told, an analyst need not know.
#[tokio::test]
async fn how_an_affiliate_is_paid_is_left_out_of_payloads() {
    let (shop, _) = two_projects(Profile::Portable).await;
    let project = &shop.project;
    let account = json!({"method": "wise", "recipient_name": "Ada", "wise_account_id": "ACCOUNT998877", "wise_email": "wise@example.com"});
    let set = "/api/v1/affiliates/ada@example.com/payout-preferences";
    let answer = project.put(set, &account).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(
        project
            .deliver(&Event::sale("pi_paid", 100).code("ADACODE"))
            .await,
        "applied"
    );
    let own = analyst::connect(&shop.database, &[project.id]).await;
    let payloads = "SELECT payload FROM affiliate.webhook_deliveries WHERE event_type = 'referral_converted' ORDER BY delivery_id DESC LIMIT 1";
    let seen = texts(&own, payloads).await.concat();
    assert!(
        seen.contains("ada@example.com") && !seen.contains("payout_preferences"),
        "{seen}"
    );
    let owner = shop.database.connect().await;
    let sent = texts(
        &owner,
        "SELECT body FROM affiliate_private.webhook_event ORDER BY event_id DESC LIMIT 1",
    )
    .await;
    assert!(sent.concat().contains("ACCOUNT998877"), "{sent:?}");
    shop.close().await;
}

/// Every login may read `pg_locks`, where the locks on what an event names stand.
#[tokio::test]
async fn locks_that_are_held_do_not_confirm_an_email() {
    let (shop, other) = two_projects(Profile::Portable).await;
    let own = analyst::connect(&shop.database, &[shop.project.id]).await;
    let owner = shop.database.connect_superuser().await;
    let name = "email:buyer-of-bob@example.com";
    owner.batch_execute("BEGIN").await.expect("a transaction");
    let lock = "SELECT affiliate_private.lock_facts($1, ARRAY[$2])";
    owner
        .execute(lock, &[&other.id, &name])
        .await
        .expect("a lock");
    let held = "SELECT (l.classid::bigint << 32 | l.objid::bigint)::text FROM pg_locks AS l
                WHERE l.locktype = 'advisory' AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())";
    let held = texts(&own, held).await;
    assert_eq!(held.len(), 1, "{held:?}");
    let guess = format!(
        "SELECT hashtextextended('pg_affiliate:{}:{name}', 0)::text",
        other.id
    );
    assert_ne!(texts(&own, &guess).await, held);
    shop.close().await;
}
