//! Paddle Billing: completed transactions are sales; adjustments, one by one, take them back.

mod adjustment;

use affiliate_tests::database::Profile;
use affiliate_tests::intake::Intake;
use affiliate_tests::paddle::event::Event;
use serde_json::{Value, json};

const JANUARY: &str = "2026-01-09T10:00:00.000000Z";
const FEBRUARY: &str = "2026-02-09T10:00:00.000000Z";
const MARCH: &str = "2026-03-09T10:00:00.000000Z";

#[tokio::test]
async fn a_transaction_pays_per_line_without_tax() {
    for profile in Profile::KERNELS {
        let intake = Intake::open(profile).await;
        let rule = "INSERT INTO affiliate_private.product_rule (project_id, provider, product_key, effective_at, rate_ppm, fixed_minor)
                    VALUES ($1, 'paddle', 'pro_2', '-infinity', 500000, 0)";
        intake.run(intake.project, rule).await;
        // 300.00 and 100.00 net: 20 % of the one, 50 % of the other.
        let transaction = Event::transaction("txn_1", 43_549, 3549)
            .lines(&[("pro_1", 32_662, 2662), ("pro_2", 10_887, 887)]);
        intake.apply(&[&transaction.code("ADA").at(JANUARY)]).await;
        assert_eq!(
            intake.sales().await,
            ["txn_1 of 400.00 pays 110.00 less 0.00 to ada@example.com (metadata)"]
        );
        intake.close().await;
    }
}

#[tokio::test]
async fn what_a_credit_paid_is_not_earned_again() {
    for profile in Profile::KERNELS {
        let intake = Intake::open(profile).await;
        // 119.00 with 19.00 of tax, of which a credit paid 59.50: 50.00 net are new money.
        let credited = |id: &str| {
            Event::transaction(id, 11_900, 1900)
                .total("credit", json!("5950"))
                .total("grand_total", json!("5950"))
                .code("ADA")
        };
        let told = credited("txn_1")
            .at(JANUARY)
            .total("grand_total_tax", json!("950"));
        let untold = credited("txn_2").at(FEBRUARY);
        let all = credited("txn_3").at(MARCH).total("grand_total", json!("0"));
        intake.apply(&[&told, &untold, &all]).await;
        assert_eq!(
            intake.sales().await,
            [
                "txn_1 of 50.00 pays 10.00 less 0.00 to ada@example.com (metadata)",
                "txn_2 of 50.00 pays 10.00 less 0.00 to ada@example.com (metadata)",
                "txn_3 of 0.00 pays 0.00 less 0.00 to ada@example.com (metadata)",
            ]
        );
        intake.close().await;
    }
}

#[tokio::test]
async fn a_subscription_lives_through_renewal_upgrade_and_a_new_card_in_any_order() {
    for profile in Profile::KERNELS {
        let intake = Intake::open(profile).await;
        // Its first transaction does not name the subscription yet: subscription.created says which it was.
        let first = Event::transaction("txn_1", 5000, 0).at(JANUARY).code("ADA");
        let created = Event::subscription("sub_1", "txn_1").at("2026-01-09T10:00:01Z");
        let renewal = Event::transaction("txn_2", 5000, 0)
            .of("sub_1", "subscription_recurring")
            .at(FEBRUARY);
        let upgrade = Event::transaction("txn_3", 2000, 0)
            .of("sub_1", "subscription_update")
            .at(MARCH);
        let card = Event::transaction("txn_4", 0, 0)
            .of("sub_1", "subscription_payment_method_change")
            .at(MARCH);
        let once = "UPDATE affiliate_private.project_setting SET recurring_commission = false WHERE project_id = $1";
        let project = intake
            .permute(&[once], &[&first, &created, &renewal, &upgrade, &card])
            .await;
        assert_eq!(
            intake.sales_of(project).await,
            [
                "txn_1 of 50.00 pays 10.00 less 0.00 to ada@example.com (metadata)",
                "txn_2 of 50.00 pays 0.00 less 0.00 to ada@example.com (metadata)",
                "txn_3 of 20.00 pays 4.00 less 0.00 to ada@example.com (metadata)",
            ]
        );
        intake.close().await;
    }
}

#[tokio::test]
async fn a_discount_credits_its_affiliate_once_its_code_is_known() {
    for profile in Profile::KERNELS {
        let intake = Intake::open(profile).await;
        // The transaction names an id, the coupon a code; the discount's own event joins them. It outranks the metadata.
        let transaction = Event::transaction("txn_1", 5000, 0)
            .at(JANUARY)
            .data("discount_id", json!("dsc_1"))
            .code("BOB");
        let discount = Event::discount("dsc_1", "ADASAVE").at(JANUARY);
        let renamed = Event::discount("dsc_1", "ADASAVE20")
            .of_type("discount.updated")
            .event_id("evt_renamed")
            .at(FEBRUARY);
        let coupon = "INSERT INTO affiliate_private.attribution_code (project_id, namespace, code_key, effective_at, affiliate_id, label)
                      SELECT $1, 'coupon', 'adasave20', '-infinity', a.affiliate_id, 'ADASAVE20' FROM affiliate_private.affiliate AS a WHERE a.project_id = $1";
        let project = intake
            .permute(&[coupon], &[&transaction, &discount, &renamed])
            .await;
        assert_eq!(
            intake.sales_of(project).await,
            ["txn_1 of 50.00 pays 10.00 less 0.00 to ada@example.com (coupon)"]
        );
        let code = "SELECT c.coupon_code_used FROM affiliate_private.conversion AS c WHERE c.project_id = $1";
        assert_eq!(intake.texts(project, code).await, ["ADASAVE20"]);
        // A discount without a code is the seller's to apply.
        let unnamed = Event::discount("dsc_2", "").data("code", json!(null));
        assert_eq!(intake.deliver_to(project, &unnamed).await, "ignored");
        intake.close().await;
    }
}

#[tokio::test]
async fn a_discount_of_a_running_subscription_speaks_for_later_payments_only() {
    for profile in Profile::KERNELS {
        let intake = Intake::open(profile).await;
        let first = Event::transaction("txn_1", 5000, 0)
            .of("sub_1", "web")
            .at(JANUARY);
        let second = Event::transaction("txn_2", 5000, 0)
            .of("sub_1", "subscription_recurring")
            .at(MARCH);
        let changed = Event::subscription("sub_1", "txn_1")
            .of_type("subscription.updated")
            .event_id("evt_changed")
            .at(FEBRUARY)
            .data(
                "discount",
                json!({"id": "dsc_1", "starts_at": FEBRUARY, "ends_at": null}),
            );
        let discount = Event::discount("dsc_1", "ADASAVE").at(JANUARY);
        let coupon = "INSERT INTO affiliate_private.attribution_code (project_id, namespace, code_key, effective_at, affiliate_id, label)
                      SELECT $1, 'coupon', 'adasave', '-infinity', a.affiliate_id, 'ADASAVE' FROM affiliate_private.affiliate AS a WHERE a.project_id = $1";
        let project = intake
            .permute(&[coupon], &[&first, &second, &changed, &discount])
            .await;
        assert_eq!(
            intake.sales_of(project).await,
            [
                "txn_1 of 50.00 pays 0.00 less 0.00 to nobody (none)",
                "txn_2 of 50.00 pays 10.00 less 0.00 to ada@example.com (coupon)",
            ]
        );
        intake.close().await;
    }
}

#[tokio::test]
async fn the_email_that_only_the_customer_event_tells_joins_what_is_known_of_it() {
    for profile in Profile::KERNELS {
        let intake = Intake::open(profile).await;
        let sale = Event::transaction("txn_1", 5000, 0).at(FEBRUARY);
        let customer = Event::customer("ctm_1", "Buyer@Example.com").at(JANUARY);
        // Somebody with that email was referred before.
        let other = affiliate_tests::lemonsqueezy::event::Event::order(1, 0)
            .at(JANUARY)
            .code("ADA")
            .customer(9, "buyer@example.com");
        let project = intake.permute(&[], &[&sale, &customer, &other]).await;
        assert_eq!(
            intake.sales_of(project).await,
            [
                "order:1 of 0.00 pays 0.00 less 0.00 to ada@example.com (metadata)",
                "txn_1 of 50.00 pays 10.00 less 0.00 to ada@example.com (email)",
            ]
        );
        // An affiliate who buys is told by the customer event alone, and earns nothing.
        let own = Event::transaction("txn_2", 5000, 0)
            .data("customer_id", json!("ctm_2"))
            .at(FEBRUARY)
            .code("ADA");
        let ada = Event::customer("ctm_2", "ada@example.com").at(MARCH);
        let project = intake.permute(&[], &[&own, &ada]).await;
        assert_eq!(
            intake.sales_of(project).await,
            ["txn_2 of 50.00 pays 0.00 less 0.00 to nobody (none)"]
        );
        intake.close().await;
    }
}

#[tokio::test]
async fn a_buyer_becomes_a_referral_whether_the_email_comes_before_or_after_the_payment() {
    let intake = Intake::open(Profile::Portable).await;
    let sale = Event::transaction("txn_1", 5000, 0)
        .at(FEBRUARY)
        .code("ADA");
    let customer = Event::customer("ctm_1", "buyer@example.com").at(JANUARY);
    let referrals = "SELECT format('%s %s', r.email, r.conversion_status) FROM affiliate_private.referred_user AS r
                     JOIN affiliate_private.conversion AS c ON c.project_id = r.project_id AND c.referred_user_id = r.referred_user_id
                     WHERE r.project_id = $1";
    for events in [[&sale, &customer], [&customer, &sale]] {
        let project = intake.add_project().await;
        intake.apply_to(project, &[events[0], events[1]]).await;
        assert_eq!(
            intake.texts(project, referrals).await,
            ["buyer@example.com converted"]
        );
    }
    intake.close().await;
}

#[tokio::test]
async fn zero_and_negative_totals_earn_nothing_and_currencies_have_their_own_decimals() {
    let intake = Intake::open(Profile::Native).await;
    intake
        .run(
            intake.project,
            "SELECT affiliate.set_exchange_rate($1, 'JPY', '0.01', '2020-01-01Z')",
        )
        .await;
    let yen = Event::transaction("txn_1", 5000, 0)
        .data("currency_code", json!("JPY"))
        .at(JANUARY)
        .code("ADA");
    let free = Event::transaction("txn_2", 0, 0).at(FEBRUARY).code("ADA");
    let negative = Event::transaction("txn_3", -500, -50).at(MARCH).code("ADA");
    intake.apply(&[&yen, &free, &negative]).await;
    assert_eq!(
        intake.sales().await,
        [
            "txn_1 of 5000 pays 10.00 less 0.00 to ada@example.com (metadata)",
            "txn_2 of 0.00 pays 0.00 less 0.00 to ada@example.com (metadata)",
            "txn_3 of -4.50 pays 0.00 less 0.00 to ada@example.com (metadata)",
        ]
    );
    intake.close().await;
}

#[tokio::test]
async fn wrong_values_park_the_event_and_name_the_field() {
    let intake = Intake::open(Profile::Native).await;
    let sale = |id: &str| Event::transaction(id, 5000, 0);
    let wrong: Vec<(&str, Event)> = vec![
        ("totals.total", sale("txn_1").total("total", json!("50.00"))),
        ("totals.total", sale("txn_2").total("total", Value::Null)),
        (
            "totals.total",
            sale("txn_3").total("total", json!("99999999999999999999")),
        ),
        ("details.totals", sale("txn_4").data("details", json!({}))),
        ("occurred_at", sale("txn_5").at("2026-13-01T00:00:00Z")),
        (
            "currency",
            sale("txn_7").data("currency_code", json!("XX9")),
        ),
        (
            "subscription_id",
            sale("txn_8").data("subscription_id", json!([])),
        ),
        (
            "transaction_id",
            Event::adjustment("adj_1", "x", "refund", "approved", 1)
                .data("transaction_id", Value::Null),
        ),
        (
            "totals.subtotal",
            Event::adjustment("adj_2", "x", "refund", "approved", 1).data("totals", json!({})),
        ),
        (
            "email",
            Event::customer("ctm_1", "x").data("email", json!(1)),
        ),
        (
            "data",
            Event::customer("ctm_2", "x")
                .data("x", json!(1))
                .of_type("customer.updated")
                .no_data(),
        ),
    ];
    for (_, event) in &wrong {
        assert_eq!(intake.deliver(event).await, "parked", "{event:?}");
    }
    let errors = intake.errors(intake.project).await;
    for ((field, _), error) in wrong.iter().zip(&errors) {
        assert!(error.contains(field), "{field}: {error}");
    }
    // It comes beside transaction.completed and before it.
    assert_eq!(
        intake
            .deliver(&sale("txn_9").of_type("transaction.paid").event_id("evt_9"))
            .await,
        "ignored"
    );
    assert_eq!(intake.sales().await, [""; 0]);
    intake.close().await;
}
