//! What each payment provider puts beside the body of a webhook, worked out here a second time.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::stripe;

/// The headers of a delivery.
pub type Headers = Vec<(&'static str, String)>;

/// The providers whose events are received.
pub const PROVIDERS: [&str; 4] = ["stripe", "lemonsqueezy", "paddle", "polar"];

/// The headers of a body signed at `time` (Unix seconds); `id` is the delivery's, where the provider sends one.
pub fn sign(provider: &str, secret: &str, id: &str, time: i64, body: &[u8]) -> Headers {
    let key = secret.as_bytes();
    match provider {
        "stripe" => vec![("stripe-signature", stripe::sign(secret, time, body))],
        "lemonsqueezy" => vec![("x-signature", hex::encode(hmac(key, b"", body)))],
        "paddle" => {
            let digest = hmac(key, format!("{time}:").as_bytes(), body);
            let header = format!("ts={time};h1={}", hex::encode(digest));
            vec![("paddle-signature", header)]
        }
        "polar" => polar(key, id, time, body),
        other => panic!("no provider {other}"),
    }
}

/// The headers of Standard Webhooks with a key of any form, as Polar sends them.
pub fn polar(key: &[u8], id: &str, time: i64, body: &[u8]) -> Headers {
    let digest = hmac(key, format!("{id}.{time}.").as_bytes(), body);
    vec![
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", time.to_string()),
        (
            "webhook-signature",
            format!("v1,{}", STANDARD.encode(digest)),
        ),
    ]
}

fn hmac(key: &[u8], start: &[u8], body: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length is a key");
    mac.update(start);
    mac.update(body);
    mac.finalize().into_bytes().into()
}
