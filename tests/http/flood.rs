//! A flood of wrong keys does not stall good ones.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::shop::{Shop, id_of};

const LIST: &str = "/api/v1/affiliates";

#[tokio::test(flavor = "multi_thread")]
async fn good_keys_are_answered_during_a_flood_of_wrong_ones() {
    let shop = Shop::open().await;
    let api = Arc::new(shop.gateway().await);
    let mut attacked = Vec::new();
    for _ in 0..3 {
        attacked.push(id_of(&shop.create_key("read", 100).await));
    }
    // As keys were before they had it: a wrong secret costs a bcrypt.
    let without =
        "UPDATE affiliate_private.api_key SET secret_check = NULL WHERE key_id = ANY ($1)";
    shop.sql
        .execute(without, &[&attacked])
        .await
        .expect("older keys");
    let cold = shop.create_key("read", 100).await;
    let warm = shop.create_key("read", 5_000).await;
    assert_eq!(api.get_as(&warm, LIST).await.status, 200);
    // Known keys with wrong secrets, which are worth a bcrypt each, and keys that do not exist.
    let mut flood = tokio::task::JoinSet::new();
    for number in 0..400_i64 {
        let api = Arc::clone(&api);
        let id = match usize::try_from(number % 6)
            .ok()
            .and_then(|at| attacked.get(at))
        {
            Some(known) => *known,
            None => id_of(&warm) + 1_000 + number,
        };
        flood.spawn(async move {
            api.get_as(&format!("rgk_{id}_wrong{number}"), LIST)
                .await
                .status
        });
    }
    // While there is a queue of checks.
    let mut slowest = Duration::ZERO;
    for _ in 0..50 {
        let started = Instant::now();
        assert_eq!(api.get_as(&warm, LIST).await.status, 200);
        slowest = slowest.max(started.elapsed());
    }
    let mut statuses = Vec::new();
    while let Some(answered) = flood.try_join_next() {
        statuses.push(answered.expect("an answer"));
    }
    assert!(
        !flood.is_empty(),
        "the flood was over too soon to show anything"
    );
    // A good key that has to be checked itself waits for one check of each attacked key, not for all of them.
    assert_eq!(api.get_as(&cold, LIST).await.status, 200);
    assert!(!flood.is_empty());
    let refused = |status: &u16| matches!(status, 401 | 429);
    assert!(statuses.iter().all(refused), "{statuses:?}");
    assert!(slowest < Duration::from_secs(5), "{slowest:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_verified_during_a_flood_of_wrong_secrets_for_it() {
    let shop = Shop::open().await;
    let api = Arc::new(shop.gateway().await);
    let good = shop.create_key("read", 100).await;
    let id = id_of(&good);
    let stop = Arc::new(AtomicBool::new(false));
    let mut flood = tokio::task::JoinSet::new();
    for guesser in 0..20 {
        let (api, stop) = (Arc::clone(&api), Arc::clone(&stop));
        flood.spawn(async move {
            let mut statuses = Vec::new();
            while !stop.load(Ordering::Relaxed) {
                let guess = format!("rgk_{id}_{guesser}x{}", statuses.len());
                statuses.push(api.get_as(&guess, LIST).await.status);
            }
            statuses
        });
    }
    let answer = api.get_as(&good, LIST).await.status;
    stop.store(true, Ordering::Relaxed);
    let guesses = flood.join_all().await.concat();
    assert!(guesses.len() >= 20, "{} guesses", guesses.len());
    assert!(guesses.iter().all(|status| *status == 401), "{guesses:?}");
    assert_eq!(answer, 200);
}
