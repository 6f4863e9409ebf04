//! Commission, refund and hold.

use super::{Answer, Kernel, bigint_answer, text};
use crate::generate::{
    Elements, bigint, elements, exchange_rate, hold_days, instant, lengths, mostly_money, nullable,
    rate,
};
use affiliate_core::{Overflow, commission, hold, refund};
use proptest::prelude::*;

type Four = (Option<i64>, Option<i64>, Option<i64>, Option<i64>);

#[tokio::test]
async fn line_commission_is_the_same_everywhere() {
    let kernel = Kernel::<Four> {
        name: "line_commission",
        call: "{schema}.line_commission(a0::bigint, a1::bigint, a2::bigint, a3::bigint)",
        arguments: 4,
        texts: |case| vec![text(&case.0), text(&case.1), text(&case.2), text(&case.3)],
        core: |case| {
            let (Some(base), Some(rate), Some(fixed), Some(fx)) = *case else {
                return None;
            };
            bigint_answer(commission::line_commission(base, rate, fixed, fx).map(Some))
        },
    };
    kernel
        .holds((
            nullable(bigint()),
            nullable(rate()),
            nullable(mostly_money()),
            nullable(exchange_rate()),
        ))
        .await;
}

type Sale = (
    Option<Elements<i64>>,
    Option<Elements<i64>>,
    Option<Elements<i64>>,
    Option<i64>,
);

fn sale() -> impl Strategy<Value = Sale> {
    let amounts = || nullable(elements(mostly_money(), 0.01));
    let rates = nullable(elements(rate(), 0.01));
    (
        lengths(3),
        amounts(),
        rates,
        amounts(),
        nullable(exchange_rate()),
    )
        .prop_map(|(length, base, rate, fixed, fx)| {
            let cut = |array: Option<Elements<i64>>, index: usize| {
                array.map(|array| array.first(length[index]))
            };
            (cut(base, 0), cut(rate, 1), cut(fixed, 2), fx)
        })
}

#[tokio::test]
async fn sale_commission_is_the_same_everywhere() {
    let kernel = Kernel::<Sale> {
        name: "sale_commission",
        call: "{schema}.sale_commission(a0::bigint[], a1::bigint[], a2::bigint[], a3::bigint)",
        arguments: 4,
        texts: |case| {
            let array = |elements: &Option<Elements<i64>>| elements.as_ref().map(Elements::literal);
            vec![
                array(&case.0),
                array(&case.1),
                array(&case.2),
                text(&case.3),
            ]
        },
        core: |case| {
            let complete =
                |elements: &Option<Elements<i64>>| elements.as_ref().and_then(Elements::complete);
            let (base, rate, fixed) = (complete(&case.0)?, complete(&case.1)?, complete(&case.2)?);
            bigint_answer(commission::sale_commission(&base, &rate, &fixed, case.3?))
        },
    };
    kernel.holds(sale()).await;
}

#[tokio::test]
async fn refund_share_is_the_same_everywhere() {
    type Refund = (Option<i64>, Option<i64>, Option<i64>);
    let kernel = Kernel::<Refund> {
        name: "refund_share",
        call: "{schema}.refund_share(a0::bigint, a1::bigint, a2::bigint)",
        arguments: 3,
        texts: |case| vec![text(&case.0), text(&case.1), text(&case.2)],
        core: |case| {
            let (Some(commission), Some(refunded), Some(basis)) = *case else {
                return None;
            };
            bigint_answer(refund::refund_share(commission, refunded, basis).map(Some))
        },
    };
    kernel
        .holds((nullable(bigint()), nullable(bigint()), nullable(bigint())))
        .await;
}

#[tokio::test]
async fn release_at_is_the_same_everywhere() {
    type Hold = (Option<i64>, Option<i32>);
    let core = |case: &Hold| -> Answer {
        let (Some(occurred_at), Some(days)) = *case else {
            return None;
        };
        match hold::release_at(occurred_at, days) {
            Ok(released) => Some(released.to_string()),
            Err(Overflow) => Some("ERR:22008".to_owned()),
        }
    };
    let kernel = Kernel::<Hold> {
        name: "release_at",
        call: "parity.microseconds({schema}.release_at(parity.instant(a0::bigint), a1::integer))",
        arguments: 2,
        texts: |case| vec![text(&case.0), text(&case.1)],
        core,
    };
    kernel
        .holds((nullable(instant()), nullable(hold_days())))
        .await;
}
