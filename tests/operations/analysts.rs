//! Grants to analysts are given, listed and taken back, and do not outlive the role.

use affiliate_tests::binary;
use affiliate_tests::cluster::Cluster;
use affiliate_tests::database::{self, Profile, TestDatabase};
use affiliate_tests::mode::Mode;
use serde_json::{Value, json};

async fn visible_projects(database: &TestDatabase, role: &str) -> i64 {
    let url = Cluster::shared().await.url(role, "test", database.name());
    let analyst = database::connect(&url).await;
    let row = analyst
        .query_one("SELECT count(*) FROM affiliate.affiliates", &[])
        .await;
    row.expect("the view can be read").get(0)
}

async fn grants(database: &TestDatabase) -> Value {
    let text = database.affiliate(&["analyst", "list", "--json"]).await;
    let mut list: Value = serde_json::from_str(&text).expect("JSON");
    for grant in list["analysts"].as_array_mut().expect("a list") {
        assert!(grant["granted_at"].take().is_string());
    }
    list["analysts"].take()
}

#[tokio::test]
async fn a_grant_ends_with_the_role_and_not_with_its_name() {
    let database = Cluster::shared()
        .await
        .create_database(Profile::Portable)
        .await;
    let text = database
        .affiliate(&["project", "create", "--name", "Shop", "--json"])
        .await;
    let project: Value = serde_json::from_str(&text).expect("JSON");
    let id = project["project_id"].to_string();
    let superuser = database.connect_superuser().await;
    let seed = format!(
        "INSERT INTO affiliate_private.affiliate (project_id, email, email_key, referral_code, referral_code_key) VALUES ({id}, 'a@example.com', 'a@example.com', 'A', 'a')"
    );
    superuser.batch_execute(&seed).await.expect("an affiliate");
    let create = "CREATE ROLE ann_analyst LOGIN PASSWORD 'test'";
    superuser.batch_execute(create).await.expect("a login");

    let grant = ["analyst", "grant", "--project", &id, "ann_analyst"];
    database.affiliate(&grant).await;
    assert_eq!(visible_projects(&database, "ann_analyst").await, 1);
    let listed = |in_force: bool| json!([{"project_id": project["project_id"], "role": "ann_analyst", "granted_at": null, "in_force": in_force}]);
    assert_eq!(grants(&database).await, listed(true));

    // Somebody else, who happens to get the name and reads another project.
    let again = format!("DROP ROLE ann_analyst; {create}; GRANT affiliate_analyst TO ann_analyst");
    superuser.batch_execute(&again).await.expect("a new login");
    assert_eq!(visible_projects(&database, "ann_analyst").await, 0);
    assert_eq!(grants(&database).await, listed(false));

    database.affiliate(&grant).await;
    assert_eq!(visible_projects(&database, "ann_analyst").await, 1);
    let revoke = ["analyst", "revoke", "--project", &id, "ann_analyst"];
    database.affiliate(&revoke).await;
    assert_eq!(visible_projects(&database, "ann_analyst").await, 0);
    assert_eq!(grants(&database).await, json!([]));
}

#[tokio::test]
async fn roles_made_by_an_administrator_as_documented_are_enough() {
    let document = include_str!("../../docs/operations.md");
    let (_, block) = document
        .split_once("```text\nCREATE ROLE affiliate_owner")
        .expect("the documented statements");
    let (block, _) = block.split_once("```").expect("their end");
    let statements = format!("CREATE ROLE affiliate_owner{block}");
    let cluster = Cluster::in_mode(Mode::Portable).await;
    let database = cluster.create_database(Profile::None).await;
    database.give_to_new_login("plain").await;
    let superuser = database.connect_superuser().await;
    let roles = format!(
        "CREATE ROLE ann; CREATE ROLE gateway; {}",
        statements.replace("the_login_that_migrates", "plain")
    );
    superuser.batch_execute(&roles).await.expect("roles");
    let url = cluster.url("plain", "test", database.name());
    for arguments in [
        &["migrate"][..],
        &["project", "create", "--name", "Shop"],
        &["analyst", "grant", "--project", "1", "ann"],
        &["doctor"],
    ] {
        let output = binary::run(arguments, &[("DATABASE_URL", &url)]).await;
        assert!(output.status.success(), "{arguments:?}: {output:?}");
    }
    let plain = database::connect(&url).await;
    let grant = "GRANT affiliate_gateway TO gateway";
    plain.batch_execute(grant).await.expect("a gateway");
}
