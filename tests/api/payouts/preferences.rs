//! How affiliates want to be paid.

use affiliate_tests::database::Profile;
use affiliate_tests::receiver::Receiver;
use affiliate_tests::shop::Shop;
use serde_json::{Value, json};

use super::{affiliate, batch, payouts, preferences_of, sell, set_project};
use crate::support::{add_webhook, assert_gone, assert_refused, data, names};

const NAMES: [&str; 16] = [
    "affiliate_id",
    "user_email",
    "method",
    "recipient_name",
    "recipient_type",
    "paypal_email",
    "wise_email",
    "wise_account_id",
    "iban",
    "bic",
    "account_number",
    "routing_number",
    "bank_name",
    "bank_country",
    "other_details",
    "updated_at",
];

#[tokio::test]
async fn preferences_are_set_replaced_and_removed() {
    let shop = Shop::open(Profile::Portable).await;
    let project = &shop.project;
    let id = project.add_affiliate("ada@example.com", "ADA").await;
    let path = preferences_of("ada");
    let none = data(&project.get(&path).await, 200);
    assert_eq!(names(&none), NAMES);
    assert_eq!(
        (&none["affiliate_id"], &none["method"]),
        (&json!(id), &Value::Null)
    );

    let bank = json!({"method": "bank_transfer", "recipient_name": "Ada Lovelace", "iban": "de89 3704 0044 0532 0130 00",
                      "bic": "cobadeff", "bank_country": "de", "paypal_email": "ada@paypal.example"});
    let set = data(&project.put(&path, &bank).await, 200);
    assert_eq!(names(&set), NAMES);
    for (name, value) in [
        ("method", "bank_transfer"),
        ("iban", "DE89370400440532013000"),
        ("bic", "COBADEFF"),
        ("bank_country", "DE"),
        ("recipient_type", "person"),
        ("paypal_email", "ada@paypal.example"),
    ] {
        assert_eq!(set[name], value, "{name}");
    }
    assert_eq!(data(&project.get(&path).await, 200), set);

    let other = json!({"method": "other", "other_details": "a cheque, please"});
    let set = data(&project.put(&path, &other).await, 200);
    assert_eq!(
        (&set["iban"], &set["paypal_email"]),
        (&Value::Null, &Value::Null)
    );
    assert_gone(&project.delete(&path).await);
    assert_gone(&project.delete(&path).await);
    assert_eq!(data(&project.get(&path).await, 200), none);
    shop.close().await;
}

#[tokio::test]
async fn what_cannot_be_paid_to_is_refused() {
    let shop = Shop::open(Profile::Portable).await;
    let project = &shop.project;
    project.add_affiliate("ada@example.com", "ADA").await;
    let path = preferences_of("ada");
    let name = "Ada Lovelace";
    for (body, status, words) in [
        (json!({}), 400, "method"),
        (json!({"method": "cash"}), 400, "method"),
        (json!({"method": "paypal"}), 400, "needs paypal_email"),
        (
            json!({"method": "paypal", "paypal_email": "ada"}),
            400,
            "paypal_email",
        ),
        (
            json!({"method": "paypal", "paypal_email": "=ada@paypal.example"}),
            400,
            "paypal_email",
        ),
        (
            json!({"method": "paypal", "paypal_email": "+1@paypal.example"}),
            400,
            "paypal_email",
        ),
        (
            json!({"method": "wise", "wise_email": "ada@wise.example"}),
            400,
            "needs recipient_name",
        ),
        (
            json!({"method": "wise", "recipient_name": name}),
            400,
            "needs wise_email or wise_account_id",
        ),
        (
            json!({"method": "wise", "recipient_name": "@SUM(A1)", "wise_account_id": "1"}),
            400,
            "recipient_name",
        ),
        (
            json!({"method": "wise", "recipient_name": "Ada\nLovelace", "wise_account_id": "1"}),
            400,
            "recipient_name",
        ),
        (
            json!({"method": "bank_transfer", "recipient_name": name}),
            400,
            "needs iban or account_number",
        ),
        (
            json!({"method": "bank_transfer", "recipient_name": name, "iban": "DE89"}),
            400,
            "iban",
        ),
        (
            json!({"method": "bank_transfer", "recipient_name": name, "iban": "DE88370400440532013000"}),
            409,
            "check digits",
        ),
        (
            json!({"method": "bank_transfer", "recipient_name": name, "account_number": "1", "bic": "X"}),
            400,
            "bic",
        ),
        (
            json!({"method": "bank_transfer", "recipient_name": name, "account_number": "1", "bank_country": "DEU"}),
            400,
            "bank_country",
        ),
        (json!({"method": "other"}), 400, "needs other_details"),
        (
            json!({"method": "other", "other_details": "x", "recipient_type": "cat"}),
            400,
            "recipient_type",
        ),
    ] {
        assert_refused(&project.put(&path, &body).await, status, words);
    }
    assert_eq!(data(&project.get(&path).await, 200)["method"], Value::Null);
    let nobody = project.get(&preferences_of("bob")).await;
    assert_refused(&nobody, 404, "Affiliate not found");
    shop.close().await;
}

#[tokio::test]
async fn webhooks_carry_paypal_and_wise_where_they_are_set() {
    let shop = Shop::open(Profile::Portable).await;
    let project = &shop.project;
    let receiver = Receiver::start().await;
    let events = json!({"url": receiver.url(), "events": ["referral_converted"]});
    add_webhook(project, events).await;
    project.add_affiliate("ada@example.com", "ADA").await;
    let name = "Ada Lovelace";
    let iban = "DE89370400440532013000";
    let cases = [
        (Value::Null, None),
        (
            json!({"method": "bank_transfer", "recipient_name": name, "iban": iban}),
            None,
        ),
        (
            json!({"method": "paypal", "paypal_email": "ada@paypal.example"}),
            Some(json!({"paypal_email": "ada@paypal.example"})),
        ),
        (
            json!({"method": "wise", "recipient_name": name, "wise_account_id": "wise_123", "wise_email": "ada@wise.example",
                   "paypal_email": "ada@paypal.example"}),
            Some(
                json!({"paypal_email": "ada@paypal.example", "wise_details": {"accountId": "wise_123", "email": "ada@wise.example"}}),
            ),
        ),
        (
            json!({"method": "wise", "recipient_name": name, "wise_email": "ada@wise.example"}),
            Some(json!({"wise_details": {"email": "ada@wise.example"}})),
        ),
    ];
    for (number, (preferences, expected)) in cases.into_iter().enumerate() {
        if !preferences.is_null() {
            data(
                &project.put(&preferences_of("ada"), &preferences).await,
                200,
            );
        }
        sell(project, &format!("pi_{number}"), 10_000, "ada").await;
        let payload = receiver.wait_for(number + 1).await[number].json();
        let referrer = &payload["referrer"];
        assert_eq!(
            referrer.get("payout_preferences"),
            expected.as_ref(),
            "{referrer}"
        );
        assert_eq!(names(referrer)[..2], ["id", "email"]);
    }
    shop.close().await;
}

#[tokio::test]
async fn what_is_reserved_keeps_its_destination() {
    let shop = Shop::open(Profile::Portable).await;
    let project = &shop.project;
    affiliate(project, "ada").await;
    sell(project, "pi_1", 10_000, "ada").await;
    let made = batch(project).await;
    let moved = json!({"method": "paypal", "paypal_email": "new@paypal.example"});
    data(&project.put(&preferences_of("ada"), &moved).await, 200);
    let payout = payouts(project, &made).await.remove(0);
    assert_eq!(
        payout["destination"],
        json!({"paypal_email": "ada@paypal.example"})
    );
    shop.close().await;
}

#[tokio::test]
async fn payout_settings_belong_to_the_project() {
    let shop = Shop::open(Profile::Portable).await;
    let project = &shop.project;
    let path = "/api/v1/project";
    let before = data(&project.get(path).await, 200);
    assert_eq!(
        (&before["payout_minimum"], &before["payout_approval"]),
        (&json!(0), &json!("manual"))
    );
    set_project(
        &shop,
        json!({"payout_minimum": 49.99, "payout_approval": "automatic"}),
    )
    .await;
    let after = data(&project.get(path).await, 200);
    assert_eq!(
        (&after["payout_minimum"], &after["payout_approval"]),
        (&json!(49.99), &json!("automatic"))
    );
    // The amount is in the currency that the same request sets.
    set_project(&shop, json!({"payout_minimum": 5000, "currency": "JPY"})).await;
    assert_eq!(
        data(&project.get(path).await, 200)["payout_minimum"],
        json!(5000)
    );
    for (body, words) in [
        (json!({"payout_minimum": 0.5}), "payout_minimum"),
        (json!({"payout_minimum": -1}), "payout_minimum"),
        (json!({"payout_approval": "never"}), "payout_approval"),
    ] {
        assert_refused(&project.put(path, &body).await, 400, words);
    }
    shop.close().await;
}
