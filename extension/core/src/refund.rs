//! How much of a commission a refund takes back.

use crate::Overflow;
use crate::rounding::round_half_away_div;

/// The part of `commission_minor` that goes with `refunded_minor` out of `basis_minor`, cumulative amounts all.
///
/// Because it is computed from the cumulative refund, taking back "the share so far minus the share before" ends at
/// exactly the commission once everything is refunded, however many steps it took.
///
/// # Errors
/// [`Overflow`] never happens for these types; the signature is that of the other kernels.
pub fn refund_share(
    commission_minor: i64,
    refunded_minor: i64,
    basis_minor: i64,
) -> Result<i64, Overflow> {
    if refunded_minor <= 0 {
        return Ok(0);
    }
    if basis_minor <= 0 || refunded_minor >= basis_minor {
        return Ok(commission_minor);
    }
    let product = i128::from(commission_minor) * i128::from(refunded_minor);
    let share = round_half_away_div(product, i128::from(basis_minor))?;
    i64::try_from(share).map_err(|_| Overflow)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_partial_refund_takes_its_share() {
        assert_eq!(refund_share(2_000, 5_000, 9_999), Ok(1_000)); // 1000.1
        assert_eq!(refund_share(2_000, 1, 9_999), Ok(0)); // 0.2
        assert_eq!(refund_share(2_000, 3, 9_999), Ok(1)); // 0.6
        assert_eq!(refund_share(1, 1, 2), Ok(1)); // a half
        assert_eq!(refund_share(-1, 1, 2), Ok(-1));
    }

    #[test]
    fn a_full_refund_takes_everything() {
        assert_eq!(refund_share(2_000, 9_999, 9_999), Ok(2_000));
        assert_eq!(refund_share(2_000, 20_000, 9_999), Ok(2_000));
        assert_eq!(refund_share(2_000, 1, 0), Ok(2_000));
        assert_eq!(refund_share(2_000, 1, -5), Ok(2_000));
    }

    #[test]
    fn no_refund_takes_nothing() {
        assert_eq!(refund_share(2_000, 0, 9_999), Ok(0));
        assert_eq!(refund_share(2_000, -1, 9_999), Ok(0));
        assert_eq!(refund_share(2_000, 0, 0), Ok(0));
    }

    #[test]
    fn extremes_are_exact() {
        assert_eq!(
            refund_share(i64::MIN, i64::MAX - 1, i64::MAX),
            Ok(-i64::MAX)
        );
        assert_eq!(
            refund_share(i64::MAX, i64::MAX - 1, i64::MAX),
            Ok(i64::MAX - 1)
        );
        assert_eq!(refund_share(i64::MIN, i64::MAX, i64::MAX), Ok(i64::MIN));
    }

    proptest! {
        #[test]
        fn never_fails_and_stays_between_nothing_and_all(commission: i64, refunded: i64, basis: i64) {
            let share = refund_share(commission, refunded, basis)?;
            prop_assert!((commission.min(0)..=commission.max(0)).contains(&share));
        }

        #[test]
        fn a_larger_refund_never_takes_less(commission in 0..=i64::MAX, one: i64, other: i64, basis: i64) {
            let (small, large) = (one.min(other), one.max(other));
            prop_assert!(refund_share(commission, small, basis)? <= refund_share(commission, large, basis)?);
        }

        #[test]
        fn partial_refunds_then_the_rest_leave_exactly_zero(
            commission: i64,
            basis in 1..=9_000_000_000_000_i64,
            mut steps in proptest::collection::vec(0..=9_000_000_000_000_i64, 0..8),
        ) {
            steps.push(basis);
            let mut refunded = 0_i64;
            let mut taken = 0_i128;
            for step in steps {
                let before = refund_share(commission, refunded, basis)?;
                refunded = refunded.max(step.min(basis));
                taken += i128::from(refund_share(commission, refunded, basis)?) - i128::from(before);
            }
            prop_assert_eq!(i128::from(commission) - taken, 0);
        }
    }
}
