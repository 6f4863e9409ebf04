//! LemonSqueezy: `X-Signature: <hex>`, HMAC-SHA256 over the body with the secret as key.
//!
//! Neither a time nor an id is signed: a delivery that is sent again is known by what is in it.

use axum::http::HeaderMap;

use super::signature::{Refusal, Signatures, SigningSecret, header, whole_secret};

const HEADER: &str = "X-Signature";

/// The secret that signed a delivery.
pub(super) fn verify(
    headers: &HeaderMap,
    body: &[u8],
    secrets: &[SigningSecret],
) -> Result<i64, Refusal> {
    let signature = header(headers, HEADER)?.trim();
    if signature.len() != 64 || !signature.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(Refusal::Malformed(HEADER));
    }
    let mut signatures = Signatures::default();
    signatures.add_hex(signature);
    signatures.signer(secrets, whole_secret, &[body])
}

#[cfg(test)]
mod tests {
    use super::super::provider::Provider;
    use super::super::signature::tests::{TIMESTAMP, by, vector};
    use super::super::signature::{Refusal, Verified, tests};
    use super::HEADER;

    fn check(header: &str, body: &str, secrets: &[&str]) -> Result<Verified, Refusal> {
        let headers = [(HEADER, header)];
        tests::check(Provider::LemonSqueezy, &headers, body, secrets, TIMESTAMP)
    }

    fn part(field: &str) -> String {
        vector("lemonsqueezy", field)
    }

    #[test]
    fn the_vector_verifies_with_any_of_several_secrets() {
        let (header, body, secret) = (part("header"), part("body"), part("secret"));
        assert_eq!(check(&header, &body, &[&secret]), by(1));
        assert_eq!(check(&header, &body, &["the new one", &secret]), by(2));
    }

    #[test]
    fn any_other_body_or_secret_does_not() {
        let (header, body, secret) = (part("header"), part("body"), part("secret"));
        for (body, secrets) in [
            (body.replace("15000", "15001"), &[&*secret][..]),
            (format!("{body} "), &[&secret]),
            (body.clone(), &["another"]),
            (body.clone(), &[]),
        ] {
            let refused = check(&header, &body, secrets);
            assert_eq!(refused, Err(Refusal::Mismatch));
        }
    }

    #[test]
    fn malformed_and_missing_headers_say_so() {
        let (body, secret) = (part("body"), part("secret"));
        let header = part("header");
        for bad in ["", "sha256", &header[..62], &header.replace('3', "g")] {
            let refused = check(bad, &body, &[&secret]);
            assert_eq!(refused, Err(Refusal::Malformed(HEADER)), "{bad}");
        }
        let missing = tests::check(Provider::LemonSqueezy, &[], &body, &[&secret], TIMESTAMP);
        assert_eq!(missing, Err(Refusal::Missing(HEADER)));
    }
}
