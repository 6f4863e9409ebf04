//! Conversions that cannot be recorded or edited so, and what is said then.

use super::*;

#[tokio::test]
async fn contradictions_and_unknown_people_are_refused_in_words() {
    let shop = Shop::open(Profile::Portable).await;
    let project = &shop.project;
    let affiliate = project.add_affiliate("ada@example.com", "ADA").await;
    let idle = project.add_affiliate("idle@example.com", "IDLE").await;
    let off = Some(br#"{"status":"inactive"}"#.to_vec());
    project
        .send(Method::PUT, "/api/v1/affiliates/idle@example.com", off)
        .await;
    create(
        &shop,
        json!({"type": "signup", "email": "user@example.com"}),
    )
    .await;
    let user = project
        .get("/api/v1/referrals/user@example.com")
        .await
        .json()["data"]["id"]
        .clone();
    let cases = [
        (json!({}), 400, "type is required"),
        (json!({"type": "purchase"}), 400, "base_value is required"),
        (
            json!({"type": "gift", "base_value": 1}),
            400,
            "type must be",
        ),
        (json!({"base_value": "ten"}), 400, "base_value must be"),
        (json!({"base_value": -1}), 400, "base_value must be"),
        (
            json!({"base_value": 1.001}),
            400,
            "more decimals than USD allows",
        ),
        (json!({"base_value": 1e30}), 400, "base_value must be"),
        (
            json!({"base_value": 1, "base_value_currency": "XYZ"}),
            400,
            "unknown currency",
        ),
        (
            json!({"base_value": 1, "base_value_currency": "EUR", "affiliate_id": affiliate}),
            400,
            "no exchange rate from EUR to USD",
        ),
        (
            json!({"base_value": 1, "affiliate_id": 4711}),
            404,
            "Affiliate not found",
        ),
        (
            json!({"base_value": 1, "affiliate_id": idle}),
            409,
            "is inactive",
        ),
        (
            json!({"base_value": 1, "referral_code": "nobody"}),
            404,
            "No active affiliate has this referral code",
        ),
        (
            json!({"base_value": 1, "referral_code": "IDLE"}),
            404,
            "No active affiliate has this referral code",
        ),
        (
            json!({"base_value": 1, "referred_user_id": 4711}),
            404,
            "Referred user not found",
        ),
        (
            json!({"base_value": 1, "referred_user_id": user, "email": "other@example.com"}),
            409,
            "email is not that of referred_user_id",
        ),
        (json!({"base_value": 1, "email": "nobody"}), 400, "email"),
    ];
    for (body, status, words) in cases {
        let (code, text) = refused(&shop, body.clone()).await;
        assert!(
            code == status && text.contains(words),
            "{body}: {code} {text}"
        );
    }
    // Nothing of it was stored.
    assert_eq!(project.conversions().await.len(), 1);
    for (body, words) in [
        (json!({}), "No updatable field"),
        (json!({"email": "a@example.com"}), "No updatable field"),
    ] {
        let path = format!("{PATH}/{}", project.conversions().await[0]["id"]);
        let answer = project
            .send(Method::PUT, &path, Some(body.to_string().into()))
            .await;
        assert!(
            answer.status == 400 && answer.error().contains(words),
            "{}",
            answer.text
        );
    }
    for path in [
        "/api/v1/conversions/0",
        "/api/v1/conversions/x",
        "/api/v1/conversions/99999999999999999999",
    ] {
        assert_eq!(project.get(path).await.status, 400, "{path}");
    }
    assert_clean(&shop.database).await;
}
