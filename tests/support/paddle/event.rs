//! Paddle Billing events as tests tell them: transactions, subscriptions, adjustments, customers and discounts.

use serde_json::{Value, json};

use crate::intake::Delivery;

/// An event in the making, from a payload as Paddle sends it (`fixtures/paddle/`): of customer `ctm_1`, about nothing
/// that the fixture's story told.
#[derive(Debug, Clone)]
pub struct Event(Value);

impl Event {
    /// A completed transaction of one line that took `total` minor units, of which this much is tax.
    pub fn transaction(id: &str, total: i64, tax: i64) -> Self {
        Self::fixture(include_str!(
            "../../fixtures/paddle/transaction_completed.json"
        ))
        .identity(id)
        .data("subscription_id", Value::Null)
        .totals(&json!({
            "subtotal": (total - tax).to_string(), "discount": "0", "tax": tax.to_string(), "total": total.to_string(),
            "credit": "0", "credit_to_balance": "0", "balance": "0", "grand_total": total.to_string(),
            "fee": null, "earnings": null, "currency_code": "USD",
        }))
        .lines(&[("pro_1", total, tax)])
    }

    /// A subscription that began with a transaction.
    pub fn subscription(id: &str, transaction: &str) -> Self {
        Self::fixture(include_str!(
            "../../fixtures/paddle/subscription_created.json"
        ))
        .identity(id)
        .data("transaction_id", json!(transaction))
    }

    /// A subscription that has ended.
    pub fn canceled(id: &str, canceled_at: &str) -> Self {
        Self::fixture(include_str!(
            "../../fixtures/paddle/subscription_canceled.json"
        ))
        .identity(id)
        .data("canceled_at", json!(canceled_at))
    }

    /// An adjustment of a transaction: what is done (refund, chargeback, …), how it stands, and the amount without tax.
    pub fn adjustment(id: &str, transaction: &str, action: &str, status: &str, net: i64) -> Self {
        Self::fixture(include_str!("../../fixtures/paddle/adjustment_updated.json"))
            .identity(id)
            .event_id(&format!("evt_{id}_{status}"))
            .data("transaction_id", json!(transaction))
            .data("action", json!(action))
            .data("status", json!(status))
            .data(
                "totals",
                json!({"subtotal": net.to_string(), "tax": "0", "total": net.to_string(), "currency_code": "USD"}),
            )
    }

    /// A customer and their email.
    pub fn customer(id: &str, email: &str) -> Self {
        Self::fixture(include_str!("../../fixtures/paddle/customer_created.json"))
            .identity(id)
            .data("email", json!(email))
    }

    /// A discount and its code.
    pub fn discount(id: &str, code: &str) -> Self {
        Self::fixture(include_str!("../../fixtures/paddle/discount_created.json"))
            .identity(id)
            .data("code", json!(code))
    }

    fn fixture(text: &str) -> Self {
        let mut event = Self(serde_json::from_str(text).expect("a fixture is JSON"));
        if event.0["data"].get("customer_id").is_some() {
            event = event.data("customer_id", json!("ctm_1"));
        }
        event
    }

    fn identity(self, id: &str) -> Self {
        let name = self.0["event_type"].as_str().expect("a type").to_owned();
        self.event_id(&format!("evt_{name}_{id}"))
            .data("id", json!(id))
    }

    /// With this event id.
    pub fn event_id(mut self, id: &str) -> Self {
        self.0["event_id"] = json!(id);
        self
    }

    /// Of another type.
    pub fn of_type(mut self, name: &str) -> Self {
        self.0["event_type"] = json!(name);
        self
    }

    /// That happened at this moment.
    pub fn at(mut self, time: &str) -> Self {
        self.0["occurred_at"] = json!(time);
        self
    }

    /// With a referral code in its custom data.
    pub fn code(self, code: &str) -> Self {
        self.data("custom_data", json!({ "referral_code": code }))
    }

    /// A payment of this subscription, for an origin such as `subscription_recurring`.
    pub fn of(self, subscription: &str, origin: &str) -> Self {
        self.data("subscription_id", json!(subscription))
            .data("origin", json!(origin))
    }

    /// With other totals.
    pub fn totals(mut self, totals: &Value) -> Self {
        self.0["data"]["details"]["totals"] = totals.clone();
        self
    }

    /// With one of its totals set.
    pub fn total(mut self, name: &str, value: Value) -> Self {
        self.0["data"]["details"]["totals"][name] = value;
        self
    }

    /// With these lines: product, total with tax, tax.
    pub fn lines(mut self, lines: &[(&str, i64, i64)]) -> Self {
        let line = &self.0["data"]["details"]["line_items"][0];
        let lines: Vec<Value> = lines
            .iter()
            .map(|(product, total, tax)| {
                let mut line = line.clone();
                line["product"]["id"] = json!(product);
                line["totals"] = json!({
                    "subtotal": (total - tax).to_string(), "discount": "0",
                    "tax": tax.to_string(), "total": total.to_string(),
                });
                line
            })
            .collect();
        self.0["data"]["details"]["line_items"] = json!(lines);
        self
    }

    /// With a member of `data` set.
    pub fn data(mut self, name: &str, value: Value) -> Self {
        self.0["data"][name] = value;
        self
    }
}

impl Delivery for Event {
    fn provider(&self) -> &'static str {
        "paddle"
    }

    fn body(&self) -> Vec<u8> {
        self.0.to_string().into_bytes()
    }
}
