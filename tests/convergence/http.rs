//! The same lives as the provider delivers them: signed, to a running gateway.

use std::collections::VecDeque;
use std::sync::Arc;

use affiliate_tests::books::{Books, assert_clean};
use affiliate_tests::database::Profile;
use affiliate_tests::shop::{Project, Shop};
use tokio::sync::Mutex;
use tokio_postgres::Client;

use crate::batch::Orders;
use crate::step::Step;
use crate::{change, stripe};

const LIVES: u64 = 25;
const CONNECTIONS: usize = 8;

#[tokio::test]
async fn stripe_lives_end_at_the_same_books_through_the_gateway() {
    let shop = Shop::open(Profile::Native).await;
    let other = shop.add_project(&[]).await;
    let owner = Arc::new(shop.database.connect_superuser().await);
    let seed = crate::number("AFFILIATE_SEED").unwrap_or_else(|| affiliate_tests::stripe::now().unsigned_abs());
    let orders = Orders::of(seed, stripe::NAME, stripe::tell, LIVES);
    for (project, steps, connections) in [(&shop.project, &orders.ordered, 1), (&other, &orders.shuffled, CONNECTIONS)] {
        for sql in change::preparation() {
            make(&owner, project, &sql).await;
        }
        deliver(&owner, project, steps, connections).await;
        replay(&owner, project).await;
    }
    let expected = Books::of(&shop.database, shop.project.id).await;
    let found = Books::of(&shop.database, other.id).await;
    expected.assert_same(&found, &format!("AFFILIATE_SEED={seed}"));
    assert_clean(&shop.database).await;
    shop.close().await;
}

async fn deliver(owner: &Arc<Client>, project: &Project, steps: &[Step], connections: usize) {
    let changes: VecDeque<String> = steps
        .iter()
        .filter_map(|step| match step {
            Step::Change(change) => Some(change.sql.clone()),
            Step::Event(_) => None,
        })
        .collect();
    let changes = Arc::new(Mutex::new(changes));
    let steps = Arc::new(Mutex::new(VecDeque::from(steps.to_vec())));
    let mut workers = Vec::new();
    for _ in 0..connections {
        let (steps, changes) = (Arc::clone(&steps), Arc::clone(&changes));
        let (owner, project) = (Arc::clone(owner), project.clone());
        workers.push(tokio::spawn(async move {
            loop {
                let step = steps.lock().await.pop_front();
                match step {
                    None => break,
                    Some(Step::Event(event)) => {
                        let answer = project.deliver_bytes(event.body.to_string().as_bytes()).await;
                        assert_eq!(answer.status, 200, "{}", answer.text);
                    }
                    Some(Step::Change(_)) => {
                        let mut changes = changes.lock().await;
                        let sql = changes.pop_front().expect("as many as there are steps");
                        make(&owner, &project, &sql).await;
                    }
                }
            }
        }));
    }
    for worker in workers {
        worker.await.expect("every step is taken");
    }
}

async fn make(owner: &Client, project: &Project, sql: &str) {
    let made = owner.execute(sql, &[&project.id]).await;
    made.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
}

/// What came before the rate of its currency.
async fn replay(owner: &Client, project: &Project) {
    make(owner, project, "SELECT affiliate.replay_event(e.project_id, e.provider_event_id)::text
                          FROM affiliate_private.provider_event AS e WHERE e.project_id = $1 AND e.outcome = 'parked'").await;
}
