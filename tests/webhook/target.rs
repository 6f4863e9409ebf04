//! Where the gateway does not go unless its operator says so.

use affiliate_tests::cluster::Cluster;
use affiliate_tests::database::Profile;
use affiliate_tests::gateway::Gateway;
use affiliate_tests::receiver::Receiver;
use affiliate_tests::shop::Project;
use affiliate_tests::trap::{Trap, TrapServer};
use affiliate_tests::wait::until;
use serde_json::json;

use crate::support::{add_endpoint, emit, log};

#[tokio::test]
async fn nothing_is_sent_to_inner_addresses_or_without_tls_or_through_a_proxy() {
    let database = Cluster::shared()
        .await
        .create_database(Profile::Portable)
        .await;
    let (proxy, inner) = (Receiver::start().await, TrapServer::start(Trap::Hang).await);
    let proxy_url = proxy.url().trim_end_matches("/hook");
    let environment = [
        ("AFFILIATE_ALLOW_PRIVATE_WEBHOOK_TARGETS", "false"),
        ("AFFILIATE_ALLOW_HTTP_WEBHOOK_TARGETS", "false"),
        ("HTTP_PROXY", proxy_url),
        ("HTTPS_PROXY", proxy_url),
        ("ALL_PROXY", proxy_url),
        ("all_proxy", proxy_url),
    ];
    let gateway = Gateway::start_with(&database, &environment).await;
    let project = Project::create(&database, &gateway, &[]).await;
    let client = database.connect_superuser().await;
    let port = inner.url().rsplit(':').next().expect("a port");
    let port = port.trim_end_matches("/hook");
    for (host, words) in [
        ("http://127.0.0.1", "must use https"),
        ("http://example.com", "must use https"),
        ("https://127.0.0.1", "not public"),
        ("https://localhost", "not public"),
        ("https://2130706433", "not public"),
        ("https://0177.0.0.1", "not public"),
        ("https://169.254.169.254", "not public"),
        ("https://0", "not public"),
    ] {
        let url = format!("{host}:{port}/hook");
        let id = add_endpoint(&project, &url, json!({"max_attempts": 1})).await;
        emit(&client, id, 1).await;
        let error = until("the attempt", async || {
            let delivery = &log(&project, id).await[0];
            delivery["attempts"][0]["error"].as_str().map(str::to_owned)
        })
        .await;
        assert!(error.contains(words), "{url}: {error}");
    }
    assert_eq!(inner.connections(), 0);
    assert!(proxy.requests().is_empty());
    drop(gateway);
    database.drop().await;
}

#[tokio::test]
async fn webhooks_arrive_where_listen_is_not_to_be_had() {
    let database = Cluster::shared()
        .await
        .create_database(Profile::Portable)
        .await;
    let environment = [
        ("AFFILIATE_LISTEN_DATABASE_URL", "none"),
        ("AFFILIATE_POLL_INTERVAL_MS", "200"),
    ];
    let gateway = Gateway::start_with(&database, &environment).await;
    let project = Project::create(&database, &gateway, &[]).await;
    let client = database.connect_superuser().await;
    let receiver = Receiver::start().await;
    let id = add_endpoint(&project, receiver.url(), json!({})).await;
    for count in [1, 2] {
        emit(&client, id, 1).await;
        receiver.wait_for(count).await;
    }
    drop(gateway);
    database.drop().await;
}

/// Such as the payment of many payouts, which takes a while and says so of each conversion.
#[tokio::test]
async fn a_transaction_that_goes_on_for_long_does_not_keep_others_from_ringing() {
    let database = Cluster::shared()
        .await
        .create_database(Profile::Portable)
        .await;
    let seldom = [("AFFILIATE_POLL_INTERVAL_MS", "60000")];
    let gateway = Gateway::start_with(&database, &seldom).await;
    let project = Project::create(&database, &gateway, &[]).await;
    let receiver = Receiver::start().await;
    let id = add_endpoint(&project, receiver.url(), json!({})).await;
    let long = database.connect_superuser().await;
    long.batch_execute("BEGIN").await.expect("a transaction");
    emit(&long, id, 1).await;
    let client = database.connect_superuser().await;
    until("an event to be announced", async || {
        emit(&client, id, 1).await;
        (!receiver.requests().is_empty()).then_some(())
    })
    .await;
    drop(gateway);
    database.drop().await;
}

#[tokio::test]
async fn the_doorbell_rings_a_few_times_a_second_at_most() {
    let database = Cluster::shared()
        .await
        .create_database(Profile::Portable)
        .await;
    let gateway = Gateway::start(&database).await;
    let project = Project::create(&database, &gateway, &[]).await;
    let receiver = Receiver::start().await;
    let id = add_endpoint(&project, receiver.url(), json!({})).await;
    let client = database.connect_superuser().await;
    let rung = "SELECT max(rung_at)::text FROM affiliate_private.doorbell";
    let (mut rings, mut last) = (0, String::new());
    let start = std::time::Instant::now();
    let mut emitted = 0;
    while start.elapsed() < std::time::Duration::from_secs(2) {
        emit(&client, id, 1).await;
        emitted += 1;
        let now: String = client.query_one(rung, &[]).await.expect("a time").get(0);
        if now != last {
            rings += 1;
            last = now;
        }
    }
    assert!(emitted > 50, "only {emitted} transactions");
    assert!((4..=10).contains(&rings), "{rings} rings in two seconds");
    // What did not ring is found soon, not with the next poll.
    receiver.wait_for(emitted).await;
    assert!(start.elapsed() < std::time::Duration::from_secs(5));
    drop(gateway);
    database.drop().await;
}
