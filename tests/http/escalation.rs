//! Nobody gets more out of what they hold than it was given for.

use reqwest::Method;
use serde_json::{Value, json};

use crate::shop::{Api, Headers, Shop, ask};

const KEYS: &str = "/api/v1/api-keys";

/// What an API key that may write can do, and a token cannot.
const OWNERS: [(&str, &str); 18] = [
    ("delete", "/api/v1/affiliates/{email}/payout-preferences"),
    ("delete", "/api/v1/api-keys/{id}"),
    ("delete", "/api/v1/providers/{provider}"),
    ("delete", "/api/v1/webhooks/{id}"),
    ("post", "/api/v1/api-keys"),
    ("post", "/api/v1/payout-batches"),
    ("post", "/api/v1/payout-batches/{id}/cancel"),
    ("post", "/api/v1/payout-batches/{id}/confirm"),
    ("post", "/api/v1/payouts/{id}/cancel"),
    ("post", "/api/v1/payouts/{id}/confirm"),
    ("post", "/api/v1/payouts/{id}/fail"),
    ("post", "/api/v1/payouts/{id}/return"),
    ("post", "/api/v1/webhooks"),
    ("post", "/api/v1/webhooks/{id}/secret"),
    ("post", "/api/v1/webhooks/{id}/secret/promote"),
    ("put", "/api/v1/affiliates/{email}/payout-preferences"),
    ("put", "/api/v1/providers/{provider}"),
    ("put", "/api/v1/webhooks/{id}"),
];

async fn token(shop: &Shop, scope: &str) -> String {
    let sql = "SELECT affiliate.create_token($1, $2) ->> 'token'";
    let row = shop.sql.query_one(sql, &[&shop.project, &scope]).await;
    row.expect("a token").get(0)
}

async fn operations(api: &Api) -> Vec<(String, String, Value)> {
    let document = api.get("/openapi.json").await.json();
    let paths = document["paths"].as_object().expect("paths").clone();
    let of_path = |(path, item): (String, Value)| {
        let methods = item.as_object().cloned().unwrap_or_default();
        let operations = methods
            .into_iter()
            .filter(|(_, value)| value["operationId"].is_string());
        operations
            .map(|(method, operation)| (method, path.clone(), operation))
            .collect::<Vec<_>>()
    };
    paths.into_iter().flat_map(of_path).collect()
}

#[tokio::test]
async fn a_token_cannot_make_what_outlives_it() {
    let shop = Shop::open().await;
    let api = shop.gateway().await;
    let mut owners: Vec<(String, String)> = operations(&api)
        .await
        .into_iter()
        .filter(|(.., operation)| operation["x-required-scope"] == "owner")
        .map(|(method, path, _)| (method, path))
        .collect();
    owners.sort();
    let expected = OWNERS.map(|(method, path)| (method.to_owned(), path.to_owned()));
    assert_eq!(owners, expected);

    for (scope, text) in [
        (
            "read",
            "This token may only read; use one with scope \"write\"",
        ),
        (
            "write",
            "A token may not change keys, providers, webhooks or payouts; use an API key with scope \"write\"",
        ),
    ] {
        let token = token(&shop, scope).await;
        for (method, path) in OWNERS {
            let path = path
                .replace("{id}", "1")
                .replace("{provider}", "paddle")
                .replace("{email}", "a@example.com");
            let method = method.to_uppercase().parse().expect("a method");
            let body = json!({"url": "https://example.com/", "webhook_secret": "pdl_secret_of_mine", "rate_limit_per_minute": 1});
            let request = api.anonymous(method, &path).bearer_auth(&token).json(&body);
            let refused = ask(request).await;
            assert_eq!(
                (refused.status, refused.error().as_str()),
                (403, text),
                "{path}"
            );
        }
    }
    for path in [KEYS, "/api/v1/webhooks", "/api/v1/providers"] {
        let total = &api.get(path).await.json()["pagination"]["total"];
        assert_eq!(*total, usize::from(path == KEYS), "{path}");
    }
}

#[tokio::test]
async fn no_secret_can_be_read_with_anything() {
    let shop = Shop::open().await;
    let api = shop.gateway().await;
    let send = async |method, path, body: Value| ask(api.request(method, path).json(&body)).await;
    let secrets = [
        "whsec_of_stripe_zanzibar",
        "sk_zanzibar_key",
        "signing_zanzibar",
    ];
    let stripe = json!({"webhook_secret": secrets[0], "secret_key": secrets[1], "api_base": "http://127.0.0.1:9"});
    let set = send(Method::PUT, "/api/v1/providers/stripe", stripe).await;
    assert_eq!(set.status, 200, "{set:?}");
    let hook = json!({"url": "https://example.com/", "secret": secrets[2], "enabled": false});
    let hook = send(Method::POST, "/api/v1/webhooks", hook).await.json();
    let id = hook["data"]["id"].to_string();
    let token = token(&shop, "write").await;
    for key in [&api.key, &token] {
        for (.., path, _) in operations(&api)
            .await
            .iter()
            .filter(|(method, ..)| method == "get")
        {
            let path = path.replace("{id}", &id).replace("{provider}", "stripe");
            let shown = api.get_as(key, &path).await.text;
            let told = secrets.iter().find(|secret| shown.contains(**secret));
            assert_eq!(told, None, "{path}");
        }
    }
}

#[tokio::test]
async fn a_key_makes_no_key_with_a_higher_limit_than_its_own() {
    let shop = Shop::open().await;
    let api = shop.gateway().await;
    let key = shop.create_key("write", 50).await;
    let create = async |body: Value| {
        ask(api
            .anonymous(Method::POST, KEYS)
            .bearer_auth(&key)
            .json(&body))
        .await
    };
    let text = "This API key has 50 requests a minute, and cannot create one that has more";
    for body in [
        json!({"rate_limit_per_minute": 51}),
        json!({"rate_limit_per_minute": 1_000_000, "caller": {"rate_limit_per_minute": 1_000_000}}),
    ] {
        let refused = create(body).await;
        assert_eq!((refused.status, refused.error().as_str()), (403, text));
    }
    for (body, limit) in [(json!({}), 50), (json!({"rate_limit_per_minute": 20}), 20)] {
        let created = create(body).await;
        let data = created.json()["data"].take();
        assert_eq!(
            (created.status, &data["rate_limit_per_minute"]),
            (201, &json!(limit))
        );
        let made = data["api_key"].as_str().expect("a key");
        let listed = api.get_as(made, KEYS).await;
        assert_eq!(listed.number("x-ratelimit-limit"), limit);
    }
    // The project's first key has 100, which is what one without a limit of its own gets.
    let created = ask(api.request(Method::POST, KEYS).json(&json!({}))).await;
    assert_eq!(created.json()["data"]["rate_limit_per_minute"], 100);
}

#[tokio::test]
async fn a_key_does_not_multiply_without_end() {
    let shop = Shop::open().await;
    let api = shop.gateway().await;
    // The first key, 96 more, one revoked a moment ago, and one long ago, which does not count.
    let sql = "INSERT INTO affiliate_private.api_key (project_id, key_id, scope, secret_hash, rate_limit_per_minute, revoked_at)
               SELECT k.project_id, k.key_id + n, k.scope, k.secret_hash, k.rate_limit_per_minute,
                      CASE n WHEN 97 THEN now() WHEN 98 THEN now() - interval '2 minutes' END
               FROM affiliate_private.api_key AS k, generate_series(1, 98) AS n";
    shop.sql.execute(sql, &[]).await.expect("keys");
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(ask(api.request(Method::POST, KEYS).json(&json!({}))).await);
    }
    let told: Vec<u16> = statuses.iter().map(|answer| answer.status).collect();
    assert_eq!(told, [201, 201, 409, 409]);
    assert!(statuses[3].error().contains("100 API keys already"));
}
