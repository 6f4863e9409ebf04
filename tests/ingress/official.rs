//! The providers' official libraries on the other side: what they sign is taken, what is taken they verify, and what was
//! changed on the way both refuse. LemonSqueezy's has neither; its signature is a plain HMAC.

use affiliate_tests::binary::{words, workspace};
use affiliate_tests::python;
use affiliate_tests::shop::Shop;
use affiliate_tests::signature::{self, Headers};
use affiliate_tests::stripe;
use serde_json::{Map, Value, json};

use crate::support::{assert_refused, assert_taken, body, connect, open, post};

/// A provider, a library that signs for it, and a secret of the form that provider makes.
const CASES: [(&str, &str, &str); 4] = [
    (
        "stripe",
        "stripe",
        "whsec_test_5f0f3c1e9a7b4d2c8e6f1a2b3c4d5e6f",
    ),
    (
        "paddle",
        "paddle",
        "pdl_ntfset_01hs0t3tw21j988db1pam5xg8m_GrOWLNef+vmtjJYq4mSnHNzvc8uWoJ1I",
    ),
    (
        "polar",
        "polar",
        "whsec_ovyN6cPrTv56AApvzCaJno08SSmGJmgbWilb33N2JuK",
    ),
    (
        "polar",
        "standardwebhooks",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    ),
];

/// Has the libraries do some jobs.
async fn official(jobs: &[Value]) -> Vec<Value> {
    let script = workspace().join("tests/fixtures/official/webhooks.py");
    let script = script.to_str().expect("a path in UTF-8");
    let output = python::run_with_input("python", &[script], &json!(jobs).to_string()).await;
    assert!(output.status.success(), "{}", words(&output));
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", words(&output)))
}

fn job(action: &str, library: &str, secret: &str, time: i64, body: &[u8]) -> Value {
    let body = std::str::from_utf8(body).expect("UTF-8");
    json!({"action": action, "library": library, "secret": secret, "id": "msg_1", "time": time, "body": body})
}

fn verify(library: &str, secret: &str, headers: &Headers, body: &[u8]) -> Value {
    let mut job = job("verify", library, secret, 0, body);
    let headers = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), json!(value)));
    job["headers"] = Value::Object(headers.collect::<Map<_, _>>());
    job
}

/// The headers that a library made, under names that live as long as the program.
fn headers(made: &Value) -> Headers {
    const NAMES: [&str; 5] = [
        "stripe-signature",
        "paddle-signature",
        "webhook-id",
        "webhook-timestamp",
        "webhook-signature",
    ];
    let named = NAMES
        .iter()
        .filter_map(|name| Some((*name, made[*name].as_str()?.to_owned())));
    named.collect()
}

async fn shop_for(provider: &str, secret: &str) -> Shop {
    let shop = open(&[]).await;
    connect(
        &shop,
        provider,
        json!({"webhook_secret": secret, "overlap_hours": 0}),
    )
    .await;
    shop
}

#[tokio::test]
async fn what_the_libraries_sign_is_taken_and_nothing_else() {
    let now = stripe::now();
    let jobs = CASES.map(|(provider, library, secret)| {
        let body = body(provider, "Grüße, 東京");
        let signed = |time| job("sign", library, secret, time, &body);
        [signed(now), signed(now - 400), signed(now + 400)]
    });
    let made = official(jobs.as_flattened()).await;
    for ((provider, library, secret), made) in CASES.into_iter().zip(made.chunks(3)) {
        let shop = shop_for(provider, secret).await;
        let body = body(provider, "Grüße, 東京");
        let [good, old, future] = [0, 1, 2].map(|index| headers(&made[index]));
        let changed = [&body[..], b" "].concat();
        assert_refused(
            &post(&shop, provider, &good, &changed).await,
            401,
            "does not match",
        );
        assert_refused(&post(&shop, provider, &old, &body).await, 401, "s old");
        assert_refused(
            &post(&shop, provider, &future, &body).await,
            401,
            "in the future",
        );
        assert_eq!(shop.stored_events().await.len(), 0, "{library}");
        assert_taken(&post(&shop, provider, &good, &body).await);
        shop.close().await;
    }
}

#[tokio::test]
async fn what_is_taken_and_refused_the_libraries_verify_and_refuse() {
    let now = stripe::now();
    let mut jobs = Vec::new();
    let mut expected = Vec::new();
    for (provider, library, secret) in CASES.into_iter().take(3) {
        let shop = shop_for(provider, secret).await;
        let body = body(provider, "1");
        let changed = [&body[..], b" "].concat();
        let sign = |secret, time| signature::sign(provider, secret, "msg_1", time, &body);
        let good = sign(secret, now);
        for (headers, body, taken) in [
            (&sign("another secret", now), &body, false),
            (&sign(secret, now - 400), &body, false),
            (&good, &changed, false),
            (&good, &body, true),
        ] {
            let answer = post(&shop, provider, headers, body).await;
            assert_eq!(answer.status == 200, taken, "{library}: {}", answer.text);
            jobs.push(verify(library, secret, headers, body));
            expected.push(json!(taken));
        }
        shop.close().await;
    }
    assert_eq!(official(&jobs).await, expected);
}

#[tokio::test]
async fn polars_library_and_the_gateway_take_both_forms_of_a_key() {
    let (now, secret) = (stripe::now(), CASES[2].2);
    let shop = shop_for("polar", secret).await;
    let body = body("polar", "1");
    let jobs =
        ["polar", "standardwebhooks"].map(|library| job("sign", library, secret, now, &body));
    let made = official(&jobs).await;
    assert_ne!(made[0], made[1]);
    let checks: Vec<Value> = made
        .iter()
        .map(|made| verify("polar", secret, &headers(made), &body))
        .collect();
    assert_eq!(official(&checks).await, [json!(true), json!(true)]);
    for made in &made {
        assert_taken(&post(&shop, "polar", &headers(made), &body).await);
    }
    shop.close().await;
}
