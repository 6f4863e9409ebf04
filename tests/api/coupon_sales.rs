//! Whom a coupon credits: its owner at the time of the sale, whatever happens to it later.

use affiliate_tests::books::assert_clean;
use affiliate_tests::database::Profile;
use affiliate_tests::shop::{Project, Shop};
use affiliate_tests::stripe::{self, event::Event};
use serde_json::{Value, json};

use crate::support::{add_coupon, assert_gone, data, now};

/// A sale with a discount as Stripe states it.
fn discounted(payment: &str, discount: Value) -> Event {
    Event::sale(payment, 10_000).object("discounts", json!([discount]))
}

/// Who is credited with a payment, and the coupon shown for it.
async fn credited(project: &Project, payment: &str) -> (Value, Value) {
    let conversions = project.conversions().await;
    let found = conversions.iter().find(|c| c["reference"] == payment);
    let found = found.unwrap_or_else(|| panic!("no {payment} in {conversions:?}"));
    (
        found["affiliate_id"].clone(),
        found["coupon_code_used"].clone(),
    )
}

async fn set_coupon(project: &Project, id: i64, members: Value) {
    data(
        &project
            .put(&format!("/api/v1/coupons/{id}"), &members)
            .await,
        200,
    );
}

#[tokio::test]
async fn a_sale_with_a_coupons_stripe_id_credits_its_owner_above_all_else() {
    for profile in Profile::KERNELS {
        let shop = Shop::open(profile).await;
        let project = &shop.project;
        let ada = project.add_affiliate("ada@example.com", "ADA").await;
        project.add_affiliate("bob@example.com", "BOB").await;
        add_coupon(
            project,
            ada,
            json!({"coupon_code": "Ada-20", "stripe_coupon_id": "Promo_X1"}),
        )
        .await;
        let discounts = [
            json!({"promotion_code": "Promo_X1", "coupon": "co_any"}),
            json!({"promotion_code": "promo_any", "coupon": "Promo_X1"}),
            json!({"promotion_code": {"id": "Promo_X1", "object": "promotion_code"}, "coupon": null}),
            json!({"promotion_code": {"id": "promo_any", "code": "ADA-20"}, "coupon": {"id": "co_any"}}),
            json!({"promotion_code": {"id": "promo_any", "code": "promo_x1"}, "coupon": null}),
        ];
        for (n, discount) in discounts.into_iter().enumerate() {
            let payment = format!("pi_{n}");
            let sale = discounted(&payment, discount).code("BOB");
            assert_eq!(project.deliver(&sale).await, "applied");
            assert_eq!(
                credited(project, &payment).await,
                (json!(ada), json!("Ada-20")),
                "{payment}"
            );
        }
        let stats = project.affiliate("ada@example.com").await;
        assert_eq!(stats["total_earnings"], "100.00");
        assert_clean(&shop.database).await;
        shop.close().await;
    }
}

#[tokio::test]
async fn the_typed_code_decides_before_the_stripe_ids() {
    for profile in Profile::KERNELS {
        let shop = Shop::open(profile).await;
        let project = &shop.project;
        // The kernel's own tie-break would prefer the affiliate who came first.
        let ids = project.add_affiliate("ids@example.com", "IDS").await;
        let typed = project.add_affiliate("typed@example.com", "TYPED").await;
        add_coupon(
            project,
            ids,
            json!({"coupon_code": "IDS20", "stripe_coupon_id": "promo_1"}),
        )
        .await;
        add_coupon(project, typed, json!({"coupon_code": "TYPED20"})).await;
        let promotion =
            json!({"promotion_code": {"id": "promo_1", "code": "Typed20"}, "coupon": "co_1"});
        project.deliver(&discounted("pi_1", promotion)).await;
        assert_eq!(
            credited(project, "pi_1").await,
            (json!(typed), json!("TYPED20"))
        );
        assert_clean(&shop.database).await;
        shop.close().await;
    }
}

#[tokio::test]
async fn an_inactive_coupon_credits_nobody_while_it_is_inactive() {
    for profile in Profile::KERNELS {
        let shop = Shop::open(profile).await;
        let project = &shop.project;
        let ada = project.add_affiliate("ada@example.com", "ADA").await;
        let discount = json!({"promotion_code": "promo_1", "coupon": "co_1"});
        let body =
            json!({"coupon_code": "ADA20", "stripe_coupon_id": "promo_1", "status": "inactive"});
        let id = add_coupon(project, ada, body).await;

        project
            .deliver(&discounted("pi_before", discount.clone()))
            .await;
        assert_eq!(
            credited(project, "pi_before").await,
            (Value::Null, Value::Null)
        );
        set_coupon(project, id, json!({"status": "active"})).await;
        project
            .deliver(&discounted("pi_active", discount.clone()).at(now().await))
            .await;
        assert_eq!(
            credited(project, "pi_active").await,
            (json!(ada), json!("ADA20"))
        );
        set_coupon(project, id, json!({"status": "inactive"})).await;
        project
            .deliver(&discounted("pi_after", discount).at(now().await))
            .await;

        assert_eq!(
            credited(project, "pi_before").await,
            (Value::Null, Value::Null)
        );
        assert_eq!(
            credited(project, "pi_after").await,
            (Value::Null, Value::Null)
        );
        assert_clean(&shop.database).await;
        shop.close().await;
    }
}

#[tokio::test]
async fn a_code_that_passes_to_someone_else_leaves_old_sales_where_they_are() {
    for profile in Profile::KERNELS {
        let shop = Shop::open(profile).await;
        let project = &shop.project;
        let ada = project.add_affiliate("ada@example.com", "ADA").await;
        let bob = project.add_affiliate("bob@example.com", "BOB").await;
        let discount = json!({"promotion_code": "promo_1", "coupon": "co_1"});
        let sold_at = stripe::now() - 60;
        let coupon = json!({"coupon_code": "SAVE20", "stripe_coupon_id": "promo_1"});
        let first = add_coupon(project, ada, coupon).await;
        project
            .deliver(&discounted("pi_old", discount.clone()).at(sold_at))
            .await;
        assert_gone(&project.delete(&format!("/api/v1/coupons/{first}")).await);
        project
            .deliver(&discounted("pi_between", discount.clone()).at(now().await))
            .await;
        let coupon = json!({"coupon_code": "Save20-Bob", "stripe_coupon_id": "promo_1"});
        let second = add_coupon(project, bob, coupon).await;
        project
            .deliver(&discounted("pi_new", discount.clone()).at(now().await))
            .await;
        // Told late, sold early: its owner then.
        project
            .deliver(&discounted("pi_late", discount).at(sold_at))
            .await;
        set_coupon(project, second, json!({"coupon_code": "RENAMED"})).await;

        let expected = [
            ("pi_old", json!(ada), json!("SAVE20")),
            ("pi_late", json!(ada), json!("SAVE20")),
            ("pi_between", Value::Null, Value::Null),
            ("pi_new", json!(bob), json!("Save20-Bob")),
        ];
        for (payment, affiliate, code) in expected {
            assert_eq!(
                credited(project, payment).await,
                (affiliate, code),
                "{payment}"
            );
        }
        assert_clean(&shop.database).await;
        shop.close().await;
    }
}

#[tokio::test]
async fn a_coupon_entered_after_its_first_sale_still_credits_it() {
    for profile in Profile::KERNELS {
        let shop = Shop::open(profile).await;
        let project = &shop.project;
        let ada = project.add_affiliate("ada@example.com", "ADA").await;
        let discount = json!({"promotion_code": "promo_1", "coupon": "co_1"});
        project.deliver(&discounted("pi_1", discount)).await;
        assert_eq!(credited(project, "pi_1").await, (Value::Null, Value::Null));
        add_coupon(
            project,
            ada,
            json!({"coupon_code": "ADA20", "stripe_coupon_id": "promo_1"}),
        )
        .await;
        assert_eq!(
            credited(project, "pi_1").await,
            (json!(ada), json!("ADA20"))
        );
        assert_clean(&shop.database).await;
        shop.close().await;
    }
}
