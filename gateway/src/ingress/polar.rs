//! Polar: the headers of Standard Webhooks, HMAC-SHA256 over `<id>.<timestamp>.<body>`.
//!
//! Two keys can follow from one secret. Secrets made before September 2026, and all that a merchant chose, are used as
//! they are, prefix included; newer ones as Standard Webhooks has it, decoded from base64, after `whsec_` where it is there. The secret does
//! not tell which of them it is, so both keys are tried, as Polar's own library does.

use axum::http::HeaderMap;
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{self, GeneralPurpose, GeneralPurposeConfig};

use super::signature::{Clock, Refusal, Signatures, SigningSecret, header};

const ID: &str = "webhook-id";
const TIMESTAMP: &str = "webhook-timestamp";
const SIGNATURE: &str = "webhook-signature";
/// Longer ids are not Polar's, and would not fit the index they are found by.
const MAX_ID: usize = 255;

/// Polar's secrets are cut from longer ones: 43 characters whose last one has bits that stand for nothing.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The secret that signed a delivery, and the delivery's id.
pub(super) fn verify(
    headers: &HeaderMap,
    body: &[u8],
    secrets: &[SigningSecret],
    clock: Clock,
) -> Result<(i64, String), Refusal> {
    let id = header(headers, ID)?;
    let timestamp = header(headers, TIMESTAMP)?;
    let signatures = parse(header(headers, SIGNATURE)?).ok_or(Refusal::Malformed(SIGNATURE))?;
    if !(1..=MAX_ID).contains(&id.len()) {
        return Err(Refusal::Malformed(ID));
    }
    clock.check(TIMESTAMP, timestamp)?;
    let message = [id.as_bytes(), b".", timestamp.as_bytes(), b".", body];
    let signer = signatures.signer(secrets, keys, &message)?;
    Ok((signer, id.to_owned()))
}

/// The `v1` signatures; other versions are ignored.
fn parse(header: &str) -> Option<Signatures> {
    let mut signatures = Signatures::default();
    for item in header.split_ascii_whitespace() {
        let (version, encoded) = item.split_once(',')?;
        let decoded = general_purpose::STANDARD.decode(encoded).ok();
        if let (true, Some(Ok(signature))) = (version == "v1", decoded.map(TryInto::try_into)) {
            signatures.add(signature);
        }
    }
    Some(signatures)
}

fn keys(secret: &str) -> Vec<Vec<u8>> {
    let encoded = secret.strip_prefix("whsec_").unwrap_or(secret);
    let decoded = LENIENT.decode(encoded).ok();
    let whole = secret.as_bytes().to_vec();
    [Some(whole), decoded].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::super::provider::Provider;
    use super::super::signature::{Refusal, Verified, tests};
    use super::{ID, SIGNATURE, TIMESTAMP, keys};

    const NOW: i64 = tests::TIMESTAMP;

    fn part(field: &str) -> String {
        tests::vector("polar", field)
    }

    fn by(secret_id: i64) -> Result<Verified, Refusal> {
        let delivery_id = Some(part("id"));
        Ok(Verified {
            secret_id,
            delivery_id,
        })
    }

    fn check(signature: &str, body: &str, secrets: &[&str], now: i64) -> Result<Verified, Refusal> {
        let (id, timestamp) = (part("id"), NOW.to_string());
        let headers = [(ID, &*id), (TIMESTAMP, &*timestamp), (SIGNATURE, signature)];
        tests::check(Provider::Polar, &headers, body, secrets, now)
    }

    #[test]
    fn both_forms_of_the_key_verify() {
        let (secret, body) = (part("secret"), part("body"));
        for field in ["sig_raw_secret_key", "sig_standard_webhooks_decoded_key"] {
            let signature = part(field);
            let several = format!("v1,AAAA v1a,{signature} v2,zz {signature}");
            for header in [&signature, &several] {
                assert_eq!(check(header, &body, &[&secret], NOW), by(1), "{header}");
                let found = check(header, &body, &["polar_whs_x", &secret], NOW + 300);
                assert_eq!(found, by(2), "{header}");
            }
        }
    }

    #[test]
    fn the_example_of_the_specification_verifies() {
        let part = |field| tests::vector("standard_webhooks", field);
        let headers = [
            (ID, &*part("id")),
            (TIMESTAMP, "1614265330"),
            (SIGNATURE, &*part("signature")),
        ];
        let (body, secret) = (part("body"), part("secret"));
        let verified = tests::check(Provider::Polar, &headers, &body, &[&secret], 1_614_265_330);
        assert_eq!(
            verified
                .expect("a verified delivery")
                .delivery_id
                .as_deref(),
            Some("msg_p5jXN8AQM9LWM0D4loKWxJek")
        );
    }

    #[test]
    fn what_cannot_be_decoded_is_used_as_it_is_alone() {
        assert_eq!(keys("whsec_"), [b"whsec_".to_vec(), Vec::new()]);
        assert_eq!(keys("whsec_not base64!").len(), 1);
        assert_eq!(keys("polar_whs_abcd").len(), 1);
        // As Polar makes them: 43 characters, the last of which has bits to spare.
        let key = &keys("whsec_ovyN6cPrTv56AApvzCaJno08SSmGJmgbWilb33N2JuK")[1];
        assert_eq!(key.len(), 32);
    }

    #[test]
    fn changed_old_and_future_deliveries_are_refused() {
        let (secret, body) = (part("secret"), part("body"));
        let signature = part("sig_raw_secret_key");
        let other = body.replace("9000", "9001");
        let refused = check(&signature, &other, &[&secret], NOW);
        assert_eq!(refused, Err(Refusal::Mismatch));
        let tolerance = 300;
        for (now, refusal) in [
            (
                NOW + 301,
                Refusal::Stale {
                    age: 301,
                    tolerance,
                },
            ),
            (
                NOW - 301,
                Refusal::Future {
                    ahead: 301,
                    tolerance,
                },
            ),
        ] {
            let refused = check(&signature, &body, &[&secret], now);
            assert_eq!(refused, Err(refusal));
        }
    }

    #[test]
    fn every_header_is_needed() {
        let (secret, body) = (part("secret"), part("body"));
        let (id, timestamp) = (part("id"), NOW.to_string());
        let (signature, long) = (part("sig_raw_secret_key"), "x".repeat(256));
        let all = [
            (ID, &*id),
            (TIMESTAMP, &*timestamp),
            (SIGNATURE, &*signature),
        ];
        for missing in [ID, TIMESTAMP, SIGNATURE] {
            let rest = all.iter().filter(|(name, _)| *name != missing);
            let rest: Vec<_> = rest.copied().collect();
            let refused = tests::check(Provider::Polar, &rest, &body, &[&secret], NOW);
            assert_eq!(refused, Err(Refusal::Missing(missing)));
        }
        for (name, bad) in [
            (ID, ""),
            (ID, &*long),
            (TIMESTAMP, "today"),
            (SIGNATURE, "v1"),
        ] {
            let bad = all.map(|(header, value)| (header, if header == name { bad } else { value }));
            let refused = tests::check(Provider::Polar, &bad, &body, &[&secret], NOW);
            assert_eq!(refused, Err(Refusal::Malformed(name)));
        }
    }
}
