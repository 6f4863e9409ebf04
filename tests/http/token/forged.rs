//! Tokens that somebody else made, or changed.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::shop::{Api, Shop};

use super::LIST;

fn encoded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn sign(header: &Value, claims: &Value, secret: &str) -> String {
    let message = format!("{}.{}", encoded(header), encoded(claims));
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any length is a key");
    let signature = mac.chain_update(message.as_bytes()).finalize();
    format!(
        "{message}.{}",
        URL_SAFE_NO_PAD.encode(signature.into_bytes())
    )
}

/// A shop's signing key with its secret, as nobody outside the database has it.
struct Forger {
    header: Value,
    claims: Value,
    secret: String,
}

impl Forger {
    async fn at(shop: &Shop) -> Self {
        let create = "SELECT affiliate.create_token_key($1)";
        shop.sql
            .execute(create, &[&shop.project])
            .await
            .expect("a key");
        let sql = "SELECT key_id, secret, extract(epoch FROM now())::bigint FROM affiliate_private.token_key";
        let row = shop.sql.query_one(sql, &[]).await.expect("the key");
        let now: i64 = row.get(2);
        let kid = row.get::<_, i64>(0).to_string();
        Self {
            header: json!({"alg": "HS256", "typ": "JWT", "kid": kid}),
            claims: json!({"project": shop.project, "scope": "read", "iat": now, "nbf": now, "exp": now + 600}),
            secret: row.get(1),
        }
    }

    fn with_header(&self, name: &str, value: Value) -> String {
        let mut header = self.header.clone();
        header[name] = value;
        sign(&header, &self.claims, &self.secret)
    }

    fn with_claim(&self, name: &str, value: Value) -> String {
        let mut claims = self.claims.clone();
        claims[name] = value;
        sign(&self.header, &claims, &self.secret)
    }
}

async fn refusal(api: &Api, token: &str) -> String {
    let answer = api.get_as(token, LIST).await;
    assert_eq!(answer.status, 401, "{token}: {answer:?}");
    answer.error()
}

#[tokio::test]
async fn the_same_token_is_accepted_where_nothing_is_wrong_with_it() {
    let shop = Shop::open().await;
    let forger = Forger::at(&shop).await;
    let api = shop.gateway().await;
    let token = sign(&forger.header, &forger.claims, &forger.secret);
    assert_eq!(api.get_as(&token, LIST).await.status, 200);
}

#[tokio::test]
async fn no_other_algorithm_is_accepted() {
    let shop = Shop::open().await;
    let forger = Forger::at(&shop).await;
    let api = shop.gateway().await;
    for algorithm in ["none", "HS512", "RS256"] {
        let signed = forger.with_header("alg", json!(algorithm));
        assert_eq!(refusal(&api, &signed).await, "The token is not valid");
        let (message, _) = signed.rsplit_once('.').expect("a signature");
        refusal(&api, &format!("{message}.")).await;
    }
}

#[tokio::test]
async fn what_was_signed_cannot_be_changed_nor_signed_by_others() {
    let shop = Shop::open().await;
    let forger = Forger::at(&shop).await;
    let api = shop.gateway().await;
    let token = sign(&forger.header, &forger.claims, &forger.secret);
    let write = forger.with_claim("scope", json!("write"));
    let parts: Vec<&str> = token.split('.').collect();
    let payload = write.split('.').nth(1).expect("claims");
    for token in [
        format!("{}.{payload}.{}", parts[0], parts[2]),
        sign(&forger.header, &forger.claims, "guessed"),
        sign(&forger.header, &forger.claims, ""),
        forger.with_header("kid", json!("1999999")),
        forger.with_header("kid", json!(null)),
    ] {
        assert_eq!(refusal(&api, &token).await, "The token is not valid");
    }
}

#[tokio::test]
async fn it_has_its_time_and_its_project() {
    let shop = Shop::open().await;
    let forger = Forger::at(&shop).await;
    let api = shop.gateway().await;
    let now = forger.claims["nbf"].as_i64().expect("a time");
    let early = forger.with_claim("nbf", json!(now + 120));
    assert_eq!(refusal(&api, &early).await, "The token is not valid yet");
    let late = forger.with_claim("exp", json!(now - 60));
    assert_eq!(refusal(&api, &late).await, "The token has expired");
    let create = "SELECT affiliate.create_project('Other') ->> 'project_id'";
    let other: String = shop
        .sql
        .query_one(create, &[])
        .await
        .expect("a project")
        .get(0);
    let other: i64 = other.parse().expect("an id");
    let elsewhere = forger.with_claim("project", json!(other));
    assert_eq!(refusal(&api, &elsewhere).await, "Invalid or revoked token");
    for (claim, value) in [
        ("scope", json!("admin")),
        ("exp", json!(null)),
        ("project", json!("1")),
    ] {
        assert_eq!(
            refusal(&api, &forger.with_claim(claim, value)).await,
            "The token is not valid"
        );
    }
}
