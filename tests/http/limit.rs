//! The rate limit, on one gateway and on several.

mod refusals;

use std::collections::HashMap;
use std::sync::Arc;

use affiliate_tests::wait::until;
use reqwest::Method;
use serde_json::json;
use tokio::task::JoinSet;

use crate::shop::{Api, Headers, Shop, ask, id_of};

const LIST: &str = "/api/v1/affiliates?limit=1";

/// Fires `count` requests at once, every n-th at the n-th gateway, and counts the answers by status.
async fn fire(gateways: &[Arc<Api>], key: &str, count: usize, path: &str) -> HashMap<u16, usize> {
    let mut requests = JoinSet::new();
    for number in 0..count {
        let api = Arc::clone(&gateways[number % gateways.len()]);
        let (key, path) = (key.to_owned(), path.to_owned());
        requests.spawn(async move { api.get_as(&key, &path).await.status });
    }
    let mut statuses = HashMap::new();
    for status in requests.join_all().await {
        *statuses.entry(status).or_default() += 1;
    }
    statuses
}

async fn two_gateways(shop: &Shop) -> [Arc<Api>; 2] {
    [
        Arc::new(shop.gateway().await),
        Arc::new(shop.gateway().await),
    ]
}

#[tokio::test]
async fn exactly_the_limit_passes_whatever_the_split() {
    let shop = Shop::open().await;
    let [left, right] = two_gateways(&shop).await;
    let splits = [
        vec![Arc::clone(&left), Arc::clone(&right)],
        vec![
            Arc::clone(&left),
            Arc::clone(&left),
            Arc::clone(&left),
            right,
        ],
        vec![left],
    ];
    // A failing request counts like any other, though its own count is rolled back with it.
    for (path, passed) in [(LIST, 200), ("/api/v1/affiliates/nobody@example.com", 404)] {
        for split in &splits {
            let key = shop.create_key("read", 100).await;
            shop.wait_for_window().await;
            let statuses = fire(split, &key, 170, path).await;
            assert_eq!(statuses, HashMap::from([(passed, 100), (429, 70)]));
        }
    }
}

#[tokio::test]
async fn a_high_limit_is_leased_in_blocks_and_never_exceeded() {
    let shop = Shop::open().await;
    let gateways = two_gateways(&shop).await;
    let key = shop.create_key("read", 1_200).await;
    shop.wait_for_window().await;
    let statuses = fire(&gateways, &key, 1_300, LIST).await;
    // Each gateway may be left with a part of its last block of 20.
    let passed = statuses[&200];
    assert!((1_200 - 2 * 20..=1_200).contains(&passed), "{statuses:?}");
    assert_eq!(statuses[&429], 1_300 - passed);
    let used: i32 = shop
        .sql
        .query_one("SELECT used FROM affiliate_private.request_count", &[])
        .await
        .expect("a count")
        .get(0);
    assert_eq!(used, 1_200);
}

#[tokio::test]
async fn requests_from_a_block_write_nothing() {
    let shop = Shop::open().await;
    let api = shop.gateway().await;
    let key = shop.create_key("read", 6_000).await;
    shop.wait_for_window().await;
    for _ in 0..2 {
        assert_eq!(api.get_as(&key, LIST).await.status, 200);
    }
    // Which transaction last wrote the row.
    let version = "SELECT xmin::text FROM affiliate_private.request_count";
    let before: String = shop
        .sql
        .query_one(version, &[])
        .await
        .expect("a row")
        .get(0);
    let left = api.get_as(&key, LIST).await.number("x-ratelimit-remaining");
    for number in 1..50 {
        let answer = api.get_as(&key, LIST).await;
        assert_eq!(answer.number("x-ratelimit-remaining"), left - number);
    }
    let after: String = shop
        .sql
        .query_one(version, &[])
        .await
        .expect("a row")
        .get(0);
    assert_eq!(before, after);
}

#[tokio::test]
async fn a_new_minute_starts_afresh() {
    let shop = Shop::open().await;
    let api = shop.gateway().await;
    let key = shop.create_key("read", 1).await;
    shop.wait_for_window().await;
    assert_eq!(api.get_as(&key, LIST).await.status, 200);
    let refused = api.get_as(&key, LIST).await;
    assert_eq!(refused.status, 429);
    let wait = refused.number("retry-after");
    assert!((1..=60).contains(&wait), "{wait}");
    tokio::time::sleep(std::time::Duration::from_secs(wait.unsigned_abs())).await;
    assert_eq!(api.get_as(&key, LIST).await.status, 200);
}

#[tokio::test]
async fn counts_lost_in_a_crash_are_no_error() {
    let shop = Shop::open().await;
    let api = shop.gateway().await;
    assert_eq!(api.get(LIST).await.status, 200);
    shop.sql
        .batch_execute("TRUNCATE affiliate_private.request_count")
        .await
        .expect("empty, as after a crash");
    assert_eq!(api.get(LIST).await.number("x-ratelimit-remaining"), 99);
}

#[tokio::test]
async fn headers_count_down_to_the_end_of_the_minute() {
    let shop = Shop::open().await;
    let api = shop.gateway().await;
    shop.wait_for_window().await;
    let first = api.get(LIST).await;
    let second = api.get(LIST).await;
    let sql = "SELECT extract(epoch FROM date_trunc('minute', now()))::bigint + 60";
    let reset: i64 = shop.sql.query_one(sql, &[]).await.expect("the time").get(0);
    for (answer, remaining) in [(first, 99), (second, 98)] {
        assert_eq!(answer.number("x-ratelimit-limit"), 100);
        assert_eq!(answer.number("x-ratelimit-remaining"), remaining);
        assert_eq!(answer.number("x-ratelimit-reset"), reset);
    }
}

#[tokio::test]
async fn one_slow_key_leaves_the_connections_to_others() {
    let shop = Shop::open().await;
    let api = Arc::new(shop.gateway().await);
    let (slow, other) = (
        shop.create_key("read", 100).await,
        shop.create_key("read", 100).await,
    );
    assert_eq!(api.get_as(&slow, LIST).await.status, 200);
    assert_eq!(api.get_as(&other, LIST).await.status, 200);
    // Whoever holds the key's row holds up its requests, as a slow one would.
    let holder = shop.database.connect().await;
    holder.batch_execute("BEGIN").await.expect("a transaction");
    let lock = "SELECT 1 FROM affiliate_private.request_count WHERE key_id = $1 FOR UPDATE";
    holder
        .execute(lock, &[&id_of(&slow)])
        .await
        .expect("the row");
    let waiting: Vec<_> = (0..40)
        .map(|_| {
            let (api, slow) = (Arc::clone(&api), slow.clone());
            tokio::spawn(async move { api.get_as(&slow, LIST).await.status })
        })
        .collect();
    until("a request to wait for the row", async || {
        let sql = "SELECT 1 FROM pg_stat_activity WHERE usename = 'test_gateway' AND wait_event_type = 'Lock' \
                   AND datname = current_database()";
        let superuser = shop.database.connect_superuser().await;
        let rows = superuser.query(sql, &[]).await.expect("the waiting ones");
        (rows.len() == 1).then_some(())
    })
    .await;
    for _ in 0..20 {
        assert_eq!(api.get_as(&other, LIST).await.status, 200);
    }
    holder
        .batch_execute("COMMIT")
        .await
        .expect("the row is free");
    for answer in waiting {
        assert_eq!(answer.await.expect("an answer"), 200);
    }
}

#[tokio::test]
async fn every_answer_to_a_valid_key_says_where_it_stands() {
    let shop = Shop::open().await;
    let api = shop.gateway().await;
    let read_only = shop.create_key("read", 100).await;
    shop.wait_for_window().await;
    let post = |body: &'static str, media_type: &str| {
        api.request(Method::POST, "/api/v1/affiliates")
            .header("content-type", media_type)
            .body(body)
    };
    let get = |path: &str| api.request(Method::GET, path);
    let json = "application/json";
    let requests = [
        (201, post(r#"{"email":"a@example.com"}"#, json)),
        (409, post(r#"{"email":"a@example.com"}"#, json)),
        (400, post("{}", json)),
        (400, post("{", json)),
        (415, post("{}", "text/plain")),
        (413, post("", json).body("x".repeat(11 * 1024 * 1024))),
        (200, get("/api/v1/affiliates/a@example.com")),
        (404, get("/api/v1/affiliates/b@example.com")),
        (400, get("/api/v1/affiliates?limit=-1")),
        (404, get("/api/v1/nothing")),
        (405, api.request(Method::PATCH, "/api/v1/affiliates")),
        (
            204,
            api.request(Method::DELETE, "/api/v1/affiliates/a@example.com"),
        ),
    ];
    let mut left = 100;
    for (status, request) in requests {
        let answer = ask(request).await;
        left -= 1;
        assert_eq!(answer.status, status, "{answer:?}");
        assert_eq!(answer.number("x-ratelimit-limit"), 100, "{answer:?}");
        assert_eq!(answer.number("x-ratelimit-remaining"), left, "{answer:?}");
    }
    let forbidden = api.create_affiliate_as(&read_only, "c@example.com").await;
    assert_eq!(forbidden.status, 403);
    assert_eq!(forbidden.number("x-ratelimit-remaining"), 99);
    let stranger = ask(api.anonymous(Method::GET, LIST)).await;
    assert_eq!(stranger.status, 401);
    assert_eq!(stranger.header("x-ratelimit-limit"), None);
    assert_eq!(stranger.header("www-authenticate"), Some("Bearer"));
    assert_eq!(json!(stranger.error()), stranger.json()["message"]);
}
