//! Single Stripe events, as little of each as is needed, for tests that need few.

use serde_json::{Value, json};

fn event(id: &str, at: i64, name: &str, object: Value) -> Value {
    json!({"id": format!("evt_{id}"), "created": at, "type": name, "data": {"object": object}})
}

/// A paid invoice of a subscription.
pub fn invoice(id: &str, at: i64, subscription: &str, customer: &str, amount: i64) -> Value {
    let details = json!({"subscription": subscription, "metadata": {}});
    let object = json!({
        "id": id, "customer": customer, "currency": "usd", "total": amount, "amount_paid": amount, "total_excluding_tax": amount,
        "billing_reason": "subscription_cycle", "parent": {"subscription_details": details},
    });
    event(id, at, "invoice.paid", object)
}

/// Which payment paid an invoice.
pub fn invoice_payment(invoice: &str, at: i64, intent: &str) -> Value {
    let object = json!({"invoice": invoice, "payment": {"payment_intent": intent}});
    event(
        &format!("inpay_{intent}"),
        at,
        "invoice_payment.paid",
        object,
    )
}

/// A checkout session of a payment intent; without an amount it has not been paid yet.
pub fn session(
    intent: &str,
    at: i64,
    who: (Option<&str>, Option<&str>),
    code: Option<&str>,
    amount: Option<i64>,
) -> Value {
    let metadata = code.map_or(json!({}), |code| json!({"referral_code": code}));
    let object = json!({
        "id": format!("cs_{intent}"), "mode": "payment", "payment_intent": intent, "currency": "usd", "metadata": metadata,
        "customer": who.0, "customer_details": {"email": who.1}, "amount_total": amount,
        "payment_status": if amount.is_some() { "paid" } else { "unpaid" },
    });
    event(
        &format!("cs_{intent}"),
        at,
        "checkout.session.completed",
        object,
    )
}

/// A subscription that begins, with the code of who referred it.
pub fn subscription(id: &str, at: i64, customer: &str, code: &str) -> Value {
    let object = json!({"id": id, "customer": customer, "metadata": {"referral_code": code}});
    event(id, at, "customer.subscription.created", object)
}

/// A subscription that ends.
pub fn end(id: &str, at: i64, customer: &str) -> Value {
    let object = json!({"id": id, "customer": customer, "metadata": {}, "ended_at": at});
    event(
        &format!("end_{id}"),
        at,
        "customer.subscription.deleted",
        object,
    )
}

/// A refund of a payment intent.
pub fn refund(id: &str, at: i64, intent: &str, amount: i64) -> Value {
    let object = json!({
        "id": id, "charge": format!("ch_{intent}"), "payment_intent": intent, "amount": amount, "currency": "usd", "status": "succeeded",
    });
    event(id, at, "refund.created", object)
}
