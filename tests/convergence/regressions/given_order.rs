//! Those whose steps have an order of their own.

use affiliate_tests::cluster::Cluster;
use affiliate_tests::database::Profile;
use serde_json::json;

use super::{START, Step, books_after, has, paddle};
use crate::batch::project;
use crate::clock::iso;
use crate::story::DAY;

#[tokio::test]
async fn what_is_paid_keeps_the_attribution_it_was_paid_by() {
    let totals = json!({"total": "1000", "tax": "0", "credit": "0", "grand_total": "1000"});
    let sale = json!({
        "id": "txn_1", "status": "completed", "origin": "web", "currency_code": "USD", "discount_id": "dsc_1",
        "custom_data": {"referral_code": "ADA"},
        "details": {"totals": totals, "line_items": [{"product": {"id": "pro_1"}, "totals": {"total": "1000", "tax": "0"}}]},
    });
    let steps = [
        paddle("evt_1", "transaction.completed", START, &sale),
        Step::Change(
            "SELECT affiliate_api.update_conversion($1, jsonb_build_object('id', c.conversion_id, 'paid', true))::text
             FROM affiliate_private.conversion AS c WHERE c.project_id = $1"
                .to_owned(),
        ),
        // First the discount's code is the same affiliate's, then another's.
        paddle("evt_2", "discount.updated", START + DAY, &json!({"id": "dsc_1", "code": "ADA10"})),
        paddle("evt_3", "discount.updated", START + 2 * DAY, &json!({"id": "dsc_1", "code": "BOB10"})),
    ];
    let database = Cluster::shared()
        .await
        .create_database(Profile::Portable)
        .await;
    let client = database.connect_superuser().await;
    for order in [[0, 1, 2, 3], [0, 1, 3, 2]] {
        let books = books_after(&client, &steps, &order).await;
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
