//! The one rounding function: to the nearest integer, halves away from zero.
//!
//! Postgres rounds `numeric` this way but `float8` to even, and integer division truncates; using one function
//! for every division keeps a commission and the refund that undoes it symmetrical around zero.

use crate::Overflow;

/// `numerator / denominator`, rounded half away from zero.
///
/// # Errors
/// [`Overflow`] when the denominator is zero or the quotient is not an `i128`.
pub fn round_half_away_div(numerator: i128, denominator: i128) -> Result<i128, Overflow> {
    let quotient = numerator.checked_div(denominator).ok_or(Overflow)?;
    let remainder = numerator.checked_rem(denominator).ok_or(Overflow)?;
    let distance = remainder.unsigned_abs();
    // Comparing with what is left up to the next integer avoids doubling, which could overflow.
    if distance == 0 || distance < denominator.unsigned_abs() - distance {
        return Ok(quotient);
    }
    let away = if (numerator < 0) == (denominator < 0) {
        1
    } else {
        -1
    };
    quotient.checked_add(away).ok_or(Overflow)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn halves_go_away_from_zero() {
        for (numerator, denominator, expected) in [
            (5, 2, 3),
            (-5, 2, -3),
            (5, -2, -3),
            (-5, -2, 3),
            (1, 2, 1),
            (-1, 2, -1),
            (1, 3, 0),
            (2, 3, 1),
            (-2, 3, -1),
            (0, 7, 0),
            (49, 100, 0),
            (50, 100, 1),
        ] {
            assert_eq!(
                round_half_away_div(numerator, denominator),
                Ok(expected),
                "{numerator}/{denominator}"
            );
        }
    }

    #[test]
    fn extremes_do_not_wrap() {
        assert_eq!(round_half_away_div(1, 0), Err(Overflow));
        assert_eq!(round_half_away_div(i128::MIN, -1), Err(Overflow));
        assert_eq!(round_half_away_div(i128::MIN, 1), Ok(i128::MIN));
        assert_eq!(round_half_away_div(i128::MAX, i128::MAX), Ok(1));
        assert_eq!(round_half_away_div(i128::MAX, i128::MIN), Ok(-1));
        assert_eq!(round_half_away_div(1, i128::MIN), Ok(0));
    }

    proptest! {
        #[test]
        fn is_the_nearest_integer(numerator: i64, denominator in any::<i64>().prop_filter("not zero", |d| *d != 0)) {
            let (n, d) = (i128::from(numerator), i128::from(denominator));
            let rounded = round_half_away_div(n, d)?;
            let twice_error = 2 * (n - rounded * d);
            prop_assert!(twice_error.abs() <= d.abs());
            if twice_error.abs() == d.abs() {
                prop_assert!((rounded * d).abs() > n.abs(), "a half must go away from zero");
            }
        }

        #[test]
        fn is_symmetrical_around_zero(numerator: i64, denominator in 1..=i64::MAX) {
            let (n, d) = (i128::from(numerator), i128::from(denominator));
            prop_assert_eq!(round_half_away_div(-n, d)?, -round_half_away_div(n, d)?);
        }
    }
}
