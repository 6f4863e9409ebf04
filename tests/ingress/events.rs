//! What was sent can be looked at: the raw event, what was read from it, and what it did or why it did not.

use affiliate_tests::shop::Shop;
use affiliate_tests::stripe::event::Event;
use serde_json::{Value, json};

use crate::support::{assert_refused, body, deliver, open, refusal, secret};

/// What `affiliate event …` prints as JSON.
async fn event(shop: &Shop, arguments: &[&str]) -> Value {
    let id = shop.project.id.to_string();
    let all = [&["event"], arguments, &["--project", &id, "--json"]].concat();
    let text = shop.database.affiliate(&all).await;
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

async fn get(shop: &Shop, path: &str) -> Value {
    let answer = shop.project.get(path).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    answer.json()
}

fn ids(list: &Value) -> Vec<&str> {
    let list = list.as_array().unwrap_or_else(|| panic!("{list}")).iter();
    list.map(|row| row["event_id"].as_str().expect("an id"))
        .collect()
}

/// A sale that is applied, one that lacks its rate, a type that nobody reads, and Polar's.
async fn stock(shop: &Shop) {
    shop.project.add_affiliate("ada@example.com", "ADA").await;
    for event in [
        Event::sale("pi_1", 10_000).code("ADA"),
        Event::sale("pi_2", 10_000).code("ADA").currency("eur"),
    ] {
        let taken = deliver(shop, "stripe", secret("stripe"), &event.body()).await;
        assert_eq!(taken.status, 200, "{}", taken.text);
    }
    for provider in ["stripe", "polar"] {
        let taken = deliver(shop, provider, secret(provider), &body(provider, "other")).await;
        assert_eq!(taken.status, 200, "{}", taken.text);
    }
}

#[tokio::test]
async fn events_are_listed_newest_first_and_filtered() {
    let shop = open(&[]).await;
    stock(&shop).await;
    let all = get(&shop, "/api/v1/events").await;
    assert_eq!(all["pagination"]["total"], json!(4));
    assert_eq!(event(&shop, &["list"]).await["events"], all["data"]);
    assert_eq!(
        ids(&all["data"])[1..],
        ["evt_other", "evt_sale_pi_2", "evt_sale_pi_1"]
    );
    for (query, option, expected) in [
        (
            "status=parked",
            ["--status", "parked"],
            &["evt_sale_pi_2"][..],
        ),
        (
            "status=applied",
            ["--outcome", "applied"],
            &["evt_sale_pi_1"],
        ),
        (
            "type=balance.available",
            ["--type", "balance.available"],
            &["evt_other"],
        ),
        ("provider=paddle", ["--provider", "paddle"], &[]),
    ] {
        let listed = get(&shop, &format!("/api/v1/events?{query}")).await;
        assert_eq!(ids(&listed["data"]), expected, "{query}");
        assert_eq!(listed["pagination"]["total"], json!(expected.len()));
        let printed = event(&shop, &[&["list"], &option[..]].concat()).await;
        assert_eq!(ids(&printed["events"]), expected, "{option:?}");
    }
    let second = get(&shop, "/api/v1/events?provider=stripe&limit=1&offset=1").await;
    assert_eq!(ids(&second["data"]), ["evt_sale_pi_2"]);
    assert_eq!(second["pagination"]["has_more"], json!(true));
    let id = shop.project.id.to_string();
    let readable = ["event", "list", "--project", &id];
    let readable = shop.database.affiliate(&readable).await;
    assert!(
        readable.contains("evt_sale_pi_2") && readable.contains("parked"),
        "{readable}"
    );
    for (option, value) in [
        ("--status", "lost"),
        ("--provider", "shopify"),
        ("--limit", "0"),
    ] {
        refusal(&shop, &["event", "list", "--project", &id, option, value]).await;
    }
    shop.close().await;
}

#[tokio::test]
async fn an_event_shows_what_it_did() {
    let shop = open(&[]).await;
    stock(&shop).await;
    let listed = get(&shop, "/api/v1/events?status=applied").await;
    let id = listed["data"][0]["id"].to_string();
    let shown = get(&shop, &format!("/api/v1/events/{id}")).await["data"].take();
    assert_eq!(event(&shop, &["show", &id]).await, shown);
    let sent = Event::sale("pi_1", 10_000).code("ADA").body();
    assert_eq!(shown["body"].as_str().map(str::as_bytes), Some(&sent[..]));
    assert_eq!(
        (&shown["reason"], &shown["error"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(shown["fact"]["sale"]["key"], json!("pi_1"));
    let effects = &shown["effects"];
    assert_eq!(effects["sales"][0]["sale_key"], json!("pi_1"));
    assert_eq!(effects["conversions"][0]["commission"], json!(20));
    assert_eq!(
        effects["conversions"][0]["attribution_source"],
        json!("metadata")
    );
    assert_eq!(effects["ledger"][0]["kind"], json!("commission"));
    assert_eq!(effects["ledger"].as_array().map(Vec::len), Some(1));
    let project = shop.project.id.to_string();
    let readable = ["event", "show", "--project", &project, &id];
    let readable = shop.database.affiliate(&readable).await;
    assert!(
        readable.contains("conversions:") && readable.contains("evt_sale_pi_1"),
        "{readable}"
    );
    shop.close().await;
}

#[tokio::test]
async fn an_event_shows_why_it_did_nothing_and_can_be_replayed() {
    let shop = open(&[]).await;
    stock(&shop).await;
    let listed = get(&shop, "/api/v1/events?status=parked").await;
    let parked = &listed["data"][0];
    let (id, path) = (
        parked["id"].to_string(),
        format!("/api/v1/events/{}", parked["id"]),
    );
    let shown = get(&shop, &path).await["data"].take();
    assert_eq!(shown["reason"], parked["error"]);
    assert_eq!(
        shown["effects"],
        json!({"sales": [], "conversions": [], "ledger": []})
    );
    // The cause is still there.
    let replayed = shop
        .project
        .post(&format!("{path}/replay"), &json!({}))
        .await;
    assert_eq!(
        replayed.json()["data"]["status"],
        json!("parked"),
        "{}",
        replayed.text
    );
    let rate = json!({"currency": "EUR", "rate": 1.1});
    let set = shop.project.post("/api/v1/exchange-rates", &rate).await;
    assert_eq!(set.status, 201, "{}", set.text);
    let replayed = shop
        .project
        .post(&format!("{path}/replay"), &json!({}))
        .await;
    assert_eq!(replayed.status, 200, "{}", replayed.text);
    assert_eq!(replayed.json()["data"]["status"], json!("applied"));
    let effects = get(&shop, &path).await["data"]["effects"].take();
    assert_eq!(effects["conversions"][0]["commission"], json!(22));
    // Again changes nothing.
    assert_eq!(
        event(&shop, &["replay", &id]).await["status"],
        json!("applied")
    );
    assert_eq!(get(&shop, &path).await["data"]["effects"], effects);

    let ignored = get(&shop, "/api/v1/events?type=balance.available").await;
    let path = format!("/api/v1/events/{}", ignored["data"][0]["id"]);
    let reason = get(&shop, &path).await["data"]["reason"].take();
    assert!(
        reason
            .as_str()
            .is_some_and(|reason| reason.contains("not needed")),
        "{reason}"
    );
    shop.close().await;
}

#[tokio::test]
async fn what_cannot_be_read_is_shown_as_it_came() {
    let shop = open(&[]).await;
    let bytes = [0xff, 0xfe, b'{'];
    for body in [&bytes[..], b"{no json"] {
        let taken = deliver(&shop, "stripe", secret("stripe"), body).await;
        assert_eq!(taken.json()["status"], json!("parked"));
    }
    let listed = get(&shop, "/api/v1/events").await["data"].take();
    let path = |row: &Value| format!("/api/v1/events/{}", row["id"]);
    let text = get(&shop, &path(&listed[0])).await["data"].take();
    assert_eq!(
        (&text["body"], &text["body_base64"]),
        (&json!("{no json"), &Value::Null)
    );
    let binary = get(&shop, &path(&listed[1])).await["data"].take();
    assert_eq!(
        (&binary["body"], &binary["body_base64"]),
        (&Value::Null, &json!("//57"))
    );
    shop.close().await;
}

#[tokio::test]
async fn events_of_another_project_do_not_exist() {
    let shop = open(&[]).await;
    stock(&shop).await;
    let listed = get(&shop, "/api/v1/events").await;
    let path = format!("/api/v1/events/{}", listed["data"][0]["id"]);
    let other = shop.add_project(&[]).await;
    assert_refused(&other.get(&path).await, 404, "Event not found");
    let replay = other.post(&format!("{path}/replay"), &json!({})).await;
    assert_refused(&replay, 404, "Event not found");
    assert_eq!(other.get("/api/v1/events").await.json()["data"], json!([]));
    shop.close().await;
}

#[tokio::test]
async fn an_event_in_a_transaction_of_another_isolation_is_tried_again_not_parked() {
    let shop = open(&[]).await;
    shop.project.add_affiliate("ada@example.com", "ADA").await;
    let client = shop.database.connect_superuser().await;
    let body = Event::sale("pi_1", 10_000).code("ADA").body();
    let receive = "SELECT affiliate_private.receive_event($1, 'stripe', NULL, $2)";
    for (isolation, code) in [("repeatable read", Some("25001")), ("read committed", None)] {
        let set = format!("SET default_transaction_isolation = '{isolation}'");
        client.batch_execute(&set).await.expect("a setting");
        let received = client.query_one(receive, &[&shop.project.id, &body]).await;
        let found = received.err();
        let found = found.as_ref().and_then(|error| error.code());
        assert_eq!(found.map(tokio_postgres::error::SqlState::code), code);
        let stored = usize::from(code.is_none());
        assert_eq!(shop.stored_events().await.len(), stored, "{isolation}");
    }
    shop.close().await;
}
