//! What a customer can write into a referral code that is none: the sale counts all the same.

use affiliate_tests::database::Profile;
use affiliate_tests::intake::{Delivery, Intake};
use affiliate_tests::{lemonsqueezy, paddle, polar, stripe};
use serde_json::{Value, json};

fn deliveries(number: i64, hint: &Value) -> [Box<dyn Delivery>; 4] {
    let hints = json!({"referral_code": hint});
    [
        Box::new(
            stripe::event::Event::sale(&format!("pi_{number}"), 5000)
                .object("metadata", hints.clone()),
        ),
        Box::new(lemonsqueezy::event::Event::order(number, 5000).custom(hints.clone())),
        Box::new(
            paddle::event::Event::transaction(&format!("txn_{number}"), 5000, 0)
                .data("custom_data", hints.clone()),
        ),
        Box::new(
            polar::event::Event::order(&format!("ord_{number}"), 5000).data("metadata", hints),
        ),
    ]
}

#[tokio::test]
async fn a_referral_code_that_is_none_does_not_stop_the_sale() {
    let none = [
        json!(["ADA"]),
        json!({"code": "ADA"}),
        json!(true),
        json!(12.5),
        json!("A".repeat(501)),
        json!("\u{1F600}".repeat(200)),
        json!("\n\t"),
        json!("  "),
        Value::Null,
    ];
    let intake = Intake::open(Profile::Portable).await;
    for (number, hint) in (1..).zip(&none) {
        for delivery in &deliveries(number, hint) {
            assert_eq!(intake.deliver(&**delivery).await, "applied", "{hint}");
        }
    }
    let sales = intake.sales().await;
    assert_eq!(sales.len(), none.len() * 4);
    for sale in &sales {
        assert!(
            sale.ends_with("pays 0.00 less 0.00 to nobody (none)"),
            "{sale}"
        );
    }
    intake.close().await;
}

#[tokio::test]
async fn digits_are_a_code_too() {
    let intake = Intake::open(Profile::Portable).await;
    intake
        .add_affiliate(intake.project, "seven@example.com", "777")
        .await;
    for delivery in &deliveries(1, &json!(777)) {
        assert_eq!(intake.deliver(&**delivery).await, "applied");
    }
    for sale in intake.sales().await {
        assert!(
            sale.contains("pays 10.00 less 0.00 to seven@example.com"),
            "{sale}"
        );
    }
    intake.close().await;
}
