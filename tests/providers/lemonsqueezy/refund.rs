//! LemonSqueezy tells of refunds by order and by invoice, each with its own sum, and ends subscriptions in two steps.

use affiliate_tests::database::Profile;
use affiliate_tests::intake::Intake;
use affiliate_tests::lemonsqueezy::event::Event;
use serde_json::json;

use super::{FEBRUARY, JANUARY};

#[tokio::test]
async fn refunds_told_by_order_and_initial_invoice_are_not_added_up() {
    for profile in Profile::KERNELS {
        let intake = Intake::open(profile).await;
        // 119.00 with tax; the refund of 59.50 is half of it. The invoice tells of the same money.
        let order = Event::order(7, 0)
            .amounts(11_900, 1900)
            .at(JANUARY)
            .code("ADA");
        let subscription = Event::subscription(3, 7).at(JANUARY);
        let by_order = Event::order_refunded(7, 11_900, 5950);
        let by_invoice = Event::invoice_refunded(20, 3, "initial", 11_900, 5950);
        let project = intake
            .permute(&[], &[&order, &subscription, &by_order, &by_invoice])
            .await;
        assert_eq!(
            intake.sales_of(project).await,
            ["order:7 of 100.00 pays 20.00 less 10.00 to ada@example.com (metadata)"]
        );
        intake.close().await;
    }
}

#[tokio::test]
async fn a_growing_refund_of_a_renewal_takes_its_share_back_in_any_order() {
    for profile in Profile::KERNELS {
        let intake = Intake::open(profile).await;
        let subscription = Event::subscription(3, 7).at(JANUARY).code("ADA");
        let renewal = Event::invoice(21, 3, "renewal", 9999).at(FEBRUARY);
        let third = Event::invoice_refunded(21, 3, "renewal", 9999, 3333);
        let most = Event::invoice_refunded(21, 3, "renewal", 9999, 6000);
        let project = intake
            .permute(&[], &[&subscription, &renewal, &third, &most])
            .await;
        // 20 % of 99.99 is 19.998: 20.00. 60.00 of 99.99 back is 2000 x 6000 / 9999 = 1200.12: 12.00.
        assert_eq!(
            intake.sales_of(project).await,
            ["subinv:21 of 99.99 pays 20.00 less 12.00 to ada@example.com (subscription_metadata)"]
        );
        intake.close().await;
    }
}

#[tokio::test]
async fn payloads_of_before_partial_refunds_give_all_of_it_back() {
    let intake = Intake::open(Profile::Portable).await;
    let order = Event::order(7, 5000).at(JANUARY).code("ADA");
    let refunded = Event::order_refunded(7, 5000, 5000).attribute("refunded_amount", json!(null));
    intake.apply(&[&order, &refunded]).await;
    assert_eq!(
        intake.sales().await,
        ["order:7 of 50.00 pays 10.00 less 10.00 to ada@example.com (metadata)"]
    );
    intake.close().await;
}

#[tokio::test]
async fn the_end_of_a_subscription_takes_back_what_is_held_where_the_project_says_so() {
    for profile in Profile::KERNELS {
        let intake = Intake::open(profile).await;
        let order = Event::order(7, 5000).at(JANUARY).code("ADA");
        let subscription = Event::subscription(3, 7).at(JANUARY);
        // Cancelled at once, it ends on the 20th: within the hold of 30 days.
        let cancelled = Event::subscription(3, 7)
            .event_name("subscription_cancelled")
            .attribute("status", json!("cancelled"))
            .attribute("ends_at", json!("2026-01-20T10:00:00Z"));
        let expired = Event::expired(3, 7, "2026-01-20T10:00:00.000000Z");
        let hold = |on_cancel: &str| {
            format!(
                "UPDATE affiliate_private.project_setting SET hold_days = 30, on_cancel = '{on_cancel}' WHERE project_id = $1"
            )
        };
        for (on_cancel, ends, reversed) in [
            ("reverse_held", true, "10.00"),
            ("keep", true, "0.00"),
            ("reverse_held", false, "0.00"),
        ] {
            let end = if ends { &expired } else { &cancelled };
            let project = intake
                .permute(&[&hold(on_cancel)], &[&order, &subscription, end])
                .await;
            assert_eq!(
                intake.sales_of(project).await,
                [format!(
                    "order:7 of 50.00 pays 10.00 less {reversed} to ada@example.com (metadata)"
                )],
                "{on_cancel} {ends}"
            );
        }
        intake.close().await;
    }
}
