//! Commission, refund and hold arithmetic.

use crate::raise::{or_out_of_range, or_timestamp_out_of_range};
use affiliate_core::{commission, hold, refund};
use pgrx::prelude::*;

#[pg_extern(immutable, parallel_safe, strict)]
fn line_commission(p_base_minor: i64, p_rate_ppm: i64, p_fixed_minor: i64, p_fx_ppb: i64) -> i64 {
    or_out_of_range(commission::line_commission(
        p_base_minor,
        p_rate_ppm,
        p_fixed_minor,
        p_fx_ppb,
    ))
}

#[pg_extern(immutable, parallel_safe, strict)]
fn sale_commission(
    p_base_minor: Array<i64>,
    p_rate_ppm: Array<i64>,
    p_fixed_minor: Array<i64>,
    p_fx_ppb: i64,
) -> Option<i64> {
    commission_of_lines(&p_base_minor, &p_rate_ppm, &p_fixed_minor, p_fx_ppb)
}

/// The commission of a sale, NULL when an element is NULL or the lengths differ.
pub fn commission_of_lines(
    base_minor: &Array<i64>,
    rate_ppm: &Array<i64>,
    fixed_minor: &Array<i64>,
    fx_ppb: i64,
) -> Option<i64> {
    let (Ok(base), Ok(rate), Ok(fixed)) = (
        base_minor.as_slice(),
        rate_ppm.as_slice(),
        fixed_minor.as_slice(),
    ) else {
        return None;
    };
    or_out_of_range(commission::sale_commission(base, rate, fixed, fx_ppb))
}

#[pg_extern(immutable, parallel_safe, strict)]
fn refund_share(p_commission_minor: i64, p_refunded_minor: i64, p_basis_minor: i64) -> i64 {
    or_out_of_range(refund::refund_share(
        p_commission_minor,
        p_refunded_minor,
        p_basis_minor,
    ))
}

#[pg_extern(immutable, parallel_safe, strict)]
fn release_at(
    p_occurred_at: TimestampWithTimeZone,
    p_hold_days: i32,
) -> Option<TimestampWithTimeZone> {
    let released = or_timestamp_out_of_range(hold::release_at(p_occurred_at.into(), p_hold_days));
    TimestampWithTimeZone::try_from(released).ok()
}
