//! The REST API over HTTP: what each endpoint takes, answers and refuses, on a real gateway. What touches money runs
//! with the native and with the portable kernels.

mod attribution;
mod conversions;
mod coupon_list;
mod coupon_sales;
mod coupons;
mod deliveries;
mod keys;
mod levels;
mod listing;
mod payout;
mod payouts;
mod project;
mod providers;
mod referrals;
mod rules;
mod simulation;
mod strangers;
mod support;
mod tiers;
mod webhooks;

/// Unix seconds: what is sold after this moment comes after everything the test did before.
fn now() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    i64::try_from(now.expect("after 1970").as_secs()).expect("a Unix time")
}
