//! The books are a function of the set of events and of what the owner says: lives of customers, delivered in order to one
//! project and in any order, with duplicates and over many connections to another, end at the same conversions, ledger sums
//! and balances, and `affiliate.verify` finds nothing in either.
//!
//! A provider has the same 1,000 lives each time; `AFFILIATE_LIVES` asks for so many others, new in each run. A failure
//! prints the seed of its batch, which `AFFILIATE_SEED` runs alone, and the least it takes.

mod batch;
mod change;
mod clock;
mod cost;
mod door;
mod http;
mod lemonsqueezy;
mod paddle;
mod plans;
mod polar;
mod regressions;
mod shrink;
mod step;
mod story;
mod stripe;
mod told;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use affiliate_tests::cluster::Cluster;
use affiliate_tests::database::Profile;
use batch::{Orders, Pool, Tell};
use door::Tally;
use tokio::sync::Semaphore;

const LIVES_A_BATCH: u64 = 25;
const CONNECTIONS: usize = 8;
/// Providers whose lives are lived at once: more are not faster, each with its eight connections.
static TURNS: Semaphore = Semaphore::const_new(2);

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{name} is a number")),
    )
}

/// The seeds of the batches to run, one for so many lives of those asked for.
fn seeds(lives: u64) -> Vec<u64> {
    if let Some(seed) = number("AFFILIATE_SEED") {
        return vec![seed; 2];
    }
    let (first, count) = match number("AFFILIATE_LIVES") {
        Some(count) => (
            affiliate_tests::stripe::now().unsigned_abs() * 10_000,
            count,
        ),
        None => (0, 1000),
    };
    (first..first + count.div_ceil(lives)).collect()
}

/// Batches on both kernels in turns.
async fn converge(provider: &str, tell: Tell) {
    let _turn = TURNS.acquire().await.expect("turns go on");
    let cluster = Cluster::shared().await;
    let databases = [
        cluster.create_database(Profile::Native).await,
        cluster.create_database(Profile::Portable).await,
    ];
    let seeds = seeds(LIVES_A_BATCH);
    let pools = [
        Pool::open(&databases[0], CONNECTIONS).await,
        Pool::open(&databases[1], CONNECTIONS).await,
    ];
    let tally = Arc::new(Tally::default());
    for (n, seed) in seeds.iter().enumerate() {
        let pool = &pools[n % 2];
        let orders = Orders::of(*seed, provider, tell, LIVES_A_BATCH);
        let Some(found) = batch::differences(pool, &orders, true, &tally).await else {
            continue;
        };
        let least = shrink::least(pool, orders).await;
        panic!("{provider}, AFFILIATE_SEED={seed}: {found}\n{least}");
    }
    println!(
        "{provider}: {} batches of {LIVES_A_BATCH} lives, {} deliveries, {} of them together, {} deadlocks",
        seeds.len(),
        tally.events.load(Ordering::Relaxed),
        tally.together.load(Ordering::Relaxed),
        tally.deadlocks.load(Ordering::Relaxed)
    );
    for database in databases {
        database.drop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stripe_lives_end_at_the_same_books_in_any_order() {
    converge(stripe::NAME, stripe::tell).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lemonsqueezy_lives_end_at_the_same_books_in_any_order() {
    converge(lemonsqueezy::NAME, lemonsqueezy::tell).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn paddle_lives_end_at_the_same_books_in_any_order() {
    converge(paddle::NAME, paddle::tell).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn polar_lives_end_at_the_same_books_in_any_order() {
    converge(polar::NAME, polar::tell).await;
}
