//! Stripe's subscription events as tests tell them: invoices, what paid them, refunds one by one, disputes, discounts.

use serde_json::{Value, json};

use crate::stripe::event::Event;

impl Event {
    /// A paid invoice of a subscription (API version clover) that took `amount` minor units, for a billing reason such as
    /// `subscription_cycle`.
    pub fn invoice(id: &str, subscription: &str, reason: &str, amount: i64) -> Self {
        Self::fixture(include_str!("../../fixtures/stripe/invoice_paid.json"))
            .id(&format!("evt_{id}"))
            .object("id", json!(id))
            .object("billing_reason", json!(reason))
            .set(
                "/data/object/parent/subscription_details/subscription",
                json!(subscription),
            )
            .set("/data/object/lines/data/0/amount", json!(amount))
            .totals(amount)
    }

    /// The same in the shape of before basil (2020-08-27): with its payment intent and charge.
    pub fn old_invoice(id: &str, subscription: &str, reason: &str, amount: i64) -> Self {
        Self::fixture(include_str!("../../fixtures/stripe/invoice_paid_2020.json"))
            .id(&format!("evt_{id}"))
            .object("id", json!(id))
            .object("billing_reason", json!(reason))
            .object("subscription", json!(subscription))
            .object("payment_intent", json!(format!("pi_{id}")))
            .object("charge", json!(format!("ch_{id}")))
            .set("/data/object/lines/data/0/amount", json!(amount))
            .totals(amount)
    }

    /// With these totals everywhere, all of it paid and no tax.
    pub fn totals(mut self, amount: i64) -> Self {
        for name in [
            "amount_due",
            "amount_paid",
            "subtotal",
            "subtotal_excluding_tax",
            "total",
            "total_excluding_tax",
        ] {
            self = self.object(name, json!(amount));
        }
        self
    }

    /// Which payment intent paid an invoice.
    pub fn invoice_payment(invoice: &str, payment: &str) -> Self {
        Self::fixture(include_str!(
            "../../fixtures/stripe/invoice_payment_paid.json"
        ))
        .id(&format!("evt_{invoice}_{payment}"))
        .object("invoice", json!(invoice))
        .set("/data/object/payment/payment_intent", json!(payment))
    }

    /// A checkout session that began a subscription and left the money to its invoice.
    pub fn subscription_session(id: &str, subscription: &str, invoice: Option<&str>) -> Self {
        Self::sale(id, 5000)
            .object("mode", json!("subscription"))
            .object("payment_intent", Value::Null)
            .object("subscription", json!(subscription))
            .object("invoice", json!(invoice))
    }

    /// One refund of a payment and how it stands.
    pub fn refund_of(id: &str, payment: &str, amount: i64, status: &str) -> Self {
        Self::fixture(include_str!("../../fixtures/stripe/refund_created.json"))
            .id(&format!("evt_{id}_{status}"))
            .object("id", json!(id))
            .object("charge", json!(format!("ch_{payment}")))
            .object("payment_intent", json!(payment))
            .object("amount", json!(amount))
            .object("status", json!(status))
    }

    /// News of a dispute of a payment: `funds_withdrawn`, `funds_reinstated` or `closed`.
    pub fn dispute(payment: &str, amount: i64, news: &str, status: &str) -> Self {
        Self::fixture(include_str!(
            "../../fixtures/stripe/dispute_funds_withdrawn.json"
        ))
        .id(&format!("evt_{payment}_{news}"))
        .of_type(&format!("charge.dispute.{news}"))
        .object("charge", json!(format!("ch_{payment}")))
        .object("payment_intent", json!(payment))
        .object("amount", json!(amount))
        .object("status", json!(status))
    }

    /// A new subscription of customer `cus_1`.
    pub fn subscription(id: &str) -> Self {
        Self::fixture(include_str!(
            "../../fixtures/stripe/subscription_created.json"
        ))
        .id(&format!("evt_{id}"))
        .object("id", json!(id))
    }

    /// A subscription that ended at this moment.
    pub fn deleted(id: &str, ended_at: i64) -> Self {
        Self::fixture(include_str!(
            "../../fixtures/stripe/subscription_deleted.json"
        ))
        .id(&format!("evt_{id}_deleted"))
        .at(ended_at + 1)
        .object("id", json!(id))
        .object("ended_at", json!(ended_at))
    }

    /// A discount by a coupon applied to a subscription at this moment (API version clover).
    pub fn discount(coupon: &str, subscription: &str, start: i64) -> Self {
        Self::fixture(include_str!("../../fixtures/stripe/discount_created.json"))
            .id(&format!("evt_{coupon}_{subscription}"))
            .at(start)
            .object("start", json!(start))
            .object("subscription", json!(subscription))
            .object("promotion_code", Value::Null)
            .object("source", json!({"coupon": coupon, "type": "coupon"}))
    }
}
