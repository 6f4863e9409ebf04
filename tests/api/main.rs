//! The REST API over HTTP, endpoint by endpoint, as its clients use it.

mod attribution;
mod conversions;
mod listing;
mod payout;
mod referrals;

/// Unix seconds: what is sold after this moment comes after everything the test did before.
fn now() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    i64::try_from(now.expect("after 1970").as_secs()).expect("a Unix time")
}
