//! Credentials of payment providers: they go in and never come out.

use affiliate_tests::database::Profile;
use affiliate_tests::shop::Shop;
use affiliate_tests::stripe::event::Event;
use serde_json::{Value, json};

use crate::support::{assert_gone, assert_refused, data};

const PATH: &str = "/api/v1/providers/stripe";
const WEBHOOK_SECRET: &str = "whsec_a_new_one_for_this_shop";
const SECRET_KEY: &str = "sk_test_51HiddenFromEverybody";

#[tokio::test]
async fn credentials_are_stored_and_only_hinted_at() {
    let shop = Shop::open(Profile::Portable).await;
    let mut project = shop.project.clone();
    project.secret = WEBHOOK_SECRET.to_owned();
    let body = json!({"webhook_secret": WEBHOOK_SECRET, "secret_key": SECRET_KEY, "api_base": "https://stripe.test/v1", "overlap_hours": 0});
    let stored = project.put(PATH, &body).await;
    let listed = project.get("/api/v1/providers").await;
    let provider = data(&stored, 200);
    let calls = &provider["open_calls"];
    assert_eq!(calls[0]["kind"], json!("register_webhook"));
    assert_eq!(
        provider,
        json!({
            "provider": "stripe", "webhook_path": format!("/webhook/stripe/{}", project.id),
            "webhook_secret": {"configured": true, "last4": "shop"}, "previous_secrets": [],
            "secret_key": {"configured": true, "last4": "body"}, "api_base": "https://stripe.test/v1", "environment": "test",
            "webhook_endpoint_id": null, "open_calls": calls, "created_at": provider["created_at"]
        })
    );
    let mut again = data(&listed, 200);
    again[0]["open_calls"] = calls.clone();
    assert_eq!(again, json!([provider]));
    for secret in [WEBHOOK_SECRET, SECRET_KEY] {
        assert!(
            !stored.text.contains(&secret[..secret.len() - 4])
                && !listed.text.contains(&secret[..secret.len() - 4])
        );
    }
    // The new secret signs from now on, the old one no longer.
    assert_eq!(project.deliver(&Event::sale("pi_1", 100)).await, "applied");
    assert_eq!(
        shop.project
            .deliver_bytes(&Event::sale("pi_2", 100).body())
            .await
            .status,
        401
    );
}

#[tokio::test]
async fn what_is_not_sent_stays() {
    let shop = Shop::open(Profile::Portable).await;
    let project = &shop.project;
    let provider = data(
        &project.put(PATH, &json!({"secret_key": "sk_short"})).await,
        200,
    );
    assert_eq!(
        provider["secret_key"],
        json!({"configured": true, "last4": null})
    );
    assert_eq!(project.deliver(&Event::sale("pi_1", 100)).await, "applied");
    let provider = data(
        &project.put(PATH, &json!({"environment": "test"})).await,
        200,
    );
    assert_eq!(provider["secret_key"]["configured"], json!(true));
}

#[tokio::test]
async fn a_disconnected_provider_is_not_listened_to() {
    let shop = Shop::open(Profile::Portable).await;
    let project = &shop.project;
    assert_eq!(project.deliver(&Event::sale("pi_1", 100)).await, "applied");
    data(
        &project.put(PATH, &json!({"secret_key": SECRET_KEY})).await,
        200,
    );
    assert_gone(&project.delete(PATH).await);
    assert_eq!(
        project
            .deliver_bytes(&Event::sale("pi_2", 100).body())
            .await
            .status,
        404
    );
    assert_eq!(
        data(&project.get("/api/v1/providers").await, 200),
        json!([])
    );
    assert_refused(&project.delete(PATH).await, 404, "not connected");
    // Nothing is left of it: it needs a secret again.
    assert_refused(
        &project.put(PATH, &json!({"environment": "test"})).await,
        409,
        "webhook secret",
    );
    let body = json!({"webhook_secret": project.secret});
    let provider = data(&project.put(PATH, &body).await, 200);
    assert_eq!(
        (&provider["secret_key"]["configured"], &provider["api_base"]),
        (&json!(false), &Value::Null)
    );
    assert_eq!(project.deliver(&Event::sale("pi_3", 100)).await, "applied");
}

#[tokio::test]
async fn wrong_credentials_are_refused() {
    let shop = Shop::open(Profile::Portable).await;
    for (body, words) in [
        (json!({}), "No updatable field"),
        (json!({"webhook_secret": "short"}), "webhook_secret"),
        (json!({"webhook_secret": null}), "webhook_secret"),
        (json!({"api_base": "ftp://stripe.test"}), "api_base"),
    ] {
        assert_refused(&shop.project.put(PATH, &body).await, 400, words);
    }
    let answer = shop
        .project
        .put(
            "/api/v1/providers/shopify",
            &json!({"webhook_secret": WEBHOOK_SECRET}),
        )
        .await;
    assert_refused(&answer, 400, "provider must be");
}
