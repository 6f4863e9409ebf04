use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::*;

const NOW: u64 = 1_700_000_000;
const SECRET: &[u8] = b"a secret of the project";

fn encoded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn signed(header: &Value, claims: &Value, secret: &[u8]) -> String {
    let message = format!("{}.{}", encoded(header), encoded(claims));
    let mac = Hmac::<Sha256>::new_from_slice(secret).expect("any length is a key");
    let signature = mac.chain_update(message.as_bytes()).finalize().into_bytes();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn header() -> Value {
    json!({"alg": "HS256", "typ": "JWT", "kid": "1000002"})
}

fn claims() -> Value {
    json!({"project": 1, "scope": "read", "iat": NOW, "nbf": NOW, "exp": NOW + 60})
}

fn check(token: &str, now: u64) -> Result<Claims, String> {
    hs256::install();
    key_id(token).ok_or("no key")?;
    verified(token, &DecodingKey::from_secret(SECRET), now)
        .map_err(|error| error.message().to_owned())
}

#[test]
fn a_genuine_token_says_who_and_what() {
    let token = signed(&header(), &claims(), SECRET);
    assert_eq!(key_id(&token), Some(1_000_002));
    let granted = check(&token, NOW).expect("valid");
    assert_eq!((granted.project, granted.scope), (1, Scope::Read));
}

#[test]
fn it_is_valid_in_its_time_with_a_small_leeway() {
    let token = signed(&header(), &claims(), SECRET);
    for (now, valid) in [
        (NOW - 6, false),
        (NOW - 5, true),
        (NOW + 64, true),
        (NOW + 65, false),
    ] {
        assert_eq!(check(&token, now).is_ok(), valid, "{now}");
    }
    assert_eq!(
        check(&token, NOW + 65),
        Err("The token has expired".to_owned())
    );
    assert_eq!(
        check(&token, NOW - 6),
        Err("The token is not valid yet".to_owned())
    );
}

#[test]
fn other_algorithms_are_refused_whatever_the_signature() {
    for algorithm in [
        "none", "None", "HS384", "HS512", "RS256", "ES256", "hs256", "",
    ] {
        let mut header = header();
        header["alg"] = json!(algorithm);
        assert_eq!(
            key_id(&signed(&header, &claims(), SECRET)),
            None,
            "{algorithm}"
        );
        let unsigned = format!("{}.{}.", encoded(&header), encoded(&claims()));
        assert_eq!(key_id(&unsigned), None, "{algorithm}");
    }
}

#[test]
fn what_was_signed_cannot_be_changed() {
    let token = signed(&header(), &claims(), SECRET);
    let mut more = claims();
    more["scope"] = json!("write");
    let parts: Vec<&str> = token.split('.').collect();
    let tampered = [
        format!("{}.{}.{}", parts[0], encoded(&more), parts[2]),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{}.{}.{}", parts[0], parts[1], &parts[2][1..]),
        signed(&header(), &claims(), b"another secret"),
    ];
    for token in tampered {
        assert_eq!(check(&token, NOW), Err("The token is not valid".to_owned()));
    }
}

#[test]
fn every_claim_must_be_there_and_of_its_type() {
    for (name, wrong) in [
        ("project", json!("1")),
        ("scope", json!("admin")),
        ("exp", json!("1700000060")),
        ("exp", json!(1.5)),
        ("exp", json!(-1)),
        ("nbf", json!(true)),
    ] {
        let mut lacking = claims();
        lacking.as_object_mut().expect("an object").remove(name);
        let mut other = claims();
        other[name] = wrong;
        for claims in [lacking, other] {
            assert!(
                check(&signed(&header(), &claims, SECRET), NOW).is_err(),
                "{claims}"
            );
        }
    }
}

#[test]
fn the_key_is_named_by_its_number() {
    for kid in [
        json!("01"),
        json!("-1"),
        json!("+1"),
        json!("x"),
        json!(""),
        json!(null),
        json!("99999999999999999999"),
    ] {
        let mut header = header();
        header["kid"] = kid;
        assert_eq!(
            key_id(&signed(&header, &claims(), SECRET)),
            None,
            "{header}"
        );
    }
    for text in ["", ".", "..", "a.b.c", "rgk_1_x"] {
        assert_eq!(key_id(text), None, "{text}");
    }
}
