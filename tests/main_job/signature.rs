//! What is not signed, or not signed as Stripe signs, is refused and leaves nothing behind.

use affiliate_tests::database::Profile;
use affiliate_tests::shop::Shop;
use affiliate_tests::stripe::{self, event::Event};
use serde_json::json;

/// How far a signature's time may be off.
const TOLERANCE: i64 = 300;

#[tokio::test]
async fn other_signatures_are_refused_and_nothing_is_stored() {
    let shop = Shop::open(Profile::Portable).await;
    let project = &shop.project;
    project.add_affiliate("ada@example.com", "ADA").await;
    let body = Event::sale("pi_1", 9999).code("ADA").body();
    let (now, secret) = (stripe::now(), project.secret.as_str());
    let good = stripe::sign(secret, now, &body);
    let hex = good.split_once("v1=").expect("a signature").1;
    let cases = [
        ("missing", None),
        ("empty", Some(String::new())),
        ("malformed", Some("nonsense".to_owned())),
        ("no time", Some(format!("v1={hex}"))),
        ("no signature", Some(format!("t={now}"))),
        ("time no number", Some(format!("t=soon,v1={hex}"))),
        ("not hexadecimal", Some(format!("t={now},v1=zz{hex}"))),
        ("cut short", Some(format!("t={now},v1={}", &hex[..62]))),
        ("another scheme", Some(format!("t={now},v0={hex}"))),
        ("another time", Some(format!("t={},v1={hex}", now - 1))),
        (
            "another body",
            Some(stripe::sign(secret, now, &[&body[..], b" "].concat())),
        ),
        ("another secret", Some(stripe::sign("whsec_x", now, &body))),
        ("an empty secret", Some(stripe::sign("", now, &body))),
        (
            "stale",
            Some(stripe::sign(secret, now - TOLERANCE - 5, &body)),
        ),
        // Far enough that it is still in the future when it is looked at.
        (
            "future",
            Some(stripe::sign(secret, now + TOLERANCE + 60, &body)),
        ),
    ];
    for (name, signature) in cases {
        let answer = project.deliver_signed(&body, signature.as_deref()).await;
        assert!(
            (400..500).contains(&answer.status) && !answer.error().is_empty(),
            "{name}: {answer:?}"
        );
    }
    assert_eq!(shop.stored_events().await.len(), 0);
    assert!(project.conversions().await.is_empty());

    // The same body, rightly signed, is taken: refusals are not remembered.
    let answer = project.deliver_signed(&body, Some(&good)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(shop.stored_events().await.len(), 1);
    shop.close().await;
}

#[tokio::test]
async fn one_good_signature_among_several_is_enough() {
    let shop = Shop::open(Profile::Portable).await;
    let project = &shop.project;
    let now = stripe::now();
    for (number, place) in ["first", "last"].into_iter().enumerate() {
        let body = Event::sale(&format!("pi_{number}"), 100).body();
        let good = stripe::sign(&project.secret, now, &body);
        let good = good.split_once("v1=").expect("a signature").1;
        let other = "0".repeat(64);
        let header = match place {
            "first" => format!("t={now},v1={good},v1={other},v0={other}"),
            _ => format!("t={now},v1={other},v0={other},v1={good}"),
        };
        let answer = project.deliver_signed(&body, Some(&header)).await;
        assert_eq!(answer.status, 200, "{place}: {}", answer.text);
    }
    shop.close().await;
}

#[tokio::test]
async fn a_replaced_secret_works_at_once_and_without_overlap_the_old_one_no_longer() {
    let shop = Shop::open(Profile::Portable).await;
    let project = &shop.project;
    project.deliver(&Event::sale("pi_1", 100)).await;
    let id = project.id.to_string();
    let secret = "whsec_replaced";
    shop.database
        .affiliate(&[
            "provider",
            "set",
            "--project",
            &id,
            "stripe",
            "--webhook-secret",
            secret,
            "--overlap-hours",
            "0",
        ])
        .await;
    let body = Event::sale("pi_2", 100).body();
    let old = project.deliver_bytes(&body).await;
    assert!((400..500).contains(&old.status), "{old:?}");
    let new = stripe::sign_now(secret, &body);
    let new = project.deliver_signed(&body, Some(&new)).await;
    assert_eq!(new.status, 200, "{}", new.text);
    assert_eq!(shop.stored_events().await.len(), 2);
    shop.close().await;
}

#[tokio::test]
async fn another_projects_secret_does_not_sign_for_this_one() {
    let shop = Shop::open(Profile::Portable).await;
    let other = shop.add_project(&[]).await;
    let body = Event::sale("pi_1", 100).body();
    let signature = stripe::sign_now(&other.secret, &body);
    let answer = shop.project.deliver_signed(&body, Some(&signature)).await;
    assert!((400..500).contains(&answer.status), "{answer:?}");
    assert_eq!(shop.stored_events().await.len(), 0);
    shop.close().await;
}

#[tokio::test]
async fn both_documented_addresses_take_events() {
    let shop = Shop::open(Profile::Portable).await;
    let body = Event::sale("pi_1", 100).body();
    let url = format!("/api/webhook/stripe/{}", shop.project.id);
    let signature = stripe::sign_now(&shop.project.secret, &body);
    let answer = affiliate_tests::http()
        .post(shop.gateway.url(&url))
        .header("stripe-signature", signature)
        .body(body.clone())
        .send()
        .await
        .expect("an answer");
    let answer: serde_json::Value = answer.json().await.expect("JSON");
    assert_eq!(answer["status"], json!("applied"));
    let again = shop.project.deliver_bytes(&body).await.json();
    assert_eq!(again["status"], json!("duplicate"));
    shop.close().await;
}
