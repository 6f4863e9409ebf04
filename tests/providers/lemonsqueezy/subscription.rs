//! Subscriptions: the order that begins them, what renews and changes them.

use affiliate_tests::database::Profile;
use affiliate_tests::intake::Intake;
use affiliate_tests::lemonsqueezy::event::Event;
use serde_json::json;

use super::{FEBRUARY, JANUARY, MARCH};

#[tokio::test]
async fn the_first_payment_of_a_subscription_counts_once_in_any_order() {
    for profile in Profile::KERNELS {
        let intake = Intake::open(profile).await;
        let order = Event::order(7, 5000).at(JANUARY).code("ADA");
        let subscription = Event::subscription(3, 7).at(JANUARY);
        let initial = Event::invoice(20, 3, "initial", 5000).at(JANUARY);
        let renewal = Event::invoice(21, 3, "renewal", 5000).at(FEBRUARY);
        let project = intake
            .permute(&[], &[&order, &subscription, &initial, &renewal])
            .await;
        // The code was on the order only; its renewals inherit it.
        assert_eq!(
            intake.sales_of(project).await,
            [
                "order:7 of 50.00 pays 10.00 less 0.00 to ada@example.com (metadata)",
                "subinv:21 of 50.00 pays 10.00 less 0.00 to ada@example.com (metadata)",
            ]
        );
        intake.close().await;
    }
}

#[tokio::test]
async fn a_code_on_the_subscription_alone_credits_its_payments() {
    for profile in Profile::KERNELS {
        let intake = Intake::open(profile).await;
        let order = Event::order(7, 5000).at(JANUARY);
        let subscription = Event::subscription(3, 7).at(JANUARY).code("ADA");
        let renewal = Event::invoice(21, 3, "renewal", 5000).at(FEBRUARY);
        let project = intake
            .permute(&[], &[&order, &subscription, &renewal])
            .await;
        assert_eq!(
            intake.sales_of(project).await,
            [
                "order:7 of 50.00 pays 10.00 less 0.00 to ada@example.com (subscription_metadata)",
                "subinv:21 of 50.00 pays 10.00 less 0.00 to ada@example.com (subscription_metadata)",
            ]
        );
        intake.close().await;
    }
}

#[tokio::test]
async fn without_recurring_commission_only_the_order_earns_and_an_upgrade_where_upgrades_do() {
    for profile in Profile::KERNELS {
        let intake = Intake::open(profile).await;
        let order = Event::order(7, 5000).at(JANUARY).code("ADA");
        let subscription = Event::subscription(3, 7).at(JANUARY);
        let renewal = Event::invoice(21, 3, "renewal", 5000).at(FEBRUARY);
        let upgrade = Event::invoice(22, 3, "updated", 2000).at(MARCH);
        let once = "UPDATE affiliate_private.project_setting SET recurring_commission = false WHERE project_id = $1";
        // That the order is a payment of the subscription, only the link says, which may come last.
        let project = intake
            .permute(&[once], &[&order, &subscription, &renewal, &upgrade])
            .await;
        assert_eq!(
            intake.sales_of(project).await,
            [
                "order:7 of 50.00 pays 10.00 less 0.00 to ada@example.com (metadata)",
                "subinv:21 of 50.00 pays 0.00 less 0.00 to ada@example.com (metadata)",
                "subinv:22 of 20.00 pays 4.00 less 0.00 to ada@example.com (metadata)",
            ]
        );
        intake.close().await;
    }
}

#[tokio::test]
async fn an_order_is_of_the_customer_of_the_subscription_it_began() {
    let once = "UPDATE affiliate_private.project_setting SET recurring_commission = false WHERE project_id = $1";
    for profile in Profile::KERNELS {
        let intake = Intake::open(profile).await;
        // Paid by somebody else than who has the subscription.
        let order = Event::order(1, 5000).customer(11, "other@example.com");
        let subscription = Event::subscription(7, 1).at(JANUARY).code("ADA");
        let renewal = Event::invoice(5, 7, "renewal", 5000).at(FEBRUARY);
        let project = intake
            .permute(&[once], &[&order.at(JANUARY), &subscription, &renewal])
            .await;
        assert_eq!(
            intake.sales_of(project).await,
            [
                "order:1 of 50.00 pays 10.00 less 0.00 to ada@example.com (subscription_metadata)",
                "subinv:5 of 50.00 pays 0.00 less 0.00 to ada@example.com (subscription_metadata)",
            ]
        );
        intake.close().await;
    }
}

#[tokio::test]
async fn after_a_trial_the_first_payment_with_money_is_the_first_purchase() {
    for profile in Profile::KERNELS {
        let intake = Intake::open(profile).await;
        let order = Event::order(7, 0).at(JANUARY).code("ADA");
        let subscription = Event::subscription(3, 7)
            .at(JANUARY)
            .attribute("trial_ends_at", json!(FEBRUARY));
        let initial = Event::invoice(20, 3, "initial", 0).at(JANUARY);
        let first = Event::invoice(21, 3, "renewal", 5000).at(FEBRUARY);
        let second = Event::invoice(22, 3, "renewal", 5000).at(MARCH);
        let once = "UPDATE affiliate_private.project_setting SET commission_duration = 'first_purchase' WHERE project_id = $1";
        let project = intake
            .permute(&[once], &[&order, &subscription, &initial, &first, &second])
            .await;
        assert_eq!(
            intake.sales_of(project).await,
            [
                "order:7 of 0.00 pays 0.00 less 0.00 to ada@example.com (metadata)",
                "subinv:21 of 50.00 pays 10.00 less 0.00 to ada@example.com (metadata)",
                "subinv:22 of 50.00 pays 0.00 less 0.00 to ada@example.com (metadata)",
            ]
        );
        intake.close().await;
    }
}

#[tokio::test]
async fn a_renewal_earns_by_the_product_its_subscription_had_then() {
    for profile in Profile::KERNELS {
        let intake = Intake::open(profile).await;
        let order = Event::order(7, 10_000)
            .at(JANUARY)
            .code("ADA")
            .attribute("first_order_item", json!({"product_id": 1}));
        let subscription = Event::subscription(3, 7)
            .at(JANUARY)
            .attribute("product_id", json!(1));
        let changed = Event::subscription(3, 7)
            .event_name("subscription_updated")
            .attribute("product_id", json!("2"))
            .at("2026-02-20T10:00:00.000000Z");
        let february = Event::invoice(21, 3, "renewal", 10_000).at(FEBRUARY);
        let march = Event::invoice(22, 3, "renewal", 10_000).at(MARCH);
        // Product 1 pays 10 %, product 2 pays 30 %, all others 20 %.
        let rule = "INSERT INTO affiliate_private.product_rule (project_id, provider, product_key, effective_at, rate_ppm, fixed_minor)
                    SELECT $1, 'lemonsqueezy', r.product, '-infinity', r.rate, 0 FROM (VALUES ('1', 100000), ('2', 300000)) AS r (product, rate)";
        let project = intake
            .permute(
                &[rule],
                &[&order, &subscription, &changed, &february, &march],
            )
            .await;
        assert_eq!(
            intake.sales_of(project).await,
            [
                "order:7 of 100.00 pays 10.00 less 0.00 to ada@example.com (metadata)",
                "subinv:21 of 100.00 pays 10.00 less 0.00 to ada@example.com (metadata)",
                "subinv:22 of 100.00 pays 30.00 less 0.00 to ada@example.com (metadata)",
            ]
        );
        intake.close().await;
    }
}
