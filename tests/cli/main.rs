//! The command line as a program: what it prints, where, and how it ends.

mod payout;
mod support;

use affiliate_tests::cluster::Cluster;
use affiliate_tests::database::Profile;
use affiliate_tests::gateway::Gateway;
use serde_json::{Value, json};

use support::{Ended, affiliate, affiliate_with_input, create_project};

#[tokio::test]
async fn a_new_project_comes_with_a_key() {
    let database = Cluster::shared()
        .await
        .create_database(Profile::Portable)
        .await;
    let project = affiliate(
        database.url(),
        "project create --name Shop --currency EUR --hold-days 14 --json",
    )
    .await
    .json();
    let key = project["api_key"].as_str().expect("a key");
    assert!(
        project["project_id"].is_i64() && key.starts_with("rgk_"),
        "{project}"
    );
}

#[tokio::test]
async fn settings_are_changed_and_printed() {
    let database = Cluster::shared()
        .await
        .create_database(Profile::Portable)
        .await;
    let id = create_project(database.url()).await;
    let set = format!("project set --project {id} hold_days=14 commission_percent=25");
    let settings = affiliate(database.url(), &format!("{set} --json"))
        .await
        .json();
    assert_eq!(settings["hold_days"], json!(14));
    let text = affiliate(database.url(), &set).await.success();
    assert!(
        text.lines()
            .any(|line| line.starts_with("hold_days:") && line.ends_with(" 14")),
        "{text}"
    );
}

#[tokio::test]
async fn keys_are_created_listed_and_revoked() {
    let database = Cluster::shared()
        .await
        .create_database(Profile::Portable)
        .await;
    let id = create_project(database.url()).await;
    let created = affiliate(
        database.url(),
        &format!("key create --project {id} --rate-limit 5 --json"),
    )
    .await
    .json();
    let key = created["id"].as_i64().expect("an id");
    affiliate(
        database.url(),
        &format!("key revoke --project {id} {key} --json"),
    )
    .await
    .json();
    let listed = affiliate(database.url(), &format!("key list --project {id} --json"))
        .await
        .json();
    let of_ours = |entry: &&Value| entry["id"] == json!(key);
    let entry = listed["keys"]
        .as_array()
        .and_then(|keys| keys.iter().find(of_ours))
        .expect("listed");
    assert_eq!(entry["rate_limit_per_minute"], json!(5));
    assert!(
        entry["revoked_at"].is_string() && entry.get("api_key").is_none(),
        "{entry}"
    );
}

#[tokio::test]
async fn a_secret_may_come_from_standard_input() {
    let database = Cluster::shared()
        .await
        .create_database(Profile::Portable)
        .await;
    let id = create_project(database.url()).await;
    let set = format!("provider set --project {id} stripe --webhook-secret - --json");
    affiliate_with_input(database.url(), &set, "whsec_from_stdin\n")
        .await
        .json();
    let secret = "SELECT s.secret FROM affiliate_api.provider_secrets($1, 'stripe') AS s";
    let row = database
        .connect()
        .await
        .query_one(secret, &[&id])
        .await
        .expect("a secret");
    assert_eq!(row.get::<_, String>(0), "whsec_from_stdin");
}

#[tokio::test]
async fn an_endpoint_is_added_with_a_secret_of_its_own() {
    let database = Cluster::shared()
        .await
        .create_database(Profile::Portable)
        .await;
    let id = create_project(database.url()).await;
    let add = format!(
        "webhook add --project {id} --url http://127.0.0.1:9/x --events referral_converted,referral_canceled --json"
    );
    let endpoint = affiliate(database.url(), &add).await.json();
    assert!(
        endpoint["id"].is_i64()
            && endpoint["secret"]
                .as_str()
                .is_some_and(|secret| secret.starts_with("whsec_"))
    );
}

#[tokio::test]
async fn verify_ends_with_1_where_something_differs() {
    let database = Cluster::shared()
        .await
        .create_database(Profile::Portable)
        .await;
    let clean = affiliate(database.url(), "verify --json").await.json();
    assert_eq!(
        clean,
        json!({"clean": true, "differences": [], "profile": "portable"})
    );
    let pretend = "
        CREATE OR REPLACE FUNCTION affiliate.verify(p_project_id bigint DEFAULT NULL)
        RETURNS TABLE (project_id bigint, check_name text, subject text, expected text, actual text)
        LANGUAGE sql AS $$ SELECT 1::bigint, 'balance'::text, 'a'::text, '2000'::text, '1999'::text $$";
    database
        .connect_superuser()
        .await
        .batch_execute(pretend)
        .await
        .expect("replaced");
    let Ended { code, stdout, .. } = affiliate(database.url(), "verify --json").await;
    let found: Value = serde_json::from_str(&stdout).expect("JSON");
    assert_eq!(
        (code, &found["clean"], &found["differences"][0]["actual"]),
        (1, &json!(false), &json!("1999"))
    );
}

#[tokio::test]
async fn refusals_end_with_1_and_leave_stdout_empty() {
    let database = Cluster::shared()
        .await
        .create_database(Profile::Portable)
        .await;
    for line in [
        "project create --name Shop --currency XX9 --json",
        "project create --name Shop --hold-days -5 --json",
        "project set --project 99 hold_days=14 --json",
        "key list --project 99 --json",
    ] {
        let ended = affiliate(database.url(), line).await;
        let error: Value = serde_json::from_str(&ended.stderr).expect("JSON");
        assert_eq!(
            (ended.code, ended.stdout.as_str(), &error["success"]),
            (1, "", &json!(false)),
            "{line}"
        );
        assert!(
            error["error"]
                .as_str()
                .is_some_and(|text| !text.contains("SQLSTATE")),
            "{line}: {error}"
        );
    }
}

#[tokio::test]
async fn wrong_usage_ends_with_2() {
    for line in [
        "frobnicate",
        "project create",
        "project set --project 1 hold_days",
        "key list --project x",
    ] {
        let ended = affiliate("postgres://localhost", line).await;
        assert_eq!(ended.code, 2, "{line}");
        // It is an option like others, wherever it comes from.
        assert!(!ended.stderr.contains("--database-url"), "{}", ended.stderr);
    }
}

#[tokio::test]
async fn a_log_that_is_no_terminal_has_no_colours() {
    let cluster = Cluster::shared().await;
    let database = cluster.create_database(Profile::Portable).await;
    let text = [("AFFILIATE_LOG_FORMAT", "text")];
    let gateway = Gateway::start_with(&database, &text).await;
    let log = gateway.logs();
    assert!(log.contains(" INFO catalog loaded"), "{log}");
    assert!(!log.contains('\u{1b}'), "{log}");
}

#[tokio::test]
async fn a_missing_database_or_schema_says_what_to_do() {
    let missing = affiliate("", "verify").await;
    assert!(
        missing.code == 2 && missing.stderr.contains("set DATABASE_URL"),
        "{}",
        missing.stderr
    );
    let database = Cluster::shared().await.create_database(Profile::None).await;
    let empty = affiliate(database.url(), "verify").await;
    assert!(
        empty.code == 1 && empty.stderr.contains("run affiliate migrate"),
        "{}",
        empty.stderr
    );
}
