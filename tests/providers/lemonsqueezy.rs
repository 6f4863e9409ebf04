//! LemonSqueezy: an order, its subscription and its initial invoice are one sale.

mod refund;
mod subscription;

use affiliate_tests::database::Profile;
use affiliate_tests::intake::{Delivery, Intake};
use affiliate_tests::lemonsqueezy::event::Event;
use serde_json::json;

const JANUARY: &str = "2026-01-09T10:00:00.000000Z";
const FEBRUARY: &str = "2026-02-09T10:00:00.000000Z";
const MARCH: &str = "2026-03-09T10:00:00.000000Z";

#[tokio::test]
async fn an_order_pays_on_its_total_without_tax() {
    for profile in Profile::KERNELS {
        let intake = Intake::open(profile).await;
        let order = Event::order(1, 0).at(JANUARY).code("ada");
        // 119.00 with 19.00 of tax, whether prices include it or not: 20 % of 100.00.
        for (id, inclusive) in [(1, false), (2, true)] {
            let order = Event::order(id, 0)
                .amounts(11_900, 1900)
                .code("ada")
                .at(JANUARY);
            intake
                .apply(&[&order.attribute("tax_inclusive", json!(inclusive))])
                .await;
        }
        assert_eq!(
            intake.sales().await,
            [
                "order:1 of 100.00 pays 20.00 less 0.00 to ada@example.com (metadata)",
                "order:2 of 100.00 pays 20.00 less 0.00 to ada@example.com (metadata)",
            ]
        );
        // The same delivery again, and the same order told again in another state, are no further sale.
        intake
            .apply(&[&order
                .clone()
                .amounts(11_900, 1900)
                .attribute("status", json!("partial_refund"))])
            .await;
        assert_eq!(intake.sales().await.len(), 2);
        intake.close().await;
    }
}

#[tokio::test]
async fn pending_and_refunded_orders_are_no_sale_but_speak_for_later_ones() {
    let intake = Intake::open(Profile::Native).await;
    for (id, status) in [
        (1, "pending"),
        (2, "failed"),
        (3, "refunded"),
        (4, "fraudulent"),
    ] {
        intake
            .apply(&[&Event::order(id, 5000)
                .at(JANUARY)
                .code("ADA")
                .attribute("status", json!(status))])
            .await;
    }
    assert_eq!(intake.sales().await, [""; 0]);
    intake.apply(&[&Event::order(5, 5000).at(FEBRUARY)]).await;
    assert_eq!(
        intake.sales().await,
        ["order:5 of 50.00 pays 10.00 less 0.00 to ada@example.com (email)"]
    );
    intake.close().await;
}

#[tokio::test]
async fn ids_come_as_strings_and_as_numbers_and_currencies_have_their_own_decimals() {
    let intake = Intake::open(Profile::Native).await;
    intake.run(intake.project, "SELECT affiliate.set_exchange_rate($1, c, r, '2020-01-01Z') FROM (VALUES ('JPY', '0.01'), ('KWD', '3')) AS x (c, r)").await;
    let yen = Event::order(1, 5000)
        .at(JANUARY)
        .attribute("customer_id", json!("1"))
        .custom(json!({"referral_code": "ADA"}));
    let dinar = Event::order(2, 5000).at(FEBRUARY);
    intake
        .apply(&[
            &yen.attribute("currency", json!("JPY")),
            &dinar.attribute("currency", json!("kwd")),
        ])
        .await;
    // 5,000 yen are 50.00 dollars; 5.000 dinar are 15.00 dollars.
    assert_eq!(
        intake.sales().await,
        [
            "order:1 of 5000 pays 10.00 less 0.00 to ada@example.com (metadata)",
            "order:2 of 5.000 pays 3.00 less 0.00 to ada@example.com (email)",
        ]
    );
    intake.close().await;
}

#[tokio::test]
async fn two_states_within_one_second_are_two_events_and_one_state_told_twice_is_one() {
    let intake = Intake::open(Profile::Portable).await;
    let plan = |product: i64, link: &str| {
        Event::subscription(3, 7)
            .event_name("subscription_updated")
            .attribute("product_id", json!(product))
            .attribute("urls", json!({"customer_portal": link}))
            .attribute("updated_at", json!(JANUARY))
            .code("ADA")
    };
    let sale = Event::invoice(20, 3, "renewal", 5000).at(FEBRUARY);
    let orders: [[&dyn Delivery; 3]; 2] = [
        [&plan(8, "a"), &plan(9, "b"), &sale],
        [&sale, &plan(9, "a"), &plan(8, "b")],
    ];
    for order in orders {
        let project = intake.add_project().await;
        let special = "SELECT affiliate.set_product_commission($1, 'lemonsqueezy', '9', '10', NULL, '2026-01-01Z')::text";
        intake.run(project, special).await;
        intake.apply_to(project, &order).await;
        assert_eq!(
            intake.deliver_to(project, &plan(8, "c")).await,
            "duplicate",
            "only its links are new"
        );
        assert_eq!(
            intake.sales_of(project).await,
            ["subinv:20 of 50.00 pays 5.00 less 0.00 to ada@example.com (subscription_metadata)"]
        );
    }
    intake.close().await;
}

#[tokio::test]
async fn wrong_values_park_the_event_and_name_the_field() {
    let intake = Intake::open(Profile::Native).await;
    let wrong: Vec<(&str, Event)> = vec![
        (
            "total",
            Event::order(1, 1).attribute("total", json!("5000")),
        ),
        ("total", Event::order(2, 1).attribute("total", json!(null))),
        ("tax", Event::order(3, 1).attribute("tax", json!(1.5))),
        (
            "created_at",
            Event::order(4, 1).attribute("created_at", json!("yesterday")),
        ),
        (
            "user_email",
            Event::order(5, 1).attribute("user_email", json!(7)),
        ),
        (
            "currency",
            Event::order(7, 1).attribute("currency", json!(null)),
        ),
        (
            "billing_reason",
            Event::invoice(8, 1, "renewal", 1).attribute("billing_reason", json!(null)),
        ),
        (
            "subscription_id",
            Event::invoice(9, 1, "renewal", 1).attribute("subscription_id", json!(true)),
        ),
    ];
    for (_, event) in &wrong {
        assert_eq!(intake.deliver(event).await, "parked", "{event:?}");
    }
    let errors = intake.errors(intake.project).await;
    for ((field, _), error) in wrong.iter().zip(&errors) {
        assert!(error.contains(field), "{field}: {error}");
    }
    assert_eq!(errors.len(), wrong.len());
    // Types that mean nothing here are kept and answered, whatever is in them.
    let other = Event::order(10, 1).event_name("license_key_created");
    assert_eq!(intake.deliver(&other).await, "ignored");
    assert_eq!(intake.sales().await, [""; 0]);
    intake.close().await;
}
