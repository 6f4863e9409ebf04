//! The configurations that docs/mcp.md tells people to copy.

use affiliate_tests::binary::{self, workspace};
use affiliate_tests::database::Profile;
use affiliate_tests::shop::Shop;
use serde_json::{Value, json};

use crate::client::Client;

/// The JSON blocks of the page.
fn configurations() -> Vec<Value> {
    let page = std::fs::read_to_string(workspace().join("docs/mcp.md")).expect("docs/mcp.md");
    let blocks = page.split("```json\n").skip(1);
    blocks
        .filter_map(|block| block.split("```").next())
        .map(|text| serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}")))
        .collect()
}

#[tokio::test]
async fn the_configurations_of_the_documentation_work() {
    let configurations = configurations();
    let [local, remote] = configurations.as_slice() else {
        panic!("two configurations: {configurations:?}");
    };
    let local = &local["mcpServers"]["affiliates"];
    let names: Vec<&String> = local["env"].as_object().expect("env").keys().collect();
    assert_eq!(names, ["REFGROW_API_KEY", "REFGROW_API_URL"]);
    assert_eq!(local["command"], "affiliate");
    let arguments: Vec<&str> = local["args"]
        .as_array()
        .expect("args")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let shop = Shop::open(Profile::Portable).await;
    let url = format!("{}/api/v1", shop.gateway.base_url());
    let program = binary::path();
    let client = Client::run(program.as_os_str(), &arguments, &shop.project.key, &url).await;
    client.call("list_affiliates", json!({})).await;

    let remote = &remote["mcpServers"]["affiliates"];
    assert!(
        remote["url"]
            .as_str()
            .is_some_and(|url| url.ends_with("/mcp"))
    );
    let header = remote["headers"]["Authorization"].as_str();
    assert!(header.is_some_and(|value| value.starts_with("Bearer rgk_")));
    let over_http = Client::try_http(&shop, Some(&shop.project.key)).await;
    assert!(over_http.is_ok());
    shop.close().await;
}
