//! Polar: paid orders are sales; the newest word on an order says what of it is refunded.

use affiliate_tests::database::Profile;
use affiliate_tests::intake::{Delivery, Intake};
use affiliate_tests::polar::event::Event;
use serde_json::{Value, json};

const JANUARY: &str = "2026-01-09T10:00:00Z";
const FEBRUARY: &str = "2026-02-09T10:00:00Z";
const MARCH: &str = "2026-03-09T10:00:00Z";

#[tokio::test]
async fn an_order_pays_on_its_net_amount() {
    for profile in Profile::KERNELS {
        let intake = Intake::open(profile).await;
        // 90.00 after discount, 7.20 tax on top.
        let order = Event::order("ord_1", 0)
            .amounts(9000, 720)
            .data("discount_amount", json!(1000))
            .code("ADA");
        // As it was before there was net_amount, with everything expanded.
        let old = Event::order("ord_2", 0)
            .amounts(9000, 720)
            .data("amount", json!(9000))
            .code("ADA")
            .without_timestamp()
            .data("created_at", json!(FEBRUARY))
            .without("net_amount")
            .without("total_amount")
            .without("subtotal_amount")
            .without("product_id")
            .without("customer_id");
        intake.apply(&[&order.at(JANUARY), &old]).await;
        assert_eq!(
            intake.sales().await,
            [
                "ord_1 of 90.00 pays 18.00 less 0.00 to ada@example.com (metadata)",
                "ord_2 of 90.00 pays 18.00 less 0.00 to ada@example.com (metadata)",
            ]
        );
        let products = "SELECT DISTINCT s.line_product[1] || ' ' || s.customer_key || ' ' || s.gross_minor FROM affiliate_private.sale AS s WHERE s.project_id = $1";
        assert_eq!(
            intake.texts(intake.project, products).await,
            ["d8dd2de1-21b7-4a41-8bc3-ce909c0cfe23 cus_1 9720"]
        );
        intake.close().await;
    }
}

#[tokio::test]
async fn who_referred_an_order_is_found_in_the_documented_order() {
    let intake = Intake::open(Profile::Native).await;
    for (code, email) in [
        ("BOB", "bob@example.com"),
        ("CLEO", "cleo@example.com"),
        ("DAN", "dan@example.com"),
    ] {
        intake.add_affiliate(intake.project, email, code).await;
    }
    intake.run(intake.project, "INSERT INTO affiliate_private.attribution_code (project_id, namespace, code_key, effective_at, affiliate_id)
        SELECT $1, 'coupon', 'adasave', '-infinity', a.affiliate_id FROM affiliate_private.affiliate AS a WHERE a.project_id = $1 AND a.referral_code_key = 'ada'").await;
    let full = |id: &str| {
        Event::order(id, 5000)
            .of(&format!("sub_{id}"), "subscription_create")
            .data("discount", json!({"id": "dis_1", "code": "ADASAVE"}))
            .data(
                "metadata",
                json!({"referral_code": "BOB", "reference_id": "CLEO"}),
            )
            .data(
                "subscription",
                json!({"id": format!("sub_{id}"), "metadata": {"referral_code": "DAN"}}),
            )
    };
    let no_discount = full("ord_2").data("discount", Value::Null);
    let no_code = full("ord_3")
        .data("discount", Value::Null)
        .data("metadata", json!({"reference_id": "CLEO"}));
    let subscription_only = full("ord_4")
        .data("discount", Value::Null)
        .data("metadata", json!({}));
    intake
        .apply(&[&full("ord_1"), &no_discount, &no_code, &subscription_only])
        .await;
    assert_eq!(
        intake.sales().await,
        [
            "ord_1 of 50.00 pays 10.00 less 0.00 to ada@example.com (coupon)",
            "ord_2 of 50.00 pays 10.00 less 0.00 to bob@example.com (metadata)",
            "ord_3 of 50.00 pays 10.00 less 0.00 to cleo@example.com (client_reference_id)",
            "ord_4 of 50.00 pays 10.00 less 0.00 to dan@example.com (subscription_metadata)",
        ]
    );
    intake.close().await;
}

#[tokio::test]
async fn renewals_inherit_the_first_order_and_an_upgrade_earns_in_any_order() {
    for profile in Profile::KERNELS {
        let intake = Intake::open(profile).await;
        let first = Event::order("ord_1", 5000)
            .of("sub_1", "subscription_create")
            .at(JANUARY)
            .data("metadata", json!({"reference_id": "ADA"}));
        let subscription = Event::subscription("sub_1").at(JANUARY);
        let renewal = Event::order("ord_2", 5000)
            .of("sub_1", "subscription_cycle")
            .at(FEBRUARY)
            .customer("cus_2", "other@example.com");
        let upgrade = Event::order("ord_3", 2000)
            .of("sub_1", "subscription_update")
            .at(MARCH);
        let once = "UPDATE affiliate_private.project_setting SET recurring_commission = false WHERE project_id = $1";
        let project = intake
            .permute(&[once], &[&first, &subscription, &renewal, &upgrade])
            .await;
        assert_eq!(
            intake.sales_of(project).await,
            [
                "ord_1 of 50.00 pays 10.00 less 0.00 to ada@example.com (client_reference_id)",
                "ord_2 of 50.00 pays 0.00 less 0.00 to ada@example.com (client_reference_id)",
                "ord_3 of 20.00 pays 4.00 less 0.00 to ada@example.com (client_reference_id)",
            ]
        );
        intake.close().await;
    }
}

#[tokio::test]
async fn a_trial_and_a_credit_take_no_money_and_earn_nothing() {
    for profile in Profile::KERNELS {
        let intake = Intake::open(profile).await;
        let trial = Event::order("ord_1", 0)
            .of("sub_1", "subscription_create")
            .at(JANUARY)
            .code("ADA");
        let paid = Event::order("ord_2", 5000)
            .of("sub_1", "subscription_cycle")
            .at(FEBRUARY);
        let credit = Event::order("ord_3", 0)
            .amounts(-1000, -190)
            .of("sub_1", "subscription_update")
            .at(MARCH);
        let once = "UPDATE affiliate_private.project_setting SET commission_duration = 'first_purchase' WHERE project_id = $1";
        let project = intake.permute(&[once], &[&trial, &paid, &credit]).await;
        assert_eq!(
            intake.sales_of(project).await,
            [
                "ord_1 of 0.00 pays 0.00 less 0.00 to ada@example.com (metadata)",
                "ord_2 of 50.00 pays 10.00 less 0.00 to ada@example.com (metadata)",
                "ord_3 of -10.00 pays 0.00 less 0.00 to ada@example.com (metadata)",
            ]
        );
        intake.close().await;
    }
}

#[tokio::test]
async fn a_refund_that_fails_later_gives_the_commission_back_in_any_order() {
    for profile in Profile::KERNELS {
        let intake = Intake::open(profile).await;
        let order = Event::order("ord_1", 0)
            .amounts(10_000, 1900)
            .at(JANUARY)
            .code("ADA");
        let refunded = |amount: i64, at: &str| Event::order_refunded("ord_1", 10_000, amount, at);
        let (half, all) = (
            refunded(5000, "2026-01-12T09:30:00.250000Z"),
            refunded(10_000, "2026-01-12T09:30:00.750000Z"),
        );
        let project = intake.permute(&[], &[&order, &half, &all]).await;
        assert_eq!(
            intake.sales_of(project).await,
            ["ord_1 of 100.00 pays 20.00 less 20.00 to ada@example.com (metadata)"]
        );
        // The second one failed: order.updated says less than before.
        let failed = refunded(5000, "2026-01-13T00:00:00Z").of_type("order.updated");
        let project = intake.permute(&[], &[&order, &half, &all, &failed]).await;
        assert_eq!(
            intake.sales_of(project).await,
            ["ord_1 of 100.00 pays 20.00 less 10.00 to ada@example.com (metadata)"]
        );
        intake.close().await;
    }
}

#[tokio::test]
async fn only_the_end_of_a_subscription_takes_back_what_is_held() {
    for profile in Profile::KERNELS {
        let intake = Intake::open(profile).await;
        let order = Event::order("ord_1", 5000)
            .of("sub_1", "subscription_create")
            .at(JANUARY)
            .code("ADA");
        let revoked = Event::revoked("sub_1", "2026-01-20T10:00:00Z").at("2026-01-20T10:00:01Z");
        // Without ended_at it ended when it was revoked.
        let bare = Event::revoked("sub_1", "")
            .data("ended_at", Value::Null)
            .at("2026-01-20T10:00:00Z");
        let canceled = Event::revoked("sub_1", "")
            .data("ended_at", Value::Null)
            .data("ends_at", json!(FEBRUARY))
            .of_type("subscription.canceled");
        // A payment that failed can be made good.
        let unpaid = Event::revoked("sub_1", "")
            .data("ended_at", Value::Null)
            .data("status", json!("past_due"))
            .at("2026-01-20T10:00:00Z");
        let ended = Event::revoked("sub_1", "2026-01-20T10:00:00Z").of_type("subscription.updated");
        let hold = "UPDATE affiliate_private.project_setting SET hold_days = 30, on_cancel = 'reverse_held' WHERE project_id = $1";
        for (end, reversed) in [
            (&revoked, "10.00"),
            (&bare, "10.00"),
            (&unpaid, "0.00"),
            (&ended, "10.00"),
            (&canceled, "0.00"),
        ] {
            let project = intake.permute(&[hold], &[&order, end]).await;
            let expected =
                format!("ord_1 of 50.00 pays 10.00 less {reversed} to ada@example.com (metadata)");
            assert_eq!(intake.sales_of(project).await, [expected], "{end:?}");
        }
        intake.close().await;
    }
}

#[tokio::test]
async fn a_delivery_is_known_by_its_header() {
    let intake = Intake::open(Profile::Portable).await;
    let order = Event::order("ord_1", 5000).at(JANUARY).code("ADA");
    assert_eq!(intake.deliver(&order).await, "applied");
    assert_eq!(intake.deliver(&order).await, "duplicate");
    // Sent again by hand it has another id, and is the same order.
    let resent = order.clone().delivered_as("msg_2").at(FEBRUARY);
    assert_eq!(intake.deliver(&resent).await, "applied");
    assert_eq!(intake.sales().await.len(), 1);
    let stored = "SELECT e.event_key || ' ' || e.event_type || ' ' || extract(epoch FROM e.occurred_at)::bigint FROM affiliate_private.provider_event AS e
                  WHERE e.project_id = $1 ORDER BY e.provider_event_id";
    assert_eq!(
        intake.texts(intake.project, stored).await,
        [
            "msg_order.paid_ord_1 order.paid 1767952800",
            "msg_2 order.paid 1770631200"
        ]
    );
    assert_eq!(order.delivery_id().as_deref(), Some("msg_order.paid_ord_1"));
    intake.close().await;
}

#[tokio::test]
async fn wrong_values_park_the_event_and_name_the_field() {
    let intake = Intake::open(Profile::Native).await;
    let order = |id: &str| Event::order(id, 5000);
    let wrong: Vec<(&str, Event)> = vec![
        (
            "net_amount",
            order("ord_1").data("net_amount", json!("5000")),
        ),
        ("net_amount", order("ord_2").without("net_amount")),
        (
            "total_amount",
            order("ord_3").data("total_amount", json!(0.5)),
        ),
        ("currency", order("ord_4").data("currency", json!(null))),
        ("timestamp", order("ord_5").at("soon")),
        (
            "discount.code",
            order("ord_6").data("discount", json!({"code": 7})),
        ),
        ("data.id", order("ord_8").data("id", json!(null))),
        (
            "refunded_amount",
            Event::order_refunded("ord_9", 1, 1, JANUARY).data("refunded_amount", json!("1")),
        ),
        (
            "modified_at",
            Event::order_refunded("ord_9", 1, 1, "2026-99-01T00:00:00Z"),
        ),
        ("ended_at", Event::revoked("sub_1", "never")),
    ];
    for (_, event) in &wrong {
        assert_eq!(intake.deliver(event).await, "parked", "{event:?}");
    }
    let errors = intake.errors(intake.project).await;
    for ((field, _), error) in wrong.iter().zip(&errors) {
        assert!(error.contains(field), "{field}: {error}");
    }
    // An order that is only created may still be pending; a refund is told by its order.
    for name in [
        "order.created",
        "refund.updated",
        "checkout.updated",
        "benefit_grant.created",
    ] {
        assert_eq!(
            intake.deliver(&order("ord_10").of_type(name)).await,
            "ignored"
        );
    }
    assert_eq!(intake.sales().await, [""; 0]);
    intake.close().await;
}
