//! What a sale pays: each line is rounded once, a sale is the sum of its lines.

use crate::Overflow;
use crate::rounding::round_half_away_div;

/// `rate_ppm * fx_ppb` of one: a rate of 100 % in the same currency.
const PPM_TIMES_PPB: i128 = 1_000_000_000_000_000;

/// The commission of one line in the project's currency: `base * rate * fx`, rounded once, plus the fixed part.
///
/// `fx_ppb` is how many billionths of a project-currency minor unit one sale-currency minor unit is worth
/// (1,000,000,000 for the same currency), so that currencies without or with three decimals need no special case.
///
/// # Errors
/// [`Overflow`] when the result is not an `i64`.
pub fn line_commission(
    base_minor: i64,
    rate_ppm: i64,
    fixed_minor: i64,
    fx_ppb: i64,
) -> Result<i64, Overflow> {
    // Two i64 always fit an i128. Where the third does not, the quotient is far outside an i64, whatever is added.
    let product = (i128::from(base_minor) * i128::from(rate_ppm))
        .checked_mul(i128::from(fx_ppb))
        .ok_or(Overflow)?;
    let percentage = round_half_away_div(product, PPM_TIMES_PPB)?;
    let total = percentage
        .checked_add(i128::from(fixed_minor))
        .ok_or(Overflow)?;
    i64::try_from(total).map_err(|_| Overflow)
}

/// The commission of a sale: the sum of its lines, never below zero, and zero when nothing was sold.
///
/// `None` when the lines are not described completely (the slices differ in length). A sale whose bases add up to
/// zero or less pays nothing and its lines are not computed, so they cannot overflow either.
///
/// # Errors
/// [`Overflow`] when a line or the sum of the lines is not an `i64`.
pub fn sale_commission(
    base_minor: &[i64],
    rate_ppm: &[i64],
    fixed_minor: &[i64],
    fx_ppb: i64,
) -> Result<Option<i64>, Overflow> {
    if base_minor.len() != rate_ppm.len() || base_minor.len() != fixed_minor.len() {
        return Ok(None);
    }
    if sum(base_minor.iter().copied())? <= 0 {
        return Ok(Some(0));
    }
    let mut total: i128 = 0;
    for ((base, rate), fixed) in base_minor.iter().zip(rate_ppm).zip(fixed_minor) {
        let line = line_commission(*base, *rate, *fixed, fx_ppb)?;
        total = total.checked_add(i128::from(line)).ok_or(Overflow)?;
    }
    let total = i64::try_from(total).map_err(|_| Overflow)?;
    Ok(Some(total.max(0)))
}

fn sum(amounts: impl Iterator<Item = i64>) -> Result<i128, Overflow> {
    let mut total: i128 = 0;
    for amount in amounts {
        total = total.checked_add(i128::from(amount)).ok_or(Overflow)?;
    }
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SAME: i64 = 1_000_000_000;
    const PERCENT_20: i64 = 200_000;

    #[test]
    fn twenty_percent_rounds_half_away_from_zero() {
        // 1999.8, 999.8, 0.4, 0.6, and 50 % of 1 and of -1 which are exact halves.
        assert_eq!(line_commission(9_999, PERCENT_20, 0, SAME), Ok(2_000));
        assert_eq!(line_commission(4_999, PERCENT_20, 0, SAME), Ok(1_000));
        assert_eq!(line_commission(2, PERCENT_20, 0, SAME), Ok(0));
        assert_eq!(line_commission(3, PERCENT_20, 0, SAME), Ok(1));
        assert_eq!(line_commission(1, 500_000, 0, SAME), Ok(1));
        assert_eq!(line_commission(-1, 500_000, 0, SAME), Ok(-1));
        assert_eq!(line_commission(-9_999, PERCENT_20, 0, SAME), Ok(-2_000));
    }

    #[test]
    fn fixed_part_is_added_after_rounding() {
        assert_eq!(line_commission(9_999, 0, 1_000, SAME), Ok(1_000));
        assert_eq!(line_commission(9_999, PERCENT_20, 1, SAME), Ok(2_001));
        assert_eq!(line_commission(9_999, PERCENT_20, -2_500, SAME), Ok(-500));
    }

    #[test]
    fn currencies_of_any_number_of_decimals() {
        // 5,000 JPY at 0.0067 USD: 3,350 cents in all, 670 of them at 20 %. One yen is 0.67 cents.
        assert_eq!(line_commission(5_000, PERCENT_20, 0, 670_000_000), Ok(670));
        // 99.99 USD in a JPY project at 149.25: one cent is 1.4925 yen; 20 % of 14,923.5 yen is 2,984.7.
        assert_eq!(
            line_commission(9_999, PERCENT_20, 0, 1_492_500_000),
            Ok(2_985)
        );
        // 12.345 KWD at 3.25 USD: one fils is 0.325 cents; 20 % of 4,012.125 cents is 802.425.
        assert_eq!(line_commission(12_345, PERCENT_20, 0, 325_000_000), Ok(802));
        // 12.345 KWD in a KWD project, three decimals: 2.469.
        assert_eq!(line_commission(12_345, PERCENT_20, 0, SAME), Ok(2_469));
    }

    #[test]
    fn extremes_overflow_and_never_wrap() {
        assert_eq!(line_commission(i64::MAX, 1_000_000, 0, SAME), Ok(i64::MAX));
        assert_eq!(line_commission(i64::MIN, 1_000_000, 0, SAME), Ok(i64::MIN));
        assert_eq!(
            line_commission(i64::MIN, -1_000_000, 0, SAME),
            Err(Overflow)
        );
        assert_eq!(line_commission(i64::MAX, 1_000_000, 1, SAME), Err(Overflow));
        assert_eq!(
            line_commission(i64::MAX, 1_000_001, i64::MIN, SAME),
            Ok(9_223_372_036_854)
        );
        assert_eq!(
            line_commission(i64::MAX, i64::MAX, i64::MIN, i64::MAX),
            Err(Overflow)
        );
        assert_eq!(
            line_commission(i64::MIN, i64::MIN, 0, i64::MIN),
            Err(Overflow)
        );
        assert_eq!(line_commission(i64::MIN, i64::MIN, 7, 0), Ok(7));
    }

    #[test]
    fn each_line_is_rounded_once() {
        // Three lines of 0.4 are 0 each; rounding their sum of 1.2 would give 1.
        assert_eq!(
            sale_commission(&[2, 2, 2], &[PERCENT_20; 3], &[0; 3], SAME),
            Ok(Some(0))
        );
        assert_eq!(
            sale_commission(&[9_999, 4_999], &[PERCENT_20; 2], &[0, 50], SAME),
            Ok(Some(3_050))
        );
    }

    #[test]
    fn a_sale_never_pays_below_zero() {
        assert_eq!(sale_commission(&[], &[], &[], SAME), Ok(Some(0)));
        assert_eq!(
            sale_commission(&[100, -100], &[PERCENT_20; 2], &[500, 500], SAME),
            Ok(Some(0))
        );
        assert_eq!(
            sale_commission(&[100], &[PERCENT_20], &[-500], SAME),
            Ok(Some(0))
        );
        assert_eq!(
            sale_commission(&[1_000, -400], &[PERCENT_20; 2], &[0; 2], SAME),
            Ok(Some(120))
        );
    }

    #[test]
    fn incomplete_lines_pay_nothing_at_all() {
        assert_eq!(sale_commission(&[1], &[], &[1], SAME), Ok(None));
        assert_eq!(sale_commission(&[1], &[1], &[1, 2], SAME), Ok(None));
    }

    #[test]
    fn lines_are_computed_only_when_something_was_sold() {
        let huge = [i64::MAX, i64::MIN];
        assert_eq!(
            sale_commission(&huge, &[i64::MAX; 2], &[0; 2], i64::MAX),
            Ok(Some(0))
        );
        assert_eq!(
            sale_commission(&[i64::MAX, 1], &[i64::MAX; 2], &[0; 2], i64::MAX),
            Err(Overflow)
        );
        assert_eq!(
            sale_commission(&[i64::MAX; 2], &[1_000_000; 2], &[0; 2], SAME),
            Err(Overflow)
        );
        assert_eq!(
            sale_commission(&[1, 1], &[0; 2], &[i64::MIN, -1], SAME),
            Err(Overflow)
        );
    }

    proptest! {
        #[test]
        fn grows_with_the_base(
            base in -9_000_000_000_000_i64..9_000_000_000_000,
            more in 0..1_000_000_i64,
            rate in 0..=1_000_000_i64,
            fx in 0..=10 * SAME,
        ) {
            prop_assert!(line_commission(base, rate, 0, fx)? <= line_commission(base + more, rate, 0, fx)?);
        }

        #[test]
        fn never_exceeds_the_base_at_rates_up_to_one(base in 0..=9_000_000_000_000_i64, rate in 0..=1_000_000_i64) {
            let commission = line_commission(base, rate, 0, SAME)?;
            prop_assert!((0..=base).contains(&commission));
        }

        #[test]
        fn a_line_is_symmetrical_around_zero(base in -i64::MAX..=i64::MAX, rate: i64, fx: i64) {
            // i64::MIN has no opposite; everything else must mirror, overflow included.
            match (line_commission(base, rate, 0, fx), line_commission(-base, rate, 0, fx)) {
                (Ok(i64::MIN), other) | (other, Ok(i64::MIN)) => prop_assert_eq!(other, Err(Overflow)),
                (Ok(plus), minus) => prop_assert_eq!(minus, Ok(-plus)),
                (Err(_), minus) => prop_assert_eq!(minus, Err(Overflow)),
            }
        }

        #[test]
        fn a_sale_of_one_line_is_that_line(base in 1..=9_000_000_000_000_i64, rate in 0..=1_000_000_i64, fixed in 0..10_000_i64) {
            prop_assert_eq!(
                sale_commission(&[base], &[rate], &[fixed], SAME)?,
                Some(line_commission(base, rate, fixed, SAME)?)
            );
        }
    }
}
