//! Coupons of an affiliate that exist at Stripe too.

use super::*;

async fn add_coupon(shop: &Shop, affiliate: i64, code: &str, stripe: Value) -> i64 {
    let coupon =
        json!({"affiliate_id": affiliate, "coupon_code": code, "stripe_coupon_id": stripe});
    let created = shop.project.post("/api/v1/coupons", &coupon).await;
    assert_eq!(created.status, 201, "{}", created.text);
    created.json()["data"]["id"].as_i64().expect("an id")
}

async fn delete_coupon(shop: &Shop, id: i64) {
    let deleted = shop.project.delete(&format!("/api/v1/coupons/{id}")).await;
    assert_eq!(deleted.status, 204, "{}", deleted.text);
}

#[tokio::test]
async fn deleting_a_coupon_deletes_it_at_stripe() {
    let stripe = Receiver::start().await;
    stripe.answer([made()]);
    let shop = open(&[PUBLIC_URL]).await;
    let affiliate = shop.project.add_affiliate("ada@example.com", "ADA").await;
    // Without a key there is nobody to tell.
    let early = add_coupon(&shop, affiliate, "EARLY", json!("co_early")).await;
    delete_coupon(&shop, early).await;
    connect_with_key(&shop, &stripe).await;
    provider_when(&shop, "the endpoint", |row| {
        row["webhook_endpoint_id"] == "we_1"
    })
    .await;
    stripe.answer([
        Answer::status(200).body(r#"{"deleted":true}"#),
        Answer::status(200).body("{}"),
        failed(404, "No such coupon: 'TYPED'"),
    ]);
    for (count, code, id, expected) in [
        (
            2,
            "A_COUPON",
            json!("stripe_save30"),
            "DELETE /v1/coupons/stripe_save30",
        ),
        (
            3,
            "A_PROMOTION",
            json!("promo_1"),
            "POST /v1/promotion_codes/promo_1",
        ),
        (4, "A_CODE", json!("TYPED"), "DELETE /v1/coupons/TYPED"),
    ] {
        let coupon = add_coupon(&shop, affiliate, code, id).await;
        delete_coupon(&shop, coupon).await;
        let request = stripe.wait_for(count).await.remove(count - 1);
        assert_eq!(
            format!("{} {}", request.method, request.uri.path()),
            expected
        );
        assert!(!request.header("idempotency-key").is_empty());
    }
    assert_eq!(values(&stripe.requests()[2], "active"), ["false"]);
    for (code, id) in [
        ("NO_ID", json!(null)),
        ("NO_ID_EITHER", json!("../customers/cus_1")),
    ] {
        let coupon = add_coupon(&shop, affiliate, code, id).await;
        delete_coupon(&shop, coupon).await;
    }
    provider_when(&shop, "nothing to be open", |row| {
        row["open_calls"] == json!([])
    })
    .await;
    assert_eq!(stripe.requests().len(), 4);
    shop.close().await;
}

#[tokio::test]
async fn a_coupon_stays_deleted_whatever_stripe_says_and_what_was_given_up_is_reported() {
    let stripe = Receiver::start().await;
    stripe.answer([made()]);
    let shop = open(&[PUBLIC_URL]).await;
    connect_with_key(&shop, &stripe).await;
    provider_when(&shop, "the endpoint", |row| {
        row["webhook_endpoint_id"] == "we_1"
    })
    .await;
    stripe.answer([
        failed(503, "out of order"),
        failed(503, "still out of order"),
    ]);
    let affiliate = shop.project.add_affiliate("ada@example.com", "ADA").await;
    let coupon = add_coupon(&shop, affiliate, "SAVE30", json!("stripe_save30")).await;
    delete_coupon(&shop, coupon).await;
    let failed = |row: &Value| row["open_calls"][0]["error"].is_string();
    provider_when(&shop, "the failure", failed).await;
    assert_eq!(
        shop.project
            .get(&format!("/api/v1/coupons/{coupon}"))
            .await
            .status,
        404
    );
    let id = shop.project.id.to_string();
    let verify = ["verify", "--project", &id, "--json"];
    shop.database.affiliate(&verify).await;

    let client = shop.database.connect_superuser().await;
    let sql = "UPDATE affiliate_private.provider_call SET attempts = 14 WHERE status = 'pending'";
    client.execute(sql, &[]).await.expect("an update");
    hurry(&shop).await;
    let dead = |row: &Value| row["open_calls"][0]["status"] == "dead";
    let row = provider_when(&shop, "it to be given up", dead).await;
    assert_eq!(row["open_calls"][0]["subject"], json!("stripe_save30"));
    let words = crate::support::output(&shop, &verify, 1).await;
    assert!(
        words.contains("stripe delete_coupon stripe_save30")
            && words.contains("still out of order"),
        "{words}"
    );

    connect(&shop, "stripe", json!({"secret_key": KEY})).await;
    provider_when(&shop, "nothing to be open", |row| {
        row["open_calls"] == json!([])
    })
    .await;
    shop.database.affiliate(&verify).await;
    shop.close().await;
}
