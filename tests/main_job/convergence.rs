//! The books are a function of the set of events: random histories, delivered in order to one project and in any order,
//! with duplicates and over many connections to another, end at the same conversions, ledger sums and balances.
//!
//! `AFFILIATE_SEED` repeats a run; the seed of a failure is in its message.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use affiliate_tests::books::{Books, assert_clean};
use affiliate_tests::database::{Profile, TestDatabase};
use affiliate_tests::random::Random;
use affiliate_tests::shop::{Project, Shop};
use affiliate_tests::stripe::{self, event::Event};
use serde_json::json;

const LIVES: u64 = 60;
const CONNECTIONS: usize = 8;
const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;
const AFFILIATES: [(&str, &str); 4] = [
    ("ada@example.com", "ADA"),
    ("bob@example.com", "BOB"),
    ("cleo@example.com", "CLEO"),
    // Buys too: nobody is paid for what they buy themselves.
    ("self@example.com", "SELF"),
];
const CODES: [&str; 6] = ["ADA", "bob", "CLEO", "SELF", "NOBODY", ""];

/// Something that happens to a project.
#[derive(Clone)]
enum Step {
    Event(Event),
    /// A call of an owner's function on the project ($1), dated.
    Change(String),
}

#[tokio::test]
async fn any_order_and_duplication_ends_at_the_same_books() {
    let seed = match std::env::var("AFFILIATE_SEED") {
        Ok(text) => text.parse().expect("AFFILIATE_SEED is a number"),
        Err(_) => stripe::now().unsigned_abs(),
    };
    for profile in Profile::KERNELS {
        let random = &mut Random::new(seed);
        let shop = Shop::open(profile).await;
        let shuffled = shop.add_project(&[]).await;
        for project in [&shop.project, &shuffled] {
            prepare(&shop.database, project).await;
        }
        // Between half-hours, so that nothing leaves its hold while the test runs.
        let start = stripe::now() - 45 * DAY + HOUR / 2;
        let mut history: Vec<Step> = changes(start).collect();
        for number in 0..LIVES {
            history.extend(life(random, number, start));
        }
        history.sort_by_key(|step| match step {
            Step::Change(_) => 0,
            Step::Event(event) => event.created(),
        });
        deliver(&shop.database, &shop.project, history.clone(), 1).await;

        let again: Vec<_> = history.iter().filter(|_| random.one_in(3)).collect();
        let again = again
            .into_iter()
            .filter(|step| matches!(step, Step::Event(_)));
        let mut steps: Vec<Step> = again.cloned().collect();
        steps.extend(history);
        random.shuffle(&mut steps);
        deliver(&shop.database, &shuffled, steps, CONNECTIONS).await;

        let expected = Books::of(&shop.database, shop.project.id).await;
        let found = Books::of(&shop.database, shuffled.id).await;
        let what = format!("{profile:?} kernels, AFFILIATE_SEED={seed}");
        assert!(expected.conversions.len() as u64 > LIVES, "{what}");
        expected.assert_same(&found, &what);
        println!("{what}: {} conversions agree", found.conversions.len());
        assert_clean(&shop.database).await;
        shop.close().await;
    }
}

async fn prepare(database: &TestDatabase, project: &Project) {
    for (email, code) in AFFILIATES {
        project.add_affiliate(email, code).await;
    }
    let rate = "SELECT affiliate.set_exchange_rate($1, 'EUR', '1.1', '2020-01-01Z')";
    let owner = database.connect().await;
    owner.execute(rate, &[&project.id]).await.expect("a rate");
}

/// What the owner changes, each from its own moment on.
fn changes(start: i64) -> impl Iterator<Item = Step> {
    let rule = |email: &str, percent: &str, days: i64| {
        format!(
            "SELECT affiliate.set_affiliate_commission($1, a.affiliate_id, '{percent}', NULL, to_timestamp({}))
             FROM affiliate.affiliates AS a WHERE a.project_id = $1 AND a.email = '{email}'",
            start + days * DAY
        )
    };
    let rate = |rate: &str, days: i64| {
        let at = start + days * DAY;
        format!("SELECT affiliate.set_exchange_rate($1, 'EUR', '{rate}', to_timestamp({at}))")
    };
    let changes = [
        rule("bob@example.com", "33.3333", 8),
        rule("bob@example.com", "12.5", 20),
        rule("cleo@example.com", "7", 15),
        rate("1.0837", 12),
        rate("1.2", 25),
    ];
    changes.into_iter().map(Step::Change)
}

/// One customer's history: a few payments under one or two emails and a Stripe id, with refunds.
fn life(random: &mut Random, number: u64, start: i64) -> Vec<Step> {
    let mut events = Vec::new();
    for payment in 0..random.between(1, 4) {
        // Few moments, so that some coincide.
        let at = start + random.between(0, 30) * DAY + random.between(0, 2) * HOUR;
        let name = format!("life{number}_pi_{payment}");
        let amount = random.between(1, 20_000);
        let sale = identify(random, number, Event::sale(&name, amount).at(at));
        let sale = match random.below(6) {
            0 => sale.currency("eur"),
            1 => sale.tax(amount / 6),
            _ => sale,
        };
        let sale = attribute(random, sale);
        if random.one_in(4) {
            // The session was there before its money, with what was known then.
            let unpaid = identify(random, number, Event::unpaid(&name));
            let before = at - random.between(0, 3) * DAY;
            events.push(attribute(random, unpaid).at(before));
        }
        if random.one_in(4) {
            // Told twice, under another event id, perhaps with another time and other evidence.
            let retold = sale.clone().id(&format!("evt_retold_{name}"));
            events.push(attribute(random, retold).at(at + random.between(-1, 1) * HOUR));
        }
        events.push(sale);
        let mut refunded = 0;
        while refunded < amount && random.one_in(2) {
            refunded = match random.below(3) {
                0 => amount,
                _ => random.between(refunded + 1, amount),
            };
            let refund = Event::refund(&name, amount, refunded);
            events.push(refund.at(at + random.between(0, 10) * DAY));
        }
    }
    events.into_iter().map(Step::Event).collect()
}

fn identify(random: &mut Random, number: u64, event: Event) -> Event {
    let (first, second) = (
        format!("Life{number}@example.com"),
        format!("life{number}.b@example.com"),
    );
    let customer = format!("cus_life{number}");
    match random.below(8) {
        0 | 1 => event.email(&first),
        2 => event.email(&first.to_lowercase()).customer(&customer),
        3 => event.customer(&customer),
        4 => event.email(&second),
        5 => event.email(&second).customer(&customer),
        6 if number == 0 => event.email("self@example.com").customer(&customer),
        _ => event,
    }
}

fn attribute(random: &mut Random, event: Event) -> Event {
    match random.below(4) {
        0 => event,
        1 => event.object("client_reference_id", json!(random.pick(&CODES))),
        _ => event.code(random.pick::<&str>(&CODES)),
    }
}

/// Delivers the steps, each taken from the front by whichever connection is free.
async fn deliver(database: &TestDatabase, project: &Project, steps: Vec<Step>, connections: usize) {
    let steps = Arc::new(Mutex::new(VecDeque::from(steps)));
    let mut workers = Vec::new();
    for _ in 0..connections {
        let (steps, project) = (Arc::clone(&steps), project.clone());
        let owner = database.connect().await;
        workers.push(tokio::spawn(async move {
            loop {
                let step = steps
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .pop_front();
                match step {
                    None => break,
                    Some(Step::Event(event)) => {
                        let outcome = project.deliver(&event).await;
                        assert!(outcome == "applied" || outcome == "duplicate", "{outcome}");
                    }
                    Some(Step::Change(sql)) => {
                        let changed = owner.execute(&sql, &[&project.id]).await;
                        changed.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
                    }
                }
            }
        }));
    }
    for worker in workers {
        worker.await.expect("every step is taken");
    }
}
