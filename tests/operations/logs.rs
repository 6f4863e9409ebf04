//! What is in the log, and what never is.

use affiliate_tests::cluster::Cluster;
use affiliate_tests::database::Profile;
use affiliate_tests::gateway::Gateway;
use affiliate_tests::receiver::Receiver;
use affiliate_tests::shop::Project;
use affiliate_tests::stripe::event::Event;
use serde_json::{Value, json};

/// An error that the product does not know, which quotes what was sent.
const UNEXPECTED: &str = "
    CREATE FUNCTION affiliate_private.quote_row() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION USING ERRCODE = '23P01', MESSAGE = 'conflicting key value',
        DETAIL = format('Key (email)=(%s) conflicts', NEW.email);
    END $$;
    CREATE TRIGGER quote_row BEFORE UPDATE ON affiliate_private.affiliate
      FOR EACH ROW EXECUTE FUNCTION affiliate_private.quote_row()";

#[tokio::test]
async fn no_level_logs_secrets_or_addresses_of_people() {
    let database = Cluster::shared()
        .await
        .create_database(Profile::Portable)
        .await;
    let gateway = Gateway::start_with(&database, &[("RUST_LOG", "trace")]).await;
    let project = Project::create(&database, &gateway, &[]).await;
    let receiver = Receiver::start().await;
    let secret = project.add_webhook(&database, receiver.url(), &[]).await;
    project.add_affiliate("ada@example.com", "ADA").await;
    let sale = Event::sale("pi_1", 1000)
        .code("ADA")
        .email("buyer@example.com");
    assert_eq!(project.deliver(&sale).await, "applied");
    receiver.wait_for(1).await;
    project.get("/api/v1/affiliates/nobody@example.com").await;
    let refused = json!({"email": "eve@example.com", "referral_code": "ADA"});
    assert_eq!(
        project.post("/api/v1/affiliates", &refused).await.status,
        409
    );
    let superuser = database.connect_superuser().await;
    superuser.batch_execute(UNEXPECTED).await.expect("a fault");
    let change = json!({"status": "inactive"});
    let answer = project
        .put("/api/v1/affiliates/ada@example.com", &change)
        .await;
    assert_eq!(answer.status, 500, "{}", answer.text);

    let logs = gateway.logs();
    assert!(logs.contains("unexpected database error") && logs.contains("23P01"));
    assert!(logs.contains("/api/v1/affiliates/:email"));
    let (_, key) = project.key.rsplit_once('_').expect("a key has parts");
    for private in ["example.com", key, &project.secret, &secret, ":test@"] {
        let found = logs.lines().find(|line| line.contains(private));
        assert_eq!(found, None, "{private}");
    }
}

#[tokio::test]
async fn a_line_is_one_json_object_with_the_id_the_client_sees() {
    let database = Cluster::shared()
        .await
        .create_database(Profile::Portable)
        .await;
    let gateway = Gateway::start(&database).await;
    let project = Project::create(&database, &gateway, &[]).await;
    let answer = project.get("/api/v1/affiliates").await;
    let id = answer.headers["x-request-id"].to_str().expect("text");
    let logs = gateway.logs();
    let lines = logs.lines().map(|line| {
        serde_json::from_str::<Value>(line).unwrap_or_else(|error| panic!("{error}: {line}"))
    });
    let of_request: Vec<Value> = lines.filter(|line| line["request_id"] == id).collect();
    assert_eq!(of_request.len(), 1);
    let line = &of_request[0];
    assert_eq!(
        (&line["method"], &line["route"], &line["status"]),
        (&json!("GET"), &json!("/api/v1/affiliates"), &json!(200))
    );
    assert!(line["duration_us"].is_u64() && line["timestamp"].is_string());
}
