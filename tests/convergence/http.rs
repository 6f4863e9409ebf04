//! The same lives as their provider delivers them: signed, to a running gateway.

use std::sync::Arc;

use affiliate_tests::books::{Books, assert_clean};
use affiliate_tests::database::Profile;
use affiliate_tests::shop::{Project, Shop};
use serde_json::json;

use crate::batch::{Orders, Tell, deliver_all, prepare};
use crate::door::{Door, Webhook};
use crate::{lemonsqueezy, paddle, polar, stripe};

/// One batch of lives here for forty times as many through SQL.
const LIVES: u64 = 25;
const CONNECTIONS: usize = 8;

/// Batches on both kernels in turns.
async fn converge(provider: &'static str, tell: Tell, secret: &'static str) {
    for (n, seed) in crate::seeds(40 * LIVES).into_iter().enumerate() {
        let shop = Shop::open(Profile::KERNELS[n % 2]).await;
        batch(shop, seed, provider, tell, secret).await;
    }
}

async fn batch(shop: Shop, seed: u64, provider: &'static str, tell: Tell, secret: &'static str) {
    let other = shop.add_project(&[]).await;
    let owner = Arc::new(shop.database.connect_superuser().await);
    let orders = Orders::of(seed, provider, tell, LIVES);
    let deliveries = [
        (&shop.project, &orders.ordered, 1),
        (&other, &orders.shuffled, CONNECTIONS),
    ];
    for (project, steps, connections) in deliveries {
        prepare(&owner, project.id).await;
        let webhook = connect(&shop, project, provider, secret).await;
        let doors: Vec<_> = (0..connections)
            .map(|_| Door::gateway(&owner, &webhook))
            .collect();
        deliver_all(&owner, &doors, project.id, steps, &Arc::default()).await;
    }
    let expected = Books::of(&shop.database, shop.project.id).await;
    assert!(expected.conversions.len() as u64 > LIVES, "{expected:?}");
    let found = Books::of(&shop.database, other.id).await;
    expected.assert_same(&found, &format!("{provider}, AFFILIATE_SEED={seed}"));
    assert_clean(&shop.database).await;
    shop.close().await;
}

async fn connect(shop: &Shop, project: &Project, provider: &str, secret: &'static str) -> Webhook {
    let path = format!("/api/v1/providers/{provider}");
    let answer = project
        .put(&path, &json!({ "webhook_secret": secret }))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    Webhook {
        url: shop
            .gateway
            .url(&format!("/webhook/{provider}/{}", project.id)),
        secret,
        http: affiliate_tests::http(),
    }
}

#[tokio::test]
async fn stripe_lives_end_at_the_same_books_through_the_gateway() {
    converge(stripe::NAME, stripe::tell, "whsec_of_the_lives").await;
}

#[tokio::test]
async fn lemonsqueezy_lives_end_at_the_same_books_through_the_gateway() {
    converge(
        lemonsqueezy::NAME,
        lemonsqueezy::tell,
        "a_phrase_of_the_merchant",
    )
    .await;
}

#[tokio::test]
async fn paddle_lives_end_at_the_same_books_through_the_gateway() {
    converge(paddle::NAME, paddle::tell, "pdl_ntfset_of_the_lives").await;
}

#[tokio::test]
async fn polar_lives_end_at_the_same_books_through_the_gateway() {
    converge(polar::NAME, polar::tell, "polar_whs_of_the_lives").await;
}
