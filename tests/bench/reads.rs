//! One affiliate with its earnings, read through the gateway and straight from Postgres.

use std::sync::Arc;
use std::time::Duration;

use affiliate_tests::cluster::Cluster;
use affiliate_tests::database::Profile;
use affiliate_tests::gateway::Gateway;
use affiliate_tests::shop::Shop;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::{Request, StatusCode};

use crate::table::{Goal, Table, median};
use crate::{http, pgbench};

const CONNECTIONS: u32 = 16;
const AFFILIATES: u64 = 1000;
const ROUNDS: usize = 5;
const SECONDS: u32 = 5;

pub async fn run(cluster: &Cluster, table: &mut Table) {
    let shop = Shop::open_on(cluster.create_database(Profile::Native).await, &[]).await;
    let superuser = shop.database.connect_superuser().await;
    let seed = "SELECT affiliate_api.create_affiliate($1, jsonb_build_object('email', 'a' || n || '@example.com', 'referral_code', 'CODE' || n))
                FROM generate_series(1, $2::bigint) AS n";
    let count = i64::try_from(AFFILIATES).expect("few");
    superuser
        .execute(seed, &[&shop.project.id, &count])
        .await
        .expect("affiliates");
    superuser
        .batch_execute("VACUUM ANALYZE")
        .await
        .expect("statistics");

    let script = format!(
        "\\set n random(1, {AFFILIATES})\nSELECT affiliate_api.get_affiliate({}, jsonb_build_object('email', 'a' || :n || '@example.com'))\n",
        shop.project.id
    );
    let address = shop
        .gateway
        .base_url()
        .trim_start_matches("http://")
        .to_owned();
    let key = shop.project.key.clone();
    let host = address.clone();
    let build: Arc<http::Build> = Arc::new(move |n| {
        Request::get(format!(
            "/api/v1/affiliates/a{}%40example.com",
            1 + n % AFFILIATES
        ))
        .header("host", &host)
        .header("authorization", format!("Bearer {key}"))
        .body(Full::<Bytes>::default())
        .expect("a request")
    });
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let duration = Duration::from_secs(SECONDS.into());
        ours.push(
            http::rate(
                &address,
                Arc::clone(&build),
                StatusCode::OK,
                CONNECTIONS,
                duration,
            )
            .await,
        );
        let url = shop.database.superuser_url();
        theirs.push(tokio::task::block_in_place(|| {
            pgbench::rate(cluster, url, &script, CONNECTIONS, SECONDS)
        }));
    }
    let what = "GET /api/v1/affiliates/:email through the gateway, against its function by pgbench";
    table.add(
        what,
        (median(ours), "requests/s"),
        (median(theirs), "calls/s"),
        Goal::AtLeast(0.6),
    );
    table.add(
        "gateway memory after that load",
        (peak_memory(&shop.gateway), "MiB"),
        (64.0, "MiB"),
        Goal::AtMost(1.0),
    );
}

/// The most memory it has ever held.
fn peak_memory(gateway: &Gateway) -> f64 {
    let status =
        std::fs::read_to_string(format!("/proc/{}/status", gateway.pid())).expect("a process");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib: f64 = line
        .and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok())
        .expect("a size");
    kib / 1024.0
}
