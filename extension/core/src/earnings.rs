//! The earnings of an affiliate as four running sums over the ledger.
//!
//! Every entry changes two of the sums such that `total = eligible + held + paid` stays true, so it holds after every
//! step and after every combination of partial sums, without a final step.

use crate::Overflow;

/// Minor units; `total = eligible + held + paid`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Earnings {
    /// Commissions less refunds.
    pub total: i64,
    /// Released and not paid yet; negative after a refund of something already paid.
    pub eligible: i64,
    /// Still in its hold.
    pub held: i64,
    /// Paid out, less payouts taken back.
    pub paid: i64,
}

/// One entry of the ledger. Signs as there: commission and payout reversal add, refund and payout subtract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Signed minor units.
    pub amount_minor: i64,
    /// Whether it moves money to the affiliate rather than earning it.
    pub is_payout: bool,
    /// When a hold ends, in microseconds; `None` when there is none.
    pub release_at: Option<i64>,
}

impl Earnings {
    /// These earnings and one more entry, as seen at the instant `at`; without an instant nothing is released.
    ///
    /// # Errors
    /// [`Overflow`] when one of the running sums is not an `i64`.
    pub fn add(self, entry: Entry, at: Option<i64>) -> Result<Self, Overflow> {
        let amount = entry.amount_minor;
        let mut sums = self;
        if entry.is_payout {
            sums.paid = self.paid.checked_sub(amount).ok_or(Overflow)?;
            sums.eligible = self.eligible.checked_add(amount).ok_or(Overflow)?;
            return Ok(sums);
        }
        sums.total = self.total.checked_add(amount).ok_or(Overflow)?;
        let held = entry
            .release_at
            .is_some_and(|release| at.is_none_or(|at| release > at));
        if held {
            sums.held = self.held.checked_add(amount).ok_or(Overflow)?;
        } else {
            sums.eligible = self.eligible.checked_add(amount).ok_or(Overflow)?;
        }
        Ok(sums)
    }

    /// The earnings of two disjoint sets of entries together.
    ///
    /// # Errors
    /// [`Overflow`] when one of the sums is not an `i64`.
    pub fn combine(self, other: Self) -> Result<Self, Overflow> {
        let plus = |one: i64, two: i64| one.checked_add(two).ok_or(Overflow);
        Ok(Self {
            total: plus(self.total, other.total)?,
            eligible: plus(self.eligible, other.eligible)?,
            held: plus(self.held, other.held)?,
            paid: plus(self.paid, other.paid)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::vec::Vec;

    fn entry(amount_minor: i64, is_payout: bool, release_at: Option<i64>) -> Entry {
        Entry {
            amount_minor,
            is_payout,
            release_at,
        }
    }

    fn sum(entries: &[Entry], at: Option<i64>) -> Result<Earnings, Overflow> {
        entries
            .iter()
            .try_fold(Earnings::default(), |sums, entry| sums.add(*entry, at))
    }

    #[test]
    fn commission_hold_refund_and_payout() {
        let ledger = [
            entry(2_000, false, Some(100)), // released
            entry(1_000, false, Some(300)), // held
            entry(-400, false, Some(300)),  // refund of the held one
            entry(-1_500, true, None),      // payout
            entry(500, true, None),         // a third of it taken back
        ];
        let expected = Earnings {
            total: 2_600,
            eligible: 1_000,
            held: 600,
            paid: 1_000,
        };
        assert_eq!(sum(&ledger, Some(200)), Ok(expected));
    }

    #[test]
    fn a_hold_ends_at_its_release_time() {
        let ledger = [entry(5, false, Some(100))];
        assert_eq!(sum(&ledger, Some(99)).map(|sums| sums.held), Ok(5));
        assert_eq!(sum(&ledger, Some(100)).map(|sums| sums.held), Ok(0));
        assert_eq!(sum(&ledger, None).map(|sums| sums.held), Ok(5));
        assert_eq!(
            sum(&[entry(5, false, None)], None).map(|sums| sums.eligible),
            Ok(5)
        );
    }

    #[test]
    fn extremes_overflow() {
        assert_eq!(sum(&[entry(i64::MIN, true, None)], None), Err(Overflow));
        assert_eq!(
            sum(&[entry(i64::MAX, false, None), entry(1, false, None)], None),
            Err(Overflow)
        );
        let most = Earnings {
            total: i64::MAX,
            ..Earnings::default()
        };
        assert_eq!(
            most.combine(Earnings {
                total: 1,
                ..Earnings::default()
            }),
            Err(Overflow)
        );
    }

    fn entries() -> impl Strategy<Value = Vec<Entry>> {
        let one = (
            -9_000_000_000_000_i64..=9_000_000_000_000,
            any::<bool>(),
            proptest::option::of(-5..5_i64),
        );
        proptest::collection::vec(
            one.prop_map(|(amount, payout, release)| entry(amount, payout, release)),
            0..40,
        )
    }

    proptest! {
        #[test]
        fn total_is_always_eligible_plus_held_plus_paid(ledger in entries(), at in proptest::option::of(-5..5_i64)) {
            let sums = sum(&ledger, at)?;
            prop_assert_eq!(sums.total, sums.eligible + sums.held + sums.paid);
        }

        #[test]
        fn partial_sums_combine_to_the_whole(ledger in entries(), cut in 0..40_usize, at in proptest::option::of(-5..5_i64)) {
            let (left, right) = ledger.split_at(cut.min(ledger.len()));
            prop_assert_eq!(sum(left, at)?.combine(sum(right, at)?)?, sum(&ledger, at)?);
        }
    }
}
