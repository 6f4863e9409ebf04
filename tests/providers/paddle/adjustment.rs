//! Paddle's adjustments: refunds and chargebacks one by one; and the end of subscriptions.

use affiliate_tests::database::Profile;
use affiliate_tests::intake::Intake;
use affiliate_tests::paddle::event::Event;
use serde_json::json;

use super::{FEBRUARY, JANUARY, MARCH};

#[tokio::test]
async fn approved_refunds_add_up_and_others_do_not_count() {
    for profile in Profile::KERNELS {
        let intake = Intake::open(profile).await;
        let sale = Event::transaction("txn_1", 11_900, 1900)
            .at(JANUARY)
            .code("ADA");
        let pending = Event::adjustment("adj_1", "txn_1", "refund", "pending_approval", 2500)
            .of_type("adjustment.created")
            .at(FEBRUARY);
        let approved = Event::adjustment("adj_1", "txn_1", "refund", "approved", 2500)
            .at("2026-02-10T10:00:00Z");
        let waiting = Event::adjustment("adj_2", "txn_1", "refund", "pending_approval", 9000)
            .of_type("adjustment.created")
            .at(FEBRUARY);
        let rejected = Event::adjustment("adj_3", "txn_1", "refund", "rejected", 9000).at(MARCH);
        // A quarter of 100.00 net.
        let project = intake
            .permute(&[], &[&sale, &pending, &approved, &waiting, &rejected])
            .await;
        assert_eq!(
            intake.sales_of(project).await,
            ["txn_1 of 100.00 pays 20.00 less 5.00 to ada@example.com (metadata)"]
        );
        // Another quarter, then tax alone, then a credit for a proration, which gives nothing back.
        let second = Event::adjustment("adj_4", "txn_1", "refund", "approved", 2500).at(MARCH);
        let tax = Event::adjustment("adj_5", "txn_1", "refund", "approved", 0).at(MARCH);
        intake.apply_to(project, &[&second, &tax]).await;
        let credit = Event::adjustment("adj_6", "txn_1", "credit", "approved", 5000).at(MARCH);
        assert_eq!(intake.deliver_to(project, &credit).await, "ignored");
        assert_eq!(
            intake.sales_of(project).await,
            ["txn_1 of 100.00 pays 20.00 less 10.00 to ada@example.com (metadata)"]
        );
        intake.close().await;
    }
}

#[tokio::test]
async fn a_chargeback_that_is_reversed_gives_the_commission_back() {
    for profile in Profile::KERNELS {
        let intake = Intake::open(profile).await;
        let sale = Event::transaction("txn_1", 10_000, 0)
            .at(JANUARY)
            .code("ADA");
        let refund = Event::adjustment("adj_1", "txn_1", "refund", "approved", 2000).at(FEBRUARY);
        let chargeback =
            Event::adjustment("adj_2", "txn_1", "chargeback", "approved", 10_000).at(FEBRUARY);
        // With the refund it would be 120 %.
        let lost = intake.permute(&[], &[&sale, &refund, &chargeback]).await;
        assert_eq!(
            intake.sales_of(lost).await,
            ["txn_1 of 100.00 pays 20.00 less 20.00 to ada@example.com (metadata)"]
        );
        // The chargeback turns "reversed" and its reversal is an adjustment of its own: it gives back once, not twice.
        let reversed =
            Event::adjustment("adj_2", "txn_1", "chargeback", "reversed", 10_000).at(MARCH);
        let reversal =
            Event::adjustment("adj_3", "txn_1", "chargeback_reverse", "approved", 10_000).at(MARCH);
        let won = intake
            .permute(&[], &[&sale, &refund, &chargeback, &reversed, &reversal])
            .await;
        assert_eq!(
            intake.sales_of(won).await,
            ["txn_1 of 100.00 pays 20.00 less 4.00 to ada@example.com (metadata)"]
        );
        intake.close().await;
    }
}

#[tokio::test]
async fn the_end_of_a_subscription_takes_back_what_is_held_and_a_scheduled_one_does_not() {
    for profile in Profile::KERNELS {
        let intake = Intake::open(profile).await;
        let sale = Event::transaction("txn_1", 5000, 0).at(JANUARY).code("ADA");
        let created = Event::subscription("sub_1", "txn_1").at(JANUARY);
        let ended = Event::canceled("sub_1", "2026-01-20T10:00:00Z").at("2026-01-20T10:00:01Z");
        let late = Event::canceled("sub_1", "2026-02-20T10:00:00Z").at("2026-02-20T10:00:01Z");
        let scheduled = Event::subscription("sub_1", "txn_1")
            .of_type("subscription.updated")
            .event_id("evt_scheduled")
            .data(
                "scheduled_change",
                json!({"action": "cancel", "effective_at": "2026-01-20T10:00:00Z"}),
            );
        let hold = "UPDATE affiliate_private.project_setting SET hold_days = 30, on_cancel = 'reverse_held' WHERE project_id = $1";
        for (end, reversed) in [(&ended, "10.00"), (&late, "0.00"), (&scheduled, "0.00")] {
            let project = intake.permute(&[hold], &[&sale, &created, end]).await;
            let expected =
                format!("txn_1 of 50.00 pays 10.00 less {reversed} to ada@example.com (metadata)");
            assert_eq!(intake.sales_of(project).await, [expected]);
        }
        intake.close().await;
    }
}
