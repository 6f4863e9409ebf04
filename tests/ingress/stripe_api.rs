//! What Stripe's API is told, by a stand-in for it.

mod coupon;

use affiliate_tests::receiver::{Answer, Receiver, Request};
use affiliate_tests::shop::Shop;
use affiliate_tests::wait::until;
use serde_json::{Value, json};

use crate::support::{assert_refused, assert_taken, body, connect, deliver, open, secret};

const KEY: &str = "sk_test_51HiddenFromEverybody";
const MADE: &str = "whsec_made_by_stripe_itself";
const PUBLIC_URL: (&str, &str) = ("AFFILIATE_PUBLIC_URL", "https://affiliate.example/x/");

fn base(stripe: &Receiver) -> String {
    stripe.url().trim_end_matches("/hook").to_owned()
}

fn made() -> Answer {
    Answer::status(200)
        .body(json!({"id": "we_1", "object": "webhook_endpoint", "secret": MADE}).to_string())
}

fn failed(status: u16, message: &str) -> Answer {
    Answer::status(status).body(json!({"error": {"message": message}}).to_string())
}

/// The fields of a form.
fn form(request: &Request) -> Vec<(String, String)> {
    let text = std::str::from_utf8(&request.body).expect("UTF-8");
    let url = reqwest::Url::parse(&format!("http://x/?{text}")).expect("a form");
    url.query_pairs().into_owned().collect()
}

fn values(request: &Request, name: &str) -> Vec<String> {
    let fields = form(request).into_iter();
    fields
        .filter(|(field, _)| field == name)
        .map(|(_, value)| value)
        .collect()
}

/// Connects Stripe with a key and nothing else.
async fn connect_with_key(shop: &Shop, stripe: &Receiver) -> Value {
    assert_eq!(
        shop.project.delete("/api/v1/providers/stripe").await.status,
        204
    );
    connect(
        shop,
        "stripe",
        json!({"secret_key": KEY, "api_base": base(stripe)}),
    )
    .await
}

async fn provider(shop: &Shop) -> Value {
    let listed = shop.project.get("/api/v1/providers").await.json();
    let list = listed["data"].as_array().expect("a list").clone();
    list.into_iter()
        .find(|row| row["provider"] == "stripe")
        .expect("stripe")
}

/// Waits until what the API says of Stripe is so.
async fn provider_when(shop: &Shop, what: &str, is_so: fn(&Value) -> bool) -> Value {
    until(what, async || Some(provider(shop).await).filter(is_so)).await
}

/// Makes every call that waits for its next attempt due, and the gateway look.
async fn hurry(shop: &Shop) {
    let sql = "UPDATE affiliate_private.provider_call SET next_attempt_at = now() WHERE lease_token IS NULL AND status = 'pending';
               NOTIFY affiliate_outbox";
    let client = shop.database.connect_superuser().await;
    client.batch_execute(sql).await.expect("an update");
}

#[tokio::test]
async fn a_key_registers_the_endpoint_and_its_secret_signs() {
    let stripe = Receiver::start().await;
    stripe.answer([made()]);
    let shop = open(&[PUBLIC_URL]).await;
    let connected = connect_with_key(&shop, &stripe).await;
    assert_eq!(connected["webhook_secret"]["configured"], json!(false));
    let request = stripe.wait_for(1).await.remove(0);
    assert_eq!(
        (request.method.as_str(), request.uri.path()),
        ("POST", "/v1/webhook_endpoints")
    );
    assert_eq!(request.header("authorization"), format!("Bearer {KEY}"));
    assert!(!request.header("idempotency-key").is_empty());
    let url = format!(
        "https://affiliate.example/x/webhook/stripe/{}",
        shop.project.id
    );
    assert_eq!(values(&request, "url"), [url]);
    assert_eq!(
        values(&request, "api_version"),
        [request.header("stripe-version")]
    );
    let events = values(&request, "enabled_events[]");
    for event in [
        "invoice.paid",
        "invoice_payment.paid",
        "refund.failed",
        "charge.dispute.closed",
    ] {
        assert!(
            events.iter().any(|name| name == event),
            "{event}: {events:?}"
        );
    }
    let registered = provider_when(&shop, "the endpoint", |row| {
        row["webhook_endpoint_id"] == "we_1"
    })
    .await;
    assert_eq!(
        registered["webhook_secret"],
        json!({"configured": true, "last4": "self"})
    );
    assert_eq!(registered["open_calls"], json!([]));
    assert_taken(&deliver(&shop, "stripe", MADE, &body("stripe", "1")).await);
    let old = deliver(&shop, "stripe", secret("stripe"), &body("stripe", "2")).await;
    assert_refused(&old, 401, "does not match");
    let logs = shop.gateway.logs();
    for hidden in [KEY, MADE] {
        assert!(!logs.contains(hidden) && !registered.to_string().contains(hidden));
    }
    // The same key again is nothing new.
    connect(&shop, "stripe", json!({"secret_key": KEY})).await;
    assert_eq!(stripe.requests().len(), 1);
    shop.close().await;
}

#[tokio::test]
async fn an_endpoint_that_is_there_is_used_with_the_events_it_lacks() {
    let stripe = Receiver::start().await;
    let shop = open(&[PUBLIC_URL]).await;
    let url = format!(
        "https://affiliate.example/x/webhook/stripe/{}",
        shop.project.id
    );
    let endpoints = json!({"object": "list", "data": [
        {"id": "we_other", "url": "https://other.example/", "status": "enabled", "enabled_events": ["*"]},
        {"id": "we_off", "url": url, "status": "disabled", "enabled_events": ["*"]},
        {"id": "we_mine", "url": url, "status": "enabled", "enabled_events": ["invoice.paid", "payout.paid"]}
    ]});
    stripe.answer([
        Answer::status(200).body(endpoints.to_string()),
        Answer::status(200).body("{}"),
    ]);
    let settings = json!({"webhook_secret": MADE, "secret_key": KEY, "api_base": format!("{}/v1/", base(&stripe))});
    connect(&shop, "stripe", settings).await;
    let requests = stripe.wait_for(2).await;
    assert_eq!(requests[0].method.as_str(), "GET");
    assert_eq!(requests[1].uri.path(), "/v1/webhook_endpoints/we_mine");
    let events = values(&requests[1], "enabled_events[]");
    assert_eq!(events[..2], ["invoice.paid", "payout.paid"]);
    assert!(events.contains(&"charge.refunded".to_owned()));
    provider_when(&shop, "the endpoint", |row| {
        row["webhook_endpoint_id"] == "we_mine"
    })
    .await;
    assert_taken(&deliver(&shop, "stripe", MADE, &body("stripe", "1")).await);
    shop.close().await;
}

#[tokio::test]
async fn a_failure_is_shown_and_tried_again() {
    let stripe = Receiver::start().await;
    let echo = format!("Invalid key {KEY}");
    stripe.answer([failed(500, "try later"), failed(401, &echo), made()]);
    let shop = open(&[PUBLIC_URL]).await;
    connect_with_key(&shop, &stripe).await;
    let open_call = |words: &'static str| {
        let shop = &shop;
        async move {
            until(words, async || {
                let call = provider(shop).await["open_calls"][0].take();
                let error = call["error"].as_str().unwrap_or_default().to_owned();
                error.contains(words).then_some(call)
            })
            .await
        }
    };
    let call = open_call("HTTP 500: try later").await;
    assert_eq!(
        (&call["status"], &call["attempts"]),
        (&json!("pending"), &json!(1))
    );
    assert!(call["next_attempt_at"].is_string(), "{call}");
    let id = shop.project.id.to_string();
    let list = ["provider", "list", "--project", &id];
    let printed = shop.database.affiliate(&list).await;
    assert!(
        printed.contains("register_webhook pending HTTP 500: try later"),
        "{printed}"
    );
    assert!(shop.gateway.logs().contains("try later"));
    hurry(&shop).await;
    open_call("HTTP 401: Invalid key …").await;
    hurry(&shop).await;
    provider_when(&shop, "the endpoint", |row| {
        row["webhook_endpoint_id"] == "we_1"
    })
    .await;
    // What may have happened is repeated under the same key, what was refused under another.
    let requests = stripe.requests();
    let keys: Vec<&str> = requests
        .iter()
        .map(|request| request.header("idempotency-key"))
        .collect();
    assert!(keys[0] == keys[1] && keys[1] != keys[2], "{keys:?}");
    assert!(!shop.gateway.logs().contains(KEY));
    shop.close().await;
}

#[tokio::test]
async fn without_a_public_url_it_says_so() {
    let stripe = Receiver::start().await;
    let shop = open(&[]).await;
    connect_with_key(&shop, &stripe).await;
    let row = provider_when(&shop, "the failure", |row| {
        row["open_calls"][0]["error"].is_string()
    })
    .await;
    let error = row["open_calls"][0]["error"].as_str().unwrap_or_default();
    assert!(error.contains("AFFILIATE_PUBLIC_URL"), "{error}");
    assert!(stripe.requests().is_empty());
    shop.close().await;
}
