//! The stamping trigger: the same rows, the same refusals, natively and in PL/pgSQL.

mod misuse;

use crate::database::empty_database;
use crate::generate::{
    Cases, bigint, case_count, elements, exchange_rate, hold_days, instant, lengths, mostly_money,
    rate, seed,
};
use crate::schema::{self, PORTABLE_COPY};
use proptest::prelude::*;
use std::time::Instant;
use tokio_postgres::Client;

/// The columns a test writes, in the order in which their texts are sent; the last two are written by the trigger.
const COLUMNS: [(&str, &str); 20] = [
    ("affiliate_id", "bigint"),
    ("attribution_source", "text"),
    ("rule_source", "text"),
    ("currency", "text"),
    ("base_minor", "bigint"),
    ("line_base_minor", "bigint[]"),
    ("line_rate_ppm", "bigint[]"),
    ("line_fixed_minor", "bigint[]"),
    ("fx_ppb", "bigint"),
    ("value_override_minor", "bigint"),
    ("occurred_at", "timestamptz"),
    ("hold_days", "integer"),
    ("level_id", "bigint"),
    ("parent_affiliate_id", "bigint"),
    ("tier_rate_ppm", "bigint"),
    ("tier_fixed_minor", "bigint"),
    ("tier_minor", "bigint"),
    ("stamp_version", "integer"),
    ("commission_minor", "bigint"),
    ("release_at", "timestamptz"),
];
const STAMP_VERSION: usize = 17;
const WRITTEN: [usize; 2] = [18, 19];
const TABLES: [(&str, &str); 2] = [("native", "affiliate_native"), ("portable", PORTABLE_COPY)];
/// Left as the trigger made it.
const KEEP: &str = "keep";
const BATCH: usize = 1_000;

type Texts = Vec<Option<String>>;

/// A row to insert and the row to update it to.
type Case = (Texts, Texts);

/// The expression that reads column `index` of the JSON array `source`.
fn value_of(source: &str, index: usize) -> String {
    match COLUMNS[index].1 {
        "timestamptz" => format!("parity.instant(({source}->>{index})::bigint)"),
        kind => format!("({source}->>{index})::{kind}"),
    }
}

/// A table like that of conversions, with a column that was dropped, and the function that tries one case on it.
async fn create_table(client: &Client, table: &str, implementation: &str) {
    let columns: Vec<_> = COLUMNS
        .iter()
        .map(|(name, kind)| format!("{name} {kind}"))
        .collect();
    let names: Vec<_> = COLUMNS.iter().map(|(name, _)| *name).collect();
    let inserted: Vec<_> = (0..COLUMNS.len())
        .map(|index| value_of("v_insert", index))
        .collect();
    let updated: Vec<_> = (0..COLUMNS.len())
        .map(|index| {
            let (name, value) = (COLUMNS[index].0, value_of("v_update", index));
            format!(
                "{name} = CASE WHEN v_update->>{index} = '{KEEP}' THEN t.{name} ELSE {value} END"
            )
        })
        .collect();
    let script = format!(
        "CREATE UNLOGGED TABLE parity.{table} (gone text, id bigint PRIMARY KEY, {}, note text DEFAULT 'n');
         ALTER TABLE parity.{table} DROP COLUMN gone;
         CREATE TRIGGER tg_conversion__stamp BEFORE INSERT OR UPDATE ON parity.{table}
             FOR EACH ROW EXECUTE FUNCTION {implementation}.tg_conversion__stamp();
         CREATE FUNCTION parity.try_{table}(p_id bigint, p_insert text, p_update text) RETURNS text LANGUAGE plpgsql AS $$
         DECLARE
             v_insert jsonb := p_insert; v_update jsonb := p_update; v_row parity.{table}; v_outcome text;
         BEGIN
             BEGIN
                 INSERT INTO parity.{table} (id, {}) VALUES (p_id, {}) RETURNING * INTO v_row;
             EXCEPTION WHEN OTHERS THEN RETURN parity.refusal(SQLSTATE, SQLERRM);
             END;
             v_outcome := v_row::text;
             UPDATE parity.{table} AS t SET {} WHERE t.id = p_id RETURNING t.* INTO v_row;
             RETURN v_outcome || ' then ' || v_row::text;
         EXCEPTION WHEN OTHERS THEN RETURN v_outcome || ' then ' || parity.refusal(SQLSTATE, SQLERRM);
         END $$;",
        columns.join(", "),
        names.join(", "),
        inserted.join(", "),
        updated.join(", "),
    );
    client
        .batch_execute(&script)
        .await
        .unwrap_or_else(|error| panic!("{error:?}"));
}

async fn create_tables(client: &Client) {
    schema::create_both(client).await;
    // Postgres words its own errors differently for what is the same overflow; our messages must be equal.
    client
        .batch_execute(
            "SET enable_seqscan = off;
             CREATE FUNCTION parity.refusal(p_state text, p_message text) RETURNS text LANGUAGE sql AS $$
                 SELECT 'ERR:' || p_state || CASE WHEN p_state LIKE '22%' THEN '' ELSE ' ' || p_message END $$",
        )
        .await
        .expect("a helper");
    for (table, implementation) in TABLES {
        create_table(client, table, implementation).await;
    }
}

fn text<T: ToString + 'static>(
    value: impl Strategy<Value = T> + 'static,
) -> BoxedStrategy<Option<String>> {
    proptest::option::weighted(0.99, value.prop_map(|value| value.to_string())).boxed()
}

fn row() -> impl Strategy<Value = Texts> {
    let word = |words: &'static [&'static str]| text(proptest::sample::select(words));
    let scalars = vec![
        text(1..5_i64),
        word(&["coupon", "link", ""]),
        word(&["affiliate", "product", "project"]),
        word(&["USD", "JPY", "KWD"]),
        text(mostly_money()),
        text(exchange_rate()),
        proptest::option::weighted(0.2, bigint().prop_map(|value| value.to_string())).boxed(),
        text(
            (0..5_u8, instant())
                .prop_map(|(kind, any)| if kind > 0 { 800_000_000_000_000 } else { any }),
        ),
        text((0..5_u8, hold_days()).prop_map(|(kind, any)| if kind > 0 { 30 } else { any })),
        text(1..3_i64),
        text(1..3_i64),
        text(rate()),
        text(mostly_money()),
        text(mostly_money()),
        text((0..8_i32).prop_map(|number| match number {
            6 => i32::MAX,
            7 => i32::MIN,
            _ => number % 3,
        })),
        text(bigint()),
        text(instant()),
    ];
    let lines = |element| proptest::option::weighted(0.99, elements(element, 0.01));
    let arrays = (lines(mostly_money()), lines(rate()), lines(mostly_money()));
    (scalars, lengths(3), arrays).prop_map(|(mut texts, length, (base, rate, fixed))| {
        let arrays = [base, rate, fixed].into_iter().zip(length);
        let literals =
            arrays.map(|(array, length)| array.map(|array| array.first(length).literal()));
        texts.splice(5..5, literals);
        texts
    })
}

/// Mostly one or two columns differ, mostly under the same or the next version.
fn case() -> impl Strategy<Value = Case> {
    let changed = proptest::collection::vec(0..COLUMNS.len(), 0..3);
    let step = prop_oneof![6 => Just(Some(0)), 4 => Just(Some(1_i32)), 1 => Just(Some(-1)), 1 => Just(None)];
    (row(), row(), changed, step).prop_map(|(before, other, changed, step)| {
        let mut after = before.clone();
        for index in WRITTEN {
            after[index] = Some(KEEP.to_owned());
        }
        for index in changed {
            after[index].clone_from(&other[index]);
        }
        if let Some(version) = before[STAMP_VERSION]
            .as_ref()
            .and_then(|version| version.parse::<i32>().ok())
        {
            after[STAMP_VERSION] = step.map(|step| version.saturating_add(step).to_string());
        }
        (before, after)
    })
}

#[tokio::test]
async fn both_triggers_stamp_and_refuse_alike() {
    let client = empty_database().await;
    create_tables(&client).await;
    let (seed, started, total) = (seed(), Instant::now(), case_count());
    let mut cases = Cases::new(case(), seed);
    let (mut refused, mut settled) = (0, 0);
    for start in (0..total).step_by(BATCH) {
        let batch = cases.take(BATCH.min(total - start));
        let json = |texts: &Texts| serde_json::to_string(texts).expect("JSON");
        let inserts: Vec<_> = batch.iter().map(|case| json(&case.0)).collect();
        let updates: Vec<_> = batch.iter().map(|case| json(&case.1)).collect();
        let statement = "SELECT parity.try_native(i, a, b), parity.try_portable(i, a, b)
                         FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS c(a, b, i) ORDER BY i";
        let rows = client
            .query(statement, &[&inserts, &updates])
            .await
            .unwrap_or_else(|error| panic!("{error:?}"));
        assert_eq!(rows.len(), batch.len());
        for (case, row) in batch.iter().zip(rows) {
            let (native, portable): (String, String) = (row.get(0), row.get(1));
            refused += usize::from(native.contains("ERR:"));
            settled += usize::from(native.contains(" then ("));
            assert_eq!(
                native, portable,
                "the triggers differ with AFFILIATE_PARITY_SEED={seed}\n case: {case:?}"
            );
        }
        client
            .batch_execute("TRUNCATE parity.native, parity.portable")
            .await
            .expect("empty tables");
    }
    println!(
        "tg_conversion__stamp: {total} cases, {refused} refused, {settled} updated, seed {seed}, {:?}",
        started.elapsed()
    );
}
