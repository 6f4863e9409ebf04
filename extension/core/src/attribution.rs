//! Which of the pieces of evidence decides who is paid for a sale.

use core::cmp::Reverse;

/// One eligible piece of evidence that an affiliate brought the customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The kind of evidence; the smallest number wins whatever the times are.
    pub priority: i64,
    /// When it was seen, in microseconds; the extremes are Postgres' infinities.
    pub observed_at: i64,
    /// Whom it speaks for.
    pub affiliate_id: i64,
}

/// The zero-based position of the winning candidate; `None` entries stand for evidence that does not qualify.
///
/// Within one priority the latest touch wins (the earliest with `first_touch`). What is still equal is decided by
/// the smaller affiliate id and then by position, so that the order of arrival never moves money.
#[must_use]
pub fn choose_attribution(
    candidates: impl IntoIterator<Item = Option<Candidate>>,
    first_touch: bool,
) -> Option<usize> {
    candidates
        .into_iter()
        .enumerate()
        .filter_map(|(position, candidate)| candidate.map(|candidate| (position, candidate)))
        .min_by_key(|(position, candidate)| {
            // Of the two times only one takes part, the other is the same for all.
            let earliest = if first_touch {
                candidate.observed_at
            } else {
                0
            };
            let latest = Reverse(if first_touch {
                0
            } else {
                candidate.observed_at
            });
            (
                candidate.priority,
                earliest,
                latest,
                candidate.affiliate_id,
                *position,
            )
        })
        .map(|(position, _)| position)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::vec::Vec;

    const fn seen(priority: i64, observed_at: i64, affiliate_id: i64) -> Option<Candidate> {
        Some(Candidate {
            priority,
            observed_at,
            affiliate_id,
        })
    }

    #[test]
    fn priority_beats_time() {
        assert_eq!(
            choose_attribution([seen(2, 900, 1), seen(1, 5, 2)], false),
            Some(1)
        );
    }

    #[test]
    fn latest_touch_wins_unless_first_touch_is_asked_for() {
        let touches = [seen(1, 10, 1), seen(1, 30, 2), seen(1, 20, 3)];
        assert_eq!(choose_attribution(touches, false), Some(1));
        assert_eq!(choose_attribution(touches, true), Some(0));
    }

    #[test]
    fn ties_go_to_the_smaller_affiliate_then_to_the_first() {
        assert_eq!(
            choose_attribution([seen(1, 10, 9), seen(1, 10, 3), seen(1, 10, 3)], false),
            Some(1)
        );
    }

    #[test]
    fn infinite_times_are_ordered_like_any_other() {
        let touches = [seen(1, i64::MIN, 1), seen(1, 0, 2), seen(1, i64::MAX, 3)];
        assert_eq!(choose_attribution(touches, false), Some(2));
        assert_eq!(choose_attribution(touches, true), Some(0));
    }

    #[test]
    fn nobody_qualifies() {
        assert_eq!(choose_attribution([], false), None);
        assert_eq!(choose_attribution([None, None], true), None);
        assert_eq!(choose_attribution([None, seen(5, 5, 5)], true), Some(1));
    }

    proptest! {
        #[test]
        fn arrival_order_does_not_decide(
            mut entries in proptest::collection::vec((0..3_i64, 0..4_i64, 0..4_i64), 0..12),
            first_touch: bool,
        ) {
            let winner = |list: &[(i64, i64, i64)]| {
                let candidates: Vec<_> = list.iter().map(|entry| seen(entry.0, entry.1, entry.2)).collect();
                choose_attribution(candidates, first_touch).map(|position| list[position])
            };
            let before = winner(&entries);
            entries.reverse();
            prop_assert_eq!(before, winner(&entries));
        }
    }
}
