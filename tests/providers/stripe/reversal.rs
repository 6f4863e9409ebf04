//! What takes a commission back at Stripe, and what gives it back again.

use affiliate_tests::database::Profile;
use affiliate_tests::intake::Intake;
use affiliate_tests::stripe::event::Event;
use serde_json::json;

use super::{DAY, FEBRUARY, JANUARY};

#[tokio::test]
async fn a_refund_that_failed_gives_the_commission_back_in_any_order() {
    for profile in Profile::KERNELS {
        let intake = Intake::open(profile).await;
        let sale = Event::sale("pi_1", 5000).code("ADA").at(JANUARY);
        let pending = Event::refund_of("re_1", "pi_1", 2500, "pending").at(JANUARY + DAY);
        let charge = Event::refund("pi_1", 5000, 2500).at(JANUARY + DAY);
        let failed = Event::refund_of("re_1", "pi_1", 2500, "failed")
            .of_type("refund.failed")
            .at(JANUARY + 2 * DAY);
        let project = intake.permute(&[], &[&sale, &pending, &charge]).await;
        assert_eq!(
            intake.sales_of(project).await,
            ["pi_1 of 50.00 pays 10.00 less 5.00 to ada@example.com (metadata)"]
        );
        let project = intake
            .permute(&[], &[&sale, &pending, &charge, &failed])
            .await;
        assert_eq!(
            intake.sales_of(project).await,
            ["pi_1 of 50.00 pays 10.00 less 0.00 to ada@example.com (metadata)"]
        );
        // Another one after it went through, told by the charge's sum and by itself.
        let second = Event::refund_of("re_2", "pi_1", 1000, "succeeded").at(JANUARY + 3 * DAY);
        let sum = Event::refund("pi_1", 5000, 1000).at(JANUARY + 3 * DAY);
        intake.apply_to(project, &[&sum, &second]).await;
        assert_eq!(
            intake.sales_of(project).await,
            ["pi_1 of 50.00 pays 10.00 less 2.00 to ada@example.com (metadata)"]
        );
        intake.close().await;
    }
}

#[tokio::test]
async fn a_refund_told_of_the_intent_and_of_the_charge_counts_once() {
    for profile in Profile::KERNELS {
        let intake = Intake::open(profile).await;
        let sale = Event::sale("pi_1", 10_000).code("ADA").at(JANUARY);
        let charge = Event::refund("pi_1", 10_000, 4000)
            .object("id", json!("ch_pi_1"))
            .at(JANUARY + DAY);
        let refund = Event::refund_of("re_1", "pi_1", 4000, "succeeded")
            .object("payment_intent", json!(null))
            .at(JANUARY + DAY);
        let project = intake.permute(&[], &[&sale, &charge, &refund]).await;
        assert_eq!(
            intake.sales_of(project).await,
            ["pi_1 of 100.00 pays 20.00 less 8.00 to ada@example.com (metadata)"]
        );
        // Before basil the invoice alone may know of both.
        let invoice = Event::old_invoice("in_1", "sub_1", "subscription_create", 10_000)
            .object("metadata", json!({"referral_code": "ADA"}))
            .at(JANUARY);
        let of_charge = Event::refund("pi_in_1", 10_000, 4000)
            .object("id", json!("ch_in_1"))
            .object("payment_intent", json!(null))
            .at(JANUARY + DAY);
        let of_intent = Event::refund_of("re_1", "pi_in_1", 4000, "succeeded")
            .object("charge", json!(null))
            .at(JANUARY + DAY);
        let project = intake
            .permute(&[], &[&invoice, &of_charge, &of_intent])
            .await;
        assert_eq!(
            intake.sales_of(project).await,
            ["in_1 of 100.00 pays 20.00 less 8.00 to ada@example.com (metadata)"]
        );
        intake.close().await;
    }
}

#[tokio::test]
async fn a_dispute_takes_the_commission_until_it_is_won() {
    for profile in Profile::KERNELS {
        let intake = Intake::open(profile).await;
        let sale = Event::sale("pi_1", 5000).code("ADA").at(JANUARY);
        let withdrawn =
            Event::dispute("pi_1", 5000, "funds_withdrawn", "needs_response").at(JANUARY + DAY);
        let refund = Event::refund("pi_1", 5000, 1000).at(JANUARY + DAY);
        let lost = Event::dispute("pi_1", 5000, "closed", "lost").at(FEBRUARY);
        // A fifth was refunded before: it never gets more than all of it.
        let project = intake
            .permute(&[], &[&sale, &withdrawn, &refund, &lost])
            .await;
        assert_eq!(
            intake.sales_of(project).await,
            ["pi_1 of 50.00 pays 10.00 less 10.00 to ada@example.com (metadata)"]
        );
        let won = Event::dispute("pi_1", 5000, "closed", "won").at(FEBRUARY);
        let back = Event::dispute("pi_1", 5000, "funds_reinstated", "won").at(FEBRUARY);
        let project = intake.permute(&[], &[&sale, &withdrawn, &won, &back]).await;
        assert_eq!(
            intake.sales_of(project).await,
            ["pi_1 of 50.00 pays 10.00 less 0.00 to ada@example.com (metadata)"]
        );
        // It stays lost where an appeal is, and while one goes on.
        let appeal = Event::dispute("pi_1", 5000, "closed", "appeal_lost")
            .id("evt_appeal")
            .at(FEBRUARY + DAY);
        let project = intake
            .permute(&[], &[&sale, &withdrawn, &lost, &appeal])
            .await;
        assert_eq!(
            intake.sales_of(project).await,
            ["pi_1 of 50.00 pays 10.00 less 10.00 to ada@example.com (metadata)"]
        );
        let goes_on = Event::dispute("pi_1", 5000, "closed", "appeal_under_review");
        assert_eq!(intake.deliver(&goes_on.id("evt_on")).await, "ignored");
        // An inquiry moves no money.
        let inquiry = Event::dispute("pi_1", 5000, "created", "warning_needs_response");
        assert_eq!(intake.deliver(&inquiry).await, "ignored");
        intake.close().await;
    }
}

#[tokio::test]
async fn the_end_of_a_subscription_takes_back_what_is_held_where_the_project_says_so() {
    for profile in Profile::KERNELS {
        let intake = Intake::open(profile).await;
        let first = Event::invoice("in_1", "sub_1", "subscription_create", 5000)
            .at(JANUARY)
            .object("metadata", json!({"referral_code": "ADA"}));
        let second = Event::invoice("in_2", "sub_1", "subscription_cycle", 5000).at(FEBRUARY);
        // The first payment's 30 days are over by then, the second's are not.
        let ended = Event::deleted("sub_1", FEBRUARY + 10 * DAY);
        for (on_cancel, reversed) in [("keep", "0.00"), ("reverse_held", "10.00")] {
            let hold = format!(
                "UPDATE affiliate_private.project_setting SET hold_days = 30, on_cancel = '{on_cancel}' WHERE project_id = $1"
            );
            let project = intake.permute(&[&hold], &[&first, &second, &ended]).await;
            assert_eq!(
                intake.sales_of(project).await,
                [
                    "in_1 of 50.00 pays 10.00 less 0.00 to ada@example.com (metadata)".to_owned(),
                    format!(
                        "in_2 of 50.00 pays 10.00 less {reversed} to ada@example.com (metadata)"
                    ),
                ]
            );
        }
        intake.close().await;
    }
}
