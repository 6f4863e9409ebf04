//! Who keeps the credit for a customer, and which payments of a subscription earn.

use super::*;

/// Ada's code and her Stripe coupon are nobody's from 2026-01-20 on, and the code is Bob's from 2026-01-25 on.
const HANDED_ON: &str = "WITH bob AS (
      SELECT (affiliate_api.create_affiliate($1, '{\"email\":\"bob@example.com\",\"referral_code\":\"BOB\"}') #>> '{data,id}')::bigint AS id)
    INSERT INTO affiliate_private.attribution_code (project_id, namespace, code_key, effective_at, affiliate_id, label)
    SELECT $1, v.namespace, v.code, v.since::timestamptz, CASE v.owner WHEN 'ada' THEN a.affiliate_id WHEN 'bob' THEN bob.id END, 'SAVE'
    FROM bob, affiliate_private.affiliate AS a,
         (VALUES ('referral', 'ada', '-infinity', 'ada'), ('referral', 'ada', '2026-01-20 00:00Z', NULL), ('referral', 'ada', '2026-01-25 00:00Z', 'bob'),
                 ('stripe', 'co_ada', '-infinity', 'ada'), ('stripe', 'co_ada', '2026-01-20 00:00Z', NULL)) AS v (namespace, code, since, owner)
    WHERE a.project_id = $1 AND a.email = 'ada@example.com'";
const METADATA: &str = "/data/object/parent/subscription_details/metadata";

#[tokio::test]
async fn renewals_stay_with_who_brought_the_customer_when_the_code_is_handed_on() {
    for profile in Profile::KERNELS {
        let intake = Intake::open(profile).await;
        // Stripe repeats the subscription's metadata for ever.
        let paid = |id: &str, subscription: &str, reason: &str, customer: &str| {
            Event::invoice(id, subscription, reason, 5000)
                .customer(customer)
                .object(
                    "customer_email",
                    json!(format!("{customer}@customers.example")),
                )
                .set(METADATA, json!({"referral_code": "ADA"}))
        };
        let first = paid("in_1", "sub_1", "subscription_create", "cus_1").at(JANUARY);
        let renewal = paid("in_2", "sub_1", "subscription_cycle", "cus_1").at(FEBRUARY);
        let other = paid("in_3", "sub_2", "subscription_create", "cus_2").at(FEBRUARY + 1);
        // The customer buys something else, without any hint.
        let alone = Event::sale("pi_4", 5000)
            .customer("cus_1")
            .email("cus_1@customers.example")
            .at(MARCH);
        let project = intake
            .permute(&[HANDED_ON], &[&first, &renewal, &other, &alone])
            .await;
        assert_eq!(
            intake.sales_of(project).await,
            [
                "in_1 of 50.00 pays 10.00 less 0.00 to ada@example.com (subscription_metadata)",
                "in_2 of 50.00 pays 10.00 less 0.00 to ada@example.com (subscription_metadata)",
                "in_3 of 50.00 pays 10.00 less 0.00 to bob@example.com (subscription_metadata)",
                "pi_4 of 50.00 pays 10.00 less 0.00 to ada@example.com (email)",
            ]
        );
        intake.close().await;
    }
}

#[tokio::test]
async fn renewals_stay_with_the_coupon_that_was_used_when_it_is_switched_off() {
    for profile in Profile::KERNELS {
        let intake = Intake::open(profile).await;
        let first = Event::invoice("in_1", "sub_1", "subscription_create", 5000).at(JANUARY);
        let used = Event::discount("co_ada", "sub_1", JANUARY);
        let renewal = Event::invoice("in_2", "sub_1", "subscription_cycle", 5000)
            .object(
                "discounts",
                json!([{"id": "di_1", "source": {"coupon": "co_ada"}}]),
            )
            .at(FEBRUARY);
        let other = Event::invoice("in_3", "sub_2", "subscription_create", 5000)
            .customer("cus_2")
            .object("customer_email", json!("two@customers.example"))
            .object(
                "discounts",
                json!([{"id": "di_2", "source": {"coupon": "co_ada"}}]),
            )
            .at(FEBRUARY + 1);
        let project = intake
            .permute(&[HANDED_ON], &[&first, &used, &renewal, &other])
            .await;
        assert_eq!(
            intake.sales_of(project).await,
            [
                "in_1 of 50.00 pays 10.00 less 0.00 to ada@example.com (coupon)",
                "in_2 of 50.00 pays 10.00 less 0.00 to ada@example.com (coupon)",
                "in_3 of 50.00 pays 0.00 less 0.00 to nobody (none)",
            ]
        );
        intake.close().await;
    }
}

#[tokio::test]
async fn renewals_inherit_what_the_first_payment_alone_was_told() {
    for profile in Profile::KERNELS {
        let intake = Intake::open(profile).await;
        let paid = |id: &str| Event::invoice(id, "sub_1", "subscription_cycle", 5000);
        // A trial's invoice, which names who brought the customer on itself alone; every later one repeats that, or says nothing.
        let trial = paid("in_1")
            .totals(0)
            .set("/data/object/lines/data/0/amount", json!(0))
            .object("metadata", json!({"referral_code": "ADA"}))
            .at(JANUARY);
        let repeated = paid("in_2")
            .object("metadata", json!({"referral_code": "ADA"}))
            .at(FEBRUARY);
        let silent = paid("in_3").at(MARCH);
        // Meanwhile the customer buys something else through Bob.
        let other = Event::sale("pi_4", 5000)
            .customer("cus_1")
            .code("BOB")
            .at(FEBRUARY + DAY);
        let project = intake
            .permute(&[HANDED_ON], &[&trial, &repeated, &silent, &other])
            .await;
        assert_eq!(
            intake.sales_of(project).await,
            [
                "in_1 of 0.00 pays 0.00 less 0.00 to ada@example.com (metadata)",
                "in_2 of 50.00 pays 10.00 less 0.00 to ada@example.com (metadata)",
                "pi_4 of 50.00 pays 10.00 less 0.00 to bob@example.com (metadata)",
                "in_3 of 50.00 pays 10.00 less 0.00 to ada@example.com (metadata)",
            ]
        );
        intake.close().await;
    }
}

#[tokio::test]
async fn what_is_told_late_of_the_first_payment_speaks_for_all_of_them() {
    for profile in Profile::KERNELS {
        let intake = Intake::open(profile).await;
        let paid = |id: &str| Event::invoice(id, "sub_1", "subscription_cycle", 5000);
        let first = paid("in_1").at(JANUARY);
        let second = paid("in_2").at(FEBRUARY);
        let third = paid("in_3").at(MARCH);
        // A session that names the first invoice and no subscription, told after all of them.
        let session = Event::sale("pi_1", 5000)
            .object("invoice", json!("in_1"))
            .customer("cus_1")
            .code("ADA")
            .at(MARCH + DAY);
        let project = intake
            .permute(&[], &[&first, &second, &third, &session])
            .await;
        let ada = ["in_1", "in_2", "in_3"].map(|sale| {
            format!("{sale} of 50.00 pays 10.00 less 0.00 to ada@example.com (metadata)")
        });
        assert_eq!(intake.sales_of(project).await, ada);
        intake.close().await;
    }
}

#[tokio::test]
async fn the_end_of_a_subscription_ends_its_commission_in_any_order() {
    for profile in Profile::KERNELS {
        let intake = Intake::open(profile).await;
        let paid = |id: &str| {
            Event::invoice(id, "sub_1", "subscription_cycle", 5000)
                .set(METADATA, json!({"referral_code": "ADA"}))
        };
        let before = paid("in_1").at(JANUARY);
        let at_once = paid("in_2").at(FEBRUARY);
        let ended = Event::deleted("sub_1", FEBRUARY);
        let after = paid("in_3").at(FEBRUARY + DAY);
        let project = intake
            .permute(&[], &[&before, &at_once, &ended, &after])
            .await;
        assert_eq!(
            intake.sales_of(project).await,
            [
                "in_1 of 50.00 pays 10.00 less 0.00 to ada@example.com (subscription_metadata)",
                "in_2 of 50.00 pays 10.00 less 0.00 to ada@example.com (subscription_metadata)",
                "in_3 of 50.00 pays 0.00 less 0.00 to ada@example.com (subscription_metadata)",
            ]
        );
        intake.close().await;
    }
}

#[tokio::test]
async fn a_trial_changed_before_it_was_paid_for_is_bought_for_the_first_time() {
    let neither = "UPDATE affiliate_private.project_setting SET recurring_commission = false, upgrade_commission = false WHERE project_id = $1";
    for profile in Profile::KERNELS {
        let intake = Intake::open(profile).await;
        let paid = |id: &str, reason: &str, amount| {
            Event::invoice(id, "sub_1", reason, amount)
                .set(METADATA, json!({"referral_code": "ADA"}))
        };
        let trial = paid("in_1", "subscription_create", 0).at(JANUARY);
        let changed = paid("in_2", "subscription_update", 5000).at(JANUARY + DAY);
        let renewal = paid("in_3", "subscription_cycle", 5000).at(FEBRUARY);
        let upgrade = paid("in_4", "subscription_update", 5000).at(MARCH);
        let project = intake
            .permute(&[neither], &[&trial, &changed, &renewal, &upgrade])
            .await;
        assert_eq!(
            intake.sales_of(project).await,
            [
                "in_1 of 0.00 pays 0.00 less 0.00 to ada@example.com (subscription_metadata)",
                "in_2 of 50.00 pays 10.00 less 0.00 to ada@example.com (subscription_metadata)",
                "in_3 of 50.00 pays 0.00 less 0.00 to ada@example.com (subscription_metadata)",
                "in_4 of 50.00 pays 0.00 less 0.00 to ada@example.com (subscription_metadata)",
            ]
        );
        intake.close().await;
    }
}

#[tokio::test]
async fn what_an_upgrade_gives_back_earns_no_fixed_amount() {
    let rule = "INSERT INTO affiliate_private.product_rule (project_id, provider, product_key, effective_at, rate_ppm, fixed_minor)
                VALUES ($1, 'stripe', 'prod_2', '-infinity', 0, 300)";
    for profile in Profile::KERNELS {
        let intake = Intake::open(profile).await;
        let line = |amount: i64| json!({"amount": amount, "pricing": {"price_details": {"product": {"id": "prod_2", "object": "product"}}}});
        let upgrade = Event::invoice("in_1", "sub_1", "subscription_update", 2000)
            .set(METADATA, json!({"referral_code": "ADA"}))
            .set(
                "/data/object/lines/data",
                json!([line(-3000), line(5000), line(0)]),
            )
            .at(JANUARY);
        let project = intake.permute(&[rule], &[&upgrade]).await;
        assert_eq!(
            intake.sales_of(project).await,
            ["in_1 of 20.00 pays 3.00 less 0.00 to ada@example.com (subscription_metadata)"]
        );
        intake.close().await;
    }
}

#[tokio::test]
async fn an_expanded_promotion_code_names_its_coupon() {
    let intake = Intake::open(Profile::Portable).await;
    intake.run(intake.project, COUPON).await;
    for (name, promotion) in [
        ("pi_1", json!({"id": "promo_1", "coupon": {"id": "co_ada"}})),
        (
            "pi_2",
            json!({"id": "promo_2", "promotion": {"coupon": "co_ada"}}),
        ),
    ] {
        let sale = Event::sale(name, 5000)
            .object("discounts", json!([{"promotion_code": promotion}]))
            .email(&format!("{name}@customers.example"));
        intake.apply(&[&sale]).await;
    }
    for sale in intake.sales().await {
        assert!(
            sale.ends_with("pays 10.00 less 0.00 to ada@example.com (coupon)"),
            "{sale}"
        );
    }
    intake.close().await;
}

#[tokio::test]
async fn currencies_that_stripe_counts_in_other_units_are_taken_for_what_they_are() {
    for profile in Profile::KERNELS {
        let intake = Intake::open(profile).await;
        // Two lines of 500.50 krónur each are 1,001 together.
        let rate = "SELECT affiliate.set_exchange_rate($1, 'ISK', '1', '2020-01-01 00:00Z')";
        intake.run(intake.project, rate).await;
        let line = json!({"amount": 50_050, "pricing": {"price_details": {"product": "prod_1"}}});
        let split = Event::invoice("in_1", "sub_1", "subscription_create", 100_100)
            .currency("isk")
            .object("metadata", json!({"referral_code": "ADA"}))
            .set("/data/object/lines/data", json!([line, line]))
            .at(JANUARY);
        intake.apply(&[&split]).await;
        assert_eq!(
            intake.sales().await,
            ["in_1 of 1001 pays 200.20 less 0.00 to ada@example.com (metadata)"]
        );
        for (currency, minor, rate, base, commission, back) in [
            // 5,000 krónur at 0.0072, 5,000 shillings at 0.00027, 10,000 ariary at 0.00022; half of it taken back, rounded half away from zero.
            ("ISK", 500_000, "0.0072", "5000", "7.20", "3.60"),
            ("UGX", 500_000, "0.00027", "5000", "0.27", "0.14"),
            ("MGA", 10_000, "0.00022", "10000.00", "0.44", "0.22"),
        ] {
            let set = format!(
                "SELECT affiliate.set_exchange_rate($1, '{currency}', '{rate}', '2020-01-01 00:00Z')"
            );
            intake.run(intake.project, &set).await;
            let payment = format!("pi_{currency}");
            let sale = Event::sale(&payment, minor)
                .currency(&currency.to_lowercase())
                .code("ADA");
            let half = Event::refund(&payment, minor, minor / 2).currency(&currency.to_lowercase());
            intake.apply(&[&sale, &half]).await;
            let sales = intake.sales().await;
            let told = sales.iter().find(|sale| sale.starts_with(&payment));
            assert_eq!(
                told,
                Some(&format!(
                    "{payment} of {base} pays {commission} less {back} to ada@example.com (metadata)"
                ))
            );
        }
        intake.close().await;
    }
}
