//! Receivers that misbehave: each delivery ends as documented, and nobody else is harmed.

use std::time::{Duration, Instant};

use affiliate_tests::database::Profile;
use affiliate_tests::receiver::{Answer, Receiver};
use affiliate_tests::shop::Shop;
use affiliate_tests::trap::{Trap, TrapServer};
use affiliate_tests::wait::until;
use serde_json::{Value, json};

use crate::support::{add_endpoint, change, emit, endpoint, let_pauses_pass, log, settled};

/// Sends one event to a URL, with the shortest time limit, and gives its first attempt once that is settled.
async fn first_attempt(shop: &Shop, url: &str) -> Value {
    let client = shop.database.connect_superuser().await;
    let more = json!({"timeout_ms": 1000, "max_attempts": 1});
    let id = add_endpoint(&shop.project, url, more).await;
    emit(&client, id, 1).await;
    until("the attempt", async || {
        let attempt = log(&shop.project, id).await[0]["attempts"][0].clone();
        attempt.is_object().then_some(attempt)
    })
    .await
}

#[tokio::test]
async fn no_answer_is_a_failure_that_says_why() {
    let shop = Shop::open(Profile::Portable).await;
    for (trap, words) in [
        (Trap::Hang, "no response within 1000 ms"),
        (Trap::DripHead, "no response within 1000 ms"),
        (Trap::Close, "closed"),
        (Trap::EndlessHeader, "too large"),
    ] {
        let server = TrapServer::start(trap).await;
        let attempt = first_attempt(&shop, server.url()).await;
        assert_eq!(attempt["status_code"], Value::Null, "{trap:?}");
        let error = attempt["error"].as_str().expect("an error");
        assert!(error.contains(words), "{trap:?}: {error}");
        assert_eq!(attempt["url"], server.url());
        let took = attempt["duration_ms"].as_i64().expect("a duration");
        assert!(took < 2000, "{trap:?} took {took} ms");
    }
    for (url, words) in [
        ("http://does-not-exist.invalid/hook", "failed to lookup"),
        ("http://127.0.0.1:1/hook", "refused"),
    ] {
        let attempt = first_attempt(&shop, url).await;
        let error = attempt["error"].as_str().expect("an error");
        assert!(error.contains(words), "{url}: {error}");
    }
    shop.close().await;
}

/// A connection that was used before may be about to be closed: that must not cost a second attempt.
#[tokio::test]
async fn an_attempt_after_the_first_has_a_connection_of_its_own() {
    let shop = Shop::open(Profile::Portable).await;
    let client = shop.database.connect_superuser().await;
    let server = TrapServer::start(Trap::Refuse).await;
    let more = json!({"max_attempts": 4, "retry_schedule": [1, 1, 1]});
    let id = add_endpoint(&shop.project, server.url(), more).await;
    emit(&client, id, 1).await;
    settled(&client, id, "dead", 1).await;
    assert_eq!(server.connections(), 4);
    // A first attempt takes what is there.
    emit(&client, id, 1).await;
    settled(&client, id, "dead", 2).await;
    assert!(server.connections() <= 8);
    shop.close().await;
}

#[tokio::test]
async fn a_status_counts_whatever_becomes_of_the_body() {
    let shop = Shop::open(Profile::Portable).await;
    for (trap, length, error) in [
        (Trap::DripBody, 1..1000, "the response broke off"),
        (Trap::BreakOff, 4..5, "the response broke off"),
        (Trap::Flood, 4096..4097, ""),
    ] {
        let server = TrapServer::start(trap).await;
        let attempt = first_attempt(&shop, server.url()).await;
        assert_eq!(attempt["status_code"], 200, "{trap:?}");
        let kept = attempt["response"].as_str().expect("a response").len();
        assert!(length.contains(&kept), "{trap:?}: {kept} bytes are kept");
        let words = attempt["error"].as_str().unwrap_or_default();
        assert!(words.contains(error), "{trap:?}: {words}");
        // What the sockets between hold, not what is offered.
        let written = server.written();
        assert!(written < 20_000_000, "{written} bytes were taken");
        let took = attempt["duration_ms"].as_i64().expect("a duration");
        assert!(took < 2000, "{trap:?} took {took} ms");
    }
    shop.close().await;
}

/// The parser of answers takes them for as long as there are more.
#[tokio::test]
async fn interim_answers_without_end_keep_nobody_from_being_served() {
    let shop = Shop::open(Profile::Portable).await;
    let client = shop.database.connect_superuser().await;
    let (flood, receiver) = (
        TrapServer::start(Trap::Interim).await,
        Receiver::start().await,
    );
    let more = json!({"timeout_ms": 1000, "max_attempts": 1});
    let flooded = add_endpoint(&shop.project, flood.url(), more).await;
    let well = add_endpoint(&shop.project, receiver.url(), json!({})).await;
    emit(&client, flooded, 4).await;
    until("a flood", async || (flood.written() > 0).then_some(())).await;
    emit(&client, well, 1).await;
    settled(&client, well, "delivered", 1).await;
    assert_eq!(shop.project.get("/api/v1/affiliates").await.status, 200);
    settled(&client, flooded, "dead", 4).await;
    for delivery in log(&shop.project, flooded).await {
        let attempt = &delivery["attempts"][0];
        assert_eq!(attempt["status_code"], Value::Null);
        assert!(attempt["error"].is_string(), "{attempt}");
    }
    shop.close().await;
}

#[tokio::test]
async fn redirects_are_failures_and_not_followed() {
    let shop = Shop::open(Profile::Portable).await;
    let client = shop.database.connect_superuser().await;
    let (receiver, elsewhere) = (Receiver::start().await, Receiver::start().await);
    for code in [301, 302, 307, 308] {
        receiver.answer([Answer::status(code).header("location", elsewhere.url())]);
    }
    let id = add_endpoint(&shop.project, receiver.url(), json!({"max_attempts": 1})).await;
    emit(&client, id, 4).await;
    settled(&client, id, "dead", 4).await;
    assert!(elsewhere.requests().is_empty());
    shop.close().await;
}

#[tokio::test]
async fn three_failures_are_the_end_and_the_event_is_kept() {
    let shop = Shop::open(Profile::Portable).await;
    let client = shop.database.connect_superuser().await;
    let receiver = Receiver::start().await;
    receiver.answer((0..3).map(|_| Answer::status(500).body("no")));
    let id = add_endpoint(&shop.project, receiver.url(), json!({})).await;
    emit(&client, id, 1).await;
    let_pauses_pass(&shop.database, id).await;
    let_pauses_pass(&shop.database, id).await;
    settled(&client, id, "dead", 1).await;
    let delivery = log(&shop.project, id).await.remove(0);
    let attempts = delivery["attempts"].as_array().expect("attempts");
    let told = attempts
        .iter()
        .map(|a| (a["status_code"].clone(), a["response"].clone()));
    assert!(
        told.eq([1, 2, 3].map(|_| (json!(500), json!("no")))),
        "{attempts:?}"
    );
    let requests = receiver.requests();
    assert!(
        requests.iter().all(|r| r.body == requests[0].body) && requests.len() == 3,
        "{requests:?}"
    );
    assert!(endpoint(&shop.project, id).await["failing_since"].is_string());
    // One success, and it is well again.
    emit(&client, id, 1).await;
    settled(&client, id, "delivered", 1).await;
    assert!(endpoint(&shop.project, id).await["failing_since"].is_null());
    shop.close().await;
}

#[tokio::test]
async fn an_endpoint_that_is_gone_is_disabled_and_says_why() {
    let shop = Shop::open(Profile::Portable).await;
    let client = shop.database.connect_superuser().await;
    let receiver = Receiver::start().await;
    receiver.answer([Answer::status(410)]);
    let id = add_endpoint(&shop.project, receiver.url(), json!({"ordered": true})).await;
    emit(&client, id, 3).await;
    let disabled = until("the endpoint to be disabled", async || {
        let row = endpoint(&shop.project, id).await;
        (row["enabled"] == json!(false)).then_some(row)
    })
    .await;
    assert_eq!(disabled["disabled_reason"], "it answered 410 Gone");
    assert!(disabled["disabled_at"].is_string());
    assert_eq!(receiver.requests().len(), 1);
    settled(&client, id, "pending", 3).await;
    let enabled = change(&shop.project, id, json!({"enabled": true})).await;
    for field in ["disabled_at", "disabled_reason", "failing_since"] {
        assert_eq!(enabled[field], Value::Null, "{field}");
    }
    settled(&client, id, "delivered", 3).await;
    shop.close().await;
}

#[tokio::test]
async fn an_endpoint_that_fails_for_days_is_disabled() {
    let shop = Shop::open(Profile::Portable).await;
    let client = shop.database.connect_superuser().await;
    let receiver = Receiver::start().await;
    receiver.answer((0..3).map(|_| Answer::status(500)));
    let id = add_endpoint(&shop.project, receiver.url(), json!({})).await;
    emit(&client, id, 1).await;
    for (settled, days) in [(1, 4), (2, 6)] {
        until("the attempt to be settled", async || {
            let delivery = &log(&shop.project, id).await[0];
            let attempts = delivery["attempts"].as_array().map(Vec::len);
            (attempts == Some(settled)).then_some(())
        })
        .await;
        let row = endpoint(&shop.project, id).await;
        assert!(
            row["failing_since"].is_string() && row["enabled"] == true,
            "{row}"
        );
        let past = "UPDATE affiliate_private.webhook_endpoint SET failing_since = now() - $2 * interval '1 day' WHERE endpoint_id = $1";
        client
            .execute(past, &[&id, &f64::from(days)])
            .await
            .expect("time passes");
        let_pauses_pass(&shop.database, id).await;
    }
    let disabled = until("the endpoint to be disabled", async || {
        let row = endpoint(&shop.project, id).await;
        (row["enabled"] == json!(false)).then_some(row)
    })
    .await;
    assert_eq!(
        disabled["disabled_reason"],
        "every attempt for five days failed"
    );
    shop.close().await;
}

#[tokio::test]
async fn retry_after_is_honoured_where_it_is_longer() {
    let shop = Shop::open(Profile::Portable).await;
    let client = shop.database.connect_superuser().await;
    let receiver = Receiver::start().await;
    receiver.answer([Answer::status(503).header("retry-after", "7200")]);
    let id = add_endpoint(&shop.project, receiver.url(), json!({})).await;
    emit(&client, id, 1).await;
    let pause = pause_after_failure(&client, id).await;
    assert!((7195.0..7201.0).contains(&pause), "{pause} s");
    shop.close().await;
}

#[tokio::test]
async fn a_schedule_of_ones_own_is_followed() {
    let shop = Shop::open(Profile::Portable).await;
    let client = shop.database.connect_superuser().await;
    let receiver = Receiver::start().await;
    receiver.answer((0..3).map(|_| Answer::status(500)));
    let three_days = json!({"retry_schedule": [60, 86_400, 172_000, 5000]});
    let id = add_endpoint(&shop.project, receiver.url(), three_days).await;
    let row = endpoint(&shop.project, id).await;
    assert_eq!(row["retry_schedule"], json!([60, 86_400, 172_000]));
    assert_eq!(row["max_attempts"], 4);
    emit(&client, id, 1).await;
    for expected in [60.0, 86_400.0, 172_000.0] {
        let pause = pause_after_failure(&client, id).await;
        let (least, most) = (expected * 0.8 - 5.0, expected * 1.2);
        assert!((least..=most).contains(&pause), "{pause} s of {expected} s");
        let_pauses_pass(&shop.database, id).await;
    }
    settled(&client, id, "delivered", 1).await;
    let row = change(&shop.project, id, json!({"max_attempts": 2})).await;
    assert_eq!(row["retry_schedule"], Value::Null);
    shop.close().await;
}

/// Seconds until the one delivery of an endpoint, which has just failed, is tried again.
async fn pause_after_failure(client: &tokio_postgres::Client, endpoint: i64) -> f64 {
    let sql = "SELECT extract(epoch FROM next_attempt_at - clock_timestamp())::float8 FROM affiliate_private.webhook_delivery
               WHERE endpoint_id = $1 AND next_attempt_at > now()";
    until("the attempt to fail", async || {
        let rows = client.query(sql, &[&endpoint]).await.expect("the pause");
        rows.first().map(|row| row.get(0))
    })
    .await
}

#[tokio::test]
async fn a_trap_does_not_delay_the_others_of_its_project() {
    let shop = Shop::open(Profile::Portable).await;
    let client = shop.database.connect_superuser().await;
    let receiver = Receiver::start().await;
    let traps = [Trap::Hang, Trap::DripBody, Trap::Flood, Trap::Close];
    let mut servers = Vec::new();
    for trap in traps {
        let server = TrapServer::start(trap).await;
        let id = add_endpoint(&shop.project, server.url(), json!({})).await;
        emit(&client, id, 100).await;
        servers.push(server);
    }
    let id = add_endpoint(&shop.project, receiver.url(), json!({})).await;
    let start = Instant::now();
    emit(&client, id, 50).await;
    receiver.wait_for(50).await;
    assert!(
        start.elapsed() < Duration::from_secs(4),
        "{:?}",
        start.elapsed()
    );
    shop.close().await;
}
