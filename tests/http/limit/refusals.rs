//! Requests beyond the limit: what they are told, in which order, and what they cost.

use crate::shop::{Api, Headers, Shop, ask, id_of};

use super::LIST;

/// Statements for requests to the gateway that began after the last call of this.
struct Statements<'a> {
    shop: &'a Shop,
    watcher: tokio_postgres::Client,
    since: std::time::SystemTime,
}

impl<'a> Statements<'a> {
    async fn from_now(shop: &'a Shop) -> Self {
        let watcher = shop.database.connect_superuser().await;
        let row = watcher.query_one("SELECT clock_timestamp()", &[]).await;
        Self {
            shop,
            since: row.expect("the time").get(0),
            watcher,
        }
    }

    async fn begun(&self) -> i64 {
        // A request's, not those of webhooks and jobs, which go on meanwhile.
        let sql = "SELECT count(*) FROM pg_stat_activity
                   WHERE datname = $1 AND usename = 'test_gateway' AND query_start > $2
                     AND query ~ 'affiliate_api[.](authorize|find_)'";
        let name = self.shop.database.name();
        let row = self.watcher.query_one(sql, &[&name, &self.since]).await;
        row.expect("a count").get(0)
    }
}

async fn used_up(shop: &Shop, api: &Api, scope: &str) -> String {
    let key = shop.create_key(scope, 3).await;
    shop.wait_for_window().await;
    for _ in 0..3 {
        assert_eq!(api.get_as(&key, LIST).await.status, 200);
    }
    key
}

#[tokio::test]
async fn they_cost_the_database_nothing() {
    let shop = Shop::open().await;
    let api = shop.gateway().await;
    let key = used_up(&shop, &api, "write").await;
    let statements = Statements::from_now(&shop).await;
    for number in 0..100 {
        let answer = api.get_as(&key, LIST).await;
        assert_eq!(answer.status, 429, "{number}");
        assert!((1..=60).contains(&answer.number("retry-after")));
        assert_eq!(answer.number("x-ratelimit-limit"), 3);
        assert_eq!(answer.number("x-ratelimit-remaining"), 0);
        assert_eq!(
            answer.error(),
            "Rate limit exceeded: at most 3 requests a minute"
        );
    }
    assert_eq!(statements.begun().await, 0);
    // The measure measures: a request that is answered is seen.
    assert_eq!(api.get(LIST).await.status, 200);
    assert!(statements.begun().await > 0);
}

#[tokio::test]
async fn another_gateway_learns_of_them_with_one_statement() {
    let shop = Shop::open().await;
    let (first, second) = (shop.gateway().await, shop.gateway().await);
    let key = used_up(&shop, &first, "write").await;
    let refused = second.get_as(&key, LIST).await;
    assert_eq!(refused.status, 429);
    assert_eq!(refused.number("x-ratelimit-remaining"), 0);
    let statements = Statements::from_now(&shop).await;
    assert_eq!(second.get_as(&key, LIST).await.status, 429);
    assert_eq!(statements.begun().await, 0);
}

#[tokio::test]
async fn a_wrong_request_is_told_of_key_scope_and_limit_first() {
    let shop = Shop::open().await;
    let (api, other) = (shop.gateway().await, shop.gateway().await);
    let wrong = |api: &Api, key: &str| {
        let request = api.anonymous(reqwest::Method::POST, "/api/v1/affiliates");
        ask(request.bearer_auth(key).body("{"))
    };
    assert_eq!(wrong(&api, "rgk_1000001_wrong").await.status, 401);
    let read_only = shop.create_key("read", 100).await;
    assert_eq!(wrong(&api, &read_only).await.status, 403);
    let key = used_up(&shop, &api, "write").await;
    assert_eq!(wrong(&other, &key).await.status, 429);
    assert_eq!(wrong(&other, &shop.key).await.status, 400);
}

#[tokio::test]
async fn a_revoked_key_is_refused_at_once_on_every_gateway() {
    let shop = Shop::open().await;
    let gateways = [shop.gateway().await, shop.gateway().await];
    for limit in [100, 5_000] {
        let key = shop.create_key("read", limit).await;
        for api in &gateways {
            for _ in 0..3 {
                assert_eq!(api.get_as(&key, LIST).await.status, 200);
            }
        }
        let revoke = "SELECT affiliate.revoke_api_key($1, $2)::text";
        let revoked = shop.sql.query(revoke, &[&shop.project, &id_of(&key)]).await;
        revoked.expect("the key is revoked");
        for api in &gateways {
            let refused = api.get_as(&key, LIST).await;
            assert_eq!(refused.status, 401);
            assert_eq!(refused.header("x-ratelimit-limit"), None);
            assert_eq!(api.get_as(&key, LIST).await.status, 401);
        }
    }
}
