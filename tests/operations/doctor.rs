//! Faults are planted one by one, and `affiliate doctor` finds each.

use std::process::{Output, Stdio};

use affiliate_tests::binary;
use affiliate_tests::cluster::Cluster;
use affiliate_tests::database::{Profile, TestDatabase};
use affiliate_tests::mode::Mode;
use serde_json::Value;

/// Check, what the finding has to speak of, and how the fault is made by a superuser.
const FAULTS: [(&str, &str, &str); 14] = [
    (
        "parked_events",
        "project 1, stripe: 1 parked",
        "INSERT INTO affiliate_private.provider_event (project_id, provider, event_key, outcome, error, body)
         VALUES (1, 'stripe', 'evt_1', 'parked', 'no rate', '')",
    ),
    (
        "outbox_lag",
        "project 1, webhooks: 1 late",
        "INSERT INTO affiliate_private.webhook_delivery (project_id, endpoint_id, event_id, next_attempt_at)
         VALUES (1, 1, 1, now() - interval '6 minutes')",
    ),
    (
        "given_up",
        "project 1, webhooks: 1 given up",
        "INSERT INTO affiliate_private.webhook_delivery (project_id, endpoint_id, event_id, status, settled_at)
         VALUES (1, 1, 1, 'dead', now())",
    ),
    (
        "indexes",
        "webhook_delivery_due_idx: the index is missing",
        "DROP INDEX affiliate_private.webhook_delivery_due_idx",
    ),
    (
        "indexes",
        "webhook_delivery_event_idx: the index is not valid",
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'affiliate_private.webhook_delivery_event_idx'::regclass",
    ),
    (
        "constraints",
        "provider_event_outcome_check: the constraint is missing",
        "ALTER TABLE affiliate_private.provider_event DROP CONSTRAINT provider_event_outcome_check",
    ),
    (
        "triggers",
        "tg_ledger_entry__append_only: the trigger is disabled",
        "ALTER TABLE affiliate_private.ledger_entry DISABLE TRIGGER tg_ledger_entry__append_only",
    ),
    (
        "functions",
        "affiliate_api.next_delivery_due: the function is missing",
        "DROP FUNCTION affiliate_api.next_delivery_due()",
    ),
    (
        "ownership",
        "affiliate_api.readiness(): belongs to postgres instead of affiliate_owner",
        "ALTER FUNCTION affiliate_api.readiness() OWNER TO postgres",
    ),
    (
        "rights",
        "affiliate_gateway: may not execute affiliate_api.readiness()",
        "REVOKE EXECUTE ON FUNCTION affiliate_api.readiness() FROM affiliate_gateway",
    ),
    (
        "rights",
        "public: may read or write affiliate_private.api_key",
        "GRANT SELECT ON affiliate_private.api_key TO PUBLIC",
    ),
    (
        "schema",
        "1 of this release have not been applied",
        "DELETE FROM affiliate_private.schema_migration WHERE version = (SELECT max(version) FROM affiliate_private.schema_migration)",
    ),
    (
        "extension",
        "pg_affiliate: version 0.0.1 is installed",
        "UPDATE pg_extension SET extversion = '0.0.1' WHERE extname = 'pg_affiliate'",
    ),
    (
        "analysts",
        "test_gateway, project 1: the role was dropped and created again",
        "INSERT INTO affiliate_private.analyst_grant (project_id, role_name, role_oid) VALUES (1, 'test_gateway', 1)",
    ),
];

struct Diagnosis {
    code: Option<i32>,
    report: Value,
}

impl Diagnosis {
    fn of(output: &Output) -> Self {
        let text = String::from_utf8_lossy(&output.stdout);
        Self {
            code: output.status.code(),
            report: serde_json::from_str(&text)
                .unwrap_or_else(|error| panic!("{error}: {text}{output:?}")),
        }
    }

    /// Each as `check: subject: finding`.
    fn problems(&self) -> Vec<String> {
        let problems = self.report["problems"].as_array().expect("a list");
        let text = |problem: &Value, name: &str| problem[name].as_str().expect("text").to_owned();
        problems
            .iter()
            .map(|problem| {
                assert!(!text(problem, "advice").is_empty());
                ["check", "subject", "finding"]
                    .map(|name| text(problem, name))
                    .join(": ")
            })
            .collect()
    }

    fn finds(&self, check: &str, words: &str) {
        let problems = self.problems();
        assert!(
            problems
                .iter()
                .any(|problem| problem.starts_with(check) && problem.contains(words)),
            "{check}, {words}: {problems:#?}"
        );
        assert_eq!(self.code, Some(1));
        assert_eq!(self.report["healthy"], false);
    }
}

async fn doctor(url: &str, options: &[&str]) -> Diagnosis {
    let arguments = [&["doctor", "--json"], options].concat();
    Diagnosis::of(&binary::run(&arguments, &[("DATABASE_URL", url)]).await)
}

async fn plant(database: &TestDatabase, fault: &str) {
    // As a replica does, so that a row can be planted without all it refers to.
    let statement = format!("SET session_replication_role = replica; {fault}");
    let superuser = database.connect_superuser().await;
    let planted = superuser.batch_execute(&statement).await;
    planted.unwrap_or_else(|error| panic!("{fault}: {error:?}"));
}

#[tokio::test]
async fn a_healthy_installation_has_no_problem_and_an_exit_code_of_zero() {
    for profile in Profile::KERNELS {
        let database = Cluster::shared().await.create_database(profile).await;
        let diagnosis = doctor(database.url(), &[]).await;
        assert_eq!(diagnosis.problems(), [""; 0]);
        assert_eq!(diagnosis.report["skipped"], serde_json::json!({}));
        assert_eq!(diagnosis.code, Some(0));
        let facts = &diagnosis.report["facts"];
        assert_eq!(facts["kernels"], profile.name().expect("a name"));
        assert_eq!(facts["login"], "test_owner");
        assert_eq!(facts["schema_version"], facts["schema_version_known"]);
    }
}

#[tokio::test]
async fn each_planted_fault_is_found() {
    // The extension's row is a fault only where there is one.
    let cluster = Cluster::in_mode(Mode::Native).await;
    for (check, words, fault) in FAULTS {
        let database = cluster.create_database(Profile::Native).await;
        plant(&database, fault).await;
        doctor(database.url(), &[]).await.finds(check, words);
        database.drop().await;
    }
}

#[tokio::test]
async fn what_lasts_and_what_is_not_there_is_found() {
    let cluster = Cluster::in_mode(Mode::Portable).await;
    let database = cluster.create_database(Profile::Portable).await;
    let lasting = database.connect().await;
    let begin = "BEGIN; SELECT pg_current_xact_id()";
    lasting.batch_execute(begin).await.expect("a transaction");
    let diagnosis = doctor(database.url(), &["--transaction-seconds", "0"]).await;
    diagnosis.finds("long_transaction", "test_owner");
    lasting.batch_execute("ROLLBACK").await.expect("it ends");

    let superuser = database.connect_superuser().await;
    let login = "ALTER ROLE affiliate_analyst LOGIN";
    superuser.batch_execute(login).await.expect("a fault");
    let diagnosis = doctor(database.url(), &[]).await;
    diagnosis.finds("roles", "affiliate_analyst: can log in");

    let empty = cluster.create_database(Profile::None).await;
    let diagnosis = doctor(empty.url(), &[]).await;
    diagnosis.finds("schema", "there is no pg_affiliate schema");

    let nowhere = doctor("postgres://me@127.0.0.1:1/shop", &[]).await;
    nowhere.finds("connection", "127.0.0.1:1/shop as me");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_off_is_found() {
    let database = Cluster::shared()
        .await
        .create_database(Profile::Portable)
        .await;
    let mut command = binary::mortal("faketime");
    command
        .args(["-f", "+1h"])
        .arg(binary::path())
        .args(["doctor", "--json"])
        .env("DATABASE_URL", database.url())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let output = tokio::task::spawn_blocking(move || binary::spawn(command).wait_with_output());
    let output = output.await.expect("no panic").expect("its output");
    Diagnosis::of(&output).finds("clock", "their clocks are 3600.0 s apart");
}

#[tokio::test]
async fn a_login_that_may_not_look_is_told_what_was_not_checked() {
    let database = Cluster::shared()
        .await
        .create_database(Profile::Portable)
        .await;
    let diagnosis = doctor(database.gateway_url(), &[]).await;
    assert_eq!(diagnosis.code, Some(0));
    let skipped = diagnosis.report["skipped"]["schema"].as_str();
    assert!(skipped.is_some_and(|why| why.contains("connect as the owner")));
}
