//! The same lives as the provider delivers them: signed, to a running gateway.

use std::sync::Arc;

use affiliate_tests::books::{Books, assert_clean};
use affiliate_tests::database::Profile;
use affiliate_tests::shop::Shop;

use crate::batch::{Orders, deliver_all, prepare};
use crate::door::Door;
use crate::stripe;

const LIVES: u64 = 25;
const CONNECTIONS: usize = 8;

#[tokio::test]
async fn stripe_lives_end_at_the_same_books_through_the_gateway() {
    let shop = Shop::open(Profile::Native).await;
    let other = shop.add_project(&[]).await;
    let owner = Arc::new(shop.database.connect_superuser().await);
    let seed = crate::number("AFFILIATE_SEED")
        .unwrap_or_else(|| affiliate_tests::stripe::now().unsigned_abs());
    let orders = Orders::of(seed, stripe::NAME, stripe::tell, LIVES);
    let deliveries = [
        (&shop.project, &orders.ordered, 1),
        (&other, &orders.shuffled, CONNECTIONS),
    ];
    for (project, steps, connections) in deliveries {
        prepare(&owner, project.id).await;
        let doors: Vec<_> = (0..connections)
            .map(|_| Door::gateway(&owner, project))
            .collect();
        deliver_all(&owner, &doors, project.id, steps, &Arc::default()).await;
    }
    let expected = Books::of(&shop.database, shop.project.id).await;
    let found = Books::of(&shop.database, other.id).await;
    expected.assert_same(&found, &format!("AFFILIATE_SEED={seed}"));
    assert_clean(&shop.database).await;
    shop.close().await;
}
