//! What is not signed, or not as its provider signs, is refused and leaves nothing behind.

use affiliate_tests::signature::{self, PROVIDERS};
use affiliate_tests::stripe;
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::json;

use crate::support::{assert_refused, assert_taken, body, connect, open, post, post_to, secret};

#[tokio::test]
async fn both_addresses_of_every_provider_take_events() {
    let shop = open(&[]).await;
    for provider in PROVIDERS {
        let body = body(provider, "1");
        let headers = signature::sign(provider, secret(provider), "msg_1", stripe::now(), &body);
        assert_taken(&post(&shop, provider, &headers, &body).await);
        let path = format!("/api/webhook/{provider}/{}", shop.project.id);
        let again = post_to(&shop.gateway.url(&path), &headers, &body).await;
        assert_taken(&again);
    }
    assert_eq!(shop.stored_events().await.len(), 4);
    shop.close().await;
}

#[tokio::test]
async fn other_deliveries_are_refused_and_nothing_is_stored() {
    let shop = open(&[]).await;
    let now = stripe::now();
    for provider in PROVIDERS {
        let (body, secret) = (body(provider, "1"), secret(provider));
        let sign =
            |secret: &str, time: i64| signature::sign(provider, secret, "msg_1", time, &body);
        let good = sign(secret, now);
        let (name, value) = good.last().expect("a header");
        let mut cut = good.clone();
        cut.pop();
        cut.push((name, value[..value.len() - 3].to_owned()));
        for (case, headers) in [
            ("another secret", sign("another secret", now)),
            ("an empty secret", sign("", now)),
            ("cut short", cut),
            ("no header", Vec::new()),
            ("nonsense", vec![(*name, "nonsense".to_owned())]),
            ("empty", vec![(*name, String::new())]),
            ("twice", [good.clone(), good.clone()].concat()),
        ] {
            let answer = post(&shop, provider, &headers, &body).await;
            assert_eq!(answer.status, 401, "{provider}, {case}: {}", answer.text);
            answer.error();
        }
        let longer = [&body[..], b" "].concat();
        assert_refused(
            &post(&shop, provider, &good, &longer).await,
            401,
            "does not match",
        );
        if provider != "lemonsqueezy" {
            let old = post(&shop, provider, &sign(secret, now - 306), &body).await;
            assert_refused(&old, 401, "s old");
            let future = post(&shop, provider, &sign(secret, now + 400), &body).await;
            assert_refused(&future, 401, "in the future");
        }
    }
    assert_eq!(shop.stored_events().await.len(), 0);
    shop.close().await;
}

#[tokio::test]
async fn a_signature_of_one_provider_is_none_of_another() {
    let shop = open(&[]).await;
    let body = body("paddle", "1");
    for provider in PROVIDERS {
        for other in PROVIDERS.into_iter().filter(|other| *other != provider) {
            let headers = signature::sign(other, secret(other), "msg_1", stripe::now(), &body);
            let answer = post(&shop, provider, &headers, &body).await;
            assert_eq!(answer.status, 401, "{other} at {provider}: {}", answer.text);
        }
    }
    shop.close().await;
}

#[tokio::test]
async fn the_tolerance_can_be_set_for_one_provider() {
    let settings = [
        ("AFFILIATE_PADDLE_TOLERANCE_SECONDS", "5"),
        ("AFFILIATE_POLAR_TOLERANCE_SECONDS", "100000"),
    ];
    let shop = open(&settings).await;
    let earlier = stripe::now() - 60;
    for (provider, taken) in [("stripe", true), ("paddle", false), ("polar", true)] {
        let body = body(provider, "1");
        let headers = signature::sign(provider, secret(provider), "msg_1", earlier, &body);
        let answer = post(&shop, provider, &headers, &body).await;
        assert_eq!(answer.status == 200, taken, "{provider}: {}", answer.text);
    }
    shop.close().await;
}

#[tokio::test]
async fn polar_may_sign_with_the_secret_or_with_what_it_decodes_to() {
    let shop = open(&[]).await;
    // As Polar cuts them: not canonical, not padded.
    let secret = "whsec_ovyN6cPrTv56AApvzCaJno08SSmGJmgbWilb33N2JuK";
    connect(&shop, "polar", json!({"webhook_secret": secret})).await;
    let lenient = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let decoded = GeneralPurpose::new(&STANDARD, lenient).decode(&secret[6..]);
    let decoded = decoded.expect("base64");
    for (id, key) in [("msg_1", secret.as_bytes()), ("msg_2", &decoded)] {
        let body = body("polar", id);
        let headers = signature::polar(key, id, stripe::now(), &body);
        assert_taken(&post(&shop, "polar", &headers, &body).await);
    }
    let body = body("polar", "3");
    let headers = signature::polar(b"", "msg_3", stripe::now(), &body);
    connect(
        &shop,
        "polar",
        json!({"webhook_secret": "whsec_", "overlap_hours": 0}),
    )
    .await;
    assert_refused(
        &post(&shop, "polar", &headers, &body).await,
        401,
        "does not match",
    );
    // Polar's events are known by the id in the header.
    let stored = shop.stored_events().await;
    let keys: Vec<&str> = stored.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(keys, ["msg_1", "msg_2"]);
    shop.close().await;
}

#[tokio::test]
async fn a_secret_of_another_project_does_not_sign_for_this_one() {
    let shop = open(&[]).await;
    let other = shop.add_project(&[]).await;
    for provider in PROVIDERS {
        let path = format!("/webhook/{provider}/{}", other.id);
        let body = body(provider, "1");
        let headers = signature::sign(provider, secret(provider), "msg_1", stripe::now(), &body);
        let answer = post_to(&shop.gateway.url(&path), &headers, &body).await;
        // Only Stripe is connected there, with a secret of its own.
        let expected = if provider == "stripe" { 401 } else { 404 };
        assert_eq!(answer.status, expected, "{provider}: {}", answer.text);
    }
    shop.close().await;
}
