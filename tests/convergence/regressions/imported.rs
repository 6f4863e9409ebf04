//! History that is imported before, among and after events about the same payments.

use affiliate_tests::books::Books;
use affiliate_tests::cluster::Cluster;
use affiliate_tests::database::Profile;
use affiliate_tests::intake::Delivery;
use affiliate_tests::lemonsqueezy::event::Event;
use serde_json::{Value, json};

use super::{START, Step, assert_same_in_every_order, books_after, paddle, take};
use crate::batch::{project, unclean};
use crate::clock::iso;
use crate::story::DAY;
use crate::told::{invoice, invoice_payment, refund, session};

/// An imported sale of 10.00 which Ada is credited with.
fn import(provider: &str, key: &str, at: i64, email: Option<&str>) -> Step {
    import_with(provider, key, at, email, &json!({}))
}

fn import_with(provider: &str, key: &str, at: i64, email: Option<&str>, more: &Value) -> Step {
    let mut line = json!({
        "provider": provider, "sale_key": key, "base_value": "10.00", "occurred_at": iso(at, 0), "affiliate_email": "ada@example.com",
    });
    if let Some(email) = email {
        line["email"] = email.into();
    }
    Step::Change(format!(
        "SELECT affiliate_private.import_conversion($1, '{line}'::jsonb || '{more}')"
    ))
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

#[tokio::test]
async fn a_payment_counts_once_however_many_names_lie_between() {
    // From the charge to the payment intent, and from that to the invoice.
    let steps = [
        import("stripe", "ch_pi_1", START, None),
        Step::Event(invoice("in_1", START, "sub_1", "cus_1", 1000)),
        Step::Event(invoice_payment("in_1", START + 1, "pi_1")),
        Step::Event(refund("re_1", START + 2, "pi_1", 100)),
    ];
    let books = assert_same_in_every_order(&steps).await;
    assert_eq!(
        books.ledger,
        [
            "in_1 ada@example.com commission 2.00 USD",
            "in_1 ada@example.com refund -0.20 USD",
        ]
    );
    // From the initial invoice to the subscription's first payment, and from that to the order.
    let told = |event: Event| {
        let body = serde_json::from_slice(&event.body());
        Step::Event(body.expect("JSON"))
    };
    let steps = [
        import("lemonsqueezy", "subinv:900", START, None),
        told(Event::order(1, 1000)),
        told(Event::subscription(50, 1)),
        told(Event::invoice(900, 50, "initial", 1000)),
    ];
    assert_ada_earns(&steps, &["order:1"]).await;
}

#[tokio::test]
async fn what_was_refunded_and_paid_out_is_so_under_every_name() {
    let steps = |more: &Value| {
        [
            import_with("stripe", "pi_1", START, None, more),
            Step::Event(invoice("in_1", START, "sub_1", "cus_1", 1000)),
            Step::Event(invoice_payment("in_1", START + 1, "pi_1")),
        ]
    };
    let books = assert_same_in_every_order(&steps(&json!({"refunded": "5.00"}))).await;
    assert_eq!(
        books.ledger,
        [
            "in_1 ada@example.com commission 2.00 USD",
            "in_1 ada@example.com refund -1.00 USD",
        ]
    );
    let steps = steps(&json!({"paid": "true"}));
    let database = Cluster::shared()
        .await
        .create_database(Profile::Portable)
        .await;
    let client = database.connect_superuser().await;
    // In the first of these orders what was paid for pi_1 is set off against what in_1 earns.
    for order in [[0, 1, 2], [1, 0, 2], [1, 2, 0], [2, 1, 0]] {
        let books = books_after(&client, &steps, &order).await;
        let balance = "ada@example.com total 2.00 eligible 0.00 held 0.00 paid 2.00 USD ";
        assert!(
            books.balances.iter().any(|line| line.starts_with(balance)),
            "{order:?}: {books:?}"
        );
    }
    database.drop().await;
}

#[tokio::test]
async fn a_value_by_hand_is_what_the_payment_pays_under_every_name() {
    // Old invoices name the charge and the payment intent, which name each other elsewhere too.
    let mut old = invoice("in_1", START, "sub_1", "cus_1", 1000);
    old["data"]["object"]["charge"] = "ch_pi_1".into();
    old["data"]["object"]["payment_intent"] = "pi_1".into();
    for name in ["pi_1", "ch_pi_1"] {
        let value = json!({"value": "3.00"});
        let steps = [
            import_with("stripe", name, START, None, &value),
            Step::Event(old.clone()),
            Step::Event(refund("re_1", START + 2, "pi_1", 500)),
        ];
        let books = assert_same_in_every_order(&steps).await;
        assert_eq!(
            books.ledger,
            [
                "in_1 ada@example.com commission 3.00 USD",
                "in_1 ada@example.com refund -1.50 USD",
            ]
        );
    }
}

#[tokio::test]
async fn what_another_affiliate_earned_or_a_payout_has_is_not_marked_paid() {
    let database = Cluster::shared()
        .await
        .create_database(Profile::Portable)
        .await;
    let client = database.connect_superuser().await;
    let project = project(&client).await;
    let mut sale = invoice("in_1", START, "sub_1", "cus_1", 1000);
    sale["data"]["object"]["metadata"] = json!({"referral_code": "BOB"});
    take(&client, project, &Step::Event(sale)).await;
    let link = invoice_payment("in_1", START + 1, "pi_1");
    take(&client, project, &Step::Event(link)).await;
    let Step::Change(import) = import_with("stripe", "pi_1", START, None, &json!({"paid": "true"}))
    else {
        panic!("no statement");
    };
    let row = client.query_one(&import, &[&project]).await;
    assert_eq!(
        row.expect("an answer").get::<_, String>(0),
        "this is a payment that counts as in_1, which another affiliate is credited with: it cannot have been paid to this one"
    );
    assert_eq!(unclean(&client, project).await, None);
    let books = Books::read(&client, project).await;
    assert_eq!(books.ledger, ["in_1 bob@example.com commission 2.00 USD"]);
    database.drop().await;
}

#[tokio::test]
async fn an_event_tells_of_which_subscription_an_imported_payment_was() {
    let steps = [
        import("stripe", "in_1", START - 3600, Some("a@example.com")),
        Step::Event(invoice("in_1", START, "sub_1", "cus_1", 1000)),
        Step::Event(invoice("in_2", START + 30 * DAY, "sub_1", "cus_1", 1000)),
        // Meanwhile the customer buys something else through Bob.
        Step::Event(session(
            "pi_3",
            START + 9 * DAY,
            (Some("cus_1"), None),
            Some("BOB"),
            Some(500),
        )),
    ];
    let database = Cluster::shared()
        .await
        .create_database(Profile::Portable)
        .await;
    let client = database.connect_superuser().await;
    for order in [[0, 1, 2, 3], [0, 2, 3, 1], [3, 2, 0, 1]] {
        let books = books_after(&client, &steps, &order).await;
        assert_eq!(
            books.ledger,
            [
                "in_1 ada@example.com commission 2.00 USD",
                "in_2 ada@example.com commission 2.00 USD",
                "pi_3 bob@example.com commission 1.00 USD",
            ],
            "{order:?}"
        );
    }
    database.drop().await;
}
