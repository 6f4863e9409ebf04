//! What the shop's own systems receive: signed as the integration guide verifies it, again after a failure, and never
//! lost when a gateway stops or dies.

use std::collections::BTreeSet;
use std::time::Duration;

use affiliate_tests::database::{Profile, TestDatabase};
use affiliate_tests::gateway::Gateway;
use affiliate_tests::receiver::{Answer, Receiver, Request};
use affiliate_tests::shop::Shop;
use affiliate_tests::snippet::{PHP_SECRET, Snippet, reserialised_by_node};
use affiliate_tests::stripe::event::Event;
use affiliate_tests::wait::until;

/// Sells once and gives what an endpoint with these options was sent about it, and its secret.
async fn sell(profile: Profile, options: &[&str]) -> (Request, String) {
    let shop = Shop::open(profile).await;
    let receiver = Receiver::start().await;
    let project = &shop.project;
    let url = receiver.url();
    let secret = project.add_webhook(&shop.database, url, options).await;
    project.add_affiliate("ada@example.com", "ADA").await;
    // Text that a printer of JSON may be tempted to escape.
    let sale = Event::sale("pi/1", 5000).email("jürgen+a/b<c>&d@exämple.com");
    project.deliver(&sale.code("ADA")).await;
    let request = receiver.wait_for(1).await.remove(0);
    shop.close().await;
    (request, secret)
}

/// The bytes with one letter of a value changed, still JSON and of the same length.
fn tampered(body: &[u8]) -> Vec<u8> {
    let text = String::from_utf8(body.to_vec()).expect("UTF-8");
    let changed = text.replacen("ada@example.com", "eve@example.com", 1);
    assert_ne!(text, changed);
    changed.into_bytes()
}

#[tokio::test]
async fn the_guides_node_snippet_accepts_what_is_sent_and_nothing_else() {
    for profile in Profile::KERNELS {
        let (request, secret) = sell(profile, &[]).await;
        assert!(secret.starts_with("whsec_"), "{secret}");
        let node = Snippet::node(&secret).await;
        assert_eq!(node.answers(&request, request.body.to_vec()).await, 200);
        assert_eq!(node.answers(&request, tampered(&request.body)).await, 401);
        let other = Snippet::node("whsec_another").await;
        assert_eq!(other.answers(&request, request.body.to_vec()).await, 401);
    }
}

#[tokio::test]
async fn the_guides_php_snippet_accepts_what_is_sent_and_nothing_else() {
    for profile in Profile::KERNELS {
        let typed = ["--secret", PHP_SECRET];
        let (request, secret) = sell(profile, &typed).await;
        assert_eq!(secret, PHP_SECRET);
        let php = Snippet::php().await;
        assert_eq!(php.answers(&request, request.body.to_vec()).await, 200);
        assert_eq!(php.answers(&request, tampered(&request.body)).await, 401);
        let (other, _) = sell(profile, &[]).await;
        assert_eq!(php.answers(&other, other.body.to_vec()).await, 401);
    }
}

#[tokio::test]
async fn a_receiver_that_prints_the_json_again_gets_the_same_bytes() {
    for profile in Profile::KERNELS {
        let (request, _) = sell(profile, &[]).await;
        assert_eq!(request.json()["conversion"]["amount"].to_string(), "50");
        let printed = reserialised_by_node(&request.body);
        assert_eq!(
            String::from_utf8_lossy(&printed),
            String::from_utf8_lossy(&request.body)
        );
    }
}

#[tokio::test]
async fn the_headers_are_the_documented_ones() {
    let (request, _) = sell(Profile::Portable, &[]).await;
    for (name, value) in [
        ("content-type", "application/json"),
        ("user-agent", "Refgrow-Webhooks/1.0"),
        ("x-refgrow-event", "referral_converted"),
    ] {
        assert_eq!(request.header(name), value);
    }
    assert_eq!(request.header("webhook-id"), id(&request));
}

#[tokio::test]
async fn a_failed_delivery_is_repeated_with_the_same_id_and_body() {
    let shop = Shop::open(Profile::Portable).await;
    let receiver = Receiver::start().await;
    receiver.answer([Answer::status(500).body("not today")]);
    sell_some(&shop, &receiver, 1).await;
    let requests = receiver.wait_for(2).await;
    assert_eq!(id(&requests[0]), id(&requests[1]));
    assert_eq!(requests[0].body, requests[1].body);
    settled(&shop.database, "delivered", 1).await;
    assert_eq!(receiver.requests().len(), 2);
    shop.close().await;
}

#[tokio::test]
async fn an_endpoint_that_always_fails_is_given_up_and_the_event_kept() {
    let shop = Shop::open(Profile::Portable).await;
    let receiver = Receiver::start().await;
    receiver.answer((0..3).map(|_| Answer::status(500)));
    sell_some(&shop, &receiver, 1).await;
    for attempts in 1..=2 {
        make_due(&shop.database, attempts).await;
    }
    settled(&shop.database, "dead", 1).await;
    assert_eq!(receiver.requests().len(), 3);
    shop.close().await;
}

#[tokio::test]
async fn a_gateway_that_is_asked_to_stop_finishes_what_is_on_the_wire_and_gives_back_the_rest() {
    let shop = Shop::open(Profile::Portable).await;
    let receiver = Receiver::start().await;
    // More than are sent to one host at once, so that some are claimed and wait.
    let count = 30;
    receiver.answer((0..count).map(|_| Answer::status(200).delayed(Duration::from_secs(1))));
    sell_some(&shop, &receiver, count).await;
    let under_way = receiver.wait_for(1).await.len();
    let Shop {
        gateway, database, ..
    } = shop;
    assert_eq!(gateway.stop().await.code(), Some(0));
    let sent = receiver.requests().len();
    assert!(under_way <= sent && sent < count, "{sent} of {count} sent");
    // Nothing is in between: sent is settled, the rest is due.
    settled(&database, "delivered", sent).await;
    let _gateway = Gateway::start(&database).await;
    settled(&database, "delivered", count).await;
    let requests = receiver.requests();
    let ids: BTreeSet<_> = requests.iter().map(id).collect();
    assert_eq!((requests.len(), ids.len()), (count, count));
    database.drop().await;
}

#[tokio::test]
async fn what_a_killed_gateway_was_sending_is_sent_again_with_the_same_id() {
    let shop = Shop::open(Profile::Portable).await;
    let receiver = Receiver::start().await;
    receiver.answer([Answer::status(200).delayed(Duration::from_secs(60))]);
    sell_some(&shop, &receiver, 1).await;
    receiver.wait_for(1).await;
    let Shop {
        gateway, database, ..
    } = shop;
    gateway.kill9();
    let _gateway = Gateway::start(&database).await;
    // The lease of the dead gateway ends after a minute; the test does not wait for it.
    end_lease(&database).await;
    let requests = receiver.wait_for(2).await;
    assert_eq!(id(&requests[0]), id(&requests[1]));
    settled(&database, "delivered", 1).await;
    database.drop().await;
}

async fn sell_some(shop: &Shop, receiver: &Receiver, count: usize) {
    let project = &shop.project;
    let url = receiver.url();
    project.add_webhook(&shop.database, url, &[]).await;
    project.add_affiliate("ada@example.com", "ADA").await;
    for number in 0..count {
        let sale = Event::sale(&format!("pi_{number}"), 5000).code("ADA");
        project.deliver(&sale).await;
    }
}

fn id(request: &Request) -> String {
    let id = request.json()["id"].as_str().expect("an id").to_owned();
    assert_eq!(request.header("webhook-id"), id);
    id
}

/// Waits until this many deliveries have come to this end.
async fn settled(database: &TestDatabase, status: &str, count: usize) {
    let client = database.connect_superuser().await;
    let sql = "SELECT count(*) FROM affiliate_private.webhook_delivery WHERE status = $1";
    until(&format!("{count} deliveries {status}"), async || {
        let row = client.query_one(sql, &[&status]).await.expect("a count");
        (usize::try_from(row.get::<_, i64>(0)).ok()? == count).then_some(())
    })
    .await;
}

/// Lets time pass for the delivery that was tried this often and waits.
async fn make_due(database: &TestDatabase, attempts: i32) {
    let sql = format!(
        "UPDATE affiliate_private.webhook_delivery SET next_attempt_at = now()
         WHERE status = 'pending' AND attempts = {attempts} AND next_attempt_at > now()"
    );
    pass_time(database, &sql).await;
}

/// Lets time pass for the lease of a gateway that is gone.
async fn end_lease(database: &TestDatabase) {
    pass_time(
        database,
        "UPDATE affiliate_private.webhook_lease SET ends_at = now()",
    )
    .await;
}

async fn pass_time(database: &TestDatabase, sql: &str) {
    let client = database.connect_superuser().await;
    until("the delivery to wait", async || {
        let changed = client.execute(sql, &[]).await;
        (changed.expect("an update") > 0).then_some(())
    })
    .await;
    let ring = client.batch_execute("NOTIFY affiliate_outbox").await;
    ring.expect("the doorbell rings");
}
