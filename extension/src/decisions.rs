//! Who is paid.

use affiliate_core::attribution::{self, Candidate};
use pgrx::prelude::*;

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
