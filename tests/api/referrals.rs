//! Referred users through the API, and what linking them to an affiliate does to their purchases.

mod documented;

use affiliate_tests::books::assert_clean;
use affiliate_tests::database::Profile;
use affiliate_tests::receiver::Receiver;
use affiliate_tests::shop::{Answer, Shop};
use affiliate_tests::stripe::event::Event;
use reqwest::Method;
use serde_json::{Value, json};

const PATH: &str = "/api/v1/referrals";

async fn put(shop: &Shop, email: &str, body: Value) -> Answer {
    let body = body.to_string().into_bytes();
    shop.project
        .send(Method::PUT, &format!("{PATH}/{email}"), Some(body))
        .await
}

#[tokio::test]
async fn the_owners_word_credits_later_purchases_and_leaves_earlier_ones() {
    for profile in Profile::KERNELS {
        let shop = Shop::open(profile).await;
        let ada = shop.project.add_affiliate("ada@example.com", "ADA").await;
        let bob = shop.project.add_affiliate("bob@example.com", "BOB").await;
        let buy = async |base: i64| {
            let body = json!({"email": "user@example.com", "base_value": base});
            let answer = shop.project.post("/api/v1/conversions", &body).await;
            answer.json()["data"]["affiliate_id"].clone()
        };
        let body = json!({"email": "user@example.com", "affiliate_id": ada});
        assert_eq!(shop.project.post(PATH, &body).await.status, 201);
        assert_eq!(buy(1).await, json!(ada));
        put(&shop, "user@example.com", json!({"affiliate_id": bob})).await;
        assert_eq!(buy(2).await, json!(bob));
        put(&shop, "user@example.com", json!({"affiliate_id": null})).await;
        assert_eq!(buy(3).await, Value::Null);
        // A newer touch counts again, under the model of the last one.
        let touch = json!({"email": "user@example.com", "referral_code": "ada"});
        assert_eq!(
            shop.project
                .post("/api/store-attribution", &touch)
                .await
                .status,
            200
        );
        assert_eq!(buy(4).await, json!(ada));
        let credited: Vec<_> = shop
            .project
            .conversions()
            .await
            .iter()
            .rev()
            .map(|one| one["affiliate_id"].clone())
            .collect();
        assert_eq!(credited, [json!(ada), json!(bob), Value::Null, json!(ada)]);
        assert_clean(&shop.database).await;
    }
}

#[tokio::test]
async fn a_new_email_keeps_the_person() {
    let shop = Shop::open(Profile::Portable).await;
    let ada = shop.project.add_affiliate("ada@example.com", "ADA").await;
    shop.project
        .post(
            PATH,
            &json!({"email": "old@example.com", "affiliate_id": ada}),
        )
        .await;
    let renamed = put(
        &shop,
        "old@example.com",
        json!({"email": "New@example.com"}),
    )
    .await;
    assert_eq!(
        renamed.json()["data"]["user_email"],
        json!("New@example.com")
    );
    // The payment provider still knows the old address.
    shop.project
        .deliver(
            &Event::sale("pi_1", 10_000)
                .at(crate::now() + 60)
                .email("old@example.com"),
        )
        .await;
    let conversion = shop.project.conversions().await.remove(0);
    assert_eq!(conversion["affiliate_id"], json!(ada));
    assert_eq!(conversion["referred_user_id"], renamed.json()["data"]["id"]);
    assert_clean(&shop.database).await;
}

#[tokio::test]
async fn deleting_a_referred_user_takes_its_conversions_along() {
    let shop = Shop::open(Profile::Portable).await;
    shop.project.add_affiliate("ada@example.com", "ADA").await;
    shop.project
        .deliver(
            &Event::sale("pi_1", 10_000)
                .email("user@example.com")
                .code("ADA"),
        )
        .await;
    let deleted = shop
        .project
        .send(Method::DELETE, &format!("{PATH}/user@example.com"), None)
        .await;
    assert_eq!(deleted.status, 204, "{}", deleted.text);
    assert_eq!(shop.project.conversions().await, Vec::<Value>::new());
    assert_eq!(
        shop.project.affiliate("ada@example.com").await["total_earnings"],
        json!("0.00")
    );
    // Who comes back under this email was referred by nobody.
    shop.project
        .post(
            "/api/v1/conversions",
            &json!({"email": "user@example.com", "base_value": 5}),
        )
        .await;
    assert_eq!(
        shop.project.conversions().await[0]["affiliate_id"],
        Value::Null
    );
    assert_clean(&shop.database).await;
}

#[tokio::test]
async fn a_sign_up_is_announced_once() {
    let shop = Shop::open(Profile::Portable).await;
    let ada = shop.project.add_affiliate("ada@example.com", "ADA").await;
    let receiver = Receiver::start().await;
    shop.project
        .add_webhook(&shop.database, receiver.url(), &[])
        .await;
    let signup = json!({"type": "signup", "email": "user@example.com", "affiliate_id": ada});
    let user = shop
        .project
        .post("/api/v1/conversions", &signup)
        .await
        .json()["data"]["referred_user_id"]
        .clone();
    shop.project.post("/api/v1/conversions", &signup).await;
    put(&shop, "user@example.com", json!({"affiliate_id": null})).await;
    put(&shop, "user@example.com", json!({"affiliate_id": ada})).await;
    shop.project
        .post(PATH, &json!({"email": "nobodys@example.com"}))
        .await;
    // A purchase comes last: what was announced before it has arrived by then.
    shop.project
        .post(
            "/api/v1/conversions",
            &json!({"email": "user@example.com", "base_value": 10}),
        )
        .await;
    let requests = receiver.wait_for(3).await;
    let mut events: Vec<_> = requests
        .iter()
        .map(|one| one.json()["event"].clone())
        .collect();
    events.sort_by_key(ToString::to_string);
    assert_eq!(
        events,
        [
            json!("referral_converted"),
            json!("referral_signed_up"),
            json!("referral_updated")
        ]
    );
    let body = requests
        .iter()
        .map(affiliate_tests::receiver::Request::json)
        .find(|one| one["event"] == "referral_signed_up");
    let body = body.expect("an announcement");
    assert_eq!(
        body["referrer"],
        json!({"id": ada.to_string(), "email": "ada@example.com"})
    );
    assert_eq!(
        body["referred"],
        json!({"id": user.to_string(), "email": "user@example.com"})
    );
    assert_eq!(body["data"]["referral_code"], json!("ADA"));
    assert_eq!(
        (&body["data"]["user_agent"], &body["data"]["ip_address"]),
        (&Value::Null, &Value::Null)
    );
}
