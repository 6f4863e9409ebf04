//! An endpoint is one SQL file: a running gateway takes it up everywhere, and nothing is built or started again.

use std::time::Duration;

use affiliate_tests::binary::workspace;
use affiliate_tests::database::Profile;
use affiliate_tests::shop::Shop;
use affiliate_tests::wait::until_within;
use serde_json::json;

use crate::client::{Client, Transport};
use crate::tools::DOCUMENTED;

const PATH: &str = "/api/v1/affiliate-count";

#[tokio::test]
async fn one_sql_file_adds_an_endpoint_to_rest_openapi_and_mcp() {
    let shop = Shop::open(Profile::Portable).await;
    shop.project.add_affiliate("ada@example.com", "ADA").await;
    let stdio = Client::open(Transport::Stdio, &shop, &shop.project).await;
    let http = Client::open(Transport::Http, &shop, &shop.project).await;
    assert_eq!(shop.project.get(PATH).await.status, 404);
    assert_eq!(stdio.tools().await.len(), DOCUMENTED.len());

    let file = workspace().join("tests/fixtures/demo_endpoint/count_affiliates.sql");
    let sql = std::fs::read_to_string(file).expect("the SQL file");
    let owner = shop.database.connect().await;
    let statement = format!("BEGIN; SET LOCAL ROLE affiliate_owner; {sql} COMMIT");
    owner
        .batch_execute(&statement)
        .await
        .expect("it is applied");

    // Through a pooler nobody tells the gateway, which looks once a minute.
    let patience = Duration::from_secs(90);
    let answer = until_within(patience, "the endpoint", async || {
        let answer = shop.project.get(PATH).await;
        (answer.status != 404).then_some(answer)
    })
    .await;
    let expected = json!({"status": "active", "count": 1});
    assert_eq!(answer.json()["data"], expected);
    let refusal = shop.project.get(&format!("{PATH}?status=gone")).await;
    assert_eq!(refusal.status, 400);

    let document = shop.project.get("/openapi.json").await.json();
    let operation = &document["paths"][PATH]["get"];
    assert_eq!(operation["operationId"], "count_affiliates");
    assert!(document["components"]["schemas"]["AffiliateCount"].is_object());

    for client in [&stdio, &http] {
        let tools = client.tools().await;
        assert!(tools.iter().any(|(name, _)| name == "count_affiliates"));
        let counted = client.call("count_affiliates", json!({})).await;
        assert_eq!(counted["data"], expected);
    }
    shop.close().await;
}
