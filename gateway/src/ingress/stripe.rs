//! Stripe: `Stripe-Signature: t=<unix>,v1=<hex>[,v1=…]`, HMAC-SHA256 over `<t>.<body>` with the whole secret as key.
//!
//! Stripe's own libraries accept timestamps of the future; here they are bounded like those of the past.

use super::timestamped::Scheme;

pub(super) const SCHEME: Scheme = Scheme {
    header: "Stripe-Signature",
    separator: ',',
    time: "t",
    signature: "v1",
    joint: b".",
};

#[cfg(test)]
mod tests {
    use super::super::provider::Provider;
    use super::super::signature::tests::{TIMESTAMP, by, vector};
    use super::super::signature::{Refusal, Verified, tests};
    use super::SCHEME;

    const HEADER: &str = SCHEME.header;

    fn check(header: &str, body: &str, secrets: &[&str], now: i64) -> Result<Verified, Refusal> {
        tests::check(Provider::Stripe, &[(HEADER, header)], body, secrets, now)
    }

    fn part(field: &str) -> String {
        vector("stripe", field)
    }

    #[test]
    fn the_vectors_of_the_official_library_verify() {
        let (secret, old, body) = (part("secret"), part("old_secret"), part("body"));
        let (signed, rotated) = (part("header"), part("rotated"));
        assert_eq!(check(&signed, &body, &[&secret], TIMESTAMP), by(1));
        assert_eq!(check(&rotated, &body, &["other", &old], TIMESTAMP), by(2));
        let late = TIMESTAMP + 300;
        assert_eq!(check(&rotated, &body, &["other", &secret], late), by(2));
    }

    #[test]
    fn any_other_body_secret_or_scheme_does_not() {
        let (secret, old, body, signed) = (
            part("secret"),
            part("old_secret"),
            part("body"),
            part("header"),
        );
        let other_body = body.replace("1200", "1201");
        let other_scheme = signed.replace("v1", "v0");
        for (header, body, secrets) in [
            (&*signed, &*other_body, &[&*secret][..]),
            (&signed, &body, &[&old]),
            (&signed, &body, &[]),
            (&other_scheme, &body, &[&secret]),
            ("t=1767225600,v1=zz", &body, &[&secret]),
        ] {
            let refused = check(header, body, secrets, TIMESTAMP);
            assert_eq!(refused, Err(Refusal::Mismatch), "{header}");
        }
    }

    #[test]
    fn old_and_future_timestamps_are_refused_with_their_distance() {
        let text = |now| {
            check(&part("header"), &part("body"), &[&part("secret")], now)
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
            let refused = check(bad, "{}", &["secret"], TIMESTAMP);
            assert_eq!(refused, Err(Refusal::Malformed(HEADER)), "{bad}");
        }
        let missing = tests::check(Provider::Stripe, &[], "", &[], TIMESTAMP);
        assert_eq!(
            missing.expect_err("a refusal").to_string(),
            "There is no signature header `Stripe-Signature`"
        );
        let signed = part("header");
        let twice = [(HEADER, &*signed), (HEADER, &*signed)];
        let refused = tests::check(Provider::Stripe, &twice, "", &["secret"], TIMESTAMP);
        assert_eq!(refused, Err(Refusal::Malformed(HEADER)));
    }
}
