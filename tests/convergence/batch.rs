//! A few dozen lives in two projects: in order in one, in any order in the other.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use affiliate_tests::books::Books;
use affiliate_tests::database::TestDatabase;
use affiliate_tests::random::Random;
use affiliate_tests::stripe::now;
use tokio::sync::Mutex;
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use crate::change;
use crate::step::{Change, Delivery, Step, in_order, shuffled};
use crate::story::{Act, life};

/// Connections that stay open: a fresh one plans every function anew.
#[derive(Debug)]
pub struct Pool {
    owner: Client,
    ordered: Arc<Client>,
    shuffled: Vec<Arc<Client>>,
}

impl Pool {
    pub async fn open(database: &TestDatabase, connections: usize) -> Self {
        let mut shuffled = Vec::new();
        for _ in 0..connections {
            shuffled.push(Arc::new(database.connect_superuser().await));
        }
        Self {
            owner: database.connect_superuser().await,
            ordered: Arc::new(database.connect_superuser().await),
            shuffled,
        }
    }
}

/// How a provider tells a life.
pub type Tell = fn(&mut Random, &[Act]) -> Vec<Delivery>;

/// What a batch did.
#[derive(Debug, Default)]
pub struct Tally {
    pub events: AtomicU64,
    pub deadlocks: AtomicU64,
}

/// The same things in two orders.
#[derive(Debug, Clone)]
pub struct Orders {
    pub ordered: Vec<Step>,
    pub shuffled: Vec<Step>,
}

impl Orders {
    pub fn of(seed: u64, provider: &str, tell: Tell, lives: u64) -> Self {
        let random = &mut Random::new(seed);
        let now = now();
        let mut events = Vec::new();
        for number in 0..lives {
            let acts = life(random, number, now);
            events.extend(tell(random, &acts));
        }
        let changes = change::changes(random, provider, lives, now);
        Self {
            ordered: in_order(&events, &changes),
            shuffled: shuffled(random, &events, &changes),
        }
    }
}

/// Delivers both orders to a project of their own; gives what is wrong with the outcome. A race needs more than one
/// connection for those in any order.
pub async fn differences(
    pool: &Pool,
    orders: &Orders,
    races: bool,
    tally: &Arc<Tally>,
) -> Option<String> {
    let (ordered, shuffled) = (project(&pool.owner).await, project(&pool.owner).await);
    let t = std::time::Instant::now();
    let connections = if races { pool.shuffled.len() } else { 1 };
    tokio::join!(
        deliver(
            std::slice::from_ref(&pool.ordered),
            ordered,
            &orders.ordered,
            tally
        ),
        deliver(
            &pool.shuffled[..connections],
            shuffled,
            &orders.shuffled,
            tally
        ),
    );
    let t1 = t.elapsed();
    for project in [ordered, shuffled] {
        replay_parked(&pool.owner, project).await;
        if let Some(found) = unclean(&pool.owner, project).await {
            return Some(format!("project {project}: {found}"));
        }
    }
    let expected = Books::read(&pool.owner, ordered).await;
    let r = expected.difference(&Books::read(&pool.owner, shuffled).await);
    if races {
        println!(
            "{t1:?} {:?} steps {} {} conv {} {}",
            t.elapsed(),
            orders.ordered.len(),
            orders.shuffled.len(),
            expected.conversions.len(),
            expected.ledger.len()
        );
    }
    r
}

/// A project with affiliates, coupons and a rate.
pub async fn project(client: &Client) -> i64 {
    let create = "SELECT (affiliate.create_project('Shop') ->> 'project_id')::bigint";
    let project: i64 = client
        .query_one(create, &[])
        .await
        .expect("a project")
        .get(0);
    for sql in change::preparation() {
        client
            .execute(&sql, &[&project])
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    }
    project
}

/// Each step is taken from the front by whichever connection is free.
async fn deliver(clients: &[Arc<Client>], project: i64, steps: &[Step], tally: &Arc<Tally>) {
    let changes: VecDeque<Change> = steps
        .iter()
        .filter_map(|step| match step {
            Step::Change(change) => Some(change.clone()),
            Step::Event(_) => None,
        })
        .collect();
    let changes = Arc::new(Mutex::new(changes));
    let steps = Arc::new(Mutex::new(VecDeque::from(steps.to_vec())));
    let mut workers = Vec::new();
    for client in clients {
        let (steps, changes, tally) = (Arc::clone(&steps), Arc::clone(&changes), Arc::clone(tally));
        let client = Arc::clone(client);
        workers.push(tokio::spawn(async move {
            loop {
                let step = steps.lock().await.pop_front();
                match step {
                    None => break,
                    Some(Step::Event(event)) => receive(&client, project, &event, &tally).await,
                    Some(Step::Change(_)) => {
                        // In their own order: the next one waits until this is done.
                        let mut changes = changes.lock().await;
                        let change = changes.pop_front().expect("as many as there are steps");
                        make(&client, project, &change, &tally).await;
                    }
                }
            }
        }));
    }
    for worker in workers {
        worker.await.expect("every step is taken");
    }
}

async fn receive(client: &Client, project: i64, event: &Delivery, tally: &Tally) {
    let sql = "SELECT affiliate_private.receive_event($1, $2, $3, $4) :: json ->> 'status'";
    let body = event.body.to_string().into_bytes();
    loop {
        let answer = client
            .query_one(sql, &[&project, &event.provider, &event.delivery_id, &body])
            .await;
        match answer {
            Ok(_) => break,
            Err(error) if is_deadlock(&error) => tally.deadlocks.fetch_add(1, Ordering::Relaxed),
            Err(error) => panic!("{}: {error:?}", event.body),
        };
    }
    tally.events.fetch_add(1, Ordering::Relaxed);
}

async fn make(client: &Client, project: i64, change: &Change, tally: &Tally) {
    loop {
        match client.query(&change.sql, &[&project]).await {
            Ok(_) => break,
            Err(error) if is_deadlock(&error) => tally.deadlocks.fetch_add(1, Ordering::Relaxed),
            Err(error) => panic!("{}: {error:?}", change.sql),
        };
    }
}

fn is_deadlock(error: &tokio_postgres::Error) -> bool {
    error.code() == Some(&SqlState::T_R_DEADLOCK_DETECTED)
}

/// Events that came before the rate of their currency; nothing else may be parked.
async fn replay_parked(client: &Client, project: i64) {
    let sql = "SELECT e.error, affiliate.replay_event(e.project_id, e.provider_event_id) ->> 'error', convert_from(e.body, 'UTF8')
               FROM affiliate_private.provider_event AS e WHERE e.project_id = $1 AND e.outcome = 'parked' ORDER BY e.provider_event_id";
    for row in client
        .query(sql, &[&project])
        .await
        .expect("the parked events")
    {
        let (before, after): (String, Option<String>) = (row.get(0), row.get(1));
        assert!(
            before.starts_with("no exchange rate"),
            "{before}: {}",
            row.get::<_, String>(2)
        );
        assert_eq!(after, None, "{}", row.get::<_, String>(2));
    }
}

async fn unclean(client: &Client, project: i64) -> Option<String> {
    let sql = "SELECT string_agg(concat_ws(' ', v.check_name, v.subject, 'expected', v.expected, 'actual', v.actual), E'\\n')
               FROM affiliate.verify($1) AS v";
    client
        .query_one(sql, &[&project])
        .await
        .expect("a verification")
        .get(0)
}
