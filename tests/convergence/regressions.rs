//! What the lives have found, or might have: each the least it takes.

mod given_order;
mod imported;

use affiliate_tests::books::Books;
use affiliate_tests::cluster::Cluster;
use affiliate_tests::database::Profile;
use serde_json::{Value, json};
use tokio_postgres::Client;

use crate::batch::{project, unclean};
use crate::clock::iso;
use crate::story::DAY;
use crate::told::{end, invoice, invoice_payment, session, subscription};

const START: i64 = 1_767_225_600;

enum Step {
    Event(Value),
    Change(String),
}

/// Every order of the steps gives the same books, which `verify` finds nothing in.
async fn assert_same_in_every_order(steps: &[Step]) -> Books {
    let database = Cluster::shared()
        .await
        .create_database(Profile::Portable)
        .await;
    let client = database.connect_superuser().await;
    let mut first: Option<Books> = None;
    for order in orders(steps.len()) {
        let books = books_after(&client, steps, &order).await;
        match &first {
            Some(first) => first.assert_same(&books, &format!("order {order:?}")),
            None => first = Some(books),
        }
    }
    database.drop().await;
    first.expect("an order")
}

/// The books of a new project after the steps in this order, which `verify` finds nothing in.
async fn books_after(client: &Client, steps: &[Step], order: &[usize]) -> Books {
    let project = project(client).await;
    for n in order {
        take(client, project, &steps[*n]).await;
    }
    assert_eq!(unclean(client, project).await, None, "order {order:?}");
    Books::read(client, project).await
}

async fn take(client: &Client, project: i64, step: &Step) {
    let receive = "SELECT affiliate_private.receive_event($1, $2, NULL, $3) :: json ->> 'status'";
    match step {
        Step::Event(event) => {
            let body = event.to_string().into_bytes();
            let provider = match (event.get("event_type"), event.get("meta")) {
                (Some(_), _) => "paddle",
                (None, Some(_)) => "lemonsqueezy",
                (None, None) => "stripe",
            };
            let status: String = client
                .query_one(receive, &[&project, &provider, &body])
                .await
                .expect("an answer")
                .get(0);
            assert_eq!(status, "applied", "{event}");
        }
        Step::Change(sql) => {
            client
                .execute(sql, &[&project])
                .await
                .unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        }
    }
}

/// All orders of so many things.
fn orders(count: usize) -> Vec<Vec<usize>> {
    let mut all = vec![Vec::new()];
    for next in 0..count {
        let longer = all.iter().flat_map(|order: &Vec<usize>| {
            (0..=order.len()).map(move |place| {
                let mut order = order.clone();
                order.insert(place, next);
                order
            })
        });
        all = longer.collect();
    }
    all
}

/// An event of Paddle.
fn paddle(id: &str, event: &str, at: i64, data: &Value) -> Step {
    Step::Event(
        json!({"event_id": id, "event_type": event, "occurred_at": iso(at, 0), "data": data}),
    )
}

fn set_project(setting: &str, at: i64) -> Step {
    Step::Change(format!(
        "SELECT affiliate.set_project($1, '{setting}', to_timestamp({at}))::text"
    ))
}

fn has(books: &Books, text: &str) -> bool {
    books.conversions.iter().any(|line| line.contains(text))
}

#[tokio::test]
async fn what_an_end_takes_back_follows_a_setting_made_after_it() {
    let books = assert_same_in_every_order(&[
        Step::Event(subscription("sub_1", START, "cus_1", "ADA")),
        Step::Event(invoice("in_1", START, "sub_1", "cus_1", 1000)),
        Step::Event(end("sub_1", START + 9 * DAY, "cus_1")),
        set_project(r#"{"on_cancel": "reverse_held"}"#, START + 5 * DAY),
    ])
    .await;
    assert!(has(&books, "less 2.00"), "{:#?}", books.conversions);
}

#[tokio::test]
async fn a_corrected_rate_also_covers_what_was_sold_before_it() {
    let rate = |rate: &str| {
        Step::Change(format!(
            "SELECT affiliate.set_exchange_rate($1, 'GBP', '{rate}', '2020-01-01Z')::text"
        ))
    };
    let mut sale = session(
        "pi_1",
        1_500_000_000,
        (None, Some("a@example.com")),
        Some("ADA"),
        Some(1000),
    );
    sale["data"]["object"]["currency"] = "gbp".into();
    let database = Cluster::shared()
        .await
        .create_database(Profile::Native)
        .await;
    let client = database.connect_superuser().await;
    let project = project(&client).await;
    for step in [rate("1.5"), Step::Event(sale), rate("2")] {
        take(&client, project, &step).await;
    }
    let books = Books::read(&client, project).await;
    assert!(has(&books, "pays 4.00"), "{:#?}", books.conversions);
    database.drop().await;
}

#[tokio::test]
async fn a_link_that_arrives_last_makes_one_customer_of_two() {
    // The session knows the payment intent, the invoice the customer, and only the third event that they are one payment.
    let books = assert_same_in_every_order(&[
        Step::Event(session(
            "pi_1",
            START,
            (None, Some("a@example.com")),
            Some("ADA"),
            None,
        )),
        Step::Event(invoice("in_1", START + 1, "sub_1", "cus_1", 1000)),
        Step::Event(invoice_payment("in_1", START + 2, "pi_1")),
        Step::Event(invoice("in_2", START + DAY, "sub_1", "cus_1", 1000)),
    ])
    .await;
    assert!(
        has(&books, "in_1 purchase ada@"),
        "{:#?}",
        books.conversions
    );
    assert!(
        has(&books, "in_2 purchase ada@"),
        "{:#?}",
        books.conversions
    );
}

#[tokio::test]
async fn a_payment_known_under_two_names_is_one_first_purchase() {
    // A session that took money itself, and an invoice that turns out to be about the same payment.
    let books = assert_same_in_every_order(&[
        set_project(r#"{"commission_duration": "first_purchase"}"#, START - DAY),
        Step::Event(session(
            "pi_1",
            START,
            (Some("cus_1"), None),
            Some("ADA"),
            Some(1000),
        )),
        Step::Event(invoice("in_1", START + 1, "sub_1", "cus_1", 1000)),
        Step::Event(invoice_payment("in_1", START + 2, "pi_1")),
    ])
    .await;
    assert!(
        has(
            &books,
            "in_1 purchase ada@example.com metadata project 10.00 USD pays 2.00"
        ),
        "{:#?}",
        books.conversions
    );
    assert_eq!(books.ledger, ["in_1 ada@example.com commission 2.00 USD"]);
}

#[tokio::test]
async fn a_subscription_is_one_customers_whatever_its_payments_say() {
    let books = assert_same_in_every_order(&[
        set_project(r#"{"recurring_commission": "false"}"#, START - DAY),
        Step::Event(subscription("sub_1", START, "cus_1", "ADA")),
        Step::Event(invoice("in_1", START, "sub_1", "cus_1", 1000)),
        Step::Event(invoice("in_2", START + DAY, "sub_1", "cus_2", 1000)),
    ])
    .await;
    assert_eq!(books.ledger, ["in_1 ada@example.com commission 2.00 USD"]);
}

#[tokio::test]
async fn what_came_before_the_first_purchase_took_no_money() {
    // After a trial, whose invoice is of nothing, the first with money is the first purchase; before it, a fixed
    // amount would not be paid either.
    let books = assert_same_in_every_order(&[
        set_project(r#"{"commission_duration": "first_purchase"}"#, START - DAY),
        Step::Event(subscription("sub_1", START, "cus_1", "ADA")),
        Step::Event(invoice("in_0", START, "sub_1", "cus_1", 0)),
        Step::Event(invoice("in_1", START + 7 * DAY, "sub_1", "cus_1", 1000)),
    ])
    .await;
    assert_eq!(books.ledger, ["in_1 ada@example.com commission 2.00 USD"]);
}

#[tokio::test]
async fn a_first_purchase_that_another_customer_brings_also_ends_what_was_free() {
    let books = assert_same_in_every_order(&[
        set_project(r#"{"commission_duration": "first_purchase"}"#, START - DAY),
        Step::Event(invoice("in_1", START, "sub_1", "cus_1", 1000)),
        Step::Event(session(
            "pi_0",
            START + DAY,
            (Some("cus_2"), None),
            Some("ADA"),
            Some(0),
        )),
        // Both have this email.
        Step::Event(session(
            "pi_1",
            START + 2 * DAY,
            (Some("cus_1"), Some("a@example.com")),
            None,
            None,
        )),
        Step::Event(session(
            "pi_2",
            START + 2 * DAY,
            (Some("cus_2"), Some("a@example.com")),
            None,
            None,
        )),
    ])
    .await;
    assert!(
        has(&books, "pi_0 purchase ada@example.com metadata none"),
        "{:#?}",
        books.conversions
    );
}

#[tokio::test]
async fn a_coupon_of_a_customer_speaks_from_its_start_however_late_it_is_told() {
    let discount = json!({
        "id": "evt_discount", "created": START + 9 * DAY, "type": "customer.discount.created", "data": {"object": {
            "id": "di_1", "customer": "cus_1", "subscription": null, "start": START + DAY, "source": {"coupon": "coup_bob"}}},
    });
    let books = assert_same_in_every_order(&[
        Step::Event(invoice("in_1", START, "sub_1", "cus_1", 1000)),
        Step::Event(invoice("in_2", START + 2 * DAY, "sub_1", "cus_1", 1000)),
        Step::Event(discount),
    ])
    .await;
    assert_eq!(books.ledger, ["in_2 bob@example.com commission 2.00 USD"]);
}
