//! The documented tools: that they are there, and that each does its work.

use affiliate_tests::database::Profile;
use affiliate_tests::shop::Shop;
use serde_json::{Value, json};

use crate::client::{Client, Transport};

/// The tools of the integration guide.
pub const DOCUMENTED: [&str; 18] = [
    "create_affiliate",
    "create_conversion",
    "create_coupon",
    "create_referral",
    "delete_affiliate",
    "delete_conversion",
    "delete_coupon",
    "get_affiliate_details",
    "get_conversion",
    "get_coupon",
    "get_referral_details",
    "list_affiliates",
    "list_conversions",
    "list_coupons",
    "list_referrals",
    "update_affiliate",
    "update_conversion",
    "update_coupon",
];

/// What the documented tools take: their arguments, sorted, required ones with a star. Where more is taken than is
/// documented, that is listed too.
const ARGUMENTS: [(&str, &str); 18] = [
    ("create_affiliate", "email* partner_slug referral_code"),
    (
        "create_conversion",
        "affiliate_id base_value base_value_currency coupon_code_used email paid reference referral_code \
         referred_user_id type value",
    ),
    (
        "create_coupon",
        "affiliate_id* coupon_code* lemonsqueezy_discount_code status stripe_coupon_id",
    ),
    ("create_referral", "affiliate_id email* status"),
    ("delete_affiliate", "email*"),
    ("delete_conversion", "id*"),
    ("delete_coupon", "id*"),
    ("get_affiliate_details", "email*"),
    ("get_conversion", "id*"),
    ("get_coupon", "id*"),
    ("get_referral_details", "email*"),
    ("list_affiliates", "limit offset status"),
    (
        "list_conversions",
        "affiliate_id from limit offset paid referred_user_id to type",
    ),
    (
        "list_coupons",
        "affiliate_id coupon_code limit offset status",
    ),
    ("list_referrals", "affiliate_id limit offset status"),
    (
        "update_affiliate",
        "email* new_email partner_slug referral_code status",
    ),
    (
        "update_conversion",
        "base_value base_value_currency coupon_code_used id* paid reference type value",
    ),
    (
        "update_coupon",
        "affiliate_id coupon_code id* lemonsqueezy_discount_code status stripe_coupon_id",
    ),
];

#[tokio::test]
async fn the_documented_tools_take_the_documented_arguments() {
    let shop = Shop::open(Profile::Portable).await;
    for transport in Transport::ALL {
        let client = Client::open(transport, &shop, &shop.project).await;
        let tools = client.tools().await;
        for (name, arguments) in ARGUMENTS {
            let schema = tools.iter().find(|(tool, _)| tool == name);
            let (_, schema) = schema.unwrap_or_else(|| panic!("{transport:?}: no tool {name}"));
            assert_eq!(schema["type"], "object");
            assert_eq!(taken(schema), arguments, "{transport:?}: {name}");
        }
        let names: Vec<&str> = tools.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, DOCUMENTED);
    }
    shop.close().await;
}

fn taken(schema: &serde_json::Map<String, Value>) -> String {
    let required = schema.get("required").and_then(Value::as_array);
    let is_required = |name: &str| required.is_some_and(|names| names.iter().any(|n| n == name));
    let properties = schema["properties"].as_object().expect("properties");
    let mut names: Vec<String> = properties
        .keys()
        .map(|name| format!("{name}{}", if is_required(name) { "*" } else { "" }))
        .collect();
    names.sort();
    names.join(" ")
}

#[tokio::test]
async fn every_documented_tool_works_over_both_transports() {
    let shop = Shop::open(Profile::Portable).await;
    for transport in Transport::ALL {
        // One project each, so that emails and codes are free.
        let project = shop.add_project(&[]).await;
        let client = Client::open(transport, &shop, &project).await;
        use_every_tool(&client).await;
    }
    shop.close().await;
}

/// Calls each documented tool at least once.
pub async fn use_every_tool(client: &Client) {
    let created = client
        .call(
            "create_affiliate",
            json!({"email": "ada+1@example.com", "referral_code": "ADA"}),
        )
        .await;
    let affiliate = created["data"]["id"].as_i64().expect("an id");
    let update = json!({"email": "ada+1@example.com", "new_email": "ada@example.com", "partner_slug": "ada"});
    let updated = client.call("update_affiliate", update).await;
    assert_eq!(updated["data"]["user_email"], "ada@example.com");

    referrals(client, affiliate).await;
    conversions(client, affiliate).await;
    coupons(client, affiliate).await;

    let of_ada = || json!({"email": "ada@example.com"});
    let ada = client.call("get_affiliate_details", of_ada()).await;
    assert_eq!(ada["data"]["purchases"], 1);
    let listed = client
        .call("list_affiliates", json!({"status": "active", "limit": 5}))
        .await;
    assert_eq!(listed["pagination"]["total"], 1);
    let deleted = client.call("delete_affiliate", of_ada()).await;
    assert_eq!(deleted["success"], true);
    let none = client.call("list_affiliates", json!({})).await;
    assert_eq!(none["pagination"]["total"], 0);
}

async fn referrals(client: &Client, affiliate: i64) {
    let new = json!({"email": "kim@example.com", "affiliate_id": affiliate});
    client.call("create_referral", new).await;
    let kim = client
        .call("get_referral_details", json!({"email": "kim@example.com"}))
        .await;
    assert_eq!(kim["success"], true);
    let listed = client
        .call(
            "list_referrals",
            json!({"affiliate_id": affiliate, "status": "pending"}),
        )
        .await;
    assert_eq!(listed["pagination"]["total"], 1);
}

async fn conversions(client: &Client, affiliate: i64) {
    let sale = json!({"type": "purchase", "base_value": 49.99, "affiliate_id": affiliate, "email": "kim@example.com",
                      "reference": "ORDER-1"});
    let created = client.call("create_conversion", sale).await;
    assert_eq!(created["data"]["value"], json!(10));
    let id = created["data"]["id"].as_i64().expect("an id");
    let update = json!({"id": id, "value": 12.5});
    let updated = client.call("update_conversion", update).await;
    assert_eq!(updated["data"]["value"], json!(12.5));
    let one = client.call("get_conversion", json!({"id": id})).await;
    assert_eq!(one["data"]["base_value"], json!(49.99));
    let filter =
        json!({"type": "purchase", "paid": false, "from": "2020-01-01", "affiliate_id": affiliate});
    let listed = client.call("list_conversions", filter).await;
    assert_eq!(listed["pagination"]["total"], 1);
    let signup = json!({"type": "signup", "affiliate_id": affiliate, "email": "lee@example.com", "value": 0});
    let other = client.call("create_conversion", signup).await;
    let deleted = client
        .call("delete_conversion", json!({"id": other["data"]["id"]}))
        .await;
    assert_eq!(deleted["success"], true);
}

async fn coupons(client: &Client, affiliate: i64) {
    let new = json!({"affiliate_id": affiliate, "coupon_code": "SAVE10"});
    let created = client.call("create_coupon", new).await;
    let id = created["data"]["id"].as_i64().expect("an id");
    let update = json!({"id": id, "coupon_code": "SAVE20", "status": "active"});
    client.call("update_coupon", update).await;
    let one = client.call("get_coupon", json!({"id": id})).await;
    assert_eq!(one["data"]["coupon_code"], "SAVE20");
    let listed = client
        .call("list_coupons", json!({"coupon_code": "ave2"}))
        .await;
    assert_eq!(listed["pagination"]["total"], 1);
    let deleted = client.call("delete_coupon", json!({"id": id})).await;
    assert_eq!(deleted["success"], true);
}
