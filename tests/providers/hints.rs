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

#[tokio::test]
async fn text_that_no_database_holds_does_not_stop_the_sale() {
    let intake = Intake::open(Profile::Portable).await;
    // What is written, and what it is read as; the last three lie behind a NUL, so that all of the body is gone through.
    let written = [
        ("\\u0000", "\u{fffd}"),
        ("A\\u0000B", "A\u{fffd}B"),
        ("B\\ud83d", "B\u{fffd}"),
        ("\\u0000\\ud83d\\ude00", "\u{fffd}\u{1f600}"),
        ("\\u0000\\\\ud83d\\ude00", "\u{fffd}\\ud83d\u{fffd}"),
        ("\\u0000\\\\u0000\\n\\u0041", "\u{fffd}\\u0000\nA"),
    ];
    for (number, (escaped, read)) in (1..).zip(written) {
        for delivery in deliveries(number, &json!("REPLACED")) {
            let body = String::from_utf8(delivery.body()).expect("UTF-8");
            let raw = Raw(delivery, body.replace("REPLACED", escaped).into_bytes());
            assert_eq!(intake.deliver(&raw).await, "applied", "{escaped}");
            assert_eq!(intake.deliver(&raw).await, "duplicate", "{escaped}");
        }
        let codes =
            "SELECT DISTINCT code_key FROM affiliate_private.evidence WHERE project_id = $1";
        let codes = intake.texts(intake.project, codes).await;
        assert!(
            codes.contains(&read.to_ascii_lowercase()),
            "{escaped}: {codes:?}"
        );
    }
    assert_eq!(intake.sales().await.len(), 4 * written.len());
    let codes = "SELECT code_key FROM affiliate_private.evidence WHERE project_id = $1";
    assert_eq!(
        intake.texts(intake.project, codes).await.len(),
        4 * written.len()
    );
    intake.close().await;
}

/// A delivery with other bytes.
#[derive(Debug)]
struct Raw(Box<dyn Delivery>, Vec<u8>);

impl Delivery for Raw {
    fn provider(&self) -> &'static str {
        self.0.provider()
    }

    fn delivery_id(&self) -> Option<String> {
        self.0.delivery_id()
    }

    fn body(&self) -> Vec<u8> {
        self.1.clone()
    }
}
