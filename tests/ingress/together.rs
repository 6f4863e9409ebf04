//! Events that wait for the database go in together; each is answered as if it had come alone.

use affiliate_tests::shop::{Answer, Shop};
use affiliate_tests::stripe::event::Event;
use affiliate_tests::wait::until;
use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio_postgres::Client;

use crate::support::{assert_refused, assert_taken, connect, deliver, open, secret, thin};

/// One connection for events, so that all but one at a time have to wait.
const ONE_LANE: &[(&str, &str)] = &[("AFFILIATE_POOL_SIZE", "4")];

fn sale(number: usize) -> Vec<u8> {
    Event::sale(&format!("pi_{number}"), 10_000)
        .code("ADA")
        .body()
}

async fn send(shop: &Shop, body: &[u8]) -> Answer {
    deliver(shop, "stripe", secret("stripe"), body).await
}

/// A connection that has these events wait until its transaction ends.
async fn hold(shop: &Shop, events: &[&str]) -> Client {
    let client = shop.database.connect_superuser().await;
    client.batch_execute("BEGIN").await.expect("a transaction");
    for event in events {
        let name = format!("event:stripe:{event}");
        let lock = "SELECT affiliate_private.lock_facts($1, ARRAY[$2])";
        let locked = client.execute(lock, &[&shop.project.id, &name]).await;
        locked.expect("a lock");
    }
    client
}

/// The keys of stored events, in order.
async fn stored(shop: &Shop) -> Vec<String> {
    let mut keys: Vec<String> = (shop.stored_events().await.into_iter())
        .map(|(key, _)| key)
        .collect();
    keys.sort();
    keys
}

/// Events with the secrets they were signed with, in one call; gives what became of each.
async fn ingest(shop: &Shop, client: &Client, events: &[(i64, Vec<u8>)]) -> Vec<Option<String>> {
    let ids = vec![None::<String>; events.len()];
    let secrets: Vec<i64> = events.iter().map(|event| event.0).collect();
    let bodies: Vec<&[u8]> = events.iter().map(|event| &event.1[..]).collect();
    let together = "SELECT affiliate_api.ingest_provider_events($1, 'stripe', $2, $3, $4)";
    let row = client
        .query_one(together, &[&shop.project.id, &secrets, &ids, &bodies])
        .await
        .expect("answers");
    let answers: Vec<Option<String>> = row.get(0);
    let statuses = answers.into_iter().map(|answer| {
        let answer: Value = serde_json::from_str(&answer?).expect("JSON");
        Some(answer["status"].as_str().expect("a status").to_owned())
    });
    statuses.collect()
}

#[tokio::test]
async fn what_cannot_go_in_with_others_is_left_out_and_they_are_not() {
    let shop = open(&[]).await;
    shop.project.add_affiliate("ada@example.com", "ADA").await;
    let blocker = hold(&shop, &["evt_sale_pi_2"]).await;
    let client = shop.database.connect_superuser().await;
    let patience = "SET statement_timeout = '20s'";
    client.batch_execute(patience).await.expect("a setting");
    let known = shop.stripe_secret_id().await;
    // The first on a connection takes longer, and how long a call may go on is limited.
    let first = ingest(&shop, &client, &[(known, sale(0))]).await;
    assert_eq!(first, [Some("applied".to_owned())]);
    let events = [
        (known, sale(1), Some("applied")),
        (known, thin(1), None),
        // Somebody else holds its lock.
        (known, sale(2), None),
        (known, sale(1), Some("duplicate")),
        (known + 1000, sale(3), None),
        (known, sale(4), Some("applied")),
        (known, b"[".to_vec(), Some("parked")),
    ];
    let expected = events
        .each_ref()
        .map(|event| event.2.map(ToOwned::to_owned));
    let sent = events.map(|event| (event.0, event.1));
    assert_eq!(ingest(&shop, &client, &sent).await, expected);
    let keys = stored(&shop).await;
    let sales = ["evt_sale_pi_0", "evt_sale_pi_1", "evt_sale_pi_4"];
    assert_eq!(keys[..3], sales);
    assert!(
        keys.len() == 4 && keys[3].starts_with("sha256:"),
        "{keys:?}"
    );
    // How long it waits for locks is of that call alone.
    let limit = client.query_one("SHOW lock_timeout", &[]).await;
    assert_eq!(limit.expect("a setting").get::<_, &str>(0), "0");
    drop(blocker);
    shop.close().await;
}

#[tokio::test]
async fn what_would_keep_others_locks_too_long_is_left_out() {
    let shop = open(&[]).await;
    let held: Vec<String> = (1..=6).map(|n| format!("evt_sale_pi_{n}")).collect();
    let held: Vec<&str> = held.iter().map(String::as_str).collect();
    let blocker = hold(&shop, &held).await;
    let client = shop.database.connect_superuser().await;
    let known = shop.stripe_secret_id().await;
    // Three of the six are waited for, a tenth of a second each, and then the call has lasted long enough.
    let events: Vec<_> = (1..=7).map(|n| (known, sale(n))).collect();
    assert_eq!(ingest(&shop, &client, &events).await, [const { None }; 7]);
    assert!(stored(&shop).await.is_empty());
    drop(blocker);
    shop.close().await;
}

#[tokio::test]
async fn a_crowd_is_answered_each_for_itself() {
    let shop = open(ONE_LANE).await;
    shop.project.add_affiliate("ada@example.com", "ADA").await;
    let mut bodies: Vec<(&str, Vec<u8>)> = Vec::new();
    for number in 0..40 {
        bodies.push(("sale", sale(number)));
        if number % 4 == 0 {
            bodies.push(("sale", sale(number)));
            bodies.push(("thin", thin(number)));
            bodies.push((
                "mode",
                Event::sale(&format!("live_{number}"), 1)
                    .set("/livemode", json!(true))
                    .body(),
            ));
        }
    }
    connect(&shop, "stripe", json!({"environment": "test"})).await;
    let answers = join_all(bodies.iter().map(|(_, body)| send(&shop, body))).await;
    let mut statuses: Vec<String> = Vec::new();
    for ((kind, _), answer) in bodies.iter().zip(&answers) {
        match *kind {
            "thin" => assert_refused(answer, 400, "thin event"),
            "mode" => assert_refused(answer, 400, "live mode event"),
            _ => {
                assert_taken(answer);
                statuses.push(
                    answer.json()["status"]
                        .as_str()
                        .expect("a status")
                        .to_owned(),
                );
            }
        }
    }
    statuses.sort();
    let expected = [vec!["applied"; 40], vec!["duplicate"; 10]].concat();
    assert_eq!(statuses, expected);
    assert_eq!(stored(&shop).await.len(), 40);
    let ada = shop.project.affiliate("ada@example.com").await;
    assert_eq!(ada["total_earnings"], json!("800.00"));
    // Those of one transaction have its time.
    let client = shop.database.connect_superuser().await;
    let most = "SELECT max(t.events) FROM (SELECT count(*) AS events FROM affiliate_private.provider_event AS e GROUP BY e.received_at) AS t";
    let most: i64 = client.query_one(most, &[]).await.expect("a number").get(0);
    assert!((2..=16).contains(&most), "{most} in one transaction");
    shop.close().await;
}

#[tokio::test]
async fn an_event_that_waits_for_a_lock_holds_up_no_other() {
    let shop = open(ONE_LANE).await;
    shop.project.add_affiliate("ada@example.com", "ADA").await;
    let held = ["evt_sale_pi_1", "evt_sale_pi_2", "evt_sale_pi_3"];
    let blocker = hold(&shop, &held).await;
    let client = shop.database.connect_superuser().await;
    let (one, two, three) = (sale(1), sale(2), sale(3));
    let waiting = async { join_all([&one, &two, &three].map(|body| send(&shop, body))).await };
    let others = async {
        let sql =
            "SELECT count(*) FROM pg_locks AS l WHERE l.locktype = 'advisory' AND NOT l.granted";
        until("the three to wait", async || {
            let row = client.query_one(sql, &[]).await.expect("a number");
            (row.get::<_, i64>(0) == 3).then_some(())
        })
        .await;
        let answers = join_all((4..24).map(async |number| send(&shop, &sale(number)).await)).await;
        answers.iter().for_each(assert_taken);
        assert_eq!(stored(&shop).await.len(), 20);
        blocker.batch_execute("COMMIT").await.expect("an end");
    };
    let (answers, ()) = tokio::join!(waiting, others);
    answers.iter().for_each(assert_taken);
    assert_eq!(stored(&shop).await.len(), 23);
    shop.close().await;
}
