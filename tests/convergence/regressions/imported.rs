//! History that is imported before, among and after events about the same payments.

use serde_json::{Value, json};

use super::{START, Step, assert_same_in_every_order};
use crate::clock::iso;
use crate::story::DAY;
use crate::told::{invoice, invoice_payment};

/// An imported sale of 10.00 which Ada is credited with.
fn import(provider: &str, key: &str, at: i64, email: Option<&str>) -> Step {
    let mut line = json!({
        "provider": provider, "sale_key": key, "base_value": "10.00", "occurred_at": iso(at, 0), "affiliate_email": "ada@example.com",
    });
    if let Some(email) = email {
        line["email"] = email.into();
    }
    Step::Change(format!(
        "SELECT affiliate_private.import_conversion($1, '{line}')"
    ))
}

fn paddle(id: &str, event: &str, at: i64, data: &Value) -> Step {
    Step::Event(
        json!({"event_id": id, "event_type": event, "occurred_at": iso(at, 0), "data": data}),
    )
}

/// A transaction of 10.00 at Paddle.
fn transaction(id: &str, at: i64, subscription: Option<&str>) -> Step {
    let totals = json!({"total": "1000", "tax": "0", "credit": "0", "grand_total": "1000"});
    let origin = subscription.map_or("web", |_| "subscription_recurring");
    let sale = json!({
        "id": id, "status": "completed", "origin": origin, "currency_code": "USD", "customer_id": "ctm_1", "subscription_id": subscription,
        "details": {"totals": totals, "line_items": [{"product": {"id": "pro_1"}, "totals": {"total": "1000", "tax": "0"}}]},
    });
    paddle(&format!("evt_{id}"), "transaction.completed", at, &sale)
}

async fn assert_ada_earns(steps: &[Step], sales: &[&str]) {
    let books = assert_same_in_every_order(steps).await;
    let earned = |sale: &&str| format!("{sale} ada@example.com commission 2.00 USD");
    let earned: Vec<_> = sales.iter().map(earned).collect();
    assert_eq!(books.ledger, earned);
}

#[tokio::test]
async fn the_first_payment_speaks_for_its_subscription() {
    let begun = json!({"id": "sub_1", "customer_id": "ctm_1", "transaction_id": "txn_1", "status": "active"});
    // By a file that is not exact about times, the first was paid after the second.
    for (at, all) in [
        (START, &["txn_1", "txn_2", "txn_9"][..]),
        (START + 45 * DAY, &["txn_1", "txn_2"][..]),
    ] {
        let steps = [
            import("paddle", "txn_1", at, Some("a@example.com")),
            paddle("evt_1", "subscription.created", START + 1, &begun),
            transaction("txn_2", START + 30 * DAY, Some("sub_1")),
            // Of the same customer, who was brought by Ada by then or not.
            transaction("txn_9", START + 40 * DAY, None),
        ];
        assert_ada_earns(&steps, all).await;
    }
}

#[tokio::test]
async fn a_payment_under_another_name_speaks_for_its_subscription() {
    for email in [None, Some("a@example.com")] {
        let steps = [
            import("stripe", "pi_1", START + 2 * DAY, email),
            Step::Event(invoice("in_1", START, "sub_1", "cus_1", 1000)),
            Step::Event(invoice_payment("in_1", START + 1, "pi_1")),
            Step::Event(invoice("in_2", START + DAY, "sub_1", "cus_1", 1000)),
        ];
        assert_ada_earns(&steps, &["in_1", "in_2"]).await;
    }
}
