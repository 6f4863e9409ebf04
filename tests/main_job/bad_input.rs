//! Bad input is refused clearly: no 500, no lost connection, nothing half-written.

use affiliate_tests::books::Books;
use affiliate_tests::database::Profile;
use affiliate_tests::shop::{Answer, Shop};
use affiliate_tests::stripe::event::Event;
use reqwest::Method;
use serde_json::{Value, json};

const MIB: usize = 1024 * 1024;
const AFFILIATES: &str = "/api/v1/affiliates";

#[tokio::test]
async fn requests_with_bad_bodies_are_refused_and_the_connection_goes_on() {
    for profile in Profile::KERNELS {
        let shop = Shop::open(profile).await;
        let project = &shop.project;
        project.add_affiliate("ada@example.com", "ADA").await;
        let before = Books::of(&shop.database, project.id).await;
        let large = format!(
            "{{\"email\":\"a@example.com\",\"x\":\"{}\"}}",
            "x".repeat(11 * MIB)
        );
        let deep = format!(
            "{{\"email\":{}1{}}}",
            "[".repeat(10_000),
            "]".repeat(10_000)
        );
        let cases: &[(&str, u16, Vec<u8>)] = &[
            ("malformed", 400, b"{\"email\":".to_vec()),
            ("not JSON", 400, b"email=a@example.com".to_vec()),
            ("no object", 400, b"[]".to_vec()),
            ("empty", 400, Vec::new()),
            ("a number", 400, br#"{"email":5}"#.to_vec()),
            ("null", 400, br#"{"email":null}"#.to_vec()),
            ("an object", 400, br#"{"email":{"a":1}}"#.to_vec()),
            ("no email", 400, br#"{"email":"nobody"}"#.to_vec()),
            (
                "too long",
                400,
                format!(r#"{{"email":"{}@example.com"}}"#, "a".repeat(300)).into_bytes(),
            ),
            (
                "a NUL byte",
                400,
                b"{\"email\":\"a\0b@example.com\"}".to_vec(),
            ),
            (
                "an escaped NUL",
                400,
                br#"{"email":"a\u0000b@example.com"}"#.to_vec(),
            ),
            (
                "half a surrogate pair",
                400,
                br#"{"email":"a\ud800b@example.com"}"#.to_vec(),
            ),
            (
                "no UTF-8",
                400,
                b"{\"email\":\"a\xff@example.com\"}".to_vec(),
            ),
            (
                "a key twice",
                400,
                br#"{"email":"a@example.com","email":"b@example.com"}"#.to_vec(),
            ),
            (
                "a bad code",
                400,
                br#"{"email":"a@example.com","referral_code":"no spaces"}"#.to_vec(),
            ),
            ("too deep", 400, deep.into_bytes()),
            ("11 MiB", 413, large.into_bytes()),
        ];
        for (what, status, body) in cases {
            let answer = project
                .send(Method::POST, AFFILIATES, Some(body.clone()))
                .await;
            assert_refused(what, *status, &answer);
            // The next request of the same client is answered: the connection, or a new one, is there.
            assert_eq!(project.get(AFFILIATES).await.status, 200, "after {what}");
        }
        before.assert_same(
            &Books::of(&shop.database, project.id).await,
            "nothing was written",
        );
        shop.close().await;
    }
}

#[tokio::test]
async fn queries_and_paths_with_bad_values_are_refused() {
    let shop = Shop::open(Profile::Portable).await;
    for (path, status) in [
        ("/api/v1/affiliates?limit=0", 400),
        ("/api/v1/affiliates?limit=501", 400),
        ("/api/v1/affiliates?limit=ten", 400),
        ("/api/v1/affiliates?limit=99999999999999999999", 400),
        ("/api/v1/affiliates?offset=-1", 400),
        ("/api/v1/affiliates?status=asleep", 400),
        ("/api/v1/conversions?affiliate_id=0", 400),
        ("/api/v1/conversions?affiliate_id=9223372036854775808", 400),
        ("/api/v1/conversions?type=gift", 400),
        ("/api/v1/conversions?paid=perhaps", 400),
        ("/api/v1/conversions?from=tomorrow", 400),
        ("/api/v1/conversions?from=2026-02-31", 400),
        ("/api/v1/conversions?from=%00", 400),
        ("/api/v1/affiliates/nobody", 400),
        ("/api/v1/affiliates/nobody%40example.com", 404),
        ("/api/v1/affiliates/a%00%40example.com", 400),
        ("/api/v1/affiliates/%FF%40example.com", 400),
        ("/api/v1/nothing", 404),
        ("/nothing", 404),
    ] {
        let answer = shop.project.get(path).await;
        assert_refused(path, status, &answer);
    }
    let patched = shop.project.send(Method::PATCH, AFFILIATES, None).await;
    assert_refused("another method", 405, &patched);
    shop.close().await;
}

#[tokio::test]
async fn amounts_that_are_none_are_refused_and_nothing_is_booked() {
    for profile in Profile::KERNELS {
        let shop = Shop::open(profile).await;
        let project = &shop.project;
        project.add_affiliate("ada@example.com", "ADA").await;
        let before = Books::of(&shop.database, project.id).await;
        for name in ["base_value", "value"] {
            for amount in [
                "-1",
                "-0.01",
                "0.001",
                "90000000000.01",
                "1e300",
                "99999999999999999999999999999999999999999999999999",
                "\"12.50\"",
                "\"\\u0000\"",
                "{}",
                "[1]",
                "true",
                "NaN",
            ] {
                let body = format!(
                    r#"{{"type":"purchase","referral_code":"ADA","email":"b@example.com","{name}":{amount}}}"#
                );
                let answer = project
                    .send(Method::POST, "/api/v1/conversions", Some(body.into_bytes()))
                    .await;
                assert_refused(&format!("{name} {amount}"), 400, &answer);
            }
        }
        before.assert_same(
            &Books::of(&shop.database, project.id).await,
            "nothing was booked",
        );
        shop.close().await;
    }
}

#[tokio::test]
async fn webhooks_to_the_wrong_place_or_too_large_are_refused_before_they_are_read() {
    let shop = Shop::open(Profile::Portable).await;
    let mut nobody = shop.project.clone();
    nobody.id = 99;
    let body = Event::sale("pi_1", 100).body();
    assert_refused(
        "an unknown project",
        404,
        &nobody.deliver_bytes(&body).await,
    );
    let unconnected = shop
        .database
        .affiliate(&["project", "create", "--name", "New", "--json"])
        .await;
    let unconnected: Value = serde_json::from_str(&unconnected).expect("JSON");
    nobody.id = unconnected["project_id"].as_i64().expect("an id");
    assert_refused("no Stripe", 404, &nobody.deliver_bytes(&body).await);
    let large = Event::sale("pi_1", 100).object("description", json!("x".repeat(11 * MIB)));
    let answer = shop.project.deliver_bytes(&large.body()).await;
    assert_refused("11 MiB, signed", 413, &answer);
    for path in [
        "/webhook/stripe/0",
        "/webhook/stripe/x",
        "/webhook/nobody/1",
        "/webhook/stripe/99999999999999999999",
    ] {
        let answer = shop.project.post(path, &json!({})).await;
        assert_refused(path, 404, &answer);
    }
    assert!(shop.stored_events().await.is_empty());
    assert_eq!(
        shop.project.deliver(&Event::sale("pi_1", 100)).await,
        "applied"
    );
    shop.close().await;
}

fn assert_refused(what: &str, status: u16, answer: &Answer) {
    let shown = &answer.text[..answer.text.len().min(300)];
    assert_eq!(answer.status, status, "{what}: {shown}");
    let error = answer.error();
    let clear =
        !error.is_empty() && !error.contains("affiliate_private") && !error.contains("SQLSTATE");
    assert!(clear && error.len() < 300, "{what}: {error}");
}
