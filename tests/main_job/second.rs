//! Providers tell whole seconds; what is said within the second of a sale counts by what came first in truth.

use affiliate_tests::books::assert_clean;
use affiliate_tests::database::Profile;
use affiliate_tests::shop::Shop;
use affiliate_tests::stripe::event::Event;
use affiliate_tests::stripe::now;
use serde_json::json;

const COMMISSION: &str = "/api/v1/affiliates/ada@example.com/commission";

#[tokio::test]
async fn what_the_owner_said_just_before_a_sale_counts_for_it_and_what_came_after_does_not() {
    for profile in Profile::KERNELS {
        let shop = Shop::open(profile).await;
        shop.project.add_affiliate("ada@example.com", "ADA").await;
        let mut expected = Vec::new();
        for (n, percent) in [30, 40, 50].into_iter().enumerate() {
            let body = json!({ "commission_percent": percent });
            let answer = shop.project.put(COMMISSION, &body).await;
            assert_eq!(answer.status, 200, "{}", answer.json());
            let payment = format!("pi_{n}");
            let email = format!("{n}@example.com");
            let sale = Event::sale(&payment, 1000).email(&email).code("ADA");
            assert_eq!(shop.project.deliver(&sale.at(now())).await, "applied");
            expected.push((payment, json!(percent / 10)));
        }
        let conversions = shop.project.conversions().await;
        for (payment, value) in &expected {
            let paid = conversions.iter().find(|c| c["reference"] == **payment);
            assert_eq!(paid.expect("a conversion")["value"], *value, "{payment}");
        }
        assert_clean(&shop.database).await;
        shop.close().await;
    }
}

#[tokio::test]
async fn a_code_is_whose_it_was_when_it_was_named_whatever_happens_to_it_in_the_same_second() {
    let shop = Shop::open(Profile::Portable).await;
    shop.project.add_affiliate("ada@example.com", "ADA").await;
    shop.project.add_affiliate("bob@example.com", "BOB").await;
    let rename = async |email: &str, code: &str| {
        let path = format!("/api/v1/affiliates/{email}");
        let answer = shop
            .project
            .put(&path, &json!({"referral_code": code}))
            .await;
        assert_eq!(answer.status, 200, "{}", answer.json());
    };
    let paid = async |invoice: &str, subscription: &str, at: i64| {
        let event = Event::invoice(invoice, subscription, "subscription_cycle", 1000)
            .customer(&format!("cus_{subscription}"))
            .object(
                "customer_email",
                json!(format!("{subscription}@example.com")),
            )
            .set(
                "/data/object/parent/subscription_details/metadata",
                json!({"referral_code": "ADA"}),
            );
        assert_eq!(shop.project.deliver(&event.at(at)).await, "applied");
    };
    paid("in_1", "sub_1", now()).await;
    rename("ada@example.com", "ADALINE").await;
    rename("bob@example.com", "ADA").await;
    paid("in_2", "sub_2", now()).await;
    rename("bob@example.com", "ROBERT").await;
    for (invoice, subscription) in [("in_3", "sub_1"), ("in_4", "sub_2")] {
        paid(invoice, subscription, now() + 2).await;
    }
    // Settling everything again, as after an upgrade, changes nothing.
    let again = "SELECT affiliate_private.lock_inputs(p.project_id, true), affiliate_private.resettle_since(p.project_id, '-infinity')
                 FROM affiliate_private.project AS p";
    let owner = shop.database.connect().await;
    owner.query(again, &[]).await.expect("settled again");
    for email in ["ada@example.com", "bob@example.com"] {
        let affiliate = shop.project.affiliate(email).await;
        assert_eq!(affiliate["purchases"], json!(2), "{email}");
    }
    assert_clean(&shop.database).await;
    shop.close().await;
}

#[tokio::test]
async fn a_sign_up_just_before_a_sale_speaks_for_it() {
    let shop = Shop::open(Profile::Portable).await;
    let ada = shop.project.add_affiliate("ada@example.com", "ADA").await;
    let user = json!({"email": "u@example.com", "affiliate_id": ada});
    let answer = shop.project.post("/api/v1/referrals", &user).await;
    assert_eq!(answer.status, 201, "{}", answer.json());
    let sale = Event::sale("pi_1", 1000).email("u@example.com").at(now());
    assert_eq!(shop.project.deliver(&sale).await, "applied");
    assert_eq!(shop.project.conversions().await[0]["value"], json!(2));
    assert_clean(&shop.database).await;
    shop.close().await;
}
