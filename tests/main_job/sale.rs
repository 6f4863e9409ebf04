//! A signed Stripe payment has its effect before it is answered, once.

use affiliate_tests::analyst;
use affiliate_tests::books::assert_clean;
use affiliate_tests::database::Profile;
use affiliate_tests::receiver::Receiver;
use affiliate_tests::shop::Shop;
use affiliate_tests::stripe::{self, event::Event};
use serde_json::json;

#[tokio::test]
async fn a_signed_payment_is_seen_in_rest_in_sql_and_by_the_shops_own_endpoint() {
    for profile in Profile::KERNELS {
        let shop = Shop::open(profile).await;
        let receiver = Receiver::start().await;
        let project = &shop.project;
        let secret = project
            .add_webhook(&shop.database, receiver.url(), &[])
            .await;
        let affiliate = project.add_affiliate("ada@example.com", "ADA").await;
        let bought_at = stripe::now() - 60;
        let sale = Event::sale("pi_1", 9999)
            .code("ADA")
            .email("buyer@example.com")
            .at(bought_at);

        assert_eq!(project.deliver(&sale).await, "applied");

        // Nothing is waited for: the effect is there when the answer is. 20 % of 99.99 is 19.998.
        let conversions = project.conversions().await;
        assert_eq!(conversions.len(), 1);
        let conversion = &conversions[0];
        assert_eq!(conversion["affiliate_id"], json!(affiliate));
        assert_eq!(
            (
                &conversion["type"],
                &conversion["value"],
                &conversion["base_value"]
            ),
            (&json!("purchase"), &json!(20), &json!(99.99))
        );
        let stats = project.affiliate("ada@example.com").await;
        assert_eq!(
            (
                &stats["total_earnings"],
                &stats["held_earnings"],
                &stats["eligible_earnings"],
                &stats["purchases"]
            ),
            (&json!("20.00"), &json!("20.00"), &json!("0.00"), &json!(1))
        );

        let analyst = analyst::connect(&shop.database, &[project.id]).await;
        let seen = analyst
            .query_one(
                "SELECT a.total_earnings::text, a.held_earnings::text, c.commission::text, c.reference,
                        extract(epoch FROM c.release_at - c.occurred_at)::bigint
                 FROM affiliate.affiliates AS a JOIN affiliate.conversions AS c USING (project_id, affiliate_id)",
                &[],
            )
            .await
            .expect("one conversion of one affiliate");
        assert_eq!(
            (seen.get(0), seen.get(1), seen.get(2), seen.get(3)),
            ("20.00", "20.00", "20.00", "pi_1")
        );
        assert_eq!(seen.get::<_, i64>(4), 30 * 24 * 60 * 60);

        let received = &receiver.wait_for(1).await[0];
        assert_eq!(received.header("x-refgrow-event"), "referral_converted");
        assert!(received.is_signed_with(&secret));
        let payload = received.json();
        assert_eq!(payload["event"], "referral_converted");
        assert_eq!(payload["project_id"], json!(project.id.to_string()));
        assert_eq!(payload["referrer"]["email"], "ada@example.com");
        assert_eq!(payload["referred"]["email"], "buyer@example.com");
        let converted = &payload["conversion"];
        assert_eq!(
            (
                &converted["amount"],
                &converted["commission_amount"],
                &converted["commission_rate"]
            ),
            (&json!(99.99), &json!(20), &json!(20))
        );
        assert_clean(&shop.database).await;
        shop.close().await;
    }
}

#[tokio::test]
async fn the_same_event_five_times_is_one_conversion() {
    for profile in Profile::KERNELS {
        let shop = Shop::open(profile).await;
        shop.project.add_affiliate("ada@example.com", "ADA").await;
        let sale = Event::sale("pi_1", 9999).code("ADA");
        assert_eq!(shop.project.deliver(&sale).await, "applied");
        for _ in 0..4 {
            assert_eq!(shop.project.deliver(&sale).await, "duplicate");
        }
        assert_one_sale(&shop).await;
        shop.close().await;
    }
}

#[tokio::test]
async fn the_same_event_fifty_times_at_once_is_one_conversion() {
    for profile in Profile::KERNELS {
        let shop = Shop::open(profile).await;
        shop.project.add_affiliate("ada@example.com", "ADA").await;
        let sale = Event::sale("pi_1", 9999).code("ADA");
        let outcomes = deliver_at_once(&shop, vec![sale; 50]).await;
        let applied = outcomes.iter().filter(|outcome| *outcome == "applied");
        assert_eq!(applied.count(), 1, "{outcomes:?}");
        assert_one_sale(&shop).await;
        shop.close().await;
    }
}

#[tokio::test]
async fn other_events_of_the_same_payment_are_the_same_sale() {
    for profile in Profile::KERNELS {
        let shop = Shop::open(profile).await;
        shop.project.add_affiliate("ada@example.com", "ADA").await;
        // Two endpoints at Stripe, or completed and async_payment_succeeded: other event ids, one payment.
        let events = (0..20).map(|number| {
            let kind = ["completed", "async_payment_succeeded"][number % 2];
            Event::sale("pi_1", 9999)
                .code("ADA")
                .id(&format!("evt_{number}"))
                .of_type(&format!("checkout.session.{kind}"))
        });
        deliver_at_once(&shop, events.collect()).await;
        assert_one_sale(&shop).await;
        shop.close().await;
    }
}

#[tokio::test]
async fn a_session_without_money_is_no_sale_until_it_is_paid() {
    for profile in Profile::KERNELS {
        let shop = Shop::open(profile).await;
        let project = &shop.project;
        project.add_affiliate("ada@example.com", "ADA").await;
        let unpaid = Event::unpaid("pi_1").code("ADA").email("b@example.com");
        assert_eq!(project.deliver(&unpaid).await, "applied");
        assert!(project.conversions().await.is_empty());
        // The code was in the first event only; the payment is found by its own identity.
        let paid = Event::sale("pi_1", 4999).of_type("checkout.session.async_payment_succeeded");
        assert_eq!(project.deliver(&paid).await, "applied");
        let stats = project.affiliate("ada@example.com").await;
        assert_eq!(stats["total_earnings"], "10.00");
        assert_clean(&shop.database).await;
        shop.close().await;
    }
}

#[tokio::test]
async fn a_sale_nobody_referred_is_kept_and_pays_nobody() {
    for profile in Profile::KERNELS {
        let shop = Shop::open(profile).await;
        let project = &shop.project;
        project.add_affiliate("ada@example.com", "ADA").await;
        project.deliver(&Event::sale("pi_1", 9999)).await;
        let unknown = Event::sale("pi_2", 9999).code("NOBODY");
        project.deliver(&unknown).await;
        let own = Event::sale("pi_3", 9999)
            .code("ADA")
            .email("ada@example.com");
        project.deliver(&own).await;
        let conversions = project.conversions().await;
        assert_eq!(conversions.len(), 3);
        for conversion in &conversions {
            assert_eq!(
                (&conversion["affiliate_id"], &conversion["value"]),
                (&json!(null), &json!(0))
            );
        }
        let stats = project.affiliate("ada@example.com").await;
        assert_eq!(stats["total_earnings"], "0.00");
        assert_clean(&shop.database).await;
        shop.close().await;
    }
}

#[tokio::test]
async fn events_of_other_types_are_taken_and_change_nothing() {
    let shop = Shop::open(Profile::Portable).await;
    let event = Event::sale("pi_1", 9999).of_type("customer.tax_id.created");
    assert_eq!(shop.project.deliver(&event).await, "ignored");
    assert!(shop.project.conversions().await.is_empty());
    shop.close().await;
}

async fn deliver_at_once(shop: &Shop, events: Vec<Event>) -> Vec<String> {
    let deliveries = events.into_iter().map(|event| {
        let project = shop.project.clone();
        tokio::spawn(async move { project.deliver(&event).await })
    });
    let mut outcomes = Vec::new();
    for delivery in deliveries.collect::<Vec<_>>() {
        outcomes.push(delivery.await.expect("a delivery"));
    }
    outcomes
}

async fn assert_one_sale(shop: &Shop) {
    let conversions = shop.project.conversions().await;
    assert_eq!(conversions.len(), 1, "{conversions:?}");
    let stats = shop.project.affiliate("ada@example.com").await;
    assert_eq!(
        (&stats["total_earnings"], &stats["purchases"]),
        (&json!("20.00"), &json!(1))
    );
    assert_clean(&shop.database).await;
}

#[tokio::test]
async fn a_customer_who_turns_out_to_be_the_affiliate_is_not_paid_for_earlier_sales_either() {
    for profile in Profile::KERNELS {
        let shop = Shop::open(profile).await;
        let project = &shop.project;
        project.add_affiliate("ada@example.com", "ADA").await;
        let first = Event::sale("pi_1", 9999).code("ADA").customer("cus_1");
        project.deliver(&first.at(1_768_000_000)).await;
        let stats = project.affiliate("ada@example.com").await;
        assert_eq!(stats["total_earnings"], "20.00");
        let second = Event::sale("pi_2", 9999)
            .email("ada@example.com")
            .customer("cus_1");
        project.deliver(&second.at(1_768_000_100)).await;
        let stats = project.affiliate("ada@example.com").await;
        assert_eq!(stats["total_earnings"], "0.00");
        assert_clean(&shop.database).await;
        shop.close().await;
    }
}

#[tokio::test]
async fn who_announces_a_payment_without_evidence_is_remembered_until_its_money_comes() {
    for profile in Profile::KERNELS {
        let shop = Shop::open(profile).await;
        let project = &shop.project;
        project.add_affiliate("ada@example.com", "ADA").await;
        let first = Event::sale("pi_1", 9999).code("ADA").email("b@example.com");
        project.deliver(&first.at(1_768_000_000)).await;
        // The session names the customer, its payment does not.
        let unpaid = Event::unpaid("pi_2").email("b@example.com");
        project.deliver(&unpaid.at(1_768_000_100)).await;
        let paid = Event::sale("pi_2", 4999).at(1_768_000_200);
        project.deliver(&paid).await;
        let stats = project.affiliate("ada@example.com").await;
        assert_eq!(stats["total_earnings"], "30.00");
        assert_clean(&shop.database).await;
        shop.close().await;
    }
}
