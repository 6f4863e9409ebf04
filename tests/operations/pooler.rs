//! Behind a pooler in transaction mode, which the gateway finds out by itself.

use std::time::Duration;

use affiliate_tests::books::assert_clean;
use affiliate_tests::cluster::Cluster;
use affiliate_tests::database::{Profile, TestDatabase};
use affiliate_tests::gateway::Gateway;
use affiliate_tests::mode::Mode;
use affiliate_tests::receiver::Receiver;
use affiliate_tests::shop::{Project, Shop};
use affiliate_tests::stripe::event::Event;
use affiliate_tests::wait::until_within;

async fn behind_a_pooler() -> (Cluster, TestDatabase) {
    let cluster = Cluster::in_mode(Mode::Pooled).await;
    let database = cluster.create_database(Profile::Portable).await;
    (cluster, database)
}

#[tokio::test(flavor = "multi_thread")]
async fn sales_are_taken_at_once_by_many_and_counted_once() {
    let (_cluster, database) = behind_a_pooler().await;
    let shop = Shop::open_on(database, &[]).await;
    assert!(shop.gateway.logs().contains("through a pooler"));
    shop.project.add_affiliate("ada@example.com", "ADA").await;
    let sales: Vec<_> = (0..60)
        .map(|number| {
            let project = shop.project.clone();
            tokio::spawn(async move {
                // Every sale comes twice.
                let sale = Event::sale(&format!("pi_{}", number / 2), 1000).code("ADA");
                project.deliver(&sale).await
            })
        })
        .collect();
    for sale in sales {
        sale.await.expect("it is taken");
    }
    assert_eq!(shop.project.conversions().await.len(), 30);
    assert_clean(&shop.database).await;
}

#[tokio::test]
async fn without_a_direct_connection_webhooks_are_found_by_looking() {
    let (_cluster, database) = behind_a_pooler().await;
    let gateway = Gateway::start_with(&database, &[("AFFILIATE_POLL_INTERVAL_MS", "200")]).await;
    let project = Project::create(&database, &gateway, &[]).await;
    let receiver = Receiver::start().await;
    project.add_webhook(&database, receiver.url(), &[]).await;
    project.add_affiliate("ada@example.com", "ADA").await;
    project
        .deliver(&Event::sale("pi_1", 1000).code("ADA"))
        .await;
    receiver.wait_for(1).await;
}

#[tokio::test]
async fn notifications_come_over_a_direct_connection_where_one_is_given() {
    let (cluster, database) = behind_a_pooler().await;
    let direct = cluster.url("test_gateway", "test", database.name());
    let settings = [
        ("AFFILIATE_POLL_INTERVAL_MS", "600000"),
        ("AFFILIATE_LISTEN_DATABASE_URL", direct.as_str()),
        ("RUST_LOG", "debug"),
    ];
    let gateway = Gateway::start_with(&database, &settings).await;
    let listening = async || {
        gateway
            .logs()
            .contains("listening for notifications")
            .then_some(())
    };
    until_within(Duration::from_secs(30), "the gateway to listen", listening).await;
    let project = Project::create(&database, &gateway, &[]).await;
    let receiver = Receiver::start().await;
    project.add_webhook(&database, receiver.url(), &[]).await;
    project.add_affiliate("ada@example.com", "ADA").await;
    project
        .deliver(&Event::sale("pi_1", 1000).code("ADA"))
        .await;
    // Far sooner than the next look.
    receiver.wait_for(1).await;
}

#[tokio::test]
async fn a_direct_connection_is_not_taken_for_a_pooler() {
    let cluster = Cluster::in_mode(Mode::Portable).await;
    let database = cluster.create_database(Profile::Portable).await;
    let gateway = Gateway::start(&database).await;
    assert!(!gateway.logs().contains("through a pooler"));
    drop(gateway);
    let said = [("AFFILIATE_POOLER", "transaction")];
    let gateway = Gateway::start_with(&database, &said).await;
    assert!(gateway.logs().contains("through a pooler"));
}
