//! Polar events as tests tell them: orders and subscriptions.

use serde_json::{Value, json};

use crate::intake::Delivery;

/// An event in the making, from a payload as Polar sends it (`fixtures/polar/`): of customer `cus_1`, who is
/// buyer@example.com, with no referral code.
#[derive(Debug, Clone)]
pub struct Event {
    delivery_id: String,
    body: Value,
}

impl Event {
    /// A paid order of `net` minor units without tax (USD unless said).
    pub fn order(id: &str, net: i64) -> Self {
        Self::fixture(include_str!("../../fixtures/polar/order_paid.json"), id).amounts(net, 0)
    }

    /// The same order with `refunded` of it given back by a moment.
    pub fn order_refunded(id: &str, net: i64, refunded: i64, modified_at: &str) -> Self {
        let event = Self::fixture(include_str!("../../fixtures/polar/order_refunded.json"), id);
        event
            .amounts(net, 0)
            .data("refunded_amount", json!(refunded))
            .data("modified_at", json!(modified_at))
            .delivered_as(&format!("msg_order.refunded_{id}_{modified_at}"))
    }

    /// A new subscription.
    pub fn subscription(id: &str) -> Self {
        Self::fixture(
            include_str!("../../fixtures/polar/subscription_created.json"),
            id,
        )
    }

    /// A subscription that is no longer in force.
    pub fn revoked(id: &str, ended_at: &str) -> Self {
        Self::fixture(
            include_str!("../../fixtures/polar/subscription_revoked.json"),
            id,
        )
        .data("ended_at", json!(ended_at))
    }

    fn fixture(text: &str, id: &str) -> Self {
        let body: Value = serde_json::from_str(text).expect("a fixture is JSON");
        let name = body["type"].as_str().expect("a type");
        let event = Self {
            delivery_id: format!("msg_{name}_{id}"),
            body,
        };
        event
            .data("id", json!(id))
            .data("metadata", json!({}))
            .customer("cus_1", "buyer@example.com")
    }

    /// Known by this `webhook-id`.
    pub fn delivered_as(mut self, id: &str) -> Self {
        id.clone_into(&mut self.delivery_id);
        self
    }

    /// Of another type.
    pub fn of_type(mut self, name: &str) -> Self {
        self.delivery_id = format!("{name}_{}", self.delivery_id);
        self.body["type"] = json!(name);
        self
    }

    /// Sent at this moment.
    pub fn at(mut self, time: &str) -> Self {
        self.body["timestamp"] = json!(time);
        self
    }

    /// Of a payload from before there was a timestamp.
    pub fn without_timestamp(mut self) -> Self {
        let members = self.body.as_object_mut().expect("an object");
        members.remove("timestamp");
        self
    }

    /// With this net amount, and tax on top.
    pub fn amounts(self, net: i64, tax: i64) -> Self {
        self.data("subtotal_amount", json!(net))
            .data("net_amount", json!(net))
            .data("tax_amount", json!(tax))
            .data("total_amount", json!(net + tax))
    }

    /// A payment of this subscription, for a billing reason such as `subscription_cycle`.
    pub fn of(self, subscription: &str, reason: &str) -> Self {
        self.data("subscription_id", json!(subscription))
            .data("billing_reason", json!(reason))
    }

    /// With a referral code in its metadata.
    pub fn code(self, code: &str) -> Self {
        self.data("metadata", json!({ "referral_code": code }))
    }

    /// Of another customer.
    pub fn customer(mut self, id: &str, email: &str) -> Self {
        self.body["data"]["customer_id"] = json!(id);
        self.body["data"]["customer"]["id"] = json!(id);
        self.body["data"]["customer"]["email"] = json!(email);
        self
    }

    /// With a member of `data` set.
    pub fn data(mut self, name: &str, value: Value) -> Self {
        self.body["data"][name] = value;
        self
    }

    /// Without a member of `data`.
    pub fn without(mut self, name: &str) -> Self {
        let members = self.body["data"].as_object_mut().expect("an object");
        members.remove(name);
        self
    }
}

impl Delivery for Event {
    fn provider(&self) -> &'static str {
        "polar"
    }

    fn delivery_id(&self) -> Option<String> {
        Some(self.delivery_id.clone())
    }

    fn body(&self) -> Vec<u8> {
        self.body.to_string().into_bytes()
    }
}
