//! `affiliate import conversions` against COPY of the same file into a table without an index.

use std::fmt::Write as _;
use std::pin::pin;
use std::time::Instant;

use affiliate_tests::cluster::Cluster;
use affiliate_tests::database::Profile;
use affiliate_tests::shop::Shop;
use futures_util::SinkExt;
use hyper::body::Bytes;
use serde_json::Value;

use crate::table::{Goal, Table};

const AFFILIATES: i64 = 1000;
const LINES: u32 = 40_000;
/// A million lines in a quarter of an hour.
const RATE_WANTED: f64 = 1_000_000.0 / 900.0;

pub async fn run(cluster: &Cluster, table: &mut Table) {
    let shop = Shop::open_on(cluster.create_database(Profile::Native).await, &[]).await;
    let client = shop.database.connect_superuser().await;
    let affiliates = "SELECT affiliate_api.create_affiliate($1, jsonb_build_object('email', 'a' || n || '@example.com', 'referral_code', 'CODE' || n))::text
                      FROM generate_series(1, $2::bigint) AS n";
    client
        .query(affiliates, &[&shop.project.id, &AFFILIATES])
        .await
        .expect("affiliates");
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("conversions.csv");
    let text = lines();
    std::fs::write(&file, &text).expect("a file");

    let start = Instant::now();
    let project = shop.project.id.to_string();
    let path = file.to_str().expect("a path");
    let done = shop
        .database
        .affiliate(&[
            "import",
            "conversions",
            "--project",
            &project,
            path,
            "--json",
        ])
        .await;
    let imported = f64::from(LINES) / start.elapsed().as_secs_f64();
    let done: Value = serde_json::from_str(&done).expect("JSON");
    assert_eq!(done["imported"], LINES, "{done}");

    let plain = "CREATE TABLE public.plain_line (occurred_at text, email text, referral_code text, base_value text, paid text, refunded text, reference text)";
    client.batch_execute(plain).await.expect("a table");
    let start = Instant::now();
    let sink = client
        .copy_in("COPY public.plain_line FROM STDIN WITH (FORMAT csv, HEADER true)")
        .await
        .expect("COPY");
    let mut sink = pin!(sink);
    sink.send(Bytes::from(text)).await.expect("the lines");
    sink.finish().await.expect("copied");
    let copied = f64::from(LINES) / start.elapsed().as_secs_f64();
    table.add(
        "import of conversions, settled and booked, against raw COPY",
        (imported, "lines/s"),
        (copied, "lines/s"),
        Goal::AtLeast(0.002),
    );
    table.add(
        "import of conversions, against a million in a quarter of an hour",
        (imported, "lines/s"),
        (RATE_WANTED, "lines/s"),
        Goal::AtLeast(1.0),
    );
}

/// Twelve months of subscriptions, a third paid out, some refunded.
fn lines() -> String {
    let mut text =
        String::from("occurred_at,email,referral_code,base_value,paid,refunded,reference\n");
    for n in 0..LINES {
        let customer = n % (LINES / 12);
        let (month, day) = (1 + n / (LINES / 12) % 12, 1 + n % 28);
        let refunded = if n % 50 == 0 { "5.00" } else { "" };
        writeln!(
            text,
            "2024-{month:02}-{day:02}T10:00:00Z,c{customer}@example.com,CODE{},29.00,{},{refunded},order-{n}",
            1 + customer % 1000,
            n % 3 == 0
        )
        .expect("memory");
    }
    text
}
