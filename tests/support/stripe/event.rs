//! Stripe events as tests tell them: a payment, what it was for, and when.

use serde_json::{Value, json};

use crate::intake::Delivery;

/// An event in the making, from a payload as Stripe sends it (`fixtures/stripe/`).
#[derive(Debug, Clone)]
pub struct Event(Value);

impl Event {
    /// A checkout session that took `amount` minor units (USD unless said) under a payment intent.
    pub fn sale(payment: &str, amount: i64) -> Self {
        Self::fixture(include_str!(
            "../../fixtures/stripe/checkout_session_completed.json"
        ))
        .id(&format!("evt_sale_{payment}"))
        .object("id", json!(format!("cs_{payment}")))
        .object("payment_intent", json!(payment))
        .object("amount_subtotal", json!(amount))
        .object("amount_total", json!(amount))
    }

    /// A checkout session that took no money yet: its customer and its evidence are known, nothing else.
    pub fn unpaid(payment: &str) -> Self {
        Self::sale(payment, 0)
            .id(&format!("evt_unpaid_{payment}"))
            .object("payment_status", json!("unpaid"))
    }

    /// A charge of `amount` of which `refunded` has been given back by now, all refunds together.
    pub fn refund(payment: &str, amount: i64, refunded: i64) -> Self {
        Self::fixture(include_str!("../../fixtures/stripe/charge_refunded.json"))
            .id(&format!("evt_refund_{payment}_{refunded}"))
            .object("id", json!(format!("ch_{payment}")))
            .object("payment_intent", json!(payment))
            .object("amount", json!(amount))
            .object("amount_captured", json!(amount))
            .object("amount_refunded", json!(refunded))
            .object("refunded", json!(amount == refunded))
    }

    fn fixture(text: &str) -> Self {
        Self(serde_json::from_str(text).expect("a fixture is JSON"))
    }

    /// With this event id.
    pub fn id(self, id: &str) -> Self {
        self.set("/id", json!(id))
    }

    /// Created at this moment (Unix seconds).
    pub fn at(self, created: i64) -> Self {
        self.set("/created", json!(created))
    }

    /// Of another type.
    pub fn of_type(self, name: &str) -> Self {
        self.set("/type", json!(name))
    }

    /// With a referral code in the session's metadata.
    pub fn code(self, code: &str) -> Self {
        self.set("/data/object/metadata", json!({ "referral_code": code }))
    }

    /// Of the customer with this email.
    pub fn email(self, email: &str) -> Self {
        self.set("/data/object/customer_details/email", json!(email))
    }

    /// Of the customer with this Stripe id.
    pub fn customer(self, id: &str) -> Self {
        self.object("customer", json!(id))
    }

    /// In another currency.
    pub fn currency(self, code: &str) -> Self {
        self.object("currency", json!(code))
    }

    /// With this much tax in its total.
    pub fn tax(self, minor: i64) -> Self {
        self.set("/data/object/total_details/amount_tax", json!(minor))
    }

    /// With this much shipping in its total.
    pub fn shipping(self, minor: i64) -> Self {
        self.set("/data/object/total_details/amount_shipping", json!(minor))
    }

    /// With a member of `data.object` set.
    pub fn object(mut self, name: &str, value: Value) -> Self {
        self.0["data"]["object"][name] = value;
        self
    }

    /// With a value that is there already replaced.
    pub fn set(mut self, pointer: &str, value: Value) -> Self {
        let place = self.0.pointer_mut(pointer);
        *place.unwrap_or_else(|| panic!("no {pointer} in the fixture")) = value;
        self
    }

    /// The bytes that are signed and sent.
    pub fn body(&self) -> Vec<u8> {
        self.0.to_string().into_bytes()
    }

    /// When it was created.
    pub fn created(&self) -> i64 {
        self.0["created"].as_i64().expect("Unix seconds")
    }
}

impl Delivery for Event {
    fn provider(&self) -> &'static str {
        "stripe"
    }

    fn body(&self) -> Vec<u8> {
        Event::body(self)
    }
}
