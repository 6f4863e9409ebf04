//! Signature headers that hold a time and signatures over it and the body: `<time>=<unix>`, `<signature>=<hex>`, in any
//! order, HMAC-SHA256 with the whole secret as key. There are several signatures while a secret is rotated.

use axum::http::HeaderMap;

use super::signature::{Clock, Refusal, Signatures, SigningSecret, header, whole_secret};

/// How one provider writes it.
pub(super) struct Scheme {
    pub(super) header: &'static str,
    /// Between the items of the header.
    pub(super) separator: char,
    pub(super) time: &'static str,
    pub(super) signature: &'static str,
    /// Between time and body in what is signed.
    pub(super) joint: &'static [u8],
}

impl Scheme {
    /// The secret that signed a delivery.
    pub(super) fn verify(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        secrets: &[SigningSecret],
        clock: Clock,
    ) -> Result<i64, Refusal> {
        let text = header(headers, self.header)?;
        let (time, signatures) = self.parse(text).ok_or(Refusal::Malformed(self.header))?;
        clock.check(self.header, time)?;
        signatures.signer(secrets, whole_secret, &[time.as_bytes(), self.joint, body])
    }

    /// The time as it was signed, and the signatures; items of other schemes are ignored.
    fn parse<'a>(&self, text: &'a str) -> Option<(&'a str, Signatures)> {
        let mut time = None;
        let mut signatures = Signatures::default();
        for item in text.split(self.separator) {
            let (name, value) = item.trim().split_once('=')?;
            if name == self.time {
                time = Some(value);
            } else if name == self.signature {
                signatures.add_hex(value);
            }
        }
        Some((time?, signatures))
    }
}
