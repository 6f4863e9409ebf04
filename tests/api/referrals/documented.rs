//! What the contract says of referred users.

use super::*;

fn keys(value: &Value) -> Vec<&str> {
    value
        .as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect()
}

#[tokio::test]
async fn the_documented_examples_are_answered_as_documented() {
    let shop = Shop::open(Profile::Portable).await;
    let ada = shop.project.add_affiliate("ada@example.com", "ADA").await;
    let body =
        json!({"email": "manual.customer@example.com", "affiliate_id": ada, "status": "converted"});
    let created = shop.project.post(PATH, &body).await;
    assert_eq!(created.status, 201, "{}", created.text);
    let data = created.json()["data"].take();
    assert_eq!(
        keys(&data),
        [
            "id",
            "user_email",
            "affiliate_id",
            "conversion_status",
            "conversion_date",
            "created_at"
        ]
    );
    assert_eq!(
        (&data["conversion_status"], &data["affiliate_id"]),
        (&json!("converted"), &json!(ada))
    );
    assert!(data["conversion_date"].is_string());
    let changed = put(
        &shop,
        "manual.customer%40example.com",
        json!({"affiliate_id": null, "status": "direct"}),
    )
    .await;
    let changed = changed.json()["data"].take();
    assert_eq!(
        (&changed["affiliate_id"], &changed["conversion_status"]),
        (&Value::Null, &json!("direct"))
    );
    assert!(changed["conversion_date"].as_str() > data["conversion_date"].as_str());
    let listed = shop
        .project
        .get(&format!("{PATH}?status=direct"))
        .await
        .json();
    assert_eq!(
        listed["pagination"],
        json!({"limit": 20, "offset": 0, "total": 1, "has_more": false})
    );
    let one = &listed["data"][0];
    assert_eq!(
        keys(one),
        [
            "id",
            "user_email",
            "conversion_status",
            "conversion_date",
            "created_at",
            "affiliate_id",
            "affiliate_code"
        ]
    );
    let deleted = shop
        .project
        .send(
            Method::DELETE,
            &format!("{PATH}/manual.customer%40example.com"),
            None,
        )
        .await;
    assert_eq!((deleted.status, deleted.text.as_str()), (204, ""));
    assert_eq!(
        shop.project
            .get(&format!("{PATH}/manual.customer%40example.com"))
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn statuses_and_dates_have_their_documented_defaults() {
    let shop = Shop::open(Profile::Portable).await;
    let ada = shop.project.add_affiliate("ada@example.com", "ADA").await;
    let cases = [
        (json!({"email": "a@example.com"}), "direct_signup", false),
        (
            json!({"email": "b@example.com", "affiliate_id": ada}),
            "pending",
            false,
        ),
        (
            json!({"email": "c@example.com", "status": "direct"}),
            "direct",
            true,
        ),
        (
            json!({"email": "d@example.com", "status": "pending"}),
            "pending",
            false,
        ),
    ];
    for (body, status, dated) in cases {
        let data = shop.project.post(PATH, &body).await.json()["data"].take();
        assert_eq!(data["conversion_status"], json!(status), "{body}");
        assert_eq!(data["conversion_date"].is_string(), dated, "{body}");
    }
    let refusals = [
        (json!({"email": "A@Example.com"}), 409),
        (json!({"email": "nobody"}), 400),
        (json!({}), 400),
        (json!({"email": "e@example.com", "status": "gone"}), 400),
        (json!({"email": "e@example.com", "affiliate_id": 4711}), 404),
    ];
    for (body, status) in refusals {
        let answer = shop.project.post(PATH, &body).await;
        assert_eq!(answer.status, status, "{body}: {}", answer.text);
        answer.error();
    }
    let taken = put(&shop, "a@example.com", json!({"email": "B@example.com"})).await;
    assert_eq!(taken.status, 409, "{}", taken.text);
    assert_eq!(put(&shop, "a@example.com", json!({})).await.status, 400);
    assert_eq!(
        put(&shop, "x@example.com", json!({"status": "direct"}))
            .await
            .status,
        404
    );
    let plus = json!({"email": "o'neil+shop@example.com"});
    assert_eq!(shop.project.post(PATH, &plus).await.status, 201);
    let found = shop
        .project
        .get(&format!("{PATH}/O'Neil%2Bshop%40example.com"))
        .await;
    assert_eq!(found.json()["data"]["user_email"], plus["email"]);
}
