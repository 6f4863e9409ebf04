//! Deliveries as providers make them.

use affiliate_tests::binary;
use affiliate_tests::cluster::Cluster;
use affiliate_tests::database::Profile;
use affiliate_tests::gateway::Gateway;
use affiliate_tests::shop::{Answer, Project, Shop};
use affiliate_tests::signature::{self, Headers};
use affiliate_tests::stripe;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// A signing secret that each provider could have made.
pub fn secret(provider: &str) -> &'static str {
    match provider {
        "stripe" => "whsec_5f0f3c1e9a7b4d2c8e6f1a2b",
        "lemonsqueezy" => "a phrase of the merchant",
        "paddle" => "pdl_ntfset_01hs0t3tw21j988db1pam5xg8m_GrOWLNef+vmtjJYq4mSnHNzvc8uWoJ1I",
        _ => "polar_whs_ovyN6cPrTv56AApvzCaJno08SSmGJmgbWilb33N2JuK",
    }
}

/// A body in the shape of a provider, of a type that nobody reads.
pub fn body(provider: &str, name: &str) -> Vec<u8> {
    let body = match provider {
        "stripe" => {
            json!({"id": format!("evt_{name}"), "object": "event", "type": "balance.available",
                           "created": 1_767_225_600, "livemode": false, "data": {"object": {}}})
        }
        "lemonsqueezy" => json!({"meta": {"event_name": "license_key_created", "test_mode": false},
                                 "data": {"type": "license-keys", "id": name, "attributes": {}}}),
        "paddle" => json!({"event_id": format!("evt_{name}"), "event_type": "address.created",
                           "occurred_at": "2026-01-01T00:00:00.000000Z", "data": {}}),
        _ => {
            json!({"type": "benefit.created", "timestamp": "2026-01-01T00:00:00Z", "data": {"name": name}})
        }
    };
    body.to_string().into_bytes()
}

/// An event of Stripe's that names its object in place of holding it.
pub fn thin(number: usize) -> Vec<u8> {
    json!({"id": format!("evt_thin_{number}"), "object": "v2.core.event", "type": "v1.invoice.paid", "livemode": false,
           "created": "2026-08-26T00:00:00Z", "snapshot_event": "evt_1"}).to_string().into_bytes()
}

/// A shop with all four providers connected, on a gateway with these settings.
pub async fn open(settings: &[(&str, &str)]) -> Shop {
    let database = Cluster::shared()
        .await
        .create_database(Profile::Portable)
        .await;
    let gateway = Gateway::start_with(&database, settings).await;
    let project = Project::create(&database, &gateway, &[]).await;
    let shop = Shop {
        project,
        gateway,
        database,
    };
    for provider in signature::PROVIDERS {
        connect(&shop, provider, json!({"webhook_secret": secret(provider)})).await;
    }
    shop
}

/// Connects a provider through the API, or changes how it is; gives what the API says of it.
pub async fn connect(shop: &Shop, provider: &str, settings: Value) -> Value {
    let path = format!("/api/v1/providers/{provider}");
    // The API takes visible characters only; a phrase with blanks is for the command line.
    if settings["webhook_secret"]
        .as_str()
        .is_some_and(|secret| secret.contains(' '))
    {
        let id = shop.project.id.to_string();
        let secret = settings["webhook_secret"].as_str().unwrap_or_default();
        let set = [
            "provider",
            "set",
            "--project",
            &id,
            provider,
            "--webhook-secret",
            secret,
        ];
        shop.database.affiliate(&set).await;
        return Value::Null;
    }
    let answer = shop.project.put(&path, &settings).await;
    assert_eq!(answer.status, 200, "{provider}: {}", answer.text);
    answer.json()["data"].take()
}

/// Posts a body with these headers.
pub async fn post(shop: &Shop, provider: &str, headers: &Headers, body: &[u8]) -> Answer {
    let path = format!("/webhook/{provider}/{}", shop.project.id);
    post_to(&shop.gateway.url(&path), headers, body).await
}

/// The same to any URL.
pub async fn post_to(url: &str, headers: &Headers, body: &[u8]) -> Answer {
    let mut request = affiliate_tests::http().post(url).body(body.to_vec());
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    Answer::of(request.header("content-type", "application/json"))
        .await
        .expect("an answer")
}

/// Delivers a body, each under an id of its own, rightly signed with a secret.
pub async fn deliver(shop: &Shop, provider: &str, secret: &str, body: &[u8]) -> Answer {
    let id = format!("msg_{}", hex::encode(&Sha256::digest(body)[..8]));
    let headers = signature::sign(provider, secret, &id, stripe::now(), body);
    post(shop, provider, &headers, body).await
}

/// Expects that a delivery was taken.
pub fn assert_taken(answer: &Answer) {
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.json()["received"], json!(true));
}

/// Expects that a delivery was refused with this status, saying so.
pub fn assert_refused(answer: &Answer, status: u16, words: &str) {
    assert_eq!(answer.status, status, "{}", answer.text);
    let error = answer.error();
    assert!(error.contains(words), "{words:?} is not in {error:?}");
}

/// What `affiliate` says when it refuses these arguments.
pub async fn refusal(shop: &Shop, arguments: &[&str]) -> String {
    output(shop, arguments, 1).await
}

/// What `affiliate` prints, on either stream, where it ends with this code.
pub async fn output(shop: &Shop, arguments: &[&str], code: i32) -> String {
    let output = binary::run(arguments, &[("DATABASE_URL", shop.database.url())]).await;
    assert_eq!(
        output.status.code(),
        Some(code),
        "{arguments:?}: {output:?}"
    );
    let bytes = [output.stdout, output.stderr].concat();
    String::from_utf8(bytes).expect("UTF-8")
}
