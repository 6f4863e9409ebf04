//! One payment has several objects at Stripe, and is one sale.

use super::*;

#[tokio::test]
async fn session_invoice_payment_and_refund_are_one_sale_in_any_order() {
    for profile in Profile::KERNELS {
        let intake = Intake::open(profile).await;
        // Since basil the refund leads to the invoice only through invoice_payment.paid.
        let session = Event::subscription_session("cs", "sub_1", Some("in_1"))
            .customer("cus_1")
            .code("ADA")
            .at(JANUARY + 3);
        let invoice = Event::invoice("in_1", "sub_1", "subscription_create", 5000).at(JANUARY);
        let payment = Event::invoice_payment("in_1", "pi_1").at(JANUARY + 1);
        let refund = Event::refund("pi_1", 5000, 2500).at(JANUARY + DAY);
        let project = intake
            .permute(&[], &[&session, &invoice, &payment, &refund])
            .await;
        assert_eq!(
            intake.sales_of(project).await,
            ["in_1 of 50.00 pays 10.00 less 5.00 to ada@example.com (metadata)"]
        );
        intake.close().await;
    }
}

#[tokio::test]
async fn before_basil_invoice_and_charge_name_each_other() {
    for profile in Profile::KERNELS {
        let intake = Intake::open(profile).await;
        let session = Event::subscription_session("cs", "sub_1", Some("in_1"))
            .customer("cus_1")
            .code("ADA")
            .at(JANUARY);
        let invoice = Event::old_invoice("in_1", "sub_1", "subscription_create", 5000).at(JANUARY);
        let refund = Event::refund("pi_in_1", 5000, 5000)
            .object("id", json!("ch_in_1"))
            .at(JANUARY + DAY);
        let renewal = Event::old_invoice("in_2", "sub_1", "subscription_cycle", 5000).at(FEBRUARY);
        let project = intake
            .permute(&[], &[&session, &invoice, &refund, &renewal])
            .await;
        assert_eq!(
            intake.sales_of(project).await,
            [
                "in_1 of 50.00 pays 10.00 less 10.00 to ada@example.com (metadata)",
                "in_2 of 50.00 pays 10.00 less 0.00 to ada@example.com (metadata)",
            ]
        );
        // The charge alone may name its invoice, which may come expanded.
        let unlinked = Event::old_invoice("in_3", "sub_1", "subscription_cycle", 5000)
            .at(MARCH)
            .object("payment_intent", Value::Null)
            .object("charge", Value::Null);
        let charge = Event::refund("pi_3", 5000, 5000)
            .object("invoice", json!({"id": "in_3", "object": "invoice"}));
        let project = intake
            .permute(&[], &[&session, &unlinked, &charge.at(MARCH + DAY)])
            .await;
        assert_eq!(
            intake.sales_of(project).await,
            ["in_3 of 50.00 pays 10.00 less 10.00 to ada@example.com (metadata)"]
        );
        intake.close().await;
    }
}

#[tokio::test]
async fn a_payment_session_that_also_made_an_invoice_counts_once() {
    for profile in Profile::KERNELS {
        let intake = Intake::open(profile).await;
        let invoice = Event::invoice("in_1", "sub", "manual", 5000)
            .object("parent", Value::Null)
            .at(JANUARY + 2);
        let payment = Event::invoice_payment("in_1", "pi_1").at(JANUARY + 3);
        let named = Event::sale("pi_1", 5000)
            .object("invoice", json!("in_1"))
            .customer("cus_1")
            .code("ADA")
            .at(JANUARY);
        let project = intake.permute(&[], &[&named, &invoice, &payment]).await;
        assert_eq!(
            intake.sales_of(project).await,
            ["in_1 of 50.00 pays 10.00 less 0.00 to ada@example.com (metadata)"]
        );
        // The session may be told before it has its invoice: two sales are known, and one of them pays.
        let unnamed = Event::sale("pi_1", 5000)
            .customer("cus_1")
            .code("ADA")
            .at(JANUARY);
        let project = intake.permute(&[], &[&unnamed, &invoice, &payment]).await;
        assert_eq!(
            intake.sales_of(project).await,
            [
                "pi_1 of 0.00 pays 0.00 less 0.00 to nobody (none)",
                "in_1 of 50.00 pays 10.00 less 0.00 to ada@example.com (metadata)",
            ]
        );
        intake.close().await;
    }
}
