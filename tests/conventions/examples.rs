//! Examples in documents that do what they say.
//!
//! A block marked `sql` runs as an analyst of the demo project and returns rows, one marked `sql owner` as the owner of the
//! schema. Blocks of one document run in order in a database of their own, and in one transaction, with which the roles
//! they create go too. What cannot run is marked `text`; after an example of the guide for analysts such a block is its result in part.

use std::path::Path;

use affiliate_tests::cluster::Cluster;
use affiliate_tests::database::Profile;
use serde_json::Value;
use tokio_postgres::{Client, SimpleQueryMessage};

use crate::markdown::{Block, Document, documents};
use crate::{none, result};

/// The demo, a sale in a currency that has no rate yet, and somebody who may look.
const STAGE: &str = r#"
    SELECT affiliate.seed_demo();
    SELECT affiliate_private.receive_event(1, 'stripe', NULL, convert_to('{"id": "evt_docs", "type": "checkout.session.completed", "created": 1767225600,
      "data": {"object": {"id": "cs_docs", "mode": "payment", "payment_status": "paid", "payment_intent": "pi_docs", "currency": "eur",
                          "amount_total": 10000, "metadata": {"referral_code": "MAYA"}}}}', 'UTF8'));
    CREATE ROLE docs_analyst;
    SELECT affiliate.grant_analyst('docs_analyst', 1);
    SELECT affiliate.add_webhook(1, 'https://hooks.example.com/affiliate');
    SELECT affiliate.record_click(1, 'MAYA', '203.0.113.7', 'Mozilla/5.0');
    SELECT affiliate.record_signup(1, 'zoe@example.com', 'MAYA', '203.0.113.7', 'Mozilla/5.0');"#;
/// The document whose results are shown.
const WITH_RESULTS: &str = "docs/sql-guide.md";

#[tokio::test]
async fn sql_examples_run() {
    let mut broken = Vec::new();
    for document in documents() {
        if !document.blocks.iter().any(is_sql) {
            continue;
        }
        for profile in Profile::KERNELS {
            let database = Cluster::shared().await.create_database(profile).await;
            let client = database.connect_superuser().await;
            broken.extend(run(&client, &document).await);
            database.drop().await;
        }
    }
    none("every SQL example runs", &broken);
}

fn is_sql(block: &Block) -> bool {
    block.info.split(' ').next() == Some("sql")
}

/// Runs a document's examples in a transaction that is given up at the end, and tells of those that fail.
async fn run(client: &Client, document: &Document) -> Vec<String> {
    let act_as = async |role: &str| {
        let statement = format!("SET LOCAL SESSION AUTHORIZATION {role}");
        client.batch_execute(&statement).await.expect("a role");
    };
    client.batch_execute("BEGIN").await.expect("a transaction");
    act_as("test_owner").await;
    client.batch_execute(STAGE).await.expect("the stage is set");
    let mut broken = Vec::new();
    for (n, block) in document.blocks.iter().enumerate() {
        if !is_sql(block) {
            continue;
        }
        let owner = match block.info.as_str() {
            "sql owner" => true,
            "sql" => false,
            other => panic!("{}: what is {other:?}?", document.at(block.line)),
        };
        act_as(if owner { "test_owner" } else { "docs_analyst" }).await;
        client
            .batch_execute("SAVEPOINT example")
            .await
            .expect("a savepoint");
        match client.simple_query(&block.text).await {
            Ok(messages) if owner || has_rows(&messages) => {
                let next = document.blocks.get(n + 1);
                let shown = next.filter(|next| next.info == "text");
                if let Some(shown) = shown.filter(|_| document.path == Path::new(WITH_RESULTS)) {
                    let missing = result::missing(&shown.text, &messages);
                    broken
                        .extend(missing.map(|line| format!("{}: {line}", document.at(shown.line))));
                }
            }
            Ok(_) => broken.push(format!("{}: no rows", document.at(block.line))),
            Err(error) => {
                broken.push(format!("{}: {error:?}", document.at(block.line)));
                client
                    .batch_execute("ROLLBACK TO example")
                    .await
                    .expect("the savepoint");
            }
        }
    }
    client.batch_execute("ROLLBACK").await.expect("the end");
    broken
}

fn has_rows(messages: &[SimpleQueryMessage]) -> bool {
    messages
        .iter()
        .any(|message| matches!(message, SimpleQueryMessage::Row(_)))
}

#[test]
fn json_examples_are_json() {
    let mut broken = Vec::new();
    for document in documents() {
        for block in document.blocks.iter().filter(|block| block.info == "json") {
            if let Err(error) = serde_json::from_str::<Value>(&block.text) {
                broken.push(format!("{}: {error}", document.at(block.line)));
            }
        }
    }
    none("every JSON example parses", &broken);
}

#[test]
fn every_block_says_what_it_is() {
    let documents = documents();
    let nameless = documents.iter().flat_map(|document| {
        let blocks = document.blocks.iter().filter(|block| block.info.is_empty());
        blocks.map(|block| document.at(block.line))
    });
    none(
        "every block names its language",
        &nameless.collect::<Vec<_>>(),
    );
}
