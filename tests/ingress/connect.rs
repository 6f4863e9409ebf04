//! Connecting a provider: what it needs, and what never comes back out.

use affiliate_tests::signature::PROVIDERS;
use serde_json::{Value, json};

use crate::support::{assert_refused, assert_taken, body, connect, deliver, open, refusal, secret};

#[tokio::test]
async fn every_provider_is_connected_listed_and_disconnected() {
    let shop = open(&[]).await;
    let listed = shop.project.get("/api/v1/providers").await.json();
    let names = |list: &Value| -> Vec<String> {
        let list = list.as_array().expect("a list").iter();
        list.map(|row| row["provider"].as_str().expect("a name").to_owned())
            .collect()
    };
    assert_eq!(
        names(&listed["data"]),
        ["lemonsqueezy", "paddle", "polar", "stripe"]
    );
    let id = shop.project.id.to_string();
    let list = ["provider", "list", "--project", &id, "--json"];
    let printed: Value = serde_json::from_str(&shop.database.affiliate(&list).await).expect("JSON");
    assert_eq!(printed["providers"], listed["data"]);
    let readable = shop.database.affiliate(&list[..4]).await;
    for provider in PROVIDERS {
        assert!(
            readable.contains(&format!("/webhook/{provider}/{id}")),
            "{readable}"
        );
        let hidden = &secret(provider)[..secret(provider).len() - 4];
        for text in [
            &listed.to_string(),
            &printed.to_string(),
            &readable,
            &shop.gateway.logs(),
        ] {
            assert!(!text.contains(hidden), "{provider}: {text}");
        }
        let path = format!("/api/v1/providers/{provider}");
        assert_eq!(shop.project.delete(&path).await.status, 204);
        let gone = deliver(&shop, provider, secret(provider), &body(provider, "1")).await;
        assert_refused(&gone, 404, provider);
        assert_refused(&shop.project.delete(&path).await, 404, "not connected");
    }
    shop.close().await;
}

#[tokio::test]
async fn secrets_that_cannot_be_are_refused() {
    let shop = open(&[]).await;
    let id = shop.project.id.to_string();
    let long = "x".repeat(41);
    for (provider, option, value, words) in [
        (
            "lemonsqueezy",
            "--webhook-secret",
            "short",
            "6 to 40 characters",
        ),
        (
            "lemonsqueezy",
            "--webhook-secret",
            &*long,
            "6 to 40 characters",
        ),
        ("paddle", "--webhook-secret", "short", "6 to 500 characters"),
        (
            "stripe",
            "--webhook-secret",
            "sk_live_51abcdefgh",
            "looks like an API key",
        ),
        (
            "polar",
            "--webhook-secret",
            "polar_oat_abcdefgh",
            "looks like an API key",
        ),
        ("stripe", "--secret-key", "whsec_5f0f3c1e9a7b", "sk_"),
        ("stripe", "--secret-key", "with a blank", "visible ASCII"),
        ("stripe", "--environment", "sandbox", "live, test or auto"),
        ("stripe", "--overlap-hours", "-1", "between 0 and 720"),
        ("stripe", "--api-base", "ftp://x", "http(s)"),
        (
            "shopify",
            "--webhook-secret",
            "whsec_abc",
            "use stripe, lemonsqueezy, paddle or polar",
        ),
    ] {
        let set = ["provider", "set", "--project", &id, provider, option, value];
        let refused = refusal(&shop, &set).await;
        assert!(refused.contains(words), "{words:?} is not in {refused:?}");
    }
    // What was there goes on.
    for provider in PROVIDERS {
        assert_taken(&deliver(&shop, provider, secret(provider), &body(provider, "1")).await);
    }
    shop.close().await;
}

#[tokio::test]
async fn a_provider_needs_a_webhook_secret_at_first() {
    let shop = open(&[]).await;
    for provider in PROVIDERS {
        let path = format!("/api/v1/providers/{provider}");
        assert_eq!(shop.project.delete(&path).await.status, 204);
        let refused = shop
            .project
            .put(&path, &json!({"environment": "test"}))
            .await;
        assert_refused(&refused, 409, "not connected yet");
        let refused = shop.project.put(&path, &json!({"overlap_hours": 1})).await;
        assert_refused(&refused, 400, "No updatable field");
    }
    shop.close().await;
}

#[tokio::test]
async fn a_stored_key_is_not_sent_where_its_owner_did_not_send_it() {
    let shop = open(&[]).await;
    let settings = json!({"secret_key": "sk_test_51abcdefgh", "api_base": "http://127.0.0.1:9"});
    connect(&shop, "stripe", settings).await;
    let path = "/api/v1/providers/stripe";
    let elsewhere = json!({"api_base": "http://127.0.0.1:10"});
    assert_refused(
        &shop.project.put(path, &elsewhere).await,
        409,
        "give it again",
    );
    connect(&shop, "stripe", json!({"api_base": "http://127.0.0.1:9"})).await;
    let settings = json!({"secret_key": "sk_test_51abcdefgh", "api_base": "http://127.0.0.1:10"});
    let connected = connect(&shop, "stripe", settings).await;
    assert_eq!(connected["api_base"], json!("http://127.0.0.1:10"));
    shop.close().await;
}
