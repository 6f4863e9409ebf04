//! The coupon endpoints as documented: shapes, refusals, filters, and whose coupon it is.

use affiliate_tests::database::Profile;
use affiliate_tests::shop::Shop;
use serde_json::{Value, json};

use crate::support::{add_coupon, assert_gone, assert_refused, created, data, names};

const MEMBERS: [&str; 11] = [
    "id",
    "project_id",
    "affiliate_id",
    "coupon_code",
    "stripe_coupon_id",
    "lemonsqueezy_discount_code",
    "status",
    "created_at",
    "updated_at",
    "affiliate_email",
    "affiliate_referral_code",
];

async fn shop() -> (Shop, i64) {
    let shop = Shop::open(Profile::Portable).await;
    let project = &shop.project;
    let affiliate = project
        .add_affiliate("affiliate@example.com", "REF123")
        .await;
    (shop, affiliate)
}

#[tokio::test]
async fn the_documented_examples_answer_as_documented() {
    let (shop, affiliate) = shop().await;
    let project = &shop.project;

    let example = json!({"affiliate_id": affiliate, "coupon_code": "SAVE30", "stripe_coupon_id": "stripe_save30", "status": "active"});
    let coupon = data(&project.post("/api/v1/coupons", &example).await, 201);
    assert_eq!(names(&coupon), MEMBERS);
    let id = coupon["id"].as_i64().expect("an id");
    let times = (coupon["created_at"].clone(), coupon["updated_at"].clone());
    assert!(times.0.as_str().is_some_and(|time| time.len() == 24));
    let expected = json!({
        "id": id, "project_id": project.id, "affiliate_id": affiliate, "coupon_code": "SAVE30",
        "stripe_coupon_id": "stripe_save30", "lemonsqueezy_discount_code": null, "status": "active",
        "created_at": times.0, "updated_at": times.1,
        "affiliate_email": "affiliate@example.com", "affiliate_referral_code": "REF123"
    });
    assert_eq!(coupon, expected);

    let path = format!("/api/v1/coupons/{id}");
    assert_eq!(data(&project.get(&path).await, 200), expected);
    let list = project.get("/api/v1/coupons?limit=10&status=active").await;
    assert_eq!(
        list.json(),
        json!({"success": true, "data": [expected], "pagination": {"limit": 10, "offset": 0, "total": 1, "has_more": false}})
    );

    let update = json!({"status": "inactive", "stripe_coupon_id": "stripe_save20_updated"});
    let updated = data(&project.put(&path, &update).await, 200);
    let mut expected = expected;
    expected["status"] = json!("inactive");
    expected["stripe_coupon_id"] = json!("stripe_save20_updated");
    expected["updated_at"] = updated["updated_at"].clone();
    assert_eq!(updated, expected);
    assert!(updated["updated_at"].as_str() > updated["created_at"].as_str());

    assert_gone(&project.delete(&path).await);
    assert_refused(&project.get(&path).await, 404, "Coupon not found");
}

#[tokio::test]
async fn null_removes_what_may_be_missing_and_what_is_not_sent_stays() {
    let (shop, affiliate) = shop().await;
    let codes = json!({"coupon_code": "SAVE20", "stripe_coupon_id": " promo_1 ", "lemonsqueezy_discount_code": "LS_1"});
    let id = add_coupon(&shop.project, affiliate, codes).await;
    let path = format!("/api/v1/coupons/{id}");
    let update = json!({"lemonsqueezy_discount_code": null, "unknown": 1});
    let coupon = data(&shop.project.put(&path, &update).await, 200);
    let codes = ["stripe_coupon_id", "lemonsqueezy_discount_code", "status"];
    assert_eq!(
        codes.map(|name| &coupon[name]),
        [&json!("promo_1"), &Value::Null, &json!("active")]
    );
    assert_refused(
        &shop.project.put(&path, &json!({"coupon_code": null})).await,
        400,
        "coupon_code must be",
    );
}

#[tokio::test]
async fn wrong_values_are_400_and_unknown_affiliates_404() {
    let (shop, affiliate) = shop().await;
    let project = &shop.project;
    let id = add_coupon(project, affiliate, json!({"coupon_code": "SAVE20"})).await;
    let refused: &[(Value, u16, &str)] = &[
        (json!({"affiliate_id": affiliate}), 400, "coupon_code"),
        (json!({"coupon_code": "SAVE30"}), 400, "affiliate_id"),
        (
            json!({"affiliate_id": affiliate, "coupon_code": "AB"}),
            400,
            "coupon_code",
        ),
        (
            json!({"affiliate_id": affiliate, "coupon_code": "SAVE 30"}),
            400,
            "coupon_code",
        ),
        (
            json!({"affiliate_id": affiliate, "coupon_code": "SAVE30", "status": "on"}),
            400,
            "status",
        ),
        (
            json!({"affiliate_id": affiliate, "coupon_code": "SAVE30", "stripe_coupon_id": " "}),
            400,
            "stripe_coupon_id",
        ),
        (
            json!({"affiliate_id": "x", "coupon_code": "SAVE30"}),
            400,
            "affiliate_id",
        ),
        (
            json!({"affiliate_id": affiliate + 1, "coupon_code": "SAVE30"}),
            404,
            "Affiliate not found",
        ),
    ];
    for (body, status, words) in refused {
        let answer = project.post("/api/v1/coupons", body).await;
        assert_refused(&answer, *status, words);
    }

    let path = format!("/api/v1/coupons/{id}");
    let refused: &[(Value, u16, &str)] = &[
        (json!({}), 400, "No updatable field"),
        (
            json!({"updated_at": "2024-01-01"}),
            400,
            "No updatable field",
        ),
        (json!({"affiliate_id": null}), 400, "affiliate_id"),
        (
            json!({"affiliate_id": affiliate + 1}),
            404,
            "Affiliate not found",
        ),
        (json!({"status": "deleted"}), 400, "status"),
    ];
    for (body, status, words) in refused {
        assert_refused(&project.put(&path, body).await, *status, words);
    }
    for id in ["x", "0", "-1", "1.5", "9007199254740992"] {
        let path = format!("/api/v1/coupons/{id}");
        assert_refused(&project.get(&path).await, 400, "id must be");
        assert_refused(&project.delete(&path).await, 400, "id must be");
        assert_refused(&project.put(&path, &json!({})).await, 400, "id must be");
    }
    let unknown = "/api/v1/coupons/999999999";
    let update = json!({"status": "active"});
    assert_refused(
        &project.put(unknown, &update).await,
        404,
        "Coupon not found",
    );
    assert_refused(&project.delete(unknown).await, 404, "Coupon not found");
}

#[tokio::test]
async fn a_code_that_is_taken_is_409_until_its_coupon_is_deleted() {
    let (shop, affiliate) = shop().await;
    let project = &shop.project;
    let first = json!({"coupon_code": "SAVE20", "stripe_coupon_id": "promo_1", "lemonsqueezy_discount_code": "LS_1", "status": "inactive"});
    let first = add_coupon(project, affiliate, first).await;
    let second = add_coupon(project, affiliate, json!({"coupon_code": "OTHER"})).await;
    let taken = [
        (
            json!({"coupon_code": "save20"}),
            "Coupon code already exists for this project",
        ),
        (json!({"stripe_coupon_id": "PROMO_1"}), "Stripe coupon ID"),
        (
            json!({"lemonsqueezy_discount_code": "LS_1"}),
            "LemonSqueezy discount code",
        ),
    ];
    for (codes, words) in &taken {
        let path = format!("/api/v1/coupons/{second}");
        assert_refused(&project.put(&path, codes).await, 409, words);
        let mut body = json!({"affiliate_id": affiliate, "coupon_code": "THIRD"});
        for (name, code) in codes.as_object().expect("codes") {
            body[name] = code.clone();
        }
        assert_refused(&project.post("/api/v1/coupons", &body).await, 409, words);
    }

    let other = shop.add_project(&[]).await;
    let theirs = other.add_affiliate("a@example.com", "A1").await;
    add_coupon(
        &other,
        theirs,
        json!({"coupon_code": "SAVE20", "stripe_coupon_id": "promo_1"}),
    )
    .await;
    assert_gone(&project.delete(&format!("/api/v1/coupons/{first}")).await);
    add_coupon(
        project,
        affiliate,
        json!({"coupon_code": "save20", "stripe_coupon_id": "promo_1"}),
    )
    .await;
}

#[tokio::test]
async fn of_many_who_create_one_code_at_once_one_succeeds() {
    let (shop, affiliate) = shop().await;
    let body = json!({"affiliate_id": affiliate, "coupon_code": "RACE"});
    let racing: Vec<_> = (0..10)
        .map(|_| {
            let (project, body) = (shop.project.clone(), body.clone());
            tokio::spawn(async move { project.post("/api/v1/coupons", &body).await.status })
        })
        .collect();
    let mut statuses = Vec::new();
    for request in racing {
        statuses.push(request.await.expect("no panic"));
    }
    statuses.sort_unstable();
    assert_eq!(statuses[0], 201);
    assert!(
        statuses[1..].iter().all(|status| *status == 409),
        "{statuses:?}"
    );
}

#[tokio::test]
async fn another_projects_coupons_and_affiliates_are_not_there() {
    let (shop, affiliate) = shop().await;
    let secret = json!({"coupon_code": "HIDDEN20", "stripe_coupon_id": "promo_hidden"});
    let id = add_coupon(&shop.project, affiliate, secret).await;
    let stranger = shop.add_project(&[]).await;
    let path = format!("/api/v1/coupons/{id}");
    for answer in [
        stranger.get(&path).await,
        stranger.put(&path, &json!({"status": "inactive"})).await,
        stranger.delete(&path).await,
    ] {
        assert_refused(&answer, 404, "Coupon not found");
    }
    let body = json!({"affiliate_id": affiliate, "coupon_code": "STOLEN"});
    let answer = stranger.post("/api/v1/coupons", &body).await;
    assert_refused(&answer, 404, "Affiliate not found");
    let own = stranger.add_affiliate("s@example.com", "S1").await;
    let own = add_coupon(&stranger, own, json!({"coupon_code": "OWN"})).await;
    let move_away = json!({"affiliate_id": affiliate});
    let answer = stranger
        .put(&format!("/api/v1/coupons/{own}"), &move_away)
        .await;
    assert_refused(&answer, 404, "Affiliate not found");
    for query in [String::new(), format!("&affiliate_id={affiliate}")] {
        let answer = stranger
            .get(&format!("/api/v1/coupons?coupon_code=hidden{query}"))
            .await;
        assert_eq!(data(&answer, 200), json!([]));
    }
    assert_eq!(
        data(&shop.project.get(&path).await, 200)["status"],
        json!("active")
    );
}

#[tokio::test]
async fn deleting_an_affiliate_deletes_its_coupons() {
    let (shop, affiliate) = shop().await;
    let project = &shop.project;
    let id = add_coupon(project, affiliate, json!({"coupon_code": "SAVE20"})).await;
    assert_gone(
        &project
            .delete("/api/v1/affiliates/affiliate@example.com")
            .await,
    );
    let answer = project.get(&format!("/api/v1/coupons/{id}")).await;
    assert_refused(&answer, 404, "Coupon not found");
    let heir = project.add_affiliate("heir@example.com", "HEIR").await;
    let body = json!({"affiliate_id": heir, "coupon_code": "SAVE20"});
    created(&project.post("/api/v1/coupons", &body).await);
}
