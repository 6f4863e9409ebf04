//! Stripe: `Stripe-Signature: t=<unix>,v1=<hex>[,v1=…]`, HMAC-SHA256 over `<t>.<body>` with the whole secret as key.
//!
//! Stripe's own libraries accept timestamps of the future; here they are bounded like those of the past.

use axum::http::HeaderMap;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::ExposeSecret;
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};

use super::{Clock, Refusal, SigningSecret, Verified};

const HEADER: &str = "Stripe-Signature";
/// Rotation sends a few; more only cost time.
const MAX_SIGNATURES: usize = 16;

/// Checks the signature of one delivery.
pub(super) fn verify(
    headers: &HeaderMap,
    body: &[u8],
    secrets: &[SigningSecret],
    clock: Clock,
) -> Result<Verified, Refusal> {
    let header = headers.get(HEADER).ok_or(Refusal::Missing(HEADER))?;
    let header = header.to_str().map_err(|_| Refusal::Malformed(HEADER))?;
    let (timestamp, signatures) = parse(header).ok_or(Refusal::Malformed(HEADER))?;
    let seconds = timestamp.parse().map_err(|_| Refusal::Malformed(HEADER))?;
    clock.check(seconds)?;
    let matching = secrets.iter().find(|secret| {
        let expected = sign(secret.value.expose_secret(), timestamp, body);
        let none = Choice::from(0);
        signatures
            .iter()
            .fold(none, |found, signature| found | signature.ct_eq(&expected))
            .into()
    });
    matching.map_or(Err(Refusal::Mismatch), |secret| {
        Ok(Verified {
            secret_id: secret.id,
            delivery_id: None,
        })
    })
}

fn sign(secret: &str, timestamp: &str, body: &[u8]) -> [u8; 32] {
    match Hmac::<Sha256>::new_from_slice(secret.as_bytes()) {
        Ok(mac) => mac
            .chain_update(timestamp)
            .chain_update(b".")
            .chain_update(body)
            .finalize()
            .into_bytes()
            .into(),
        Err(_) => unreachable!("HMAC takes keys of any length"),
    }
}

/// The timestamp as it was signed, and the `v1` signatures; other schemes are ignored.
fn parse(header: &str) -> Option<(&str, Vec<[u8; 32]>)> {
    let mut timestamp = None;
    let mut signatures = Vec::new();
    for item in header.split(',') {
        match item.trim().split_once('=')? {
            ("t", value) => timestamp = Some(value),
            ("v1", value) if signatures.len() < MAX_SIGNATURES => {
                let mut signature = [0; 32];
                if hex::decode_to_slice(value, &mut signature).is_ok() {
                    signatures.push(signature);
                }
            }
            _ => {}
        }
    }
    Some((timestamp?, signatures))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_test_5f0f3c1e9a7b4d2c8e6f1a2b3c4d5e6f";
    const OLD_SECRET: &str = "whsec_old_000000000000000000000000";
    const TIMESTAMP: i64 = 1_767_225_600;
    const BODY: &str = r#"{"id":"evt_test_1","object":"event","api_version":"2026-10-28.endive","created":1767225600,"type":"invoice.paid","livemode":false,"data":{"object":{"id":"in_1","object":"invoice","currency":"usd","total":1200}}}"#;
    const SIGNED: &str =
        "t=1767225600,v1=0fb50c7e592500716edf39dfdc2b7c322ef2fe6bdaa9c551ae1ec8f018d9913a";
    const ROTATED: &str = "t=1767225600,v1=0fb50c7e592500716edf39dfdc2b7c322ef2fe6bdaa9c551ae1ec8f018d9913a,v1=b3fa0e4d15300fa0dc41f4ad93a585133f447647a078bde4c2ac60427a33822c,v0=deadbeef";

    fn check(header: &str, body: &str, secrets: &[&str], now: i64) -> Result<i64, Refusal> {
        let mut headers = HeaderMap::new();
        headers.insert(HEADER, header.parse().expect("a header value"));
        let secrets: Vec<SigningSecret> = (1..)
            .zip(secrets)
            .map(|(id, value)| SigningSecret {
                id,
                value: (*value).into(),
            })
            .collect();
        let clock = Clock {
            now,
            tolerance: 300,
        };
        verify(&headers, body.as_bytes(), &secrets, clock).map(|verified| verified.secret_id)
    }

    #[test]
    fn the_vectors_of_the_official_library_verify() {
        assert_eq!(check(SIGNED, BODY, &[SECRET], TIMESTAMP), Ok(1));
        assert_eq!(
            check(ROTATED, BODY, &["other", OLD_SECRET], TIMESTAMP),
            Ok(2)
        );
        assert_eq!(
            check(ROTATED, BODY, &["other", SECRET], TIMESTAMP + 300),
            Ok(2)
        );
    }

    #[test]
    fn any_other_body_secret_or_scheme_does_not() {
        assert_eq!(
            check(SIGNED, &BODY.replace("1200", "1201"), &[SECRET], TIMESTAMP),
            Err(Refusal::Mismatch)
        );
        assert_eq!(
            check(SIGNED, BODY, &[OLD_SECRET], TIMESTAMP),
            Err(Refusal::Mismatch)
        );
        assert_eq!(check(SIGNED, BODY, &[], TIMESTAMP), Err(Refusal::Mismatch));
        assert_eq!(
            check(&SIGNED.replace("v1", "v0"), BODY, &[SECRET], TIMESTAMP),
            Err(Refusal::Mismatch)
        );
        assert_eq!(
            check("t=1767225600,v1=zz", BODY, &[SECRET], TIMESTAMP),
            Err(Refusal::Mismatch)
        );
    }

    #[test]
    fn old_and_future_timestamps_are_refused_with_their_distance() {
        let text = |now| {
            check(SIGNED, BODY, &[SECRET], now)
                .expect_err("a refusal")
                .to_string()
        };
        assert_eq!(
            text(TIMESTAMP + 412),
            "The signature's timestamp is 412 s old; at most 300 s is accepted"
        );
        assert!(text(TIMESTAMP - 301).contains("301 s in the future"));
    }

    #[test]
    fn malformed_and_missing_headers_say_so() {
        for bad in [
            "",
            "x",
            "t=abc,v1=00",
            "v1=00",
            "t=99999999999999999999,v1=00",
        ] {
            assert_eq!(
                check(bad, BODY, &[SECRET], TIMESTAMP),
                Err(Refusal::Malformed(HEADER)),
                "{bad}"
            );
        }
        let clock = Clock {
            now: TIMESTAMP,
            tolerance: 300,
        };
        let missing = verify(&HeaderMap::new(), b"", &[], clock).expect_err("a refusal");
        assert_eq!(
            missing.to_string(),
            "There is no signature header `Stripe-Signature`"
        );
    }
}
