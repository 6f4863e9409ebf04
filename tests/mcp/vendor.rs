//! The documented vendor's own MCP server is a client of the REST API: it must work against ours, unchanged.

use affiliate_tests::database::Profile;
use affiliate_tests::shop::Shop;

use crate::client::Client;
use crate::tools::{self, DOCUMENTED};

/// Its built entry point (`dist/index.js`). It is not in a package registry and not ours to copy, so this test runs
/// where somebody has it.
const ENTRY: &str = "AFFILIATE_VENDOR_MCP";

#[tokio::test]
async fn the_vendors_mcp_server_works_against_ours() {
    let Some(entry) = std::env::var_os(ENTRY) else {
        eprintln!("{ENTRY} is not set: skipped");
        return;
    };
    let shop = Shop::open(Profile::Portable).await;
    let entry = entry.to_string_lossy();
    let url = shop.gateway.base_url();
    let client = Client::run("node".as_ref(), &[&entry], &shop.project.key, url).await;
    let names: Vec<String> = client
        .tools()
        .await
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    assert_eq!(names, DOCUMENTED);
    tools::use_every_tool(&client).await;
    let email = serde_json::json!({"email": "nobody@example.com"});
    let refusal = client.refusal("get_affiliate_details", email).await;
    assert_eq!(refusal, "Error: Affiliate not found");
    shop.close().await;
}
