//! `affiliate.explain_conversion`: every cent with its reason.

use affiliate_tests::database::Profile;
use affiliate_tests::shop::Shop;
use affiliate_tests::stripe::event::Event;
use serde_json::{Value, json};

async fn explain(shop: &Shop, id: &Value) -> Value {
    let client = shop.database.connect().await;
    let id = id.as_i64().expect("an id");
    let row = client
        .query_one("SELECT affiliate.explain_conversion($1)::text", &[&id])
        .await;
    serde_json::from_str(row.expect("an explanation").get(0)).expect("JSON")
}

#[tokio::test]
async fn evidence_rule_arithmetic_and_refunds_are_named() {
    for profile in Profile::KERNELS {
        let shop = Shop::open(profile).await;
        let ada = shop.project.add_affiliate("ada@example.com", "ADA").await;
        shop.project.add_affiliate("bob@example.com", "BOB").await;
        let sale = Event::sale("pi_1", 9999)
            .code("ADA")
            .object("client_reference_id", json!("BOB"));
        shop.project.deliver(&sale).await;
        shop.project
            .deliver(&Event::refund("pi_1", 9999, 3333))
            .await;
        let id = shop.project.conversions().await[0]["id"].clone();
        let told = explain(&shop, &id).await;
        assert_eq!(told["sale"]["ids"].as_array().map(Vec::len), Some(3));
        let evidence = told["evidence"].as_array().expect("a list");
        let verdicts: Vec<_> = evidence
            .iter()
            .map(|one| (one["source"].clone(), one["verdict"].clone()))
            .collect();
        assert_eq!(
            verdicts,
            [
                (json!("metadata"), json!("wins")),
                (json!("client_reference_id"), json!("weaker than what wins")),
            ]
        );
        assert_eq!(told["credited"]["affiliate_id"], json!(ada));
        assert_eq!(told["rule"]["source"], json!("project"));
        let line = &told["rule"]["lines"][0];
        // 20 % of 99.99 is 19.998.
        assert_eq!(
            (&line["base"], &line["percent"], &line["commission"]),
            (&json!(99.99), &json!(20), &json!(20))
        );
        assert_eq!(told["refunds"][0]["amount"], json!(33.33));
        // A third of 20.00 is 6.666…
        assert_eq!(
            (&told["result"]["reversed"], &told["result"]["value"]),
            (&json!(6.67), &json!(13.33))
        );
        assert_eq!(told["ledger"].as_array().map(Vec::len), Some(2));
    }
}

#[tokio::test]
async fn a_sale_that_pays_nothing_says_why() {
    let shop = Shop::open(Profile::Portable).await;
    shop.project.add_affiliate("ada@example.com", "ADA").await;
    // Entered before the first version, so that it covers every sale up to now.
    let client = shop.database.connect().await;
    let set = "SELECT affiliate.set_project($1, '{\"commission_duration\":\"first_purchase\"}', '2020-01-01 00:00Z')";
    client
        .execute(set, &[&shop.project.id])
        .await
        .expect("a setting");
    for (payment, at) in [("pi_1", 1_780_000_000), ("pi_2", 1_780_000_060)] {
        let sale = Event::sale(payment, 10_000).at(at).code("ADA");
        shop.project
            .deliver(&sale.customer("cus_1").email("user@example.com"))
            .await;
    }
    let both = shop.project.conversions().await;
    let of = |reference: &str| {
        let found = both.iter().find(|one| one["reference"] == reference);
        found.expect("a conversion").clone()
    };
    assert_eq!(
        (&of("pi_1")["value"], &of("pi_2")["value"]),
        (&json!(20), &json!(0))
    );
    let why = explain(&shop, &of("pi_2")["id"]).await["rule"]["why"].clone();
    let why = why.as_str().expect("text");
    assert!(
        why.starts_with("this sale earns nothing: commission_duration is first_purchase"),
        "{why}"
    );
}
