//! Stored attributions, and what is known of a Stripe customer.

use affiliate_tests::books::assert_clean;
use affiliate_tests::database::Profile;
use affiliate_tests::shop::Shop;
use affiliate_tests::stripe::event::Event;
use reqwest::Method;
use serde_json::{Value, json};

const PATH: &str = "/api/store-attribution";

async fn touch(shop: &Shop, email: &str, code: &str) -> Value {
    let body = json!({"email": email, "referral_code": code});
    let answer = shop.project.post(PATH, &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["data"].take()
}

/// Who is credited with a purchase made now.
async fn credited(shop: &Shop, email: &str) -> Value {
    let body = json!({"email": email, "base_value": 10});
    let answer = shop.project.post("/api/v1/conversions", &body).await;
    answer.json()["data"]["affiliate_id"].clone()
}

async fn touches(shop: &Shop) -> i64 {
    let superuser = shop.database.connect_superuser().await;
    let sql = "SELECT count(*) FROM affiliate_private.evidence WHERE scope_key LIKE 'touch_%'";
    superuser.query_one(sql, &[]).await.expect("a count").get(0)
}

#[tokio::test]
async fn the_last_touch_counts_unless_the_project_says_the_first() {
    let shop = Shop::open(Profile::Portable).await;
    let ada = shop.project.add_affiliate("ada@example.com", "ADA").await;
    let bob = shop.project.add_affiliate("bob@example.com", "BOB").await;
    let answer = touch(&shop, "User@example.com", "ada").await;
    assert_eq!(
        answer,
        json!({"email": "User@example.com", "referral_code": "ADA", "affiliate_id": ada})
    );
    // The same again says nothing new.
    touch(&shop, "user@example.com", "ADA").await;
    assert_eq!(touches(&shop).await, 1);
    assert_eq!(
        touch(&shop, "user@example.com", "BOB").await["affiliate_id"],
        json!(bob)
    );
    assert_eq!(credited(&shop, "user@example.com").await, json!(bob));
    assert_eq!(
        touch(&shop, "user@example.com", "ADA").await["affiliate_id"],
        json!(ada)
    );
    assert_eq!(credited(&shop, "user@example.com").await, json!(ada));
    let project = shop.project.id.to_string();
    shop.database
        .affiliate(&["project", "set", "--project", &project, "touch_model=first"])
        .await;
    touch(&shop, "second@example.com", "ADA").await;
    let kept = touch(&shop, "second@example.com", "BOB").await;
    assert_eq!(
        kept,
        json!({"email": "second@example.com", "referral_code": "ADA", "affiliate_id": ada})
    );
    touch(&shop, "second@example.com", "BOB").await;
    assert_eq!(credited(&shop, "second@example.com").await, json!(ada));
    assert_eq!(touches(&shop).await, 5);
    assert_clean(&shop.database).await;
}

#[tokio::test]
async fn a_stored_attribution_credits_a_payment_by_its_email() {
    for profile in Profile::KERNELS {
        let shop = Shop::open(profile).await;
        let ada = shop.project.add_affiliate("ada@example.com", "ADA").await;
        touch(&shop, "buyer@example.com", "ADA").await;
        let later = crate::now() + 60;
        let sale = Event::sale("pi_1", 9_999).at(later).customer("cus_1");
        shop.project.deliver(&sale.email("BUYER@example.com")).await;
        let conversion = shop.project.conversions().await.remove(0);
        assert_eq!(
            (&conversion["affiliate_id"], &conversion["value"]),
            (&json!(ada), &json!(20))
        );
        let path = format!(
            "/api/v1/projects/{}/stripe-customer-referral-info/cus_1",
            shop.project.id
        );
        let info = shop.project.get(&path).await.json()["data"].take();
        assert_eq!(
            info["affiliate"],
            json!({"id": ada, "email": "ada@example.com", "referral_code": "ADA"})
        );
        assert_eq!(
            (
                &info["referred"],
                &info["attribution_source"],
                &info["conversions"]
            ),
            (&json!(true), &json!("email"), &json!(1))
        );
        assert_eq!(info["referred_user"]["email"], json!("BUYER@example.com"));
        assert_eq!(
            (&info["project_id"], &info["stripe_customer_id"]),
            (&json!(shop.project.id), &json!("cus_1"))
        );
        assert_clean(&shop.database).await;
    }
}

#[tokio::test]
async fn a_customer_nobody_referred_and_one_never_seen() {
    let shop = Shop::open(Profile::Portable).await;
    shop.project
        .deliver(
            &Event::sale("pi_1", 100)
                .customer("cus_1")
                .email("user@example.com"),
        )
        .await;
    let base = format!(
        "/api/v1/projects/{}/stripe-customer-referral-info",
        shop.project.id
    );
    let info = shop.project.get(&format!("{base}/cus_1")).await.json()["data"].take();
    assert_eq!(
        (
            &info["referred"],
            &info["affiliate"],
            &info["attribution_source"]
        ),
        (&json!(false), &Value::Null, &Value::Null)
    );
    assert_eq!(info["referred_user"]["conversion_status"], json!("direct"));
    let other = shop.add_project(&[]).await;
    let elsewhere = format!(
        "/api/v1/projects/{}/stripe-customer-referral-info/cus_1",
        other.id
    );
    let unseen = "Stripe customer not found";
    let not_its_own = "Project not found: the API key is of another one";
    for (project, path, error) in [
        (&shop.project, format!("{base}/cus_2"), unseen),
        (&shop.project, elsewhere.clone(), not_its_own),
        (&other, format!("{base}/cus_1"), not_its_own),
        (&other, elsewhere, unseen),
    ] {
        let answer = project.get(&path).await;
        assert_eq!(
            (answer.status, answer.error().as_str()),
            (404, error),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_customer_on_trial_is_credited_by_what_the_subscription_says() {
    let shop = Shop::open(Profile::Portable).await;
    let ada = shop.project.add_affiliate("ada@example.com", "ADA").await;
    let trial = Event::sale("sub_1", 0)
        .of_type("customer.subscription.created")
        .set("/data/object", json!({
            "id": "sub_1", "object": "subscription", "customer": "cus_1", "status": "trialing",
            "created": crate::now(), "metadata": {"referral_code": "ADA"}, "items": {"data": []},
        }));
    shop.project.deliver(&trial).await;
    let path = format!(
        "/api/v1/projects/{}/stripe-customer-referral-info/cus_1",
        shop.project.id
    );
    let info = shop.project.get(&path).await.json()["data"].take();
    assert_eq!(
        (
            &info["affiliate"]["id"],
            &info["attribution_source"],
            &info["conversions"]
        ),
        (&json!(ada), &json!("subscription_metadata"), &json!(0))
    );
}

#[tokio::test]
async fn unknown_and_inactive_codes_are_404_and_missing_fields_400() {
    let shop = Shop::open(Profile::Portable).await;
    shop.project.add_affiliate("idle@example.com", "IDLE").await;
    let off = Some(br#"{"status":"inactive"}"#.to_vec());
    shop.project
        .send(Method::PUT, "/api/v1/affiliates/idle@example.com", off)
        .await;
    for (body, status) in [
        (
            json!({"email": "a@example.com", "referral_code": "IDLE"}),
            404,
        ),
        (
            json!({"email": "a@example.com", "referral_code": "NOBODY"}),
            404,
        ),
        (json!({"email": "a@example.com"}), 400),
        (json!({"referral_code": "IDLE"}), 400),
        (json!({"email": "a", "referral_code": "IDLE"}), 400),
        (json!({"email": "a@example.com", "referral_code": ""}), 400),
    ] {
        let answer = shop.project.post(PATH, &body).await;
        assert_eq!(answer.status, status, "{body}: {}", answer.text);
        answer.error();
    }
    assert_eq!(touches(&shop).await, 0);
}
