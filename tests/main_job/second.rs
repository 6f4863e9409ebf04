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
