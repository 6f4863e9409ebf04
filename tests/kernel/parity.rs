//! Native, wrapped native, portable and `affiliate-core`: one answer, one SQLSTATE.

mod decisions;
mod earnings;
mod money;

use crate::database::empty_database;
use crate::generate::{Cases, case_count, seed};
use crate::schema::{self, PORTABLE_COPY};
use affiliate_core::Overflow;
use proptest::strategy::Strategy;
use std::fmt::Debug;
use std::time::Instant;
use tokio_postgres::Client;
use tokio_postgres::types::ToSql;

const BATCH: usize = 2_000;
const IMPLEMENTATIONS: [&str; 3] = ["affiliate_native", "affiliate_kernel", PORTABLE_COPY];

/// What one case gives, as text: the value, NULL, or `ERR:` and the SQLSTATE.
type Answer = Option<String>;

/// A kernel under test.
struct Kernel<C> {
    name: &'static str,
    /// The call, with `{schema}` for the implementation and the arguments as texts `a0`, `a1`, …
    call: &'static str,
    arguments: usize,
    texts: fn(&C) -> Vec<Option<String>>,
    core: fn(&C) -> Answer,
}

impl<C: Debug> Kernel<C> {
    /// Runs the cases of this run through all implementations.
    async fn holds(&self, strategy: impl Strategy<Value = C>) {
        let client = empty_database().await;
        schema::create_both(&client).await;
        self.create_catchers(&client).await;
        let (seed, started, total) = (seed(), Instant::now(), case_count());
        let mut cases = Cases::new(strategy, seed);
        let mut errors = 0;
        for start in (0..total).step_by(BATCH) {
            let batch = cases.take(BATCH.min(total - start));
            let answers = self.ask(&client, &batch).await;
            for (case, answer) in batch.iter().zip(answers) {
                let expected = (self.core)(case);
                errors += usize::from(
                    expected
                        .as_ref()
                        .is_some_and(|text| text.starts_with("ERR:")),
                );
                assert!(
                    answer.iter().all(|given| *given == expected),
                    "{} differs with AFFILIATE_PARITY_SEED={seed}\n case: {case:?}\n affiliate-core: {expected:?}\n {}",
                    self.name,
                    IMPLEMENTATIONS
                        .iter()
                        .zip(&answer)
                        .map(|(name, given)| format!("{name}: {given:?}\n "))
                        .collect::<String>(),
                );
            }
        }
        println!(
            "{}: {total} cases, {errors} of them errors, seed {seed}, {:?}",
            self.name,
            started.elapsed()
        );
    }

    /// One function per implementation that turns an error into an answer, so that one case does not end its batch.
    async fn create_catchers(&self, client: &Client) {
        let parameters: Vec<_> = (0..self.arguments)
            .map(|index| format!("a{index} text"))
            .collect();
        for implementation in IMPLEMENTATIONS {
            let function = format!(
                "CREATE FUNCTION parity.{implementation}({}) RETURNS text LANGUAGE plpgsql AS $$
                 BEGIN RETURN ({})::text; EXCEPTION WHEN OTHERS THEN RETURN 'ERR:' || SQLSTATE; END $$",
                parameters.join(", "),
                self.call.replace("{schema}", implementation),
            );
            client.batch_execute(&function).await.expect("a catcher");
        }
    }

    async fn ask(&self, client: &Client, cases: &[C]) -> Vec<Vec<Answer>> {
        let mut columns = vec![Vec::with_capacity(cases.len()); self.arguments];
        for case in cases {
            for (column, text) in columns.iter_mut().zip((self.texts)(case)) {
                column.push(text);
            }
        }
        let names: Vec<_> = (0..self.arguments)
            .map(|index| format!("a{index}"))
            .collect();
        let names = names.join(", ");
        let arrays: Vec<_> = (1..=self.arguments)
            .map(|index| format!("${index}::text[]"))
            .collect();
        let calls: Vec<_> = IMPLEMENTATIONS
            .iter()
            .map(|name| format!("parity.{name}({names})"))
            .collect();
        let statement = format!(
            "SELECT {} FROM unnest({}) WITH ORDINALITY AS c({names}, i) ORDER BY i",
            calls.join(", "),
            arrays.join(", "),
        );
        let parameters: Vec<&(dyn ToSql + Sync)> =
            columns.iter().map(|column| column as _).collect();
        let rows = client
            .query(&statement, &parameters)
            .await
            .unwrap_or_else(|error| panic!("{error:?}"));
        assert_eq!(rows.len(), cases.len());
        rows.iter()
            .map(|row| {
                (0..IMPLEMENTATIONS.len())
                    .map(|index| row.get(index))
                    .collect()
            })
            .collect()
    }
}

/// The answer of a kernel that counts or pays.
fn bigint_answer(result: Result<Option<i64>, Overflow>) -> Answer {
    match result {
        Ok(value) => value.map(|value| value.to_string()),
        Err(Overflow) => Some("ERR:22003".to_owned()),
    }
}

/// A scalar argument.
fn text<T: ToString>(value: &Option<T>) -> Option<String> {
    value.as_ref().map(ToString::to_string)
}
