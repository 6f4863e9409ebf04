//! API keys made and revoked through the API itself.

use affiliate_tests::database::Profile;
use affiliate_tests::shop::{Project, Shop};
use serde_json::{Value, json};

use crate::support::{assert_gone, assert_refused, data, names};

const PATH: &str = "/api/v1/api-keys";

fn with_key(project: &Project, key: String) -> Project {
    let mut same = project.clone();
    same.key = key;
    same
}

async fn create(project: &Project, body: Value) -> (i64, Project) {
    let created = data(&project.post(PATH, &body).await, 201);
    assert_eq!(names(&created)[..2], ["id", "api_key"]);
    let key = created["api_key"].as_str().expect("a key").to_owned();
    (
        created["id"].as_i64().expect("an id"),
        with_key(project, key),
    )
}

#[tokio::test]
async fn a_created_key_works_until_it_is_revoked() {
    let shop = Shop::open(Profile::Portable).await;
    let project = &shop.project;
    let (id, created) = create(project, json!({"name": "CI"})).await;
    assert_eq!(created.get("/api/v1/affiliates").await.status, 200);
    created.add_affiliate("ada@example.com", "ADA").await;
    assert_gone(&project.delete(&format!("{PATH}/{id}")).await);
    assert_refused(&created.get("/api/v1/affiliates").await, 401, "revoked");
    let listed = data(&project.get(PATH).await, 200);
    let entry = listed
        .as_array()
        .expect("a list")
        .iter()
        .find(|key| key["id"] == id);
    let entry = entry.expect("revoked keys are listed too");
    assert!(
        entry["revoked_at"].is_string() && entry["name"] == "CI",
        "{entry}"
    );
}

#[tokio::test]
async fn keys_are_shown_once() {
    let shop = Shop::open(Profile::Portable).await;
    let (_, created) = create(&shop.project, json!({})).await;
    let listed = created.get(PATH).await;
    assert_eq!(data(&listed, 200).as_array().map(Vec::len), Some(3));
    assert!(
        !listed.text.contains("rgk_") && !listed.text.contains("$2"),
        "{}",
        listed.text
    );
    let (_, secret) = created.key.rsplit_once('_').expect("a secret");
    assert!(!listed.text.contains(secret));
    let page = shop
        .project
        .get("/api/v1/api-keys?limit=1&offset=1")
        .await
        .json();
    assert_eq!(page["data"].as_array().map(Vec::len), Some(1));
    assert_eq!(
        page["pagination"],
        json!({"limit": 1, "offset": 1, "total": 3, "has_more": true})
    );
}

#[tokio::test]
async fn a_reading_key_cannot_make_or_revoke_keys() {
    let shop = Shop::open(Profile::Portable).await;
    let (id, reader) = create(
        &shop.project,
        json!({"scope": "read", "rate_limit_per_minute": 1000}),
    )
    .await;
    assert_eq!(reader.get(PATH).await.status, 200);
    assert_refused(&reader.post(PATH, &json!({})).await, 403, "read");
    assert_refused(&reader.delete(&format!("{PATH}/{id}")).await, 403, "read");
    assert_refused(
        &reader
            .put("/api/v1/project", &json!({"hold_days": 0}))
            .await,
        403,
        "read",
    );
}

#[tokio::test]
async fn a_key_may_revoke_itself() {
    let shop = Shop::open(Profile::Portable).await;
    let (id, created) = create(&shop.project, json!({})).await;
    assert_gone(&created.delete(&format!("{PATH}/{id}")).await);
    assert_eq!(created.get(PATH).await.status, 401);
}

#[tokio::test]
async fn wrong_keys_are_refused() {
    let shop = Shop::open(Profile::Portable).await;
    let project = &shop.project;
    for (body, words) in [
        (json!({"scope": "admin"}), "scope"),
        (json!({"rate_limit_per_minute": 0}), "rate_limit_per_minute"),
        (json!({"name": ""}), "name"),
    ] {
        assert_refused(&project.post(PATH, &body).await, 400, words);
    }
    let unknown = format!("{PATH}/{}999999", project.id);
    assert_refused(&project.delete(&unknown).await, 404, "no API key");
}
