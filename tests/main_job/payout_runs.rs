//! Payout runs at once over the same affiliates, with everything killed in between: what the payment provider has paid is
//! what was owed, to the cent, and the books say so.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, RwLock};

use affiliate_tests::binary;
use affiliate_tests::books::assert_clean;
use affiliate_tests::cluster::Cluster;
use affiliate_tests::database::{Profile, TestDatabase};
use affiliate_tests::gateway::Gateway;
use affiliate_tests::shop::{Answer, Project, Shop};
use affiliate_tests::stripe::event::Event;
use affiliate_tests::stripe::sign_now;
use affiliate_tests::wait::until;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use reqwest::Method;
use serde_json::{Value, json};

const AFFILIATES: usize = 20;
const LONG_AGO: i64 = 1_768_000_000;
/// So many events are delivered between one kill and the next.
const EVENTS_A_STAGE: usize = 60;

/// What stands outside of the product and outlives everything that is killed.
struct World {
    project: RwLock<Project>,
    /// What the payment provider has paid, by the reference it was told: told twice, it pays once.
    transfers: Mutex<HashMap<String, i64>>,
    delivered: AtomicUsize,
    done: AtomicBool,
}

impl World {
    fn project(&self) -> Project {
        self.project.read().expect("no panic").clone()
    }

    /// Asks until somebody answers who has a database.
    async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        until("an answer", async || {
            let body = body.map(|body| body.to_string().into());
            let answer = self.project().try_send(method.clone(), path, body).await;
            answer.ok().filter(|answer| answer.status != 503)
        })
        .await
    }

    async fn data(&self, method: Method, path: &str, body: Option<&Value>) -> Value {
        let answer = self.ask(method, path, body).await;
        assert!(answer.status < 300, "{path}: {}", answer.text);
        answer.json()["data"].take()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_paid_is_what_is_owed_whatever_is_killed() {
    for profile in Profile::KERNELS {
        let cluster = Cluster::durable().await;
        let database = cluster.create_database(profile).await;
        let mut shop = Shop::open_on(database, &[]).await;
        for number in 0..AFFILIATES {
            add_affiliate(&shop.project, number).await;
        }
        let world = World {
            project: RwLock::new(shop.project.clone()),
            transfers: Mutex::default(),
            delivered: AtomicUsize::new(0),
            done: AtomicBool::new(false),
        };
        tokio::join!(
            sell(&world),
            run_payouts(&world),
            run_payouts(&world),
            run_payouts(&world),
            kill_everything(&world, &mut shop, &cluster),
        );
        // What is still reserved, what came last, and what failed, until nothing is left.
        while pay_everything(&world).await > 0 {}
        assert_paid_what_is_owed(&world, &shop).await;
        assert_clean(&shop.database).await;
        drop(shop);
        tokio::task::spawn_blocking(move || drop(cluster))
            .await
            .expect("the cluster stops");
    }
}

/// One after the other, each in the middle of the work, and then it is enough.
async fn kill_everything(world: &World, shop: &mut Shop, cluster: &Cluster) {
    reach(world, EVENTS_A_STAGE).await;
    let next = Gateway::start(&shop.database).await;
    *world.project.write().expect("no panic") = shop.project.at(&next);
    std::mem::replace(&mut shop.gateway, next).kill9();
    reach(world, 2 * EVENTS_A_STAGE).await;
    kill_a_run_before_it_commits(shop).await;
    kill_a_command(&shop.database, shop.project.id).await;
    reach(world, 3 * EVENTS_A_STAGE).await;
    let postmaster = cluster.server().postmaster_pid().expect("a postmaster");
    kill(Pid::from_raw(postmaster), Signal::SIGKILL).expect("it is killed");
    reach(world, 4 * EVENTS_A_STAGE).await;
    world.done.store(true, Ordering::SeqCst);
}

async fn add_affiliate(project: &Project, number: usize) {
    let email = format!("a{number}@example.com");
    project.add_affiliate(&email, &format!("A{number}")).await;
    let path = format!("/api/v1/affiliates/{email}/payout-preferences");
    let paypal = json!({"method": "paypal", "paypal_email": email});
    let set = project.put(&path, &paypal).await;
    assert_eq!(set.status, 200, "{}", set.text);
}

/// Sales without end, of which every fourth is refunded in part and every ninth altogether, each delivered until it is taken.
async fn sell(world: &World) {
    for number in 0.. {
        if world.done.load(Ordering::SeqCst) {
            return;
        }
        let payment = format!("pi_{number}");
        let amount = 1_000 + 37 * i64::try_from(number).expect("a few");
        let sale = Event::sale(&payment, amount).code(&format!("A{}", number % AFFILIATES));
        let buyer = format!("buyer{number}@example.com");
        deliver(world, &sale.customer(&payment).email(&buyer).at(LONG_AGO)).await;
        let refunded = match number % 36 {
            n if n % 9 == 0 => amount,
            n if n % 4 == 0 => amount / 3,
            _ => continue,
        };
        // Of a sale some time ago, which may be reserved or paid by now.
        let refund = Event::refund(&payment, amount, refunded).at(LONG_AGO + 100);
        deliver(world, &refund).await;
    }
}

async fn deliver(world: &World, event: &Event) {
    let body = event.body();
    until("an event to be taken", async || {
        let project = world.project();
        let signature = sign_now(&project.secret, &body);
        let answer = project.try_deliver(&body, Some(&signature)).await.ok()?;
        (answer.status == 200).then_some(())
    })
    .await;
    world.delivered.fetch_add(1, Ordering::SeqCst);
}

async fn reach(world: &World, count: usize) {
    until("more events to be delivered", async || {
        (world.delivered.load(Ordering::SeqCst) >= count).then_some(())
    })
    .await;
}

/// A batch, and then whatever is reserved, by whomever: sent, and confirmed, or not.
async fn run_payouts(world: &World) {
    while !world.done.load(Ordering::SeqCst) {
        pay_everything(world).await;
    }
}

/// Gives how many payouts there were.
async fn pay_everything(world: &World) -> usize {
    let all = json!({});
    let batches = "/api/v1/payout-batches";
    world.ask(Method::POST, batches, Some(&all)).await;
    let path = "/api/v1/payouts?status=reserved&limit=500";
    let reserved = world.data(Method::GET, path, None).await;
    let reserved = reserved.as_array().expect("a list");
    for payout in reserved {
        end(world, payout).await;
    }
    reserved.len()
}

/// Everybody comes to the same end for a payout, as its reference says.
async fn end(world: &World, payout: &Value) {
    let reference = payout["reference"].as_str().expect("a text");
    let end = match reference.bytes().map(usize::from).sum::<usize>() % 7 {
        0 => "cancel",
        1 => "fail",
        _ => "confirm",
    };
    if end != "cancel" {
        let cents = payout["amount"].as_str().expect("a text").replace('.', "");
        let amount = if end == "fail" {
            0
        } else {
            cents.parse().expect("cents")
        };
        let mut transfers = world.transfers.lock().expect("no panic");
        transfers.insert(reference.to_owned(), amount);
    }
    let path = format!("/api/v1/payouts/{}/{end}", payout["id"]);
    let answer = world.ask(Method::POST, &path, Some(&json!({}))).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

/// The run has reserved everything when its session is killed: nothing of it is left.
async fn kill_a_run_before_it_commits(shop: &Shop) {
    let superuser = shop.database.connect_superuser().await;
    let count =
        "SELECT count(*) FROM affiliate_private.payout_batch AS b WHERE b.reference = 'doomed'";
    let owner = shop.database.connect().await;
    owner.batch_execute("BEGIN").await.expect("a transaction");
    let pid: i32 = owner
        .query_one("SELECT pg_backend_pid()", &[])
        .await
        .expect("its pid")
        .get(0);
    let run = "SELECT affiliate.create_payout_batch($1, p_reference => 'doomed')::text";
    owner
        .query_one(run, &[&shop.project.id])
        .await
        .expect("a batch");
    superuser
        .execute("SELECT pg_terminate_backend($1)", &[&pid])
        .await
        .expect("it is killed");
    until("the session to be gone", async || {
        let alive = "SELECT count(*) FROM pg_stat_activity AS a WHERE a.pid = $1";
        let alive = superuser.query_one(alive, &[&pid]).await.ok()?;
        (alive.get::<_, i64>(0) == 0).then_some(())
    })
    .await;
    let left = superuser.query_one(count, &[]).await.expect("a count");
    assert_eq!(left.get::<_, i64>(0), 0);
}

/// `affiliate payout create` is killed while it waits or works; its batch is whole or not there.
async fn kill_a_command(database: &TestDatabase, project: i64) {
    let superuser = database.connect_superuser().await;
    let mut command = binary::command();
    let project = project.to_string();
    command
        .args(["payout", "create", "--project", &project])
        .env("DATABASE_URL", database.url());
    let mut child = binary::spawn(command);
    until("the command to be at work", async || {
        let working = "SELECT count(*) FROM pg_stat_activity AS a
                       WHERE a.query LIKE '%affiliate.create\\_payout\\_batch(%p_requested_only%' AND a.pid <> pg_backend_pid()";
        let working = superuser.query_one(working, &[]).await.ok()?;
        let ended = child.try_wait().expect("its state").is_some();
        (ended || working.get::<_, i64>(0) > 0).then_some(())
    })
    .await;
    // It may have ended by itself.
    let _ = child.kill();
    child.wait().expect("it is gone");
}

async fn assert_paid_what_is_owed(world: &World, shop: &Shop) {
    let owner = shop.database.connect().await;
    let sums = "SELECT coalesce(sum(e.amount_minor), 0)::bigint, coalesce(-sum(e.amount_minor) FILTER (WHERE e.kind = 'payout'), 0)::bigint
                FROM affiliate_private.ledger_entry AS e";
    let row = owner.query_one(sums, &[]).await.expect("sums");
    let (left, paid): (i64, i64) = (row.get(0), row.get(1));
    let debts = "SELECT coalesce(sum(d.minor), 0)::bigint FROM (
                   SELECT sum(e.amount_minor) AS minor FROM affiliate_private.ledger_entry AS e GROUP BY e.affiliate_id) AS d WHERE d.minor < 0";
    let debts: i64 = owner.query_one(debts, &[]).await.expect("debts").get(0);
    let transferred: i64 = world.transfers.lock().expect("no panic").values().sum();
    assert!(paid > 0, "something was paid");
    assert_eq!(transferred, paid, "the provider paid what the books say");
    // Whoever was paid before a refund owes it; nobody is owed anything.
    assert_eq!(left, debts, "nothing is left to pay");
    let states = "SELECT count(*) FILTER (WHERE o.status = 'paid'), count(*) FILTER (WHERE o.status = 'failed'),
                         count(*) FILTER (WHERE o.status = 'canceled'), count(*) FILTER (WHERE o.status = 'reserved') FROM affiliate_private.payout AS o";
    let row = owner.query_one(states, &[]).await.expect("counts");
    let states: [i64; 4] = [row.get(0), row.get(1), row.get(2), row.get(3)];
    assert!(states[0] > 0 && states[3] == 0, "{states:?}");
    println!("{transferred} cents in {states:?} paid, failed, canceled, reserved payouts");
}
