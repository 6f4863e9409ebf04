//! Paddle Billing: `Paddle-Signature: ts=<unix>;h1=<hex>[;h1=…]`, HMAC-SHA256 over `<ts>:<body>` with the whole secret as
//! key. While a secret is rotated there are several `h1`, in no order; any may match.

use super::timestamped::Scheme;

pub(super) const SCHEME: Scheme = Scheme {
    header: "Paddle-Signature",
    separator: ';',
    time: "ts",
    signature: "h1",
    joint: b":",
};

#[cfg(test)]
mod tests {
    use super::super::provider::Provider;
    use super::super::signature::tests::{TIMESTAMP, by, vector};
    use super::super::signature::{Refusal, Verified, tests};
    use super::SCHEME;

    const HEADER: &str = SCHEME.header;

    fn check(header: &str, body: &str, secrets: &[&str], now: i64) -> Result<Verified, Refusal> {
        tests::check(Provider::Paddle, &[(HEADER, header)], body, secrets, now)
    }

    fn part(field: &str) -> String {
        vector("paddle", field)
    }

    #[test]
    fn the_vector_of_the_official_library_verifies() {
        let (header, body, secret) = (part("header"), part("body"), part("secret"));
        assert_eq!(check(&header, &body, &[&secret], TIMESTAMP), by(1));
        // Much later than the five seconds of Paddle's own libraries.
        let late = TIMESTAMP + 300;
        assert_eq!(check(&header, &body, &["other", &secret], late), by(2));
    }

    #[test]
    fn one_good_signature_among_several_is_enough_wherever_it_stands() {
        let (header, body, secret) = (part("header"), part("body"), part("secret"));
        let good = header.split_once("h1=").expect("a signature").1;
        let bad = "0".repeat(64);
        for header in [
            format!("ts={TIMESTAMP};h1={good};h1={bad}"),
            format!("ts={TIMESTAMP};h1={bad};h1={good}"),
            format!("ts={TIMESTAMP};h1={bad};h1={good};h1=zz;h2={bad}"),
            format!("h1={good};ts={TIMESTAMP}"),
        ] {
            let found = check(&header, &body, &[&secret], TIMESTAMP);
            assert_eq!(found, by(1), "{header}");
        }
        let none = format!("ts={TIMESTAMP};h1={bad};h2={good}");
        let found = check(&none, &body, &[&secret], TIMESTAMP);
        assert_eq!(found, Err(Refusal::Mismatch));
    }

    #[test]
    fn old_and_future_timestamps_are_refused() {
        let (header, body, secret) = (part("header"), part("body"), part("secret"));
        let (age, ahead, tolerance) = (301, 301, 300);
        let check = |now| check(&header, &body, &[&secret], now);
        assert_eq!(
            check(TIMESTAMP + 301),
            Err(Refusal::Stale { age, tolerance })
        );
        assert_eq!(
            check(TIMESTAMP - 301),
            Err(Refusal::Future { ahead, tolerance })
        );
    }

    #[test]
    fn malformed_and_changed_deliveries_are_refused() {
        let (header, body, secret) = (part("header"), part("body"), part("secret"));
        for bad in ["", "ts", "h1=00", "ts=;h1=00", &header.replace(';', ",")] {
            let refused = check(bad, &body, &[&secret], TIMESTAMP);
            assert_eq!(refused, Err(Refusal::Malformed(HEADER)), "{bad}");
        }
        let changed = check(&header, &body.replace("web", "api"), &[&secret], TIMESTAMP);
        assert_eq!(changed, Err(Refusal::Mismatch));
    }
}
