//! What is applied when, and what is refused.

use affiliate_tests::cluster::Cluster;
use affiliate_tests::database::Profile;

use crate::support::{CORE, MORE, migrate, one, product, refusal, tree};

#[tokio::test]
async fn a_second_run_changes_nothing() {
    let database = Cluster::shared().await.create_database(Profile::None).await;
    let first = migrate(database.url(), &product()).await;
    assert!(first.changed && !first.applied.is_empty());
    let second = migrate(database.url(), &product()).await;
    assert!(!second.changed && second.applied.is_empty());
    assert_eq!(second.schema_version, first.schema_version);
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_at_once_apply_everything_once() {
    let database = Cluster::shared().await.create_database(Profile::None).await;
    let runs: Vec<_> = (0..20)
        .map(|_| {
            let url = database.url().to_owned();
            tokio::spawn(async move { migrate(&url, &product()).await })
        })
        .collect();
    let mut changed = 0;
    for run in runs {
        changed += usize::from(run.await.expect("no panic").changed);
    }
    assert_eq!(changed, 1);
}

#[tokio::test]
async fn a_later_release_adds_its_migrations() {
    let database = Cluster::shared().await.create_database(Profile::None).await;
    migrate(database.url(), &tree(&[CORE])).await;
    let report = migrate(database.url(), &tree(&[CORE, MORE])).await;
    assert_eq!(
        (report.applied, report.schema_version),
        (vec!["0002_more".to_owned()], 2)
    );
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let database = Cluster::shared().await.create_database(Profile::None).await;
    migrate(database.url(), &tree(&[CORE, MORE])).await;
    let message = refusal(database.url(), &tree(&[CORE])).await;
    assert_eq!(
        message,
        "the database has schema version 2, this binary knows 1: use a newer affiliate"
    );
}

#[tokio::test]
async fn an_edited_migration_is_refused() {
    let database = Cluster::shared().await.create_database(Profile::None).await;
    migrate(database.url(), &tree(&[CORE])).await;
    let edited = (
        CORE.0,
        "CREATE TABLE affiliate_private.thing (id integer NOT NULL);\n",
    );
    let message = refusal(database.url(), &tree(&[edited, MORE])).await;
    assert!(
        message
            .starts_with("migration 1 (0001_core) was applied to this database with other content"),
        "{message}"
    );
}

#[tokio::test]
async fn a_changed_function_is_applied_again() {
    let database = Cluster::shared().await.create_database(Profile::None).await;
    let client = database.connect().await;
    for answer in [1, 2] {
        let body = format!(
            "CREATE OR REPLACE FUNCTION affiliate.answer() RETURNS integer LANGUAGE sql AS 'SELECT {answer}';"
        );
        let report = migrate(
            database.url(),
            &tree(&[CORE, ("functions/answer.sql", &body)]),
        )
        .await;
        assert!(report.changed);
        assert_eq!(
            one::<i32>(&client, "SELECT affiliate.answer()").await,
            answer
        );
    }
}

#[tokio::test]
async fn functions_may_call_each_other_in_any_order() {
    let database = Cluster::shared().await.create_database(Profile::None).await;
    let files = [
        (
            "functions/a.sql",
            "CREATE OR REPLACE FUNCTION affiliate.a() RETURNS integer LANGUAGE sql AS 'SELECT affiliate.b()';",
        ),
        (
            "functions/b.sql",
            "CREATE OR REPLACE FUNCTION affiliate.b() RETURNS integer LANGUAGE sql AS 'SELECT 2';",
        ),
    ];
    migrate(database.url(), &tree(&files)).await;
}

#[tokio::test]
async fn a_failure_names_file_and_line_and_changes_nothing() {
    let database = Cluster::shared().await.create_database(Profile::None).await;
    let cases = [
        ("unknown column", "-- é\nSELECT 1;\nSELECT\n  nothing;", 4),
        (
            "at run time",
            "SELECT ';';\n\n-- then\nSELECT 1 / (SELECT 0);",
            4,
        ),
        (
            "in a body",
            "\nCREATE FUNCTION affiliate.f() RETURNS integer\nLANGUAGE sql AS 'SELECT affiliate.g()';",
            2,
        ),
        (
            "in a plpgsql body",
            "CREATE FUNCTION affiliate.f() RETURNS void LANGUAGE plpgsql AS 'BEGIN nonsense END';",
            1,
        ),
    ];
    for (case, sql, line) in cases {
        let message = refusal(database.url(), &tree(&[CORE, ("functions/bad.sql", sql)])).await;
        assert!(
            message.starts_with(&format!("sql/functions/bad.sql:{line}: ")),
            "{case}: {message}"
        );
    }
    let client = database.connect().await;
    assert_eq!(
        one::<i64>(
            &client,
            "SELECT count(*) FROM pg_namespace WHERE nspname ~ '^affiliate'"
        )
        .await,
        0
    );
}
