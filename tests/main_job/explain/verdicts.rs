//! What it says of evidence that did not decide.

use affiliate_tests::database::Profile;
use affiliate_tests::shop::Shop;
use affiliate_tests::stripe::event::Event;
use serde_json::{Value, json};

use super::explain;

#[tokio::test]
async fn what_came_too_late_and_what_was_deleted_are_named() {
    let shop = Shop::open(Profile::Portable).await;
    for name in ["ada", "bob", "cid"] {
        let code = name.to_uppercase();
        shop.project
            .add_affiliate(&format!("{name}@example.com"), &code)
            .await;
    }
    let told = |code: &str, at: i64| {
        let sale = Event::sale("pi_1", 5000).id(&format!("evt_{code}")).at(at);
        sale.customer("cus_1").email("one@customers.example")
    };
    let at = 1_780_000_000;
    let ada = told("ada", at).object("client_reference_id", json!("ADA"));
    shop.project.deliver(&ada).await;
    let path = format!(
        "/api/v1/conversions/{}",
        shop.project.conversions().await[0]["id"]
    );
    let paid = shop.project.put(&path, &json!({"paid": true})).await;
    assert_eq!(paid.status, 200, "{paid:?}");
    let cid = told("cid", at + 50).object("client_reference_id", json!("CID"));
    shop.project.deliver(&cid).await;
    shop.project
        .deliver(&told("bob", at + 100).code("BOB"))
        .await;
    let silent = Event::sale("pi_2", 5000).at(at + 200).customer("cus_1");
    shop.project.deliver(&silent).await;

    let all = shop.project.conversions().await;
    let id = |reference: &str| {
        let found = all.iter().find(|one| one["reference"] == reference);
        found.expect("a conversion")["id"].clone()
    };
    assert_eq!(
        verdicts(&explain(&shop, &id("pi_1")).await),
        [
            "metadata bob: would win now, but the conversion has been paid",
            "client_reference_id cid: weaker than what would win",
            "client_reference_id ada: wins",
        ]
    );
    let path = format!("/api/v1/conversions/{}", id("pi_2"));
    let touches = ["cid", "ada"].map(|code| {
        format!("client_reference_id {code}: a touch; the touch model (last) prefers another")
    });
    let told = explain(&shop, &id("pi_2")).await;
    assert_eq!(verdicts(&told)[0], "metadata bob: wins");
    assert_eq!(verdicts(&told)[1..], touches);
    assert_eq!(told["result"]["value"], json!(10));
    assert_eq!(shop.project.delete(&path).await.status, 204);
    let told = explain(&shop, &id("pi_2")).await;
    assert_eq!(
        verdicts(&told)[0],
        "metadata bob: won, until the conversion was deleted"
    );
    assert_eq!(
        told["rule"]["why"],
        json!("the conversion has been deleted, and what it had earned taken back")
    );
    assert_eq!(
        (&told["result"]["reversed"], &told["result"]["value"]),
        (&json!(10), &json!(0))
    );
}

#[tokio::test]
async fn an_owners_word_that_does_not_count_says_why() {
    let shop = Shop::open(Profile::Portable).await;
    for (name, email, customer) in [
        ("self", "buyer@customers.example", "buyer@customers.example"),
        ("gone", "gone@example.com", "one@customers.example"),
        ("idle", "idle@example.com", "two@customers.example"),
    ] {
        let said = shop
            .project
            .add_affiliate(email, &name.to_uppercase())
            .await;
        let word = json!({"email": customer, "affiliate_id": said});
        let answer = shop.project.post("/api/v1/referrals", &word).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        let path = format!("/api/v1/affiliates/{email}");
        let changed = match name {
            "gone" => shop.project.delete(&path).await,
            "idle" => {
                shop.project
                    .put(&path, &json!({"status": "inactive"}))
                    .await
            }
            _ => shop.project.get(&path).await,
        };
        assert!(changed.status < 300, "{changed:?}");
        let sale = Event::sale(&format!("pi_{name}"), 5000).email(customer);
        let sale = sale.at(affiliate_tests::stripe::now() + 1);
        shop.project.deliver(&sale).await;
    }
    let all = shop.project.conversions().await;
    for (name, why) in [
        ("self", "a self-referral"),
        ("gone", "its affiliate has been deleted"),
        ("idle", "its affiliate was inactive at the time of the sale"),
    ] {
        let reference = format!("pi_{name}");
        let found = all
            .iter()
            .find(|one| one["reference"] == reference.as_str());
        let told = explain(&shop, &found.expect("a conversion")["id"]).await;
        assert_eq!(told["credited"], Value::Null);
        assert_eq!(
            told["evidence"][0]["verdict"],
            json!(format!(
                "what the owner said of who referred this customer: {why}"
            ))
        );
    }
}

fn verdicts(told: &Value) -> Vec<String> {
    let evidence = told["evidence"].as_array().expect("a list");
    let verdict = |one: &Value| {
        format!("{} {}: {}", one["source"], one["code"], one["verdict"]).replace('"', "")
    };
    evidence.iter().map(verdict).collect()
}
