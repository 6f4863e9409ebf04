//! Two signatures on every webhook: the documented one and that of Standard Webhooks.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The documented header: HMAC of the body with the whole secret as key.
pub(super) fn documented(secret: &str, body: &[u8]) -> String {
    format!("sha256={}", hex::encode(hmac(secret.as_bytes(), &[body])))
}

/// The Standard Webhooks header: one signature per live secret, so that receivers can rotate.
pub(super) fn standard(
    secrets: &[String],
    message_id: &str,
    timestamp: u64,
    body: &[u8],
) -> String {
    let signed = format!("{message_id}.{timestamp}.");
    let signatures = secrets.iter().map(|secret| {
        let mac = hmac(&standard_key(secret), &[signed.as_bytes(), body]);
        format!("v1,{}", STANDARD.encode(mac))
    });
    signatures.collect::<Vec<_>>().join(" ")
}

/// Generated secrets are base64 after their prefix; one that the owner typed is used as it is.
fn standard_key(secret: &str) -> Vec<u8> {
    let encoded = secret.strip_prefix("whsec_");
    let decoded = encoded.and_then(|text| STANDARD.decode(text).ok());
    decoded.unwrap_or_else(|| secret.as_bytes().to_vec())
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    match Hmac::<Sha256>::new_from_slice(key) {
        Ok(mac) => parts
            .iter()
            .fold(mac, |mac, part| mac.chain_update(part))
            .finalize()
            .into_bytes()
            .into(),
        Err(_) => unreachable!("HMAC takes keys of any length"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_signature_uses_the_whole_secret() {
        // echo -n '{"a":1}' | openssl dgst -sha256 -hmac whsec_c2VjcmV0
        assert_eq!(
            documented("whsec_c2VjcmV0", br#"{"a":1}"#),
            "sha256=28fdc14c87a73d987934817247894b8ad07ef650fe85604f8aa9c9dec32c936d"
        );
    }

    #[test]
    fn the_standard_signature_uses_the_decoded_secret() {
        // The example of the Standard Webhooks specification's libraries.
        let secrets = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned()];
        let signed = standard(
            &secrets,
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            br#"{"test": 2432232314}"#,
        );
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn typed_secrets_are_raw_and_every_secret_signs() {
        assert_eq!(standard_key("whsec_not base64!"), b"whsec_not base64!");
        assert_eq!(standard_key("typed"), b"typed");
        let secrets = ["a".to_owned(), "b".to_owned()];
        assert_eq!(standard(&secrets, "m", 1, b"").split(' ').count(), 2);
    }
}
