//! Conversions recorded, edited and deleted through the API.

mod refusals;

use affiliate_tests::books::assert_clean;
use affiliate_tests::database::Profile;
use affiliate_tests::shop::Shop;
use reqwest::Method;
use serde_json::{Value, json};

const PATH: &str = "/api/v1/conversions";
const FIELDS: [&str; 11] = [
    "id",
    "type",
    "affiliate_id",
    "referred_user_id",
    "value",
    "base_value",
    "base_value_currency",
    "paid",
    "created_at",
    "reference",
    "coupon_code_used",
];

/// Records a conversion and gives it as the API answers.
async fn create(shop: &Shop, body: Value) -> Value {
    let answer = shop.project.post(PATH, &body).await;
    assert_eq!(answer.status, 201, "{body}: {}", answer.text);
    answer.json()["data"].take()
}

async fn refused(shop: &Shop, body: Value) -> (u16, String) {
    let answer = shop.project.post(PATH, &body).await;
    (answer.status, answer.error())
}

async fn put(shop: &Shop, id: &Value, body: Value) -> Value {
    let path = format!("{PATH}/{id}");
    let bytes = body.to_string().into_bytes();
    let answer = shop.project.send(Method::PUT, &path, Some(bytes)).await;
    assert_eq!(answer.status, 200, "{body}: {}", answer.text);
    answer.json()["data"].take()
}

#[tokio::test]
async fn the_documented_example_is_answered_as_documented() {
    let shop = Shop::open_with(Profile::Native, &["--commission-percent", "5"]).await;
    let affiliate = shop.project.add_affiliate("ada@example.com", "ADA").await;
    let body = json!({"type": "purchase", "affiliate_id": affiliate, "base_value": 250, "base_value_currency": "USD", "reference": "ORDER-123"});
    let created = create(&shop, body).await;
    let keys: Vec<_> = created.as_object().expect("an object").keys().collect();
    assert_eq!(keys, FIELDS);
    assert_eq!(created["value"], json!(12.5));
    assert_eq!(created["base_value"], json!(250));
    assert_eq!(created["paid"], json!(false));
    assert_eq!(created["reference"], json!("ORDER-123"));
    assert_eq!(created["coupon_code_used"], Value::Null);
    let path = format!("{PATH}/{}", created["id"]);
    assert_eq!(shop.project.get(&path).await.json()["data"], created);
    assert_clean(&shop.database).await;
}

#[tokio::test]
async fn the_guides_aliases_and_defaults_make_a_purchase() {
    let shop = Shop::open(Profile::Portable).await;
    let affiliate = shop
        .project
        .add_affiliate("ada@example.com", "REF123")
        .await;
    let body = json!({"customer_email": "customer@example.com", "amount": 49.99, "referral_code": "ref123", "unknown": [1]});
    let created = create(&shop, body).await;
    assert_eq!(created["type"], json!("purchase"));
    assert_eq!(created["affiliate_id"], json!(affiliate));
    // 20 % of 49.99 is 9.998.
    assert_eq!(created["value"], json!(10));
    assert_eq!(created["base_value_currency"], json!("USD"));
    let user = shop.project.get("/api/v1/referrals/customer@example.com");
    assert_eq!(
        user.await.json()["data"]["conversion_status"],
        json!("converted")
    );
    // The same customer again, without a word about the affiliate.
    let again = json!({"email": "Customer@Example.com", "base_value": 10});
    let again = create(&shop, again).await;
    assert_eq!(again["affiliate_id"], json!(affiliate));
    assert_eq!(again["referred_user_id"], created["referred_user_id"]);
}

#[tokio::test]
async fn a_reference_is_taken_once_and_free_again_after_a_deletion() {
    let shop = Shop::open(Profile::Portable).await;
    let affiliate = shop.project.add_affiliate("ada@example.com", "ADA").await;
    let body = json!({"type": "purchase", "affiliate_id": affiliate, "base_value": 100, "reference": "R-1"});
    let attempts: Vec<_> = (0..20)
        .map(|_| {
            let (project, body) = (shop.project.clone(), body.clone());
            tokio::spawn(async move { project.post(PATH, &body).await.status })
        })
        .collect();
    let mut statuses = Vec::new();
    for attempt in attempts {
        statuses.push(attempt.await.expect("an answer"));
    }
    statuses.sort_unstable();
    let mut expected = vec![409; 20];
    expected[0] = 201;
    assert_eq!(statuses, expected);
    let id = shop.project.conversions().await[0]["id"].clone();
    let deleted = shop
        .project
        .send(Method::DELETE, &format!("{PATH}/{id}"), None)
        .await;
    assert_eq!((deleted.status, deleted.text.as_str()), (204, ""));
    let gone = shop.project.get(&format!("{PATH}/{id}")).await;
    assert_eq!(
        (gone.status, gone.error().as_str()),
        (404, "Conversion not found")
    );
    create(&shop, body).await;
    let stats = shop.project.affiliate("ada@example.com").await;
    assert_eq!(stats["total_earnings"], json!("20.00"));
    assert_eq!(stats["purchases"], json!(1));
    assert_clean(&shop.database).await;
}

#[tokio::test]
async fn edits_change_the_commission_through_the_ledger() {
    for profile in Profile::KERNELS {
        let shop = Shop::open(profile).await;
        let affiliate = shop.project.add_affiliate("ada@example.com", "ADA").await;
        let body = json!({"type": "purchase", "affiliate_id": affiliate, "base_value": 100});
        let id = create(&shop, body).await["id"].clone();
        assert_eq!(
            put(&shop, &id, json!({"value": 12.5})).await["value"],
            json!(12.5)
        );
        // A later base computes with the rule of the sale again, whatever the rule is by now.
        let project = shop.project.id.to_string();
        let set = [
            "project",
            "set",
            "--project",
            &project,
            "commission_percent=50",
        ];
        shop.database.affiliate(&set).await;
        let edited = put(&shop, &id, json!({"base_value": 50.05})).await;
        assert_eq!(
            (&edited["value"], &edited["base_value"]),
            (&json!(10.01), &json!(50.05))
        );
        // A sign-up earns nothing by itself.
        let signup = put(&shop, &id, json!({"type": "signup"})).await;
        assert_eq!(signup["value"], json!(0));
        let back = put(
            &shop,
            &id,
            json!({"type": "purchase", "reference": "R", "coupon_code_used": "SAVE"}),
        )
        .await;
        assert_eq!(back["value"], json!(10.01));
        assert_eq!(
            (&back["reference"], &back["coupon_code_used"]),
            (&json!("R"), &json!("SAVE"))
        );
        let stats = shop.project.affiliate("ada@example.com").await;
        assert_eq!(stats["total_earnings"], json!("10.01"));
        assert_eq!(
            (&stats["purchases"], &stats["signups"]),
            (&json!(1), &json!(0))
        );
        let sums = "SELECT count(*), sum(amount_minor)::bigint FROM affiliate_private.ledger_entry";
        let row = shop
            .database
            .connect_superuser()
            .await
            .query_one(sums, &[])
            .await
            .expect("sums");
        // 20.00, -7.50, -2.49, -10.01, +10.01
        assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (5, 1001));
        assert_clean(&shop.database).await;
    }
}

#[tokio::test]
async fn another_project_sees_edits_and_deletes_nothing() {
    let shop = Shop::open(Profile::Portable).await;
    let affiliate = shop.project.add_affiliate("ada@example.com", "ADA").await;
    let body = json!({"type": "purchase", "affiliate_id": affiliate, "base_value": 100, "email": "user@example.com"});
    let created = create(&shop, body).await;
    let path = format!("{PATH}/{}", created["id"]);
    let other = shop.add_project(&[]).await;
    for (method, body) in [
        (Method::GET, None),
        (Method::PUT, Some(b"{\"paid\":true}".to_vec())),
        (Method::DELETE, None),
    ] {
        let answer = other.send(method, &path, body).await;
        assert_eq!(
            (answer.status, answer.error().as_str()),
            (404, "Conversion not found")
        );
    }
    assert_eq!(other.conversions().await, Vec::<Value>::new());
    for body in [
        json!({"base_value": 1, "affiliate_id": affiliate}),
        json!({"base_value": 1, "referral_code": "ADA"}),
        json!({"base_value": 1, "referred_user_id": created["referred_user_id"]}),
    ] {
        assert_eq!(other.post(PATH, &body).await.status, 404, "{body}");
    }
    assert_eq!(shop.project.get(&path).await.json()["data"], created);
}
