//! When a key was last used: coarse, so that reading stays reading.

use crate::shop::{Api, Shop, id_of};

/// `last_used_at` as the key list has it, and the transaction that last wrote the key.
async fn noted(shop: &Shop, key: &str) -> (Option<String>, String) {
    let sql = "SELECT k ->> 'last_used_at', (SELECT a.xmin::text FROM affiliate_private.api_key AS a WHERE a.key_id = $2)
               FROM json_array_elements(affiliate.list_api_keys($1)) AS k WHERE (k ->> 'id')::bigint = $2";
    let row = shop.sql.query_one(sql, &[&shop.project, &id_of(key)]).await;
    let row = row.expect("the key");
    (row.get(0), row.get(1))
}

async fn uses(api: &Api, key: &str, count: usize) {
    for _ in 0..count {
        assert_eq!(api.get_as(key, "/api/v1/affiliates").await.status, 200);
    }
}

#[tokio::test]
async fn is_noted_once_in_five_minutes() {
    let shop = Shop::open().await;
    let api = shop.gateway().await;
    for limit in [100, 5_000] {
        let key = shop.create_key("read", limit).await;
        assert_eq!(noted(&shop, &key).await.0, None);
        uses(&api, &key, 1).await;
        let first = noted(&shop, &key).await;
        assert!(first.0.is_some());
        uses(&api, &key, 10).await;
        assert_eq!(noted(&shop, &key).await, first);

        let age = "UPDATE affiliate_private.api_key SET last_used_at = now() - interval '301 seconds' WHERE key_id = $1";
        shop.sql.execute(age, &[&id_of(&key)]).await.expect("older");
        let aged = noted(&shop, &key).await;
        uses(&api, &key, 1).await;
        assert!(noted(&shop, &key).await.0 > aged.0);
    }
}

#[tokio::test]
async fn is_noted_for_refused_requests_too_and_listed() {
    let shop = Shop::open().await;
    let api = shop.gateway().await;
    let answer = api.get("/api/v1/affiliates/nobody@example.com").await;
    assert_eq!(answer.status, 404);
    let (at, _) = noted(&shop, &shop.key).await;
    let project = shop.project.to_string();
    let listed = shop
        .database
        .affiliate(&["key", "list", "--project", &project])
        .await;
    assert!(
        listed.contains("last_used_at") && listed.contains(&at.expect("noted")),
        "{listed}"
    );
}
