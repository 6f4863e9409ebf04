//! Attribution.

use super::{Kernel, text};
use crate::generate::{Elements, bigint, elements, instant, lengths, nullable};
use affiliate_core::attribution::{self, Candidate};
use proptest::prelude::*;

type Array = Option<Elements<i64>>;

#[derive(Clone, Debug)]
struct Evidence {
    priority: Array,
    observed_at: Array,
    affiliate_id: Array,
    eligible: Option<Elements<bool>>,
    first_touch: Option<bool>,
}

/// Few different numbers, so that every tie-break is reached.
fn evidence() -> impl Strategy<Value = Evidence> {
    let number = || {
        (-4..12_i64, bigint())
            .prop_map(|(few, any)| if few < -2 { any } else { few.rem_euclid(3) })
            .boxed()
    };
    let numbers = || nullable(elements(number(), 0.03));
    let eligible = nullable(elements(
        (0..7_u8).prop_map(|number| number > 0).boxed(),
        0.03,
    ));
    let instants = nullable(elements(instant(), 0.03));
    (
        lengths(4),
        numbers(),
        instants,
        numbers(),
        eligible,
        nullable(any::<bool>().boxed()),
    )
        .prop_map(
            |(length, priority, observed_at, affiliate_id, eligible, first_touch)| Evidence {
                priority: priority.map(|array| array.first(length[0])),
                observed_at: observed_at.map(|array| array.first(length[1])),
                affiliate_id: affiliate_id.map(|array| array.first(length[2])),
                eligible: eligible.map(|array| array.first(length[3])),
                first_touch,
            },
        )
}

fn winner(case: &Evidence) -> Option<String> {
    let (priority, observed_at) = (case.priority.as_ref()?, case.observed_at.as_ref()?);
    let (affiliate_id, eligible) = (case.affiliate_id.as_ref()?, case.eligible.as_ref()?);
    let first_touch = case.first_touch?;
    let length = priority.values.len();
    if [
        observed_at.values.len(),
        affiliate_id.values.len(),
        eligible.values.len(),
    ] != [length; 3]
    {
        return None;
    }
    let candidates = (0..length).map(|index| {
        (eligible.values[index] == Some(true)).then_some(())?;
        Some(Candidate {
            priority: priority.values[index]?,
            observed_at: observed_at.values[index]?,
            affiliate_id: affiliate_id.values[index]?,
        })
    });
    attribution::choose_attribution(candidates, first_touch)
        .map(|position| (position + 1).to_string())
}

#[tokio::test]
async fn choose_attribution_is_the_same_everywhere() {
    let kernel = Kernel::<Evidence> {
        name: "choose_attribution",
        call: "{schema}.choose_attribution(
            a0::bigint[], parity.instants(a1::bigint[]), a2::bigint[], a3::boolean[], a4::boolean)",
        arguments: 5,
        texts: |case| {
            let array = |array: &Array| array.as_ref().map(Elements::literal);
            vec![
                array(&case.priority),
                array(&case.observed_at),
                array(&case.affiliate_id),
                case.eligible.as_ref().map(Elements::literal),
                text(&case.first_touch),
            ]
        },
        core: winner,
    };
    kernel.holds(evidence()).await;
}
