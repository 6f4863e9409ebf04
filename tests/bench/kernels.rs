//! The native kernels against the portable ones, over a million rows each.

use std::time::Instant;

use affiliate_tests::cluster::Cluster;
use affiliate_tests::database::Profile;
use tokio_postgres::Client;

use crate::table::{Goal, Table, median};

const ROUNDS: usize = 3;
const QUERIES: [(&str, &str); 4] = [
    (
        "line_commission",
        "sum(affiliate_kernel.line_commission(n, 125000, 0, 1083400000))",
    ),
    (
        "sale_commission of two lines",
        "sum(affiliate_kernel.sale_commission(ARRAY[n, 999], ARRAY[200000, 150000]::bigint[], ARRAY[0, 0]::bigint[], 1000000000))",
    ),
    (
        "refund_share",
        "sum(affiliate_kernel.refund_share(n, n % 700, 1000))",
    ),
    (
        "earnings",
        "affiliate_kernel.earnings(n, n % 9 = 0, timestamptz '2026-01-01Z' + n * interval '1 minute', timestamptz '2026-06-01Z')::text",
    ),
];

pub async fn run(cluster: &Cluster, table: &mut Table) {
    let native = cluster
        .create_database(Profile::Native)
        .await
        .connect_superuser()
        .await;
    let portable = cluster
        .create_database(Profile::Portable)
        .await
        .connect_superuser()
        .await;
    for (name, expression) in QUERIES {
        let sql =
            format!("SELECT ({expression})::text FROM generate_series(1, 1000000::bigint) AS n");
        let (mut native_times, mut portable_times) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let (time, one) = measure(&native, &sql).await;
            native_times.push(time);
            let (time, other) = measure(&portable, &sql).await;
            portable_times.push(time);
            assert_eq!(one, other, "{name}");
        }
        table.add(
            &format!("{name} over 1,000,000 rows: native kernel against portable"),
            (median(native_times), "ms"),
            (median(portable_times), "ms"),
            Goal::AtMost(1.0),
        );
    }
}

async fn measure(client: &Client, sql: &str) -> (f64, String) {
    let start = Instant::now();
    let row = client.query_one(sql, &[]).await.expect("a sum");
    (start.elapsed().as_secs_f64() * 1000.0, row.get(0))
}
