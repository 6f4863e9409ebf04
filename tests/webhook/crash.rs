//! Gateways and Postgres are killed while thousands of webhooks are on their way: each arrives, hardly any twice, and in
//! order where that is asked for.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use affiliate_tests::cluster::Cluster;
use affiliate_tests::database::{Profile, TestDatabase};
use affiliate_tests::gateway::Gateway;
use affiliate_tests::receiver::{Answer, Receiver, Request};
use affiliate_tests::shop::Shop;
use affiliate_tests::wait::until;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;
use tokio_postgres::Client;

use crate::support::{add_endpoint, emit, settled};

/// Two endpoints, the second in order, and what they are sent.
struct Scene {
    receivers: [Receiver; 2],
    endpoints: [i64; 2],
    count: usize,
}

impl Scene {
    async fn set(shop: &Shop) -> Self {
        let receivers = [Receiver::start().await, Receiver::start().await];
        let plain = add_endpoint(&shop.project, receivers[0].url(), json!({})).await;
        let ordered = json!({"ordered": true});
        let ordered = add_endpoint(&shop.project, receivers[1].url(), ordered).await;
        Self {
            receivers,
            endpoints: [plain, ordered],
            count: 0,
        }
    }

    async fn emit(&mut self, database: &TestDatabase, count: usize) {
        let client = database.connect_superuser().await;
        for endpoint in self.endpoints {
            let count = i32::try_from(count).expect("few");
            emit(&client, endpoint, count).await;
        }
        self.count += count;
    }

    /// Waits until so many more have arrived at each endpoint, or all.
    async fn under_way(&self, more: usize) {
        for receiver in &self.receivers {
            let enough = receiver.requests().len() + more;
            receiver.wait_for(enough.min(self.count)).await;
        }
    }

    /// Waits until everything is delivered, and looks at what has arrived.
    async fn assert_delivered(&self, client: &Client, most_twice: usize) {
        let count = i64::try_from(self.count).expect("few");
        for (endpoint, receiver) in self.endpoints.into_iter().zip(&self.receivers) {
            settled(client, endpoint, "delivered", count).await;
            let requests = receiver.requests();
            let mut times: BTreeMap<String, usize> = BTreeMap::new();
            for request in &requests {
                *times.entry(id(request)).or_default() += 1;
            }
            let written = written(client, endpoint).await;
            assert_eq!(times.len(), written.len(), "each arrives");
            // One attempt, and one more for each lease that a death cut short.
            let twice = times.values().filter(|times| **times > 1).count();
            assert!(times.values().all(|times| *times <= 3), "{times:?}");
            assert!(twice <= most_twice, "{twice} came more than once");
            if endpoint == self.endpoints[1] {
                assert_eq!(first_arrivals(&requests), written, "in order");
            }
        }
    }
}

fn id(request: &Request) -> String {
    request.header("webhook-id").to_owned()
}

fn first_arrivals(requests: &[Request]) -> Vec<String> {
    let mut seen = std::collections::BTreeSet::new();
    let ids = requests.iter().map(id);
    ids.filter(|id| seen.insert(id.clone())).collect()
}

/// The ids of an endpoint's events in the order they were written.
async fn written(client: &Client, endpoint: i64) -> Vec<String> {
    let sql = "SELECT e.message_id FROM affiliate_private.webhook_delivery AS d JOIN affiliate_private.webhook_event AS e USING (project_id, event_id)
               WHERE d.endpoint_id = $1 ORDER BY d.delivery_id";
    let rows = client.query(sql, &[&endpoint]).await.expect("the events");
    rows.iter().map(|row| row.get(0)).collect()
}

/// The leases of those who died end after a minute; the test does not wait for it.
async fn end_leases(client: &Client) {
    let sql = "UPDATE affiliate_private.webhook_lease SET ends_at = now()";
    client.execute(sql, &[]).await.expect("time passes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kill_9_of_one_of_two_gateways_loses_nothing() {
    let shop = Shop::open(Profile::Portable).await;
    let mut scene = Scene::set(&shop).await;
    let other = Gateway::start(&shop.database).await;
    scene.emit(&shop.database, 1500).await;
    scene.under_way(50).await;
    let Shop {
        gateway, database, ..
    } = shop;
    gateway.kill9();
    scene.emit(&database, 500).await;
    // What the living one has claimed it sends or gives back; the rest is the dead one's.
    scene.receivers[0].wait_for(1000).await;
    assert_eq!(other.stop().await.code(), Some(0));
    let client = database.connect_superuser().await;
    end_leases(&client).await;
    let last = Gateway::start(&database).await;
    // At most what one gateway has claimed at once.
    scene.assert_delivered(&client, 512).await;
    drop(last);
    database.drop().await;
}

/// What it had claimed was somebody else's meanwhile, and may be older than what has arrived since.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_that_stood_still_does_not_go_on_with_what_it_had_claimed() {
    let shop = Shop::open(Profile::Portable).await;
    let client = shop.database.connect_superuser().await;
    let receiver = Receiver::start().await;
    receiver.answer((0..40).map(|_| Answer::status(200).delayed(Duration::from_millis(200))));
    let ordered = add_endpoint(&shop.project, receiver.url(), json!({"ordered": true})).await;
    emit(&client, ordered, 100).await;
    receiver.wait_for(15).await;
    let still = Pid::from_raw(i32::try_from(shop.gateway.pid()).expect("a pid"));
    kill(still, Signal::SIGSTOP).expect("it stands still");
    let since = Instant::now();
    end_leases(&client).await;
    let other = Gateway::start(&shop.database).await;
    settled(&client, ordered, "delivered", 100).await;
    until("its claims to be old", async || {
        (since.elapsed() > Duration::from_secs(6)).then_some(())
    })
    .await;
    assert_eq!(other.stop().await.code(), Some(0));
    kill(still, Signal::SIGCONT).expect("it goes on");
    emit(&client, ordered, 5).await;
    settled(&client, ordered, "delivered", 105).await;
    let arrived = receiver.requests();
    // What was on the wire, or answered and not recorded.
    assert!(arrived.len() <= 108, "{} arrived", arrived.len());
    assert_eq!(first_arrivals(&arrived), written(&client, ordered).await);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kill_9_of_postgres_loses_nothing() {
    let cluster = Cluster::durable().await;
    let database = cluster.create_database(Profile::Portable).await;
    let shop = Shop::open_on(database, &[]).await;
    let mut scene = Scene::set(&shop).await;
    scene.emit(&shop.database, 1500).await;
    scene.under_way(50).await;
    let postmaster = cluster.server().postmaster_pid().expect("a postmaster");
    kill(Pid::from_raw(postmaster), Signal::SIGKILL).expect("it is killed");
    until("the gateway to be ready again", async || {
        let ready = affiliate_tests::http().get(shop.gateway.url("/readyz"));
        ready.send().await.ok()?.status().is_success().then_some(())
    })
    .await;
    scene.emit(&shop.database, 100).await;
    scene.under_way(1).await;
    // It goes on by itself; asked to stop, it has settled all it sent. A claim whose answer got lost is nobody's until its
    // lease ends.
    let Shop {
        gateway, database, ..
    } = shop;
    assert_eq!(gateway.stop().await.code(), Some(0));
    let client = database.connect_superuser().await;
    end_leases(&client).await;
    let last = Gateway::start(&database).await;
    scene.assert_delivered(&client, 512).await;
    drop((last, client, database));
    tokio::task::spawn_blocking(move || drop(cluster))
        .await
        .expect("the cluster stops");
}

#[tokio::test]
async fn an_ordered_endpoint_waits_for_the_one_that_fails() {
    use affiliate_tests::receiver::Answer;
    let shop = Shop::open(Profile::Portable).await;
    let client = shop.database.connect_superuser().await;
    let receiver = Receiver::start().await;
    // The third fails once, the fifth for good.
    let answers = [200, 200, 500, 200, 200, 500, 500, 500];
    receiver.answer(answers.map(Answer::status));
    let id_ = add_endpoint(&shop.project, receiver.url(), json!({"ordered": true})).await;
    emit(&client, id_, 10).await;
    let written = written(&client, id_).await;
    for _ in 0..3 {
        crate::support::let_pauses_pass(&shop.database, id_).await;
    }
    settled(&client, id_, "delivered", 9).await;
    settled(&client, id_, "dead", 1).await;
    let got: Vec<String> = receiver.requests().iter().map(id).collect();
    let expected = [0, 1, 2, 2, 3, 4, 4, 4, 5, 6, 7, 8, 9].map(|n: usize| written[n].clone());
    assert_eq!(got, expected);
    shop.close().await;
}
