//! Which rule applies and who is paid.

use affiliate_core::attribution::{self, Candidate};
use affiliate_core::rule::{self, Rule};
use pgrx::array::RawArray;
use pgrx::prelude::*;

#[pg_extern(immutable, parallel_safe)]
fn choose_rule(
    p_affiliate_rule: Option<Array<i64>>,
    p_product_rule: Option<Array<i64>>,
    p_project_rule: Option<Array<i64>>,
) -> Option<Vec<i64>> {
    let defined = |rule: Option<Array<i64>>| rule.and_then(defined_rule);
    rule::choose_rule(
        defined(p_affiliate_rule),
        defined(p_product_rule),
        defined(p_project_rule),
    )
    .map(|(source, rule)| vec![source as i64, rule.rate_ppm, rule.fixed_minor])
}

/// A rule is exactly `{rate_ppm, fixed_minor}`; anything else counts as not defined.
fn defined_rule(array: Array<i64>) -> Option<Rule> {
    let rule = match array.as_slice() {
        Ok(&[rate_ppm, fixed_minor]) => Rule {
            rate_ppm,
            fixed_minor,
        },
        _ => return None,
    };
    // SAFETY: the array is a valid, detoasted argument of this call.
    let raw = unsafe { RawArray::from_array(array) }?;
    (raw.dims().len() == 1).then_some(rule)
}

#[pg_extern(immutable, parallel_safe, strict)]
fn choose_attribution(
    p_priority: Array<i64>,
    p_observed_at: Array<TimestampWithTimeZone>,
    p_affiliate_id: Array<i64>,
    p_eligible: Array<bool>,
    p_first_touch: bool,
) -> Option<i64> {
    let length = p_priority.len();
    if [p_observed_at.len(), p_affiliate_id.len(), p_eligible.len()] != [length; 3] {
        return None;
    }
    let candidates = p_priority
        .iter()
        .zip(p_observed_at.iter())
        .zip(p_affiliate_id.iter())
        .zip(p_eligible.iter())
        .map(|(((priority, observed_at), affiliate_id), eligible)| {
            if eligible != Some(true) {
                return None;
            }
            Some(Candidate {
                priority: priority?,
                observed_at: observed_at?.into(),
                affiliate_id: affiliate_id?,
            })
        });
    let position = attribution::choose_attribution(candidates, p_first_touch)?;
    i64::try_from(position).ok()?.checked_add(1)
}
