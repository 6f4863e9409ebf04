//! `affiliate payout`: a payout run from the command line, from how somebody is paid to the confirmation.

use affiliate_tests::database::Profile;
use affiliate_tests::shop::Shop;
use affiliate_tests::stripe::event::Event;
use serde_json::{Value, json};

use crate::support::{Ended, affiliate};

/// A shop in which ada has 20.00 to be paid.
async fn shop() -> Shop {
    let shop = Shop::open(Profile::Portable).await;
    shop.project.add_affiliate("ada@example.com", "ADA").await;
    let sale = Event::sale("pi_1", 10_000).code("ADA").at(1_768_000_000);
    shop.project.deliver(&sale).await;
    shop
}

async fn payout(shop: &Shop, line: &str) -> Ended {
    let (command, rest) = line.split_once(' ').unwrap_or((line, ""));
    let project = shop.project.id;
    let line = format!("payout {command} --project {project} {rest}");
    affiliate(shop.database.url(), line.trim_end()).await
}

async fn answer(shop: &Shop, line: &str) -> Value {
    payout(shop, &format!("{line} --json")).await.json()
}

#[tokio::test]
async fn a_run_from_preferences_to_confirmation() {
    let shop = shop().await;
    let set = answer(
        &shop,
        "preferences ada@example.com method=paypal paypal_email=ada@paypal.example",
    )
    .await;
    assert_eq!(answer(&shop, "preferences ada@example.com").await, set);
    let made = answer(&shop, "create --reference march").await;
    assert_eq!(
        (&made["amount"], &made["left_out"]),
        (&json!("20.00"), &json!(0))
    );
    assert_eq!(answer(&shop, "create --reference march").await, made);
    assert_eq!(answer(&shop, "list").await, json!({"batches": [made]}));
    let batch = &made["id"];
    let shown = answer(&shop, &format!("show {batch}")).await;
    let id = &shown["payouts"][0]["id"];
    let text = payout(&shop, &format!("show {batch}")).await.success();
    assert!(
        text.contains("\npayouts:\nid") && text.contains("ada@example.com"),
        "{text}"
    );

    let file = payout(&shop, &format!("export {batch} --format paypal")).await;
    let file = file.success();
    assert!(
        file.starts_with("ada@paypal.example,20.00,USD,P") && file.ends_with(",PAYPAL\r\n"),
        "{file:?}"
    );
    let paid = answer(&shop, &format!("confirm {id} --transaction-id T1")).await;
    assert_eq!(
        (&paid["status"], &paid["transaction_id"]),
        (&json!("paid"), &json!("T1"))
    );
    let settled = answer(&shop, &format!("confirm --batch {batch}")).await;
    assert_eq!(settled["status"], "settled");
    let refused = payout(&shop, &format!("fail {id} --reason late --json")).await;
    assert_eq!((refused.code, refused.stdout.as_str()), (1, ""));
    assert!(
        refused.stderr.contains("is paid and stays so"),
        "{}",
        refused.stderr
    );
    let returned = answer(&shop, &format!("return {id} --reason closed")).await;
    assert_eq!(
        (&returned["status"], &returned["reason"]),
        (&json!("returned"), &json!("closed"))
    );
    shop.close().await;
}

#[tokio::test]
async fn requests_are_listed_and_decided() {
    let shop = shop().await;
    payout(
        &shop,
        "preferences ada@example.com method=other other_details=cash",
    )
    .await
    .success();
    let body = json!({"email": "ada@example.com"});
    let asked = shop.project.post("/api/v1/payout-requests", &body).await;
    let asked = asked.json()["data"].take();
    let listed = answer(&shop, "requests --status pending").await;
    assert_eq!(listed, json!({"requests": [asked]}));
    let none = payout(&shop, "requests --status paid").await.success();
    assert_eq!(none, "no requests\n");
    let decided = answer(&shop, &format!("decide {} approved", asked["id"])).await;
    assert_eq!(decided["status"], "approved");
    let made = answer(&shop, "create --requested --affiliates 1").await;
    assert_eq!(made["payouts"], json!(1));
    let canceled = answer(
        &shop,
        &format!("cancel --batch {} --reason mistake", made["id"]),
    )
    .await;
    assert_eq!(canceled["totals"]["canceled"]["amount"], "20.00");
    let wrong = payout(&shop, "preferences ada@example.com method=paypal paypal=x").await;
    assert!(
        wrong.code == 1 && !wrong.stderr.is_empty(),
        "{}",
        wrong.stderr
    );
    shop.close().await;
}
