//! Stripe: sessions, invoices, the payments between them, and what becomes of the money.

mod credit;
mod one_sale;
mod owner;
mod reversal;

use affiliate_tests::database::Profile;
use affiliate_tests::intake::Intake;
use affiliate_tests::stripe::event::Event;
use serde_json::{Value, json};

/// 2026-01-09 10:00 in Unix seconds, and a month and two months later.
const JANUARY: i64 = 1_767_952_800;
const FEBRUARY: i64 = 1_770_631_200;
const MARCH: i64 = 1_773_050_400;
const DAY: i64 = 86_400;

const COUPON: &str = "INSERT INTO affiliate_private.attribution_code (project_id, namespace, code_key, effective_at, affiliate_id, label)
    SELECT $1, 'stripe', 'co_ada', '-infinity', a.affiliate_id, 'ADASAVE' FROM affiliate_private.affiliate AS a WHERE a.project_id = $1";
const ONCE: &str = "UPDATE affiliate_private.project_setting SET recurring_commission = false WHERE project_id = $1";
const FIRST: &str = "UPDATE affiliate_private.project_setting SET commission_duration = 'first_purchase' WHERE project_id = $1";

#[tokio::test]
async fn after_a_trial_the_first_invoice_with_money_is_the_first_purchase() {
    for profile in Profile::KERNELS {
        let intake = Intake::open(profile).await;
        let subscription = Event::subscription("sub_1")
            .object("metadata", json!({"referral_code": "ADA"}))
            .at(JANUARY);
        let trial = Event::invoice("in_1", "sub_1", "subscription_create", 0).at(JANUARY);
        let first = Event::invoice("in_2", "sub_1", "subscription_cycle", 5000).at(FEBRUARY);
        let second = Event::invoice("in_3", "sub_1", "subscription_cycle", 5000).at(MARCH);
        for setting in [ONCE, FIRST] {
            let project = intake
                .permute(&[setting], &[&subscription, &trial, &first, &second])
                .await;
            assert_eq!(
                intake.sales_of(project).await,
                [
                    "in_1 of 0.00 pays 0.00 less 0.00 to ada@example.com (subscription_metadata)",
                    "in_2 of 50.00 pays 10.00 less 0.00 to ada@example.com (subscription_metadata)",
                    "in_3 of 50.00 pays 0.00 less 0.00 to ada@example.com (subscription_metadata)",
                ],
                "{setting}"
            );
        }
        intake.close().await;
    }
}

#[tokio::test]
async fn a_proration_earns_as_an_upgrade_and_a_downgrade_nothing() {
    for profile in Profile::KERNELS {
        let intake = Intake::open(profile).await;
        let first = Event::invoice("in_1", "sub_1", "subscription_create", 5000)
            .at(JANUARY)
            .set(
                "/data/object/parent/subscription_details/metadata",
                json!({"referral_code": "ADA"}),
            );
        let lines = json!([
            {"amount": -2500, "pricing": {"price_details": {"product": "prod_1"}}},
            {"amount": 6000, "pricing": {"price_details": {"product": "prod_2"}}},
        ]);
        let upgrade = Event::invoice("in_2", "sub_1", "subscription_update", 3500)
            .at(FEBRUARY)
            .set("/data/object/lines/data", lines);
        let downgrade = Event::invoice("in_3", "sub_1", "subscription_update", -1500)
            .at(MARCH)
            .object("amount_paid", json!(0))
            .object("amount_due", json!(0));
        let project = intake
            .permute(&[ONCE], &[&first, &upgrade, &downgrade])
            .await;
        assert_eq!(
            intake.sales_of(project).await,
            [
                "in_1 of 50.00 pays 10.00 less 0.00 to ada@example.com (subscription_metadata)",
                "in_2 of 35.00 pays 7.00 less 0.00 to ada@example.com (subscription_metadata)",
                "in_3 of -15.00 pays 0.00 less 0.00 to ada@example.com (subscription_metadata)",
            ]
        );
        intake.close().await;
    }
}

#[tokio::test]
async fn an_invoice_pays_without_tax_shipping_and_what_a_balance_paid() {
    for profile in Profile::KERNELS {
        let intake = Intake::open(profile).await;
        let invoice = |id: &str| {
            Event::invoice(id, "sub_1", "subscription_cycle", 12_900)
                .at(JANUARY)
                .object("metadata", json!({"referral_code": "ADA"}))
        };
        // 129.00 with 19.00 tax and 10.00 shipping; then with half of it paid from a balance; then without Stripe's own net total.
        let shipped = |event: Event| {
            event
                .object("shipping_cost", json!({"amount_subtotal": 1000}))
                .object("total_excluding_tax", json!(11_000))
        };
        let full = shipped(invoice("in_1"));
        let half = shipped(invoice("in_2"))
            .object("amount_paid", json!(6450))
            .object("amount_due", json!(6450))
            .object("starting_balance", json!(-6450));
        let taxes = shipped(invoice("in_3"))
            .object("total_excluding_tax", Value::Null)
            .object("total_taxes", json!([{"amount": 900}, {"amount": 1000}]));
        let balance = shipped(invoice("in_4"))
            .object("amount_paid", json!(0))
            .object("amount_due", json!(0));
        // Paid by bank transfer outside of Stripe, told by an API version that did not count that as paid.
        let outside = shipped(Event::old_invoice(
            "in_5",
            "sub_1",
            "subscription_cycle",
            12_900,
        ))
        .at(JANUARY)
        .object("total_excluding_tax", json!(11_000))
        .object("paid_out_of_band", json!(true))
        .object("amount_paid", json!(0));
        intake
            .apply(&[&full, &half, &taxes, &balance, &outside])
            .await;
        assert_eq!(
            intake.sales().await,
            [
                "in_1 of 100.00 pays 20.00 less 0.00 to ada@example.com (metadata)",
                "in_2 of 50.00 pays 10.00 less 0.00 to ada@example.com (metadata)",
                "in_3 of 100.00 pays 20.00 less 0.00 to ada@example.com (metadata)",
                "in_4 of 0.00 pays 0.00 less 0.00 to ada@example.com (metadata)",
                "in_5 of 100.00 pays 20.00 less 0.00 to ada@example.com (metadata)",
            ]
        );
        intake.close().await;
    }
}

#[tokio::test]
async fn money_that_comes_later_counts_when_it_comes() {
    for profile in Profile::KERNELS {
        let intake = Intake::open(profile).await;
        let waiting = Event::sale("pi_1", 5000)
            .id("evt_waiting")
            .object("payment_status", json!("unpaid"))
            .code("ADA")
            .at(JANUARY);
        assert_eq!(intake.deliver(&waiting).await, "applied");
        assert_eq!(intake.sales().await, [""; 0]);
        let paid = Event::sale("pi_1", 5000)
            .of_type("checkout.session.async_payment_succeeded")
            .code("ADA")
            .at(FEBRUARY);
        let failed = Event::sale("pi_2", 5000)
            .id("evt_failed")
            .of_type("checkout.session.async_payment_failed")
            .object("payment_status", json!("unpaid"));
        assert_eq!(intake.deliver(&failed).await, "ignored");
        let project = intake.permute(&[], &[&waiting, &paid]).await;
        assert_eq!(
            intake.sales_of(project).await,
            ["pi_1 of 50.00 pays 10.00 less 0.00 to ada@example.com (metadata)"]
        );
        intake.close().await;
    }
}

#[tokio::test]
async fn a_coupon_applied_later_credits_later_payments_only() {
    for profile in Profile::KERNELS {
        let intake = Intake::open(profile).await;
        let first = Event::invoice("in_1", "sub_1", "subscription_create", 5000).at(JANUARY);
        let second = Event::invoice("in_2", "sub_1", "subscription_cycle", 5000).at(MARCH);
        let start = FEBRUARY;
        let clover = Event::discount("co_ada", "sub_1", start);
        let coupon = json!({"id": "co_ada", "object": "coupon"});
        let basil = Event::discount("co_ada", "sub_1", start)
            .object("source", Value::Null)
            .object("coupon", coupon.clone());
        // An older subscription.updated, and an older invoice, carry the discount itself.
        let discount = json!({"id": "di_1", "object": "discount", "coupon": coupon, "start": start, "promotion_code": null});
        let updated = Event::subscription("sub_1")
            .of_type("customer.subscription.updated")
            .at(start + 1)
            .object("discount", discount.clone());
        let old_invoice = Event::old_invoice("in_2", "sub_1", "subscription_cycle", 5000)
            .at(MARCH)
            .object("discount", discount);
        for (told, later) in [
            (Some(&clover), &second),
            (Some(&basil), &second),
            (Some(&updated), &second),
            (None, &old_invoice),
        ] {
            let mut events: Vec<&dyn affiliate_tests::intake::Delivery> = vec![&first, later];
            events.extend(told.map(|event| event as &dyn affiliate_tests::intake::Delivery));
            let project = intake.permute(&[COUPON], &events).await;
            assert_eq!(
                intake.sales_of(project).await,
                [
                    "in_1 of 50.00 pays 0.00 less 0.00 to nobody (none)",
                    "in_2 of 50.00 pays 10.00 less 0.00 to ada@example.com (coupon)",
                ],
                "{told:?}"
            );
        }
        intake.close().await;
    }
}

#[tokio::test]
async fn lines_of_large_amounts_are_shared_out_exactly() {
    let intake = Intake::open(Profile::Native).await;
    // 60 thousand million dong on two lines, a tenth of it from a balance: products of amounts are beyond 64 bits.
    intake
        .run(
            intake.project,
            "SELECT affiliate.set_exchange_rate($1, 'VND', '0.00004', '2020-01-01Z')",
        )
        .await;
    let lines = json!([
        {"amount": 20_000_000_000_i64, "pricing": {"price_details": {"product": "prod_1"}}},
        {"amount": 40_000_000_000_i64, "pricing": {"price_details": {"product": "prod_2"}}},
    ]);
    let invoice = Event::invoice("in_1", "sub_1", "subscription_create", 60_000_000_000)
        .currency("vnd")
        .at(JANUARY)
        .set("/data/object/lines/data", lines)
        .object("amount_paid", json!(54_000_000_000_i64))
        .object("metadata", json!({"referral_code": "ADA"}));
    intake.apply(&[&invoice]).await;
    // 54,000,000,000 dong are 2,160,000.00 dollars.
    assert_eq!(
        intake.sales().await,
        ["in_1 of 54000000000 pays 432000.00 less 0.00 to ada@example.com (metadata)"]
    );
    let shares =
        "SELECT s.line_base_minor::text FROM affiliate_private.sale AS s WHERE s.project_id = $1";
    assert_eq!(
        intake.texts(intake.project, shares).await,
        ["{18000000000,36000000000}"]
    );
    intake.close().await;
}
