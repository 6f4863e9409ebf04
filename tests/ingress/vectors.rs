//! Deliveries as the providers' official libraries signed them, to the byte.

use affiliate_tests::shop::Shop;
use affiliate_tests::signature::Headers;
use serde_json::Value;

use crate::support::{assert_refused, assert_taken, connect, open, post};

/// So far from now that vectors of any age are taken.
const ANY_TIME: (&str, &str) = ("AFFILIATE_SIGNATURE_TOLERANCE_SECONDS", "10000000000");

fn vectors() -> Value {
    let text = include_str!("../fixtures/webhook_vectors.json");
    serde_json::from_str(text).expect("JSON")
}

fn text<'a>(vector: &'a Value, field: &str) -> &'a str {
    let text = vector[field].as_str();
    text.unwrap_or_else(|| panic!("no {field} in {vector}"))
}

/// Takes the body with these headers, and refuses it with one byte changed.
async fn check(shop: &Shop, provider: &str, headers: &Headers, body: &str) {
    let changed = body.replacen(|c: char| c.is_ascii_digit(), "x", 1);
    let refused = post(shop, provider, headers, changed.as_bytes()).await;
    assert_refused(&refused, 401, "does not match");
    assert_taken(&post(shop, provider, headers, body.as_bytes()).await);
}

#[tokio::test]
async fn every_vector_is_taken_and_none_with_another_body() {
    let shop = open(&[ANY_TIME]).await;
    let all = vectors();
    for (provider, header, fields) in [
        ("stripe", "stripe-signature", &["header", "rotated"][..]),
        ("lemonsqueezy", "x-signature", &["header"]),
        ("paddle", "paddle-signature", &["header"]),
    ] {
        let vector = &all[provider];
        connect(
            &shop,
            provider,
            serde_json::json!({"webhook_secret": vector["secret"]}),
        )
        .await;
        for field in fields {
            let headers = vec![(header, text(vector, field).to_owned())];
            check(&shop, provider, &headers, text(vector, "body")).await;
        }
    }
    let (polar, standard) = (&all["polar"], &all["standard_webhooks"]);
    for (vector, field) in [
        (polar, "sig_raw_secret_key"),
        (polar, "sig_standard_webhooks_decoded_key"),
        (standard, "signature"),
    ] {
        connect(
            &shop,
            "polar",
            serde_json::json!({"webhook_secret": vector["secret"]}),
        )
        .await;
        let headers = vec![
            ("webhook-id", text(vector, "id").to_owned()),
            ("webhook-timestamp", vector["ts"].to_string()),
            ("webhook-signature", text(vector, field).to_owned()),
        ];
        check(&shop, "polar", &headers, text(vector, "body")).await;
    }
    // The id of Polar's two deliveries is the same: one of them was known.
    let stored: Vec<String> = shop
        .stored_events()
        .await
        .into_iter()
        .map(|(key, _)| key)
        .collect();
    assert_eq!(stored.len(), 5, "{stored:?}");
    assert!(stored.contains(&text(polar, "id").to_owned()), "{stored:?}");
    shop.close().await;
}

#[tokio::test]
async fn the_old_secret_of_a_rotated_signature_is_enough() {
    let shop = open(&[ANY_TIME]).await;
    let all = vectors();
    let vector = &all["stripe"];
    connect(
        &shop,
        "stripe",
        serde_json::json!({"webhook_secret": vector["old_secret"]}),
    )
    .await;
    let headers = vec![("stripe-signature", text(vector, "rotated").to_owned())];
    check(&shop, "stripe", &headers, text(vector, "body")).await;
    shop.close().await;
}
