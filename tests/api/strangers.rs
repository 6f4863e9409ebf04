//! What one project's key gets of another project: not a byte.

use affiliate_tests::database::Profile;
use affiliate_tests::receiver::Receiver;
use affiliate_tests::shop::Shop;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{add_webhook, assert_refused, data, deliveries};

const MARK: &str = "hidden";

#[tokio::test]
async fn another_projects_ids_are_404() {
    let shop = Shop::open(Profile::Portable).await;
    let owner = &shop.project;
    let receiver = Receiver::start().await;
    let webhook = add_webhook(owner, json!({"url": receiver.url()})).await;
    let test = format!("/api/v1/webhooks/{webhook}/test");
    let delivery = data(&owner.post(&test, &json!({})).await, 202)["id"].clone();
    receiver.wait_for(1).await;
    owner.add_affiliate("hidden@example.com", "HIDDEN").await;
    let commission = "/api/v1/affiliates/hidden@example.com/commission";
    data(
        &owner
            .put(commission, &json!({"commission_percent": 33}))
            .await,
        200,
    );
    let product = "/api/v1/products/stripe/prod_hidden";
    data(
        &owner.put(product, &json!({"commission_percent": 33})).await,
        200,
    );
    let key = data(
        &owner
            .post("/api/v1/api-keys", &json!({"name": "hidden"}))
            .await,
        201,
    )["id"]
        .clone();

    let stranger = shop.add_project(&[]).await;
    let mine = add_webhook(&stranger, json!({"url": "https://example.com"})).await;
    let webhook_path = format!("/api/v1/webhooks/{webhook}");
    let log = format!("{webhook_path}/deliveries");
    let replay = format!("{log}/{delivery}/replay");
    let replay_as_mine = format!("/api/v1/webhooks/{mine}/deliveries/{delivery}/replay");
    let key_path = format!("/api/v1/api-keys/{key}");
    let requests: [(Method, &str, Value); 12] = [
        (Method::GET, &webhook_path, Value::Null),
        (Method::PUT, &webhook_path, json!({"enabled": false})),
        (Method::DELETE, &webhook_path, Value::Null),
        (Method::POST, &test, json!({})),
        (Method::GET, &log, Value::Null),
        (Method::POST, &replay, json!({})),
        (Method::POST, &replay_as_mine, json!({})),
        (Method::GET, commission, Value::Null),
        (Method::PUT, commission, json!({"commission_percent": 1})),
        (Method::DELETE, commission, Value::Null),
        (Method::DELETE, product, Value::Null),
        (Method::DELETE, &key_path, Value::Null),
    ];
    for (method, path, body) in requests {
        let body = if body.is_null() {
            None
        } else {
            Some(body.to_string().into())
        };
        assert_refused(&stranger.send(method, path, body).await, 404, "");
    }
    assert_eq!(
        data(&owner.get(&webhook_path).await, 200)["enabled"],
        json!(true)
    );
    assert_eq!(
        data(&owner.get(commission).await, 200)["commission_percent"],
        json!(33)
    );
    assert_eq!(deliveries(owner, webhook, "").await.len(), 1);
    assert_eq!(receiver.requests().len(), 1);
}

#[tokio::test]
async fn another_projects_lists_hold_nothing_of_ours() {
    let shop = Shop::open(Profile::Portable).await;
    let owner = &shop.project;
    data(
        &owner
            .put("/api/v1/project", &json!({"name": "hidden"}))
            .await,
        200,
    );
    data(
        &owner
            .put(
                "/api/v1/products/stripe/prod_hidden",
                &json!({"commission_percent": 33}),
            )
            .await,
        200,
    );
    data(
        &owner
            .post(
                "/api/v1/exchange-rates",
                &json!({"currency": "EUR", "rate": 1.2345}),
            )
            .await,
        201,
    );
    data(
        &owner
            .post("/api/v1/api-keys", &json!({"name": "hidden"}))
            .await,
        201,
    );
    data(
        &owner
            .put(
                "/api/v1/providers/stripe",
                &json!({"api_base": "https://hidden.test"}),
            )
            .await,
        200,
    );
    add_webhook(owner, json!({"url": "https://hidden.test"})).await;
    let stranger = shop.add_project(&[]).await;
    for (path, ours) in [
        ("/api/v1/project", MARK),
        ("/api/v1/products", MARK),
        ("/api/v1/exchange-rates", "1.2345"),
        ("/api/v1/api-keys", MARK),
        ("/api/v1/providers", MARK),
        ("/api/v1/webhooks", MARK),
    ] {
        assert!(owner.get(path).await.text.contains(ours), "{path}");
        let theirs = stranger.get(path).await;
        assert!(
            theirs.status == 200 && !theirs.text.contains(ours),
            "{}",
            theirs.text
        );
    }
}
