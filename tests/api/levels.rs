//! Commission levels: reached by what an affiliate earned or by customers it brought, or given by hand.

use affiliate_tests::books::assert_clean;
use affiliate_tests::database::Profile;
use affiliate_tests::shop::{Project, Shop};
use affiliate_tests::stripe::event::Event;
use serde_json::{Value, json};

use crate::support::{assert_gone, assert_refused, created, data, now};

const LEVELS: &str = "/api/v1/commission-levels";
const LEVEL: &str = "/api/v1/affiliates/ada@example.com/level";

async fn add_level(project: &Project, level: Value) -> i64 {
    created(&project.post(LEVELS, &level).await)
}

/// A sale of 100.00 by Ada to a customer, and her total after it.
async fn sell(project: &Project, payment: &str, customer: &str) -> Value {
    let sale = Event::sale(payment, 10_000).code("ADA").at(now().await);
    let sale = sale
        .email(&format!("{customer}@example.com"))
        .customer(&format!("cus_{customer}"));
    project.deliver(&sale).await;
    project.affiliate("ada@example.com").await["total_earnings"].clone()
}

async fn promote(shop: &Shop) -> i32 {
    let client = shop.database.connect().await;
    let query = "SELECT affiliate.promote_affiliates()";
    client
        .query_one(query, &[])
        .await
        .expect("promotions")
        .get(0)
}

#[tokio::test]
async fn an_affiliate_reaches_levels_by_what_it_earned_and_keeps_what_it_had_before() {
    for profile in Profile::KERNELS {
        let shop = Shop::open(profile).await;
        let project = &shop.project;
        project.add_affiliate("ada@example.com", "ADA").await;
        let silver = add_level(
            project,
            json!({"name": "Silver", "commission_percent": 25, "minimum_earned": 20}),
        )
        .await;
        let gold = add_level(project, json!({"name": "Gold", "commission_percent": 40, "minimum_earned": 45, "period": "total"})).await;
        promote(&shop).await;
        assert_eq!(sell(project, "pi_1", "b1").await, json!("20.00"));
        // Nobody is promoted by a sale itself: a promotion is an event of its own.
        assert_eq!(
            data(&project.get(LEVEL).await, 200)["level_id"],
            Value::Null
        );
        assert_eq!(promote(&shop).await, 1);
        assert_eq!(promote(&shop).await, 0);
        let level = data(&project.get(LEVEL).await, 200);
        assert_eq!(
            (
                &level["level_id"],
                &level["level_name"],
                &level["automatic"]
            ),
            (&json!(silver), &json!("Silver"), &json!(true))
        );
        assert_eq!(sell(project, "pi_2", "b2").await, json!("45.00"));
        assert_eq!(promote(&shop).await, 1);
        assert_eq!(sell(project, "pi_3", "b3").await, json!("85.00"));
        // A refund does not take a level back, and the first sale keeps its 20 %.
        project
            .deliver(&Event::refund("pi_1", 10_000, 10_000).at(now().await))
            .await;
        assert_eq!(promote(&shop).await, 0);
        assert_eq!(
            data(&project.get(LEVEL).await, 200)["level_id"],
            json!(gold)
        );
        assert_eq!(sell(project, "pi_4", "b4").await, json!("105.00"));
        assert_clean(&shop.database).await;
        shop.close().await;
    }
}

#[tokio::test]
async fn a_level_that_asks_for_nothing_is_for_newcomers_too() {
    let shop = Shop::open(Profile::Portable).await;
    let starter = json!({"name": "Starter", "commission_percent": 25, "minimum_referrals": 0});
    let starter = add_level(&shop.project, starter).await;
    promote(&shop).await;
    shop.project.add_affiliate("ada@example.com", "ADA").await;
    assert_eq!(promote(&shop).await, 1);
    let level = data(&shop.project.get(LEVEL).await, 200);
    assert_eq!(level["level_id"], json!(starter));
    shop.close().await;
}

#[tokio::test]
async fn the_owner_pins_a_level_and_lets_go_of_it() {
    let shop = Shop::open(Profile::Portable).await;
    let project = &shop.project;
    project.add_affiliate("ada@example.com", "ADA").await;
    project.add_affiliate("bob@example.com", "BOB").await;
    let hand = add_level(
        project,
        json!({"name": "Friends", "commission_fixed": 1.5, "position": 9}),
    )
    .await;
    let easy = add_level(
        project,
        json!({"name": "Start", "commission_percent": 50, "minimum_referrals": 1, "position": 10}),
    )
    .await;
    let pinned = data(&project.put(LEVEL, &json!({"level_id": hand})).await, 200);
    assert_eq!(
        (&pinned["level_name"], &pinned["automatic"]),
        (&json!("Friends"), &json!(false))
    );
    assert_eq!(sell(project, "pi_1", "b1").await, json!("1.50"));
    assert_eq!(promote(&shop).await, 0);
    let free = data(&project.put(LEVEL, &json!({"automatic": true})).await, 200);
    assert_eq!(
        (&free["level_name"], &free["automatic"]),
        (&json!("Friends"), &json!(true))
    );
    assert_eq!(promote(&shop).await, 1);
    assert_eq!(
        data(&project.get(LEVEL).await, 200)["level_id"],
        json!(easy)
    );
    assert_eq!(sell(project, "pi_2", "b2").await, json!("51.50"));
    // What is deleted stays with those who have it.
    assert_gone(&project.delete(&format!("{LEVELS}/{easy}")).await);
    assert_eq!(sell(project, "pi_3", "b3").await, json!("101.50"));
    for automatic in [false, true] {
        let kept = project.put(LEVEL, &json!({"automatic": automatic})).await;
        assert_eq!(data(&kept, 200)["level_id"], json!(easy));
    }
    assert_refused(
        &project
            .put(
                "/api/v1/affiliates/bob@example.com/level",
                &json!({"level_id": easy}),
            )
            .await,
        404,
        "level not found",
    );
    data(&project.put(LEVEL, &json!({"level_id": null})).await, 200);
    assert_eq!(sell(project, "pi_4", "b4").await, json!("121.50"));
    assert_clean(&shop.database).await;
    shop.close().await;
}

#[tokio::test]
async fn customers_of_this_month_count_for_a_monthly_goal_and_a_level_has_its_own_duration() {
    let shop = Shop::open(Profile::Native).await;
    let project = &shop.project;
    project.add_affiliate("ada@example.com", "ADA").await;
    let level = json!({"name": "Two a month", "commission_percent": 30, "minimum_referrals": 2, "period": "month", "commission_duration": "first_purchase"});
    let id = add_level(project, level).await;
    let old = Event::sale("pi_old", 10_000)
        .code("ADA")
        .email("old@example.com")
        .customer("cus_old");
    project.deliver(&old.at(now().await - 40 * 86_400)).await;
    assert_eq!(sell(project, "pi_1", "b1").await, json!("40.00"));
    assert_eq!(promote(&shop).await, 0);
    assert_eq!(sell(project, "pi_2", "b2").await, json!("60.00"));
    assert_eq!(promote(&shop).await, 1);
    assert_eq!(data(&project.get(LEVEL).await, 200)["level_id"], json!(id));
    // A second purchase of a known customer earns nothing at this level, the first of a new one 30 %.
    assert_eq!(sell(project, "pi_3", "b1").await, json!("60.00"));
    assert_eq!(sell(project, "pi_4", "b4").await, json!("90.00"));
    // An override comes before the level's commission, whose duration stays.
    data(
        &project
            .put(
                "/api/v1/affiliates/ada@example.com/commission",
                &json!({"commission_percent": 60}),
            )
            .await,
        200,
    );
    assert_eq!(sell(project, "pi_5", "b5").await, json!("150.00"));
    assert_eq!(sell(project, "pi_6", "b5").await, json!("150.00"));
    assert_clean(&shop.database).await;
    shop.close().await;
}

#[tokio::test]
async fn levels_are_listed_in_order_changed_from_now_on_and_refused_where_they_clash() {
    let shop = Shop::open(Profile::Portable).await;
    let project = &shop.project;
    let one = add_level(
        project,
        json!({"name": "One", "commission_percent": 10, "minimum_earned": 5}),
    )
    .await;
    let two = add_level(
        project,
        json!({"name": "Two", "commission_percent": 20, "position": 5}),
    )
    .await;
    let moved = project
        .put(
            &format!("{LEVELS}/{one}"),
            &json!({"position": 7, "period": "year", "commission_months": 6}),
        )
        .await;
    let moved = data(&moved, 200);
    assert_eq!(
        (
            &moved["minimum_earned"],
            &moved["period"],
            &moved["commission_duration"],
            &moved["commission_months"]
        ),
        (&json!(5), &json!("year"), &json!("limited"), &json!(6))
    );
    let listed = data(&project.get(LEVELS).await, 200);
    let ids: Vec<_> = listed
        .as_array()
        .expect("a list")
        .iter()
        .map(|level| level["id"].clone())
        .collect();
    assert_eq!(ids, [json!(two), json!(one)]);
    let post = async |level: Value| project.post(LEVELS, &level).await;
    assert_refused(
        &post(json!({"name": "two", "commission_percent": 1})).await,
        409,
        "name or position",
    );
    assert_refused(
        &post(json!({"name": "Three", "commission_percent": 1, "position": 7})).await,
        409,
        "name or position",
    );
    assert_refused(
        &post(json!({"name": "Three"})).await,
        400,
        "commission_percent or commission_fixed",
    );
    let both = json!({"name": "Three", "commission_percent": 1, "minimum_earned": 1, "minimum_referrals": 1});
    assert_refused(&post(both).await, 400, "not both");
    assert_refused(
        &post(json!({"name": "Three", "commission_percent": 1, "period": "year"})).await,
        400,
        "period needs",
    );
    let given = json!({"name": "By hand", "commission_percent": 1});
    let given = post(given).await.json()["data"]["id"].clone();
    assert_refused(
        &project
            .put(&format!("{LEVELS}/{given}"), &json!({"period": "year"}))
            .await,
        409,
        "period needs",
    );
    assert_refused(
        &project.put(&format!("{LEVELS}/{one}"), &json!({})).await,
        400,
        "No updatable field",
    );
    assert_refused(
        &project
            .put(&format!("{LEVELS}/999999"), &json!({"position": 8}))
            .await,
        404,
        "Commission level not found",
    );
    let other = shop.add_project(&[]).await;
    assert_refused(
        &other
            .put(&format!("{LEVELS}/{one}"), &json!({"position": 8}))
            .await,
        404,
        "Commission level not found",
    );
    shop.close().await;
}
