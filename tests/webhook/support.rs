//! Endpoints and made-up events, without the detour of a sale.

use affiliate_tests::database::TestDatabase;
use affiliate_tests::shop::Project;
use affiliate_tests::wait::until;
use serde_json::{Value, json};
use tokio_postgres::Client;

/// Adds an endpoint and gives its id.
pub async fn add_endpoint(project: &Project, url: &str, more: Value) -> i64 {
    let mut body = json!({"url": url});
    let fields = body.as_object_mut().expect("an object");
    fields.extend(more.as_object().expect("an object").clone());
    let answer = project.post("/api/v1/webhooks", &body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.json()["data"]["id"].as_i64().expect("an id")
}

/// An endpoint as the API shows it.
pub async fn endpoint(project: &Project, id: i64) -> Value {
    let answer = project.get(&format!("/api/v1/webhooks/{id}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["data"].clone()
}

/// Changes an endpoint.
pub async fn change(project: &Project, id: i64, changes: Value) -> Value {
    let answer = project
        .put(&format!("/api/v1/webhooks/{id}"), &changes)
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["data"].clone()
}

/// What was sent to an endpoint, newest first.
pub async fn log(project: &Project, id: i64) -> Vec<Value> {
    let path = format!("/api/v1/webhooks/{id}/deliveries?limit=500");
    let answer = project.get(&path).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["data"].as_array().expect("a list").clone()
}

/// Events for an endpoint, all in one transaction, and the doorbell.
pub async fn emit(client: &Client, endpoint: i64, count: i32) {
    let sql = "SELECT affiliate_private.emit_test_webhook(e, 'referral_converted') FROM affiliate_private.webhook_endpoint AS e, generate_series(1, $2)
               WHERE e.endpoint_id = $1";
    client
        .execute(sql, &[&endpoint, &count])
        .await
        .expect("events");
}

/// How many deliveries of an endpoint have this status.
pub async fn count(client: &Client, endpoint: i64, status: &str) -> i64 {
    let sql = "SELECT count(*) FROM affiliate_private.webhook_delivery WHERE endpoint_id = $1 AND status = $2";
    let row = client.query_one(sql, &[&endpoint, &status]).await;
    row.expect("a count").get(0)
}

/// Waits until this many deliveries of an endpoint have come to this end.
pub async fn settled(client: &Client, endpoint: i64, status: &str, expected: i64) {
    until(&format!("{expected} deliveries {status}"), async || {
        (count(client, endpoint, status).await == expected).then_some(())
    })
    .await;
}

/// Lets time pass for every delivery of an endpoint that waits for its next attempt, at least one.
pub async fn let_pauses_pass(database: &TestDatabase, endpoint: i64) {
    let client = database.connect_superuser().await;
    let sql = "UPDATE affiliate_private.webhook_delivery SET next_attempt_at = now()
               WHERE endpoint_id = $1 AND status = 'pending' AND next_attempt_at > now()";
    until("a delivery to wait", async || {
        let changed = client.execute(sql, &[&endpoint]).await;
        (changed.expect("an update") > 0).then_some(())
    })
    .await;
    let ring = client.batch_execute("NOTIFY affiliate_outbox").await;
    ring.expect("the doorbell rings");
}
