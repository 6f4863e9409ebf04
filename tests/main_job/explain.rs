//! `affiliate.explain_conversion`: every cent with its reason.

mod verdicts;

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
    // One that comes to nothing, whose fixed amount is not earned either.
    let fixed = "SELECT affiliate.set_project($1, '{\"commission_fixed\":3,\"commission_duration\":\"lifetime\",\"recurring_commission\":false}', '2021-01-01 00:00Z')";
    client
        .execute(fixed, &[&shop.project.id])
        .await
        .expect("a setting");
    let free = Event::sale("pi_3", 0).at(1_780_000_120).code("ADA");
    shop.project.deliver(&free).await;
    let of = async |reference: &str| {
        let all = shop.project.conversions().await;
        let found = all.iter().find(|one| one["reference"] == reference);
        explain(&shop, &found.expect("a conversion")["id"]).await
    };
    let told = of("pi_3").await;
    assert_eq!(
        told["rule"]["why"],
        json!("a sale that comes to zero or less earns nothing")
    );
    assert_eq!(told["rule"]["lines"][0]["commission"], json!(0));
    for (invoice, reason, why) in [
        (
            "in_1",
            "subscription_create",
            "no narrower rule was in force, so the project's default applies",
        ),
        (
            "in_2",
            "subscription_cycle",
            "this sale earns nothing: it is a renewal, and recurring_commission is off",
        ),
    ] {
        let at = if invoice == "in_1" {
            1_780_100_000
        } else {
            1_780_200_000
        };
        let paid = Event::invoice(invoice, "sub_1", reason, 5000).at(at);
        let paid = paid.object("metadata", json!({"referral_code": "ADA"}));
        shop.project.deliver(&paid).await;
        assert_eq!(of(invoice).await["rule"]["why"], json!(why));
    }
}

#[tokio::test]
async fn rates_other_names_and_the_owners_word_are_named() {
    let shop = Shop::open(Profile::Portable).await;
    shop.project.add_affiliate("ada@example.com", "ADA").await;
    let bob = shop.project.add_affiliate("bob@example.com", "BOB").await;
    let client = shop.database.connect().await;
    let rate = "SELECT affiliate.set_exchange_rate($1, 'JPY', '0.0067', '2020-01-01 00:00Z')";
    client
        .execute(rate, &[&shop.project.id])
        .await
        .expect("a rate");
    let yen = Event::sale("pi_1", 1000).currency("jpy").code("ADA");
    shop.project.deliver(&yen).await;
    // Told before it had its invoice.
    let session = Event::sale("pi_2", 5000).customer("cus_2").code("ADA");
    shop.project
        .deliver(&session.email("two@customers.example"))
        .await;
    let invoice = Event::old_invoice("in_2", "sub_2", "manual", 5000)
        .object("payment_intent", json!("pi_2"))
        .customer("cus_2");
    shop.project.deliver(&invoice).await;
    let said = json!({"email": "three@customers.example", "affiliate_id": bob});
    assert_eq!(
        shop.project.post("/api/v1/referrals", &said).await.status,
        201
    );
    let later = Event::sale("pi_3", 5000).email("three@customers.example");
    let now = affiliate_tests::stripe::now();
    shop.project.deliver(&later.at(now + 1)).await;

    let all = shop.project.conversions().await;
    let of = async |reference: &str| {
        let found = all.iter().find(|one| one["reference"] == reference);
        explain(&shop, &found.expect("a conversion")["id"]).await
    };
    // 1000 JPY x 0.0067 x 20 % = 1.34 USD
    let told = of("pi_1").await;
    assert_eq!(
        (
            &told["rule"]["exchange_rate"],
            &told["rule"]["lines"][0]["base"],
            &told["result"]["commission"]
        ),
        (&json!(0.0067), &json!(1000), &json!(1.34))
    );
    let told = of("pi_2").await;
    assert_eq!(
        told["rule"]["why"],
        json!("this is another name of a payment that counts as in_2")
    );
    let told = of("pi_3").await;
    assert_eq!(told["credited"]["affiliate_id"], json!(bob));
    assert_eq!(
        (
            &told["evidence"][0]["source"],
            &told["evidence"][0]["verdict"]
        ),
        (
            &json!("manual"),
            &json!("wins: what the owner said of who referred this customer")
        )
    );
    // Both names of the payment are one purchase.
    assert_eq!(
        shop.project.affiliate("ada@example.com").await["purchases"],
        json!(2)
    );
}
