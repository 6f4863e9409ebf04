//! Webhooks out: how many a second, how soon, and what they cost the events that cause them.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use affiliate_tests::cluster::Cluster;
use affiliate_tests::database::Profile;
use affiliate_tests::shop::{Project, Shop};
use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::TcpListener;
use tokio_postgres::Client;

use crate::table::{Goal, Table, median};
use crate::{ingest, pgbench};

const DELIVERIES: u64 = 10_000;
const ROUNDS: usize = 3;
const IDLE_ROUNDS: usize = 41;
const INGEST_SECONDS: u32 = 5;
const INGEST_CONNECTIONS: u32 = 8;

/// A receiver that costs little: it reads, counts and says 200.
struct Counter {
    url: String,
    count: Arc<AtomicU64>,
}

impl Counter {
    async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .await
            .expect("a free port");
        let url = format!(
            "http://{}/hook",
            listener.local_addr().expect("its address")
        );
        let count = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&count);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let counted = Arc::clone(&counted);
                stream.set_nodelay(true).expect("no delay");
                let service = service_fn(move |request: Request<Incoming>| {
                    let counted = Arc::clone(&counted);
                    async move {
                        let body = request.into_body().collect().await.expect("a body");
                        assert!(!body.to_bytes().is_empty());
                        counted.fetch_add(1, Ordering::Relaxed);
                        Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new()))
                    }
                });
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        Self { url, count }
    }

    /// Seconds until it has received so many.
    async fn reach(&self, count: u64) -> f64 {
        let start = Instant::now();
        while self.count.load(Ordering::Relaxed) < count {
            tokio::time::sleep(Duration::from_micros(200)).await;
        }
        start.elapsed().as_secs_f64()
    }
}

async fn add_endpoint(project: &Project, url: &str) -> i64 {
    let answer = project.post("/api/v1/webhooks", &json!({"url": url})).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.json()["data"]["id"].as_i64().expect("an id")
}

async fn emit(client: &Client, endpoint: i64, count: u64) {
    let sql = "SELECT affiliate_private.emit_test_webhook(e, 'referral_converted')
               FROM affiliate_private.webhook_endpoint AS e, generate_series(1, $2::bigint) WHERE e.endpoint_id = $1";
    let count = i64::try_from(count).expect("few");
    client
        .execute(sql, &[&endpoint, &count])
        .await
        .expect("events");
}

pub async fn run(cluster: &Cluster, table: &mut Table) {
    let shop = Shop::open_on(cluster.create_database(Profile::Native).await, &[]).await;
    let client = shop.database.connect_superuser().await;
    let counter = Counter::start().await;
    let endpoint = add_endpoint(&shop.project, &counter.url).await;
    let (mut drained, mut looped) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        drained.push(drain(&client, &counter, endpoint).await);
        looped.push(post_in_a_loop(&client, &counter, endpoint).await);
    }
    table.add(
        "webhooks to a local receiver, against the same HTTP client posting them in a loop",
        (median(drained), "deliveries/s"),
        (median(looped), "posts/s"),
        Goal::AtLeast(0.6),
    );

    let mut times = Vec::new();
    for _ in 0..IDLE_ROUNDS {
        // Longer than the doorbell is silent after the one before.
        tokio::time::sleep(Duration::from_millis(400)).await;
        let before = counter.count.load(Ordering::Relaxed);
        emit(&client, endpoint, 1).await;
        times.push(counter.reach(before + 1).await * 1000.0);
    }
    table.add(
        "from commit to receipt of a webhook when idle, against 50 ms",
        (median(times), "ms"),
        (50.0, "ms"),
        Goal::AtMost(1.0),
    );
    drop(shop);
    cost_of_endpoints(cluster, table).await;
}

/// Deliveries a second from a backlog.
async fn drain(client: &Client, counter: &Counter, endpoint: i64) -> f64 {
    // In one transaction, so that they are all there at once.
    let before = counter.count.load(Ordering::Relaxed);
    emit(client, endpoint, DELIVERIES).await;
    let done = counter.count.load(Ordering::Relaxed) - before;
    let seconds = counter.reach(before + DELIVERIES).await;
    per_second(DELIVERIES - done, seconds)
}

/// Posts a second of the same body by the same HTTP client, one after the other.
async fn post_in_a_loop(client: &Client, counter: &Counter, endpoint: i64) -> f64 {
    let sql = "SELECT e.body FROM affiliate_private.webhook_event AS e JOIN affiliate_private.webhook_delivery AS d USING (project_id, event_id)
               WHERE d.endpoint_id = $1 LIMIT 1";
    let row = client.query_one(sql, &[&endpoint]).await.expect("an event");
    let body = Bytes::from(row.get::<_, String>(0));
    let http = affiliate_tests::http();
    let start = Instant::now();
    for _ in 0..DELIVERIES {
        let request = http
            .post(&counter.url)
            .header("content-type", "application/json")
            .body(body.clone());
        let response = request.send().await.expect("an answer");
        assert!(response.status().is_success());
        response.bytes().await.expect("a body");
    }
    per_second(DELIVERIES, start.elapsed().as_secs_f64())
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
fn per_second(count: u64, seconds: f64) -> f64 {
    count as f64 / seconds
}

/// Events ingested a second by a project with three endpoints, which are sent to meanwhile, and by one with none.
async fn cost_of_endpoints(cluster: &Cluster, table: &mut Table) {
    let shop = Shop::open_on(cluster.create_database(Profile::Native).await, &[]).await;
    let (plain, client) = (
        shop.add_project(&[]).await,
        shop.database.connect_superuser().await,
    );
    let counter = Counter::start().await;
    for _ in 0..3 {
        add_endpoint(&shop.project, &counter.url).await;
    }
    for project in [&shop.project, &plain] {
        let affiliates = "SELECT affiliate_api.create_affiliate($1, jsonb_build_object('email', 'a' || n || '@affiliate.example', 'referral_code', 'CODE' || n))
                          FROM generate_series(1, 100) AS n";
        client
            .execute(affiliates, &[&project.id])
            .await
            .expect("affiliates");
    }
    let url = shop.database.superuser_url();
    let measure = |project: i64| {
        let script = ingest::script(project, "random(1, 1000)", "random(1, 100)");
        tokio::task::block_in_place(|| {
            pgbench::rate(cluster, url, &script, INGEST_CONNECTIONS, INGEST_SECONDS)
        })
    };
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let rates = (measure(shop.project.id), measure(plain.id));
        // The first fills the customers in.
        if round == 0 {
            client
                .batch_execute("VACUUM ANALYZE")
                .await
                .expect("statistics");
        } else {
            with.push(rates.0);
            without.push(rates.1);
        }
        wait_until_sent(&client).await;
    }
    table.add(
        "renewals with three endpoints, which are sent to meanwhile, against none",
        (median(with), "events/s"),
        (median(without), "events/s"),
        Goal::Shown,
    );
}

async fn wait_until_sent(client: &Client) {
    let sql =
        "SELECT EXISTS (SELECT FROM affiliate_private.webhook_delivery WHERE status = 'pending')";
    while client.query_one(sql, &[]).await.expect("an answer").get(0) {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
