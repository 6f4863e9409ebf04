//! Faults are planted one by one, and `affiliate doctor` finds each.

mod faults;

use std::process::{Output, Stdio};

use affiliate_tests::binary;
use affiliate_tests::cluster::Cluster;
use affiliate_tests::database::{Profile, TestDatabase};
use affiliate_tests::mode::Mode;
use faults::FAULTS;
use serde_json::Value;

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
    // As an alarm it would never ring.
    assert_eq!(diagnosis.code, Some(1));
    assert_eq!(diagnosis.report["healthy"], false);
    assert_eq!(diagnosis.problems(), [""; 0]);
    let skipped = diagnosis.report["skipped"]["schema"].as_str();
    assert!(skipped.is_some_and(|why| why.contains("connect as the owner")));
}

#[tokio::test]
async fn operators_of_others_are_not_used() {
    let database = Cluster::shared()
        .await
        .create_database(Profile::Portable)
        .await;
    // Postgres has no || for a name and a text, and so takes the closest one in the search path.
    let planted = "
        CREATE FUNCTION public.planted(name, text) RETURNS text LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'planted code runs as %', current_user; END $$;
        CREATE OPERATOR public.|| (LEFTARG = name, RIGHTARG = text, FUNCTION = public.planted);
        CREATE FUNCTION public.planted(bigint, integer) RETURNS boolean LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'planted code runs as %', current_user; END $$;
        CREATE OPERATOR public.= (LEFTARG = bigint, RIGHTARG = integer, FUNCTION = public.planted);";
    let superuser = database.connect_superuser().await;
    superuser.batch_execute(planted).await.expect("operators");
    let path = format!(
        "ALTER DATABASE {} SET search_path = public, pg_catalog",
        database.name()
    );
    superuser.batch_execute(&path).await.expect("a setting");
    let diagnosis = doctor(database.superuser_url(), &[]).await;
    assert_eq!(diagnosis.problems(), [""; 0]);
    assert_eq!(diagnosis.report["skipped"], serde_json::json!({}));
    database.affiliate(&["migrate"]).await;
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up() {
    let silent = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await;
    let silent = silent.expect("a port");
    let port = silent.local_addr().expect("its address").port();
    let url = format!("postgres://me:hush@127.0.0.1:{port}/shop?connect_timeout=1");
    doctor(&url, &[])
        .await
        .finds("connection", "no answer within 2 s");
    let verified = binary::run(&["verify"], &[("DATABASE_URL", &url)]).await;
    let words = String::from_utf8_lossy(&verified.stderr);
    assert!(
        words.contains("no answer within 2 s") && !words.contains("hush"),
        "{words}"
    );
}

#[tokio::test]
async fn what_was_dropped_or_revoked_is_made_again() {
    let database = Cluster::shared()
        .await
        .create_database(Profile::Portable)
        .await;
    let faults = "
        REVOKE EXECUTE ON FUNCTION affiliate_api.readiness() FROM affiliate_gateway;
        DROP FUNCTION affiliate_api.next_delivery_due();
        DROP VIEW affiliate.refund_rates;";
    let superuser = database.connect_superuser().await;
    superuser.batch_execute(faults).await.expect("faults");
    assert_eq!(doctor(database.url(), &[]).await.problems().len(), 3);
    let advice = ["migrate", "--reapply"];
    database.affiliate(&advice).await;
    assert_eq!(doctor(database.url(), &[]).await.problems(), [""; 0]);
}

#[tokio::test]
async fn an_installation_without_roles_is_healthy() {
    let cluster = Cluster::in_mode(Mode::Portable).await;
    let database = cluster.create_database(Profile::None).await;
    database.give_to_new_login("plain").await;
    let url = cluster.url("plain", "test", database.name());
    let migrated = binary::run(&["migrate"], &[("DATABASE_URL", &url)]).await;
    assert!(migrated.status.success(), "{migrated:?}");
    let diagnosis = doctor(&url, &[]).await;
    assert_eq!(diagnosis.problems(), [""; 0]);
    assert_eq!(diagnosis.report["skipped"], serde_json::json!({}));
    assert_eq!(diagnosis.code, Some(0));
}
