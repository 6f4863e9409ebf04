//! Those whose steps have an order of their own.

use affiliate_tests::books::Books;
use affiliate_tests::cluster::Cluster;
use affiliate_tests::database::Profile;
use serde_json::{Value, json};

use super::{START, Step, has, take};
use crate::batch::{project, unclean};
use crate::clock::iso;
use crate::story::DAY;
use crate::told::{invoice, session};

#[tokio::test]
async fn what_is_paid_keeps_the_attribution_it_was_paid_by() {
    let paddle = |event: &str, id: &str, at: i64, data: Value| {
        Step::Event(
            json!({"event_id": id, "event_type": event, "occurred_at": iso(at, 0), "data": data}),
        )
    };
    let totals = json!({"total": "1000", "tax": "0", "credit": "0", "grand_total": "1000"});
    let sale = json!({
        "id": "txn_1", "status": "completed", "origin": "web", "currency_code": "USD", "discount_id": "dsc_1",
        "custom_data": {"referral_code": "ADA"},
        "details": {"totals": totals, "line_items": [{"product": {"id": "pro_1"}, "totals": {"total": "1000", "tax": "0"}}]},
    });
    let steps = [
        paddle("transaction.completed", "evt_1", START, sale),
        Step::Change(
            "SELECT affiliate_api.update_conversion($1, jsonb_build_object('id', c.conversion_id, 'paid', true))::text
             FROM affiliate_private.conversion AS c WHERE c.project_id = $1"
                .to_owned(),
        ),
        // First the discount's code is the same affiliate's, then another's.
        paddle("discount.updated", "evt_2", START + DAY, json!({"id": "dsc_1", "code": "ADA10"})),
        paddle("discount.updated", "evt_3", START + 2 * DAY, json!({"id": "dsc_1", "code": "BOB10"})),
    ];
    let database = Cluster::shared()
        .await
        .create_database(Profile::Portable)
        .await;
    let client = database.connect_superuser().await;
    for order in [[0, 1, 2, 3], [0, 1, 3, 2]] {
        let project = project(&client).await;
        for n in order {
            take(&client, project, &steps[n]).await;
        }
        assert_eq!(unclean(&client, project).await, None, "order {order:?}");
        let books = Books::read(&client, project).await;
        assert!(
            has(
                &books,
                "ada@example.com metadata project 10.00 USD pays 2.00"
            ) && has(&books, "contested by bob@example.com"),
            "{order:?}: {:#?}",
            books.conversions
        );
        assert!(!has(&books, "with ADA10") && !has(&books, "with BOB10"));
    }
    database.drop().await;
}

#[tokio::test]
async fn news_of_one_lemonsqueezy_plan_again_and_again_is_no_news() {
    let database = Cluster::shared()
        .await
        .create_database(Profile::Native)
        .await;
    let client = database.connect_superuser().await;
    let project = project(&client).await;
    let told = |at: i64, product: &str| {
        let attributes = json!({"customer_id": 1, "product_id": product, "status": "active", "created_at": iso(at, 0), "updated_at": iso(at, 0)});
        json!({"meta": {"event_name": "subscription_updated"}, "data": {"type": "subscriptions", "id": "1", "attributes": attributes}})
    };
    let merge = "SELECT affiliate_private.merge_subscription_product($1, 'lemonsqueezy', to_timestamp($2::text::bigint),
                   affiliate_private.map_lemonsqueezy_event(($3::text)::jsonb) -> 'subscription')";
    let mut news = Vec::new();
    // The plan changes from 7 to 8, which becomes known late, and back.
    for (at, product) in [(0, "7"), (9, "7"), (5, "8"), (6, "8"), (10, "7")] {
        let at = START + at * DAY;
        let event = told(at, product).to_string();
        let row = client
            .query_one(merge, &[&project, &at.to_string(), &event])
            .await;
        let changed: Vec<String> = row.expect("scopes").get(0);
        news.push(!changed.is_empty());
    }
    assert_eq!(news, [true, false, true, false, false]);
    database.drop().await;
}

#[tokio::test]
async fn an_event_tells_of_which_subscription_an_imported_payment_was() {
    let import = "SELECT affiliate_private.import_conversion($1, jsonb_build_object('provider', 'stripe', 'sale_key', 'in_1', 'base_value', '10.00',
                    'occurred_at', '2025-12-31T23:00:00Z', 'email', 'a@example.com', 'affiliate_email', 'ada@example.com'))";
    let steps = [
        Step::Change(import.to_owned()),
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
        let project = project(&client).await;
        for n in order {
            take(&client, project, &steps[n]).await;
        }
        assert_eq!(unclean(&client, project).await, None, "order {order:?}");
        let books = Books::read(&client, project).await;
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
