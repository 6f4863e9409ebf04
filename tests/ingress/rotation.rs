//! A new webhook secret replaces the one before without losing what was signed with it meanwhile.

use affiliate_tests::signature::PROVIDERS;
use serde_json::{Value, json};

use crate::support::{assert_refused, assert_taken, body, connect, deliver, open, secret};

const NEW: &str = "whsec_the_new_one_of_them";

#[tokio::test]
async fn the_secret_before_is_accepted_until_the_overlap_ends() {
    let shop = open(&[]).await;
    for provider in PROVIDERS {
        let connected = connect(&shop, provider, json!({"webhook_secret": NEW})).await;
        assert_eq!(connected["webhook_secret"]["last4"], json!("them"));
        assert_eq!(
            previous(&connected).len(),
            if provider == "stripe" { 2 } else { 1 }
        );
        for (name, secret) in [("first", secret(provider)), ("second", NEW)] {
            assert_taken(&deliver(&shop, provider, secret, &body(provider, name)).await);
        }
    }
    // The overlap ends.
    let sql =
        "UPDATE affiliate_private.provider_secret SET retired_at = now() WHERE retired_at > now()";
    let client = shop.database.connect_superuser().await;
    client.execute(sql, &[]).await.expect("an update");
    for provider in PROVIDERS {
        let late = deliver(&shop, provider, secret(provider), &body(provider, "third")).await;
        assert_refused(&late, 401, "does not match");
        assert_taken(&deliver(&shop, provider, NEW, &body(provider, "fourth one")).await);
    }
    shop.close().await;
}

#[tokio::test]
async fn the_overlap_can_be_set_and_zero_retires_at_once() {
    let shop = open(&[]).await;
    let connected = connect(
        &shop,
        "paddle",
        json!({"webhook_secret": NEW, "overlap_hours": 1}),
    )
    .await;
    let [kept] = &previous(&connected)[..] else {
        panic!("{connected}");
    };
    assert_eq!(kept["last4"], json!("oJ1I"));
    let sql = "SELECT extract(epoch FROM $1::text::timestamptz - clock_timestamp())::integer";
    let client = shop.database.connect_superuser().await;
    let until = kept["valid_until"].as_str().expect("a time");
    let left: i32 = client
        .query_one(sql, &[&until])
        .await
        .expect("a number")
        .get(0);
    assert!((3500..=3600).contains(&left), "{left}");
    // A later overlap does not give the older one more time, and none at all ends it.
    let connected = connect(
        &shop,
        "paddle",
        json!({"webhook_secret": "a_third_one", "overlap_hours": 48}),
    )
    .await;
    assert_eq!(previous(&connected)[0]["valid_until"], json!(until));
    let connected = connect(
        &shop,
        "paddle",
        json!({"webhook_secret": "a_fourth_one", "overlap_hours": 0}),
    )
    .await;
    assert!(previous(&connected).is_empty(), "{connected}");
    for old in [secret("paddle"), NEW, "a_third_one"] {
        let late = deliver(&shop, "paddle", old, &body("paddle", "1")).await;
        assert_refused(&late, 401, "does not match");
    }
    shop.close().await;
}

#[tokio::test]
async fn the_same_secret_again_changes_nothing() {
    let shop = open(&[]).await;
    let first = connect(&shop, "polar", json!({"webhook_secret": NEW})).await;
    let again = connect(
        &shop,
        "polar",
        json!({"webhook_secret": NEW, "overlap_hours": 48}),
    )
    .await;
    assert_eq!(first, again);
    // Back to the one before: it signs as the current one again.
    let back = connect(&shop, "polar", json!({"webhook_secret": secret("polar")})).await;
    assert_eq!(back["webhook_secret"]["last4"], json!("2JuK"));
    assert_taken(&deliver(&shop, "polar", secret("polar"), &body("polar", "1")).await);
    shop.close().await;
}

fn previous(connected: &Value) -> Vec<Value> {
    let list = connected["previous_secrets"].as_array();
    list.unwrap_or_else(|| panic!("{connected}")).clone()
}
