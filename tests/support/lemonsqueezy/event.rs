//! LemonSqueezy events as tests tell them: orders, subscriptions and their invoices, by number.

use serde_json::{Value, json};

use crate::intake::Delivery;

/// An event in the making, from a payload as LemonSqueezy sends it (`fixtures/lemonsqueezy/`): of customer 1, who is
/// buyer@example.com, with no referral code.
#[derive(Debug, Clone)]
pub struct Event(Value);

impl Event {
    /// A paid order of `total` cents (USD unless said), no tax.
    pub fn order(id: i64, total: i64) -> Self {
        Self::fixture(include_str!(
            "../../fixtures/lemonsqueezy/order_created.json"
        ))
        .data_id(id)
        .amounts(total, 0)
    }

    /// The same order once `refunded` cents of it have been given back in all.
    pub fn order_refunded(id: i64, total: i64, refunded: i64) -> Self {
        Self::order(id, total)
            .event_name("order_refunded")
            .refunded(total, refunded)
    }

    /// A subscription that began with an order.
    pub fn subscription(id: i64, order: i64) -> Self {
        Self::fixture(include_str!(
            "../../fixtures/lemonsqueezy/subscription_created.json"
        ))
        .data_id(id)
        .attribute("order_id", json!(order))
    }

    /// A subscription that has ended.
    pub fn expired(id: i64, order: i64, ends_at: &str) -> Self {
        Self::subscription(id, order)
            .event_name("subscription_expired")
            .attribute("status", json!("expired"))
            .attribute("ends_at", json!(ends_at))
            .attribute("updated_at", json!(ends_at))
    }

    /// A paid invoice of a subscription, for a `reason`: initial, renewal or updated.
    pub fn invoice(id: i64, subscription: i64, reason: &str, total: i64) -> Self {
        Self::fixture(include_str!(
            "../../fixtures/lemonsqueezy/subscription_payment_success.json"
        ))
        .data_id(id)
        .attribute("subscription_id", json!(subscription))
        .attribute("billing_reason", json!(reason))
        .amounts(total, 0)
    }

    /// The same invoice once `refunded` cents of it have been given back in all.
    pub fn invoice_refunded(
        id: i64,
        subscription: i64,
        reason: &str,
        total: i64,
        refunded: i64,
    ) -> Self {
        Self::invoice(id, subscription, reason, total)
            .event_name("subscription_payment_refunded")
            .refunded(total, refunded)
    }

    fn fixture(text: &str) -> Self {
        let mut event = Self(serde_json::from_str(text).expect("a fixture is JSON"));
        event.0["meta"]["custom_data"] = json!({});
        event.attribute("customer_id", json!(1))
    }

    fn refunded(self, total: i64, refunded: i64) -> Self {
        let status = if refunded == total {
            "refunded"
        } else {
            "partial_refund"
        };
        self.attribute("status", json!(status))
            .attribute("refunded", json!(refunded == total))
            .attribute("refunded_amount", json!(refunded))
            .attribute(
                "updated_at",
                json!(format!("2026-06-01T00:00:{:02}.000000Z", refunded % 60)),
            )
    }

    fn data_id(mut self, id: i64) -> Self {
        self.0["data"]["id"] = json!(id.to_string());
        self
    }

    /// Of another type.
    pub fn event_name(mut self, name: &str) -> Self {
        self.0["meta"]["event_name"] = json!(name);
        self
    }

    /// With this total in cents, of which this much is tax.
    pub fn amounts(self, total: i64, tax: i64) -> Self {
        self.attribute("total", json!(total))
            .attribute("tax", json!(tax))
            .attribute("subtotal", json!(total - tax))
    }

    /// With a referral code in the checkout's custom data.
    pub fn code(self, code: &str) -> Self {
        self.custom(json!({ "referral_code": code }))
    }

    /// With these custom data.
    pub fn custom(mut self, data: Value) -> Self {
        self.0["meta"]["custom_data"] = data;
        self
    }

    /// Of another customer.
    pub fn customer(self, id: i64, email: &str) -> Self {
        self.attribute("customer_id", json!(id))
            .attribute("user_email", json!(email))
    }

    /// Created, and last changed, at this moment.
    pub fn at(self, time: &str) -> Self {
        self.attribute("created_at", json!(time))
            .attribute("updated_at", json!(time))
    }

    /// With an attribute set.
    pub fn attribute(mut self, name: &str, value: Value) -> Self {
        self.0["data"]["attributes"][name] = value;
        self
    }
}

impl Delivery for Event {
    fn provider(&self) -> &'static str {
        "lemonsqueezy"
    }

    fn body(&self) -> Vec<u8> {
        self.0.to_string().into_bytes()
    }
}
