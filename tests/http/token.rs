//! Short-lived tokens beside API keys.

mod forged;

use std::time::Duration;

use affiliate_tests::wait::until;
use serde_json::{Value, json};

use crate::shop::{Api, Headers, Shop, ask};

const LIST: &str = "/api/v1/affiliates";

/// `affiliate token …` with `--project` and `--json`.
async fn token(shop: &Shop, words: &[&str]) -> Value {
    let project = shop.project.to_string();
    let mut arguments = vec!["token"];
    arguments.extend_from_slice(words);
    arguments.extend(["--project", project.as_str(), "--json"]);
    serde_json::from_str(&shop.database.affiliate(&arguments).await).expect("JSON")
}

async fn create(shop: &Shop, words: &[&str]) -> String {
    let created = token(shop, &[&["create"], words].concat()).await;
    created["token"].as_str().expect("a token").to_owned()
}

async fn status(api: &Api, token: &str) -> u16 {
    api.get_as(token, LIST).await.status
}

#[tokio::test]
async fn does_what_its_scope_allows_and_is_counted() {
    let shop = Shop::open().await;
    let api = shop.gateway().await;
    shop.wait_for_window().await;
    let read = create(&shop, &[]).await;
    let write = create(&shop, &["--scope", "write", "--ttl", "24h"]).await;
    let listed = api.get_as(&read, LIST).await;
    assert_eq!(listed.status, 200);
    assert_eq!(listed.number("x-ratelimit-limit"), 100);
    assert_eq!(listed.number("x-ratelimit-remaining"), 99);
    let refused = api.create_affiliate_as(&read, "a@example.com").await;
    assert_eq!(refused.status, 403);
    assert_eq!(
        refused.error(),
        "This token may only read; use one with scope \"write\""
    );
    let created = api.create_affiliate_as(&write, "a@example.com").await;
    assert_eq!(created.status, 201);
    // One signing key, one limit: else more tokens would be more requests.
    assert_eq!(created.number("x-ratelimit-remaining"), 97);
}

#[tokio::test]
async fn shares_a_limit_with_the_tokens_of_its_key_but_not_with_api_keys() {
    let shop = Shop::open().await;
    let api = shop.gateway().await;
    token(&shop, &["rotate", "--rate-limit", "3"]).await;
    let tokens = [
        create(&shop, &[]).await,
        create(&shop, &["--ttl", "1h"]).await,
    ];
    shop.wait_for_window().await;
    let mut statuses = Vec::new();
    for number in 0..5 {
        statuses.push(status(&api, &tokens[number % 2]).await);
    }
    assert_eq!(statuses, [200, 200, 200, 429, 429]);
    assert_eq!(api.get(LIST).await.status, 200);
}

#[tokio::test]
async fn expires() {
    let shop = Shop::open().await;
    let api = shop.gateway().await;
    let token = create(&shop, &["--ttl", "1s"]).await;
    assert_eq!(status(&api, &token).await, 200);
    // The gateway allows clocks to be five seconds apart.
    let refused = until("the token to expire", async || {
        let answer = api.get_as(&token, LIST).await;
        if answer.status == 200 {
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        (answer.status != 200).then_some(answer)
    })
    .await;
    assert_eq!(
        (refused.status, refused.error().as_str()),
        (401, "The token has expired")
    );
    assert_eq!(refused.header("www-authenticate"), Some("Bearer"));
}

#[tokio::test]
async fn outlives_a_rotation_but_not_the_revocation_of_its_key() {
    let shop = Shop::open().await;
    let gateways = [shop.gateway().await, shop.gateway().await];
    let old = create(&shop, &[]).await;
    let rotated = token(&shop, &["rotate"]).await;
    let new = create(&shop, &[]).await;
    for api in &gateways {
        assert_eq!(
            (status(api, &old).await, status(api, &new).await),
            (200, 200)
        );
    }
    let keys = token(&shop, &["list"]).await;
    let first = keys["keys"][0]["id"].as_i64().expect("an id");
    assert_eq!(keys["keys"][1]["id"], rotated["id"]);
    assert!(keys["keys"][0].get("secret").is_none() && keys["keys"][0]["last_used_at"].is_string());

    let revoked = token(&shop, &["revoke", "--key", &first.to_string()]).await;
    assert_eq!(revoked, json!({"revoked": [first]}));
    for api in &gateways {
        // At once, and again without asking for the secret.
        assert_eq!(
            (status(api, &old).await, status(api, &old).await),
            (401, 401)
        );
        assert_eq!(status(api, &new).await, 200);
    }
    token(&shop, &["revoke"]).await;
    let newest = create(&shop, &[]).await;
    for api in &gateways {
        assert_eq!(
            (status(api, &new).await, status(api, &newest).await),
            (401, 200)
        );
    }
}

#[tokio::test]
async fn is_made_for_a_day_at_most_and_for_a_project_there_is() {
    let shop = Shop::open().await;
    for ttl in ["0s", "-1m", "86401s", "25h"] {
        let asked = shop
            .sql
            .query(
                "SELECT affiliate.create_token($1, 'read', $2::text::interval)::text",
                &[&shop.project, &ttl],
            )
            .await;
        let refusal = asked.expect_err("a refusal");
        assert_eq!(
            refusal.code().map(|code| code.code()),
            Some("RF400"),
            "{ttl}"
        );
    }
    let nowhere = shop
        .sql
        .query("SELECT affiliate.create_token(4711)::text", &[])
        .await
        .expect_err("a refusal");
    assert_eq!(nowhere.code().map(|code| code.code()), Some("RF404"));
}

#[tokio::test]
async fn is_never_logged() {
    let shop = Shop::open().await;
    let api = shop.gateway().await;
    let token = create(&shop, &[]).await;
    let wrong = format!("{token}x");
    assert_eq!(
        (status(&api, &token).await, status(&api, &wrong).await),
        (200, 401)
    );
    let missing = ask(api.anonymous(reqwest::Method::GET, LIST)).await;
    assert_eq!(missing.status, 401);
    let signature = token.rsplit('.').next().expect("a signature");
    let logs = api.gateway.logs();
    assert!(
        logs.contains("request") && !logs.contains(signature),
        "{logs}"
    );
}
