//! Payouts: how affiliates are paid, what batches reserve, how payouts end, and the files they leave as.

mod batch;
mod ending;
mod files;
mod members;
mod preferences;
mod requests;
mod reserved;
mod returned;

use affiliate_tests::shop::{Project, Shop};
use affiliate_tests::stripe::event::Event;
use serde_json::{Value, json};

use crate::support::data;

const BATCHES: &str = "/api/v1/payout-batches";
/// Long enough ago that what was sold then has left every hold.
const LONG_AGO: i64 = 1_768_000_000;

/// An affiliate `<name>@example.com` with the code `<NAME>` who is paid by PayPal; gives its id.
async fn affiliate(project: &Project, name: &str) -> i64 {
    let email = format!("{name}@example.com");
    let id = project.add_affiliate(&email, &name.to_uppercase()).await;
    let paypal = json!({"method": "paypal", "paypal_email": format!("{name}@paypal.example")});
    data(&project.put(&preferences_of(name), &paypal).await, 200);
    id
}

fn preferences_of(name: &str) -> String {
    format!("/api/v1/affiliates/{name}@example.com/payout-preferences")
}

/// A sale long ago by the affiliate with this name, of which it earns a fifth.
async fn sell(project: &Project, payment: &str, amount: i64, name: &str) {
    let buyer = format!("{payment}@buyers.example");
    let sale = Event::sale(payment, amount).code(&name.to_uppercase());
    let sale = sale.customer(payment).email(&buyer).at(LONG_AGO);
    assert_eq!(project.deliver(&sale).await, "applied");
}

async fn refund(project: &Project, payment: &str, amount: i64, refunded: i64) {
    let refund = Event::refund(payment, amount, refunded).at(LONG_AGO + 100);
    assert_eq!(project.deliver(&refund).await, "applied");
}

/// A new batch of everything.
async fn batch(project: &Project) -> Value {
    data(&project.post(BATCHES, &json!({})).await, 201)
}

/// The payouts of a batch, by affiliate.
async fn payouts(project: &Project, batch: &Value) -> Vec<Value> {
    let path = format!("/api/v1/payouts?batch_id={}&limit=500", batch["id"]);
    let mut payouts = data(&project.get(&path).await, 200);
    let payouts = payouts.as_array_mut().expect("a list");
    payouts.sort_by_key(|payout| payout["affiliate_id"].as_i64());
    std::mem::take(payouts)
}

/// The conversions of a payout with what each adds.
async fn lines(project: &Project, payout: &Value) -> Vec<(String, String)> {
    let path = format!("/api/v1/payouts/{}/lines?limit=500", payout["id"]);
    let lines = data(&project.get(&path).await, 200);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let lines = lines.as_array().expect("a list").iter();
    lines
        .map(|line| (text(&line["conversion_reference"]), text(&line["amount"])))
        .collect()
}

async fn end(project: &Project, payout: &Value, how: &str) -> Value {
    let path = format!("/api/v1/payouts/{}/{how}", payout["id"]);
    data(&project.post(&path, &json!({})).await, 200)
}

/// total, eligible, held and what is paid, in this order.
async fn earnings(project: &Project, name: &str) -> [String; 4] {
    let stats = project.affiliate(&format!("{name}@example.com")).await;
    let text = |name: &str| stats[name].as_str().expect("text").to_owned();
    let cents = |name: &str| -> i64 { text(name).replace('.', "").parse().expect("cents") };
    let paid = cents("total_earnings") - cents("unpaid_earnings");
    [
        text("total_earnings"),
        text("eligible_earnings"),
        text("held_earnings"),
        format!("{}.{:02}", paid / 100, paid % 100),
    ]
}

/// The conversion with this reference.
async fn conversion(project: &Project, reference: &str) -> Value {
    let conversions = project.conversions().await;
    let found = conversions
        .into_iter()
        .find(|conversion| conversion["reference"] == reference);
    found.unwrap_or_else(|| panic!("no conversion {reference}"))
}

async fn set_project(shop: &Shop, settings: Value) {
    data(&shop.project.put("/api/v1/project", &settings).await, 200);
}
