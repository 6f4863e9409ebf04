//! When a commission leaves its hold.

use crate::Overflow;

const MICROSECONDS_PER_DAY: i64 = 86_400_000_000;
/// 4714-11-24 BC, the first instant of a Postgres timestamp.
const FIRST_INSTANT: i64 = -211_813_488_000_000_000;
/// The first instant after the last one, in the year 294276.
const END_OF_TIME: i64 = 9_223_371_331_200_000_000;

/// The instant `hold_days` times 24 hours after `occurred_at`, both in microseconds since 2000.
///
/// Never calendar days: a day that is 23 or 25 hours long somewhere must not move money. The infinities, which
/// Postgres keeps as the extremes of `i64`, stay what they are.
///
/// # Errors
/// [`Overflow`] when the hold is not representable or the result is not a Postgres timestamp.
pub fn release_at(occurred_at: i64, hold_days: i32) -> Result<i64, Overflow> {
    let hold = i64::from(hold_days)
        .checked_mul(MICROSECONDS_PER_DAY)
        .ok_or(Overflow)?;
    if occurred_at == i64::MIN || occurred_at == i64::MAX {
        return Ok(occurred_at);
    }
    let released = occurred_at.checked_add(hold).ok_or(Overflow)?;
    if (FIRST_INSTANT..END_OF_TIME).contains(&released) {
        Ok(released)
    } else {
        Err(Overflow)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_always_24_hours() {
        assert_eq!(release_at(0, 0), Ok(0));
        assert_eq!(release_at(5, 1), Ok(86_400_000_005));
        assert_eq!(release_at(0, 30), Ok(2_592_000_000_000));
        assert_eq!(release_at(0, -1), Ok(-86_400_000_000));
    }

    #[test]
    fn infinity_stays_infinite() {
        assert_eq!(release_at(i64::MAX, 30), Ok(i64::MAX));
        assert_eq!(release_at(i64::MIN, -30), Ok(i64::MIN));
    }

    #[test]
    fn the_range_of_a_timestamp_is_kept() {
        assert_eq!(release_at(END_OF_TIME - 1, 0), Ok(END_OF_TIME - 1));
        assert_eq!(
            release_at(END_OF_TIME - MICROSECONDS_PER_DAY, 1),
            Err(Overflow)
        );
        assert_eq!(release_at(FIRST_INSTANT, -1), Err(Overflow));
        assert_eq!(release_at(0, i32::MAX), Err(Overflow));
        assert_eq!(release_at(i64::MAX, i32::MAX), Err(Overflow));
        assert_eq!(release_at(0, i32::MIN), Err(Overflow));
    }
}
