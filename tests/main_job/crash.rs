//! Gateway and Postgres are killed in the middle of a flood of events; after a restart everything is delivered again, and
//! every event counts exactly once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use affiliate_tests::books::{Books, assert_clean};
use affiliate_tests::cluster::Cluster;
use affiliate_tests::database::Profile;
use affiliate_tests::gateway::Gateway;
use affiliate_tests::receiver::{Answer, Receiver};
use affiliate_tests::shop::{Project, Shop};
use affiliate_tests::stripe::event::Event;
use affiliate_tests::wait::until;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use tokio::task::JoinSet;

const SENDERS: usize = 16;
/// Every fifth event is a refund of the sale before it.
const REFUND_EVERY: usize = 5;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kill_9_of_gateway_and_postgres_loses_nothing_and_counts_nothing_twice() {
    kill_9(Profile::Native, 5_000).await;
}

/// Nothing here depends on the kernels but the sums, so that this flood may be smaller.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kill_9_of_gateway_and_postgres_loses_nothing_portably() {
    kill_9(Profile::Portable, 2_000).await;
}

async fn kill_9(profile: Profile, count: usize) {
    let cluster = Cluster::durable().await;
    let database = cluster.create_database(profile).await;
    let mut shop = Shop::open_on(database, &[]).await;
    shop.project.add_affiliate("ada@example.com", "ADA").await;
    // Webhooks are written with their sales; their receiver never answers, and that must hold nothing up.
    let silent = Receiver::start().await;
    silent.answer((0..count).map(|_| Answer::status(200).delayed(Duration::from_secs(60))));
    let converted = ["--events", "referral_converted"];
    shop.project
        .add_webhook(&shop.database, silent.url(), &converted)
        .await;
    let events: Arc<Vec<Event>> = Arc::new((0..count).map(event).collect());

    // The gateway dies; what was being answered then may or may not have happened.
    let next = Arc::new(AtomicUsize::new(0));
    let answered = Arc::new(AtomicUsize::new(0));
    let senders = send(&shop.project, &events, &next, &answered);
    reach(&answered, count / 5).await;
    shop.gateway.kill9();
    senders.join_all().await;
    assert!(next.load(Ordering::SeqCst) < count, "killed in the middle");
    shop.gateway = Gateway::start(&shop.database).await;
    shop.project = shop.project.at(&shop.gateway);

    // Postgres dies under the new gateway, which goes on by itself.
    let senders = send(&shop.project, &events, &next, &answered);
    reach(&answered, count / 2).await;
    let postmaster = cluster.server().postmaster_pid().expect("a postmaster");
    kill(Pid::from_raw(postmaster), Signal::SIGKILL).expect("it is killed");
    assert!(next.load(Ordering::SeqCst) < count, "killed in the middle");
    senders.join_all().await;
    until("the gateway to be ready again", async || {
        let ready = affiliate_tests::http().get(shop.gateway.url("/readyz"));
        ready.send().await.ok()?.status().is_success().then_some(())
    })
    .await;

    // Everything again, from the first to the last.
    let acknowledged = answered.swap(0, Ordering::SeqCst);
    let again = Arc::new(AtomicUsize::new(0));
    send(&shop.project, &events, &again, &answered)
        .join_all()
        .await;
    assert_eq!(answered.load(Ordering::SeqCst), count);
    assert!(acknowledged < count, "something was lost on the way");
    assert_exactly_once(&shop, count).await;
    drop(shop);
    tokio::task::spawn_blocking(move || drop(cluster))
        .await
        .expect("the cluster stops");
}

/// A sale of 100.00, or a refund of 25.00 of the sale before.
fn event(number: usize) -> Event {
    let refund = number % REFUND_EVERY == REFUND_EVERY - 1;
    let payment = format!("pi_{:04}", number - usize::from(refund));
    if refund {
        Event::refund(&payment, 10_000, 2500).at(1_768_000_100)
    } else {
        let customer = format!("buyer{}@example.com", number % 700);
        let sale = Event::sale(&payment, 10_000).code("ADA").email(&customer);
        sale.at(1_768_000_000)
    }
}

/// Sends the events from `next` on over several connections until none is left or the gateway is gone.
fn send(
    project: &Project,
    events: &Arc<Vec<Event>>,
    next: &Arc<AtomicUsize>,
    answered: &Arc<AtomicUsize>,
) -> JoinSet<()> {
    let mut senders = JoinSet::new();
    for _ in 0..SENDERS {
        let (project, events) = (project.clone(), Arc::clone(events));
        let (next, answered) = (Arc::clone(next), Arc::clone(answered));
        senders.spawn(async move {
            while let Some(event) = events.get(next.fetch_add(1, Ordering::SeqCst)) {
                let body = event.body();
                let signature = affiliate_tests::stripe::sign_now(&project.secret, &body);
                match project.try_deliver(&body, Some(&signature)).await {
                    Ok(answer) if answer.status == 200 => {
                        answered.fetch_add(1, Ordering::SeqCst);
                    }
                    // Without its database it says so; Stripe would come again.
                    Ok(answer) => assert_eq!(answer.status, 503, "{}", answer.text),
                    Err(_) => break,
                }
            }
        });
    }
    senders
}

async fn reach(answered: &AtomicUsize, count: usize) {
    until("the flood to be under way", async || {
        (answered.load(Ordering::SeqCst) >= count).then_some(())
    })
    .await;
}

async fn assert_exactly_once(shop: &Shop, count: usize) {
    let (refunds, sales) = (count / REFUND_EVERY, count - count / REFUND_EVERY);
    assert_eq!(shop.stored_events().await.len(), count);
    // Of five events four are sales that pay 20.00 each, and one takes back a quarter of one: 75.00 together, so that
    // 5,000 events come to 75,000.00.
    let total = json!(format!("{}.00", count / 5 * 75));
    let stats = shop.project.affiliate("ada@example.com").await;
    let earned: [&Value; 3] = [
        &stats["total_earnings"],
        &stats["eligible_earnings"],
        &stats["purchases"],
    ];
    assert_eq!(earned, [&total, &total, &json!(sales)]);
    let books = Books::of(&shop.database, shop.project.id).await;
    assert_eq!(books.conversions.len(), sales);
    assert_eq!(books.ledger.len(), sales + refunds);
    let whole = |line: &&String| line.ends_with("commission 20.00 USD");
    let back = |line: &&String| line.ends_with("refund -5.00 USD");
    assert_eq!(books.ledger.iter().filter(whole).count(), sales);
    assert_eq!(books.ledger.iter().filter(back).count(), refunds);
    let client = shop.database.connect_superuser().await;
    let announced = "SELECT count(*), count(DISTINCT e.body::json #>> '{conversion,id}') FROM affiliate_private.webhook_event AS e";
    let announced = client.query_one(announced, &[]).await.expect("counts");
    let announced: [i64; 2] = [announced.get(0), announced.get(1)];
    assert_eq!(announced.map(i64::unsigned_abs), [sales as u64; 2]);
    assert_clean(&shop.database).await;
}
