//! The aggregate, over the rows of a case and over partial sums combined.

use super::{Answer, Kernel};
use crate::database::empty_database;
use crate::generate::{Elements, Shape, instant, mostly_money};
use crate::schema;
use affiliate_core::Overflow;
use affiliate_core::earnings::{Earnings, Entry};
use proptest::prelude::*;

/// Amount, whether it is a payout, release time, and the instant as of which it is seen.
type Row = (Option<i64>, Option<bool>, Option<i64>, Option<i64>);

fn ledger() -> impl Strategy<Value = Vec<Row>> {
    let row = (
        proptest::option::weighted(0.95, mostly_money()),
        proptest::option::weighted(0.95, any::<bool>()),
        proptest::option::weighted(0.8, instant()),
        proptest::option::weighted(0.9, instant()),
    );
    proptest::collection::vec(row, 0..8)
}

fn sums(rows: &[Row]) -> Answer {
    let step = |sums: Earnings, row: &Row| match *row {
        (Some(amount_minor), Some(is_payout), release_at, at) => sums.add(
            Entry {
                amount_minor,
                is_payout,
                release_at,
            },
            at,
        ),
        _ => Ok(sums),
    };
    match rows.iter().try_fold(Earnings::default(), step) {
        Ok(sums) => Some(format!(
            "{{{},{},{},{}}}",
            sums.total, sums.eligible, sums.held, sums.paid
        )),
        Err(Overflow) => Some("ERR:22003".to_owned()),
    }
}

fn column<T: ToString + Copy>(rows: &[Row], pick: fn(&Row) -> Option<T>) -> Option<String> {
    Some(
        Elements {
            values: rows.iter().map(pick).collect(),
            shape: Shape::Plain,
        }
        .literal(),
    )
}

#[tokio::test]
async fn earnings_are_the_same_everywhere() {
    let kernel = Kernel::<Vec<Row>> {
        name: "earnings",
        call: "SELECT {schema}.earnings(r.amount, r.payout, parity.instant(r.release), parity.instant(r.at))
               FROM unnest(a0::bigint[], a1::boolean[], a2::bigint[], a3::bigint[]) AS r(amount, payout, release, at)",
        arguments: 4,
        texts: |rows| {
            vec![
                column(rows, |row| row.0),
                column(rows, |row| row.1),
                column(rows, |row| row.2),
                column(rows, |row| row.3),
            ]
        },
        core: |rows| sums(rows),
    };
    kernel.holds(ledger()).await;
}

#[tokio::test]
async fn earnings_in_parallel_are_those_of_one_process() {
    let client = empty_database().await;
    schema::create_both(&client).await;
    client
        .batch_execute(
            "CREATE TABLE parity.ledger AS
             SELECT (g * 7919 % 100000 - 30000)::bigint AS amount, g % 5 = 0 AS payout,
                 timestamptz '2026-01-01 00:00:00+00' + (g % 90) * interval '24 hours' AS release
             FROM generate_series(1, 200000) AS g;
             ANALYZE parity.ledger;
             SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;",
        )
        .await
        .expect("a ledger");
    let expected: Vec<i64> = client
        .query_one(
            "SELECT ARRAY[t, t - h - p, h, p] FROM (
                 SELECT sum(amount) FILTER (WHERE NOT payout)::bigint AS t, -sum(amount) FILTER (WHERE payout)::bigint AS p,
                     sum(amount) FILTER (WHERE NOT payout AND release > timestamptz '2026-02-01 00:00:00+00')::bigint AS h
                 FROM parity.ledger) AS sums",
            &[],
        )
        .await
        .expect("sums")
        .get(0);
    for implementation in super::IMPLEMENTATIONS {
        for workers in [0, 2] {
            let setting = format!("SET max_parallel_workers_per_gather = {workers}");
            client.batch_execute(&setting).await.expect("a setting");
            let query = format!(
                "SELECT {implementation}.earnings(amount, payout, release, timestamptz '2026-02-01 00:00:00+00') FROM parity.ledger"
            );
            let plan = client
                .query(&format!("EXPLAIN {query}"), &[])
                .await
                .expect("a plan");
            let combines = plan
                .iter()
                .any(|row| row.get::<_, String>(0).contains("Partial Aggregate"));
            assert_eq!(
                combines,
                workers > 0,
                "{implementation} with {workers} workers"
            );
            let given: Vec<i64> = client
                .query_one(&query, &[])
                .await
                .expect("earnings")
                .get(0);
            assert_eq!(given, expected, "{implementation} with {workers} workers");
        }
    }
}
