//! The second tier: what the parent of an affiliate earns on top of its sales.

use affiliate_tests::books::assert_clean;
use affiliate_tests::database::Profile;
use affiliate_tests::shop::{Project, Shop};
use affiliate_tests::stripe::event::Event;
use serde_json::{Value, json};

use crate::support::{assert_gone, assert_refused, data, now};

const PARENT: &str = "/api/v1/affiliates/ada@example.com/parent";

/// Ada, and Bob who is her parent from now on.
async fn ada_under_bob(project: &Project, settings: Value) {
    project.add_affiliate("ada@example.com", "ADA").await;
    project.add_affiliate("bob@example.com", "BOB").await;
    data(&project.put("/api/v1/project", &settings).await, 200);
    let parent = json!({"parent_email": "bob@example.com"});
    data(&project.put(PARENT, &parent).await, 200);
}

async fn sell(project: &Project, payment: &str, amount: i64) {
    let sale = Event::sale(payment, amount).code("ADA").at(now().await);
    project.deliver(&sale).await;
}

/// Total earnings of Ada and of Bob.
async fn totals(project: &Project) -> (String, String) {
    let of = async |email: &str| {
        let total = &project.affiliate(email).await["total_earnings"];
        total.as_str().expect("a text").to_owned()
    };
    (of("ada@example.com").await, of("bob@example.com").await)
}

fn pair(ada: &str, bob: &str) -> (String, String) {
    (ada.to_owned(), bob.to_owned())
}

#[tokio::test]
async fn a_parent_earns_on_top_and_gives_back_its_share_of_a_refund() {
    for profile in Profile::KERNELS {
        let shop = Shop::open(profile).await;
        let project = &shop.project;
        ada_under_bob(project, json!({"tier_percent": 2.5})).await;
        sell(project, "pi_1", 10_000).await;
        assert_eq!(totals(project).await, pair("20.00", "2.50"));
        let bob = project.affiliate("bob@example.com").await;
        assert_eq!(
            (&bob["purchases"], &bob["held_earnings"]),
            (&json!(0), &json!("2.50"))
        );
        let listed = project
            .get(&format!("/api/v1/conversions?affiliate_id={}", bob["id"]))
            .await;
        assert_eq!(data(&listed, 200), json!([]));

        project
            .deliver(&Event::refund("pi_1", 10_000, 5_000).at(now().await))
            .await;
        assert_eq!(totals(project).await, pair("10.00", "1.25"));
        // 2.5 % of 0.33 is 0.00825: rounded half away from zero to a cent.
        sell(project, "pi_2", 33).await;
        assert_eq!(totals(project).await, pair("10.07", "1.26"));
        assert_clean(&shop.database).await;
        shop.close().await;
    }
}

#[tokio::test]
async fn a_parent_earns_from_when_on_it_is_one_and_only_for_the_months_set() {
    let shop = Shop::open(Profile::Native).await;
    let project = &shop.project;
    project.add_affiliate("ada@example.com", "ADA").await;
    project.add_affiliate("bob@example.com", "BOB").await;
    let settings = json!({"tier_fixed": 3, "tier_months": 2});
    let changed = data(&project.put("/api/v1/project", &settings).await, 200);
    assert_eq!(
        (
            &changed["tier_percent"],
            &changed["tier_fixed"],
            &changed["tier_months"]
        ),
        (&Value::Null, &json!(3), &json!(2))
    );
    sell(project, "pi_before", 10_000).await;
    let none = data(&project.get(PARENT).await, 200);
    assert_eq!(
        (&none["parent_id"], &none["since"]),
        (&Value::Null, &Value::Null)
    );
    let told = data(
        &project
            .put(PARENT, &json!({"parent_email": "bob@example.com"}))
            .await,
        200,
    );
    assert_eq!(told["parent_email"], json!("bob@example.com"));
    assert_eq!(data(&project.get(PARENT).await, 200), told);
    sell(project, "pi_after", 10_000).await;
    assert_eq!(totals(project).await, pair("40.00", "3.00"));
    // 61 days and two hours lie within no two calendar months.
    let later = affiliate_tests::stripe::now() + 62 * 86_400 + 7_200;
    project
        .deliver(&Event::sale("pi_late", 10_000).code("ADA").at(later))
        .await;
    assert_eq!(totals(project).await, pair("60.00", "3.00"));
    data(
        &project.put(PARENT, &json!({"parent_email": null})).await,
        200,
    );
    sell(project, "pi_alone", 10_000).await;
    assert_eq!(totals(project).await, pair("80.00", "3.00"));
    assert_clean(&shop.database).await;
    shop.close().await;
}

#[tokio::test]
async fn a_parent_earns_nothing_inactive_on_its_own_purchase_or_where_the_affiliate_earns_nothing()
{
    let shop = Shop::open(Profile::Portable).await;
    let project = &shop.project;
    ada_under_bob(
        project,
        json!({"tier_percent": 10, "commission_duration": "first_purchase"}),
    )
    .await;
    let at = now().await;
    let own = Event::sale("pi_own", 10_000)
        .code("ADA")
        .email("bob@example.com")
        .customer("cus_bob");
    project.deliver(&own.at(at)).await;
    assert_eq!(totals(project).await, pair("20.00", "0.00"));
    let first = Event::sale("pi_first", 10_000)
        .code("ADA")
        .email("cleo@example.com")
        .customer("cus_cleo");
    project.deliver(&first.at(at)).await;
    let second = Event::sale("pi_second", 10_000)
        .code("ADA")
        .email("cleo@example.com")
        .customer("cus_cleo");
    project.deliver(&second.at(at + 5)).await;
    assert_eq!(totals(project).await, pair("40.00", "10.00"));
    data(
        &project
            .put(
                "/api/v1/affiliates/bob@example.com",
                &json!({"status": "inactive"}),
            )
            .await,
        200,
    );
    let third = Event::sale("pi_third", 10_000)
        .code("ADA")
        .email("dora@example.com")
        .customer("cus_dora");
    project.deliver(&third.at(now().await)).await;
    assert_eq!(totals(project).await, pair("60.00", "10.00"));
    assert_clean(&shop.database).await;
    shop.close().await;
}

#[tokio::test]
async fn what_a_parent_was_to_earn_goes_with_it_and_a_paid_conversion_is_not_the_parents() {
    let shop = Shop::open(Profile::Native).await;
    let project = &shop.project;
    ada_under_bob(project, json!({"tier_percent": 5, "hold_days": 0})).await;
    sell(project, "pi_1", 10_000).await;
    let id = project.conversions().await[0]["id"].clone();
    data(
        &project
            .put(&format!("/api/v1/conversions/{id}"), &json!({"paid": true}))
            .await,
        200,
    );
    let (ada, bob) = (
        project.affiliate("ada@example.com").await,
        project.affiliate("bob@example.com").await,
    );
    assert_eq!(
        (&ada["unpaid_earnings"], &bob["unpaid_earnings"]),
        (&json!("0.00"), &json!("5.00"))
    );
    assert_gone(&project.delete("/api/v1/affiliates/bob@example.com").await);
    let client = shop.database.connect().await;
    let row = client
        .query_one("SELECT sum(amount_minor)::bigint FROM affiliate_private.ledger_entry WHERE kind = 'tier'", &[])
        .await
        .expect("the ledger");
    assert_eq!(row.get::<_, i64>(0), 0);
    assert_eq!(
        data(&project.get(PARENT).await, 200)["parent_id"],
        Value::Null
    );
    assert_clean(&shop.database).await;
    shop.close().await;
}

#[tokio::test]
async fn a_parent_that_cannot_be_is_refused() {
    let shop = Shop::open(Profile::Portable).await;
    let project = &shop.project;
    ada_under_bob(project, json!({"tier_percent": 5})).await;
    let put =
        async |path: &str, parent: Value| project.put(path, &json!({"parent_email": parent})).await;
    assert_refused(
        &put(PARENT, json!("ada@example.com")).await,
        409,
        "its own parent",
    );
    assert_refused(
        &put(PARENT, json!("nobody@example.com")).await,
        404,
        "Affiliate not found",
    );
    assert_refused(
        &put(
            "/api/v1/affiliates/bob@example.com/parent",
            json!("ada@example.com"),
        )
        .await,
        409,
        "each other's parent",
    );
    let both = project
        .put(
            "/api/v1/project",
            &json!({"tier_percent": 5, "tier_fixed": 1}),
        )
        .await;
    assert_refused(&both, 400, "not both");
    // Another project's affiliate is nobody here.
    let other = shop.add_project(&[]).await;
    other.add_affiliate("eve@example.com", "EVE").await;
    assert_refused(
        &put(PARENT, json!("eve@example.com")).await,
        404,
        "Affiliate not found",
    );
    shop.close().await;
}

#[tokio::test]
async fn two_affiliates_are_never_each_others_parents_at_any_moment() {
    let shop = Shop::open(Profile::Portable).await;
    let ada = shop.project.add_affiliate("ada@example.com", "ADA").await;
    let bob = shop.project.add_affiliate("bob@example.com", "BOB").await;
    let client = shop.database.connect().await;
    let put = async |child: i64, parent: Option<i64>, month: &str| {
        let parent = parent.map_or("NULL".to_owned(), |id| id.to_string());
        let sql = format!(
            "SELECT affiliate.set_affiliate_parent({}, {child}, {parent}, '{month}-01Z')",
            shop.project.id
        );
        client.batch_execute(&sql).await
    };
    let put_well = async |child, parent, month| put(child, parent, month).await.expect("a parent");
    // Ada is under Bob from March to May.
    put_well(ada, Some(bob), "2026-03").await;
    put_well(ada, None, "2026-06").await;
    for month in ["2026-01", "2026-03", "2026-05"] {
        let refused = put(bob, Some(ada), month).await.expect_err(month);
        let state = refused.code().map(|state| state.code().to_owned());
        assert_eq!(state.as_deref(), Some("RF409"), "{month}");
    }
    // What was said of a moment and taken back at once never was.
    put_well(ada, Some(bob), "2026-09").await;
    put_well(ada, None, "2026-09").await;
    put_well(bob, Some(ada), "2026-06").await;
    // Until he is under nobody again, before she comes under him.
    put_well(bob, None, "2026-02").await;
    put_well(bob, Some(ada), "2026-01").await;
    shop.close().await;
}
