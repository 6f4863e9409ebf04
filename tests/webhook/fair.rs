//! Nobody waits for another's receiver.

use std::time::{Duration, Instant};

use affiliate_tests::database::Profile;
use affiliate_tests::receiver::Receiver;
use affiliate_tests::shop::Shop;
use affiliate_tests::trap::{Trap, TrapServer};
use serde_json::json;

use crate::support::{add_endpoint, count, emit, settled};

/// Far below the five seconds that a receiver that hangs may take, far above what a delivery takes.
const SOON: Duration = Duration::from_millis(2500);

#[tokio::test]
async fn one_endpoint_that_hangs_with_hundreds_waiting_delays_nobody() {
    let shop = Shop::open(Profile::Portable).await;
    let other = shop.add_project(&[]).await;
    let client = shop.database.connect_superuser().await;
    let (trap, receiver) = (TrapServer::start(Trap::Hang).await, Receiver::start().await);
    let slow = add_endpoint(&shop.project, trap.url(), json!({})).await;
    emit(&client, slow, 600).await;
    let well = add_endpoint(&other, receiver.url(), json!({})).await;
    for n in 1..=10 {
        let start = Instant::now();
        emit(&client, well, 1).await;
        receiver.wait_for(n).await;
        let took = start.elapsed();
        assert!(took < SOON, "delivery {n} took {took:?}");
    }
    settled(&client, well, "delivered", 10).await;
    assert_eq!(count(&client, slow, "pending").await, 600);
    // Bounded, although hundreds are ready.
    assert!(trap.connections() <= 16, "{} at once", trap.connections());
    shop.close().await;
}

#[tokio::test]
async fn many_endpoints_that_hang_delay_nobody() {
    let shop = Shop::open(Profile::Portable).await;
    let client = shop.database.connect_superuser().await;
    let (trap, receiver) = (TrapServer::start(Trap::Hang).await, Receiver::start().await);
    // More than all that are sent at once.
    for _ in 0..10 {
        let project = shop.add_project(&[]).await;
        for _ in 0..4 {
            let slow = add_endpoint(&project, trap.url(), json!({})).await;
            emit(&client, slow, 50).await;
        }
    }
    let well = add_endpoint(&shop.project, receiver.url(), json!({})).await;
    for n in 1..=10 {
        let start = Instant::now();
        emit(&client, well, 1).await;
        receiver.wait_for(n).await;
        let took = start.elapsed();
        assert!(took < SOON, "delivery {n} took {took:?}");
    }
    shop.close().await;
}

#[tokio::test]
async fn a_flood_of_one_project_does_not_delay_another() {
    let shop = Shop::open(Profile::Portable).await;
    let other = shop.add_project(&[]).await;
    let client = shop.database.connect_superuser().await;
    let (flooded, receiver) = (Receiver::start().await, Receiver::start().await);
    let busy = add_endpoint(&shop.project, flooded.url(), json!({})).await;
    let quiet = add_endpoint(&other, receiver.url(), json!({})).await;
    emit(&client, busy, 1500).await;
    flooded.wait_for(10).await;
    emit(&client, quiet, 20).await;
    receiver.wait_for(20).await;
    let waiting = count(&client, busy, "pending").await;
    assert!(waiting > 0, "all of the flood was sent first");
    settled(&client, busy, "delivered", 1500).await;
    shop.close().await;
}

#[tokio::test]
async fn a_claim_costs_the_same_however_much_a_dead_endpoint_has_waiting() {
    let shop = Shop::open(Profile::Portable).await;
    let other = shop.add_project(&[]).await;
    let client = shop.database.connect_superuser().await;
    let (dead, well) = (
        add_endpoint(&shop.project, "http://127.0.0.1:1/", json!({})).await,
        add_endpoint(&other, "http://127.0.0.1:1/", json!({})).await,
    );
    // Nobody but this test claims.
    let Shop {
        gateway, database, ..
    } = shop;
    gateway.kill9();
    emit(&client, dead, 20_000).await;
    emit(&client, well, 50).await;
    client
        .batch_execute("ANALYZE affiliate_private.webhook_delivery")
        .await
        .expect("statistics");
    let claim = "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON)
                 SELECT * FROM affiliate_api.claim_deliveries(40, 60, 0, '{}', ARRAY[$1::bigint], '{0}', 10)";
    let claim = claim.replace("$1::bigint", &dead.to_string());
    let mut reads = Vec::new();
    for _ in 0..4 {
        let row = client.query_one(&claim, &[]).await.expect("a plan");
        let plan: serde_json::Value = row.get(0);
        assert_eq!(plan[0]["Plan"]["Actual Rows"].as_f64(), Some(10.0));
        reads.push(
            plan[0]["Plan"]["Shared Hit Blocks"]
                .as_i64()
                .expect("blocks"),
        );
    }
    let last = reads.pop().expect("a claim");
    assert!(last < 600, "{last} blocks for ten deliveries: {reads:?}");
    database.drop().await;
}

#[tokio::test]
async fn more_projects_than_one_look_takes_in_cannot_hide_another() {
    let shop = Shop::open(Profile::Portable).await;
    let client = shop.database.connect_superuser().await;
    // Hundreds of projects whose endpoints are busy, before one that is not.
    let busy = "WITH project AS (
                  INSERT INTO affiliate_private.project (name, currency) SELECT 'p' || n, 'USD' FROM generate_series(1, 700) AS n RETURNING project_id)
                INSERT INTO affiliate_private.webhook_endpoint (project_id, url, events, secret)
                SELECT project_id, 'http://127.0.0.1:1/', ARRAY['referral_converted'], 'a secret' FROM project RETURNING endpoint_id";
    let Shop {
        gateway, database, ..
    } = shop;
    gateway.kill9();
    let rows = client.query(busy, &[]).await.expect("projects");
    let endpoints: Vec<i64> = rows.iter().map(|row| row.get(0)).collect();
    let event = "SELECT affiliate_private.emit_test_webhook(e, 'referral_converted') FROM affiliate_private.webhook_endpoint AS e";
    client.execute(event, &[]).await.expect("events");
    let (last, full) = (endpoints.len() - 1, vec![0_i32; endpoints.len() - 1]);
    let claim = "SELECT project_id, delivery_id FROM affiliate_api.claim_deliveries(10, 60, $1, '{}', $2, $3, 10)";
    let (mut after, mut found) = (0_i64, None);
    for _ in 0..3 {
        let rows = client
            .query(claim, &[&after, &&endpoints[..last], &full])
            .await
            .expect("a claim");
        after = rows.first().map_or(0, |row| row.get(0));
        found = found.or(rows.iter().find_map(|row| row.get::<_, Option<i64>>(1)));
    }
    assert!(found.is_some(), "the last project is never reached");
    database.drop().await;
}
