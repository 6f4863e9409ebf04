//! The conversions list, total included, of a small and a large project.

use std::time::Instant;

use affiliate_tests::cluster::Cluster;
use affiliate_tests::database::Profile;
use affiliate_tests::shop::{Project, Shop};
use tokio_postgres::Client;

use crate::table::{Goal, Table, median};

const AFFILIATES: i64 = 200;
const ROUNDS: usize = 31;

/// Two years of conversions, one in ten a sign-up, one in three paid.
const SEED: &str = "
    INSERT INTO affiliate_private.conversion
      (project_id, type, affiliate_id, rule_source, currency, base_minor, line_base_minor, line_rate_ppm, line_fixed_minor, fx_ppb, occurred_at,
       hold_days, commission_minor, release_at, paid)
    SELECT $1, CASE WHEN n % 10 = 0 THEN 'signup' ELSE 'purchase' END, $2 + n % $3, 'project', 'USD', 1000, '{1000}', '{200000}', '{0}', 1000000000,
           timestamptz '2024-01-01 00:00Z' + n * (interval '730 days' / $4), 30, 0, now(), n % 3 = 0
    FROM generate_series($5::bigint, least($4::bigint, $5 + $6 - 1)) AS n";
/// As many in one transaction: what it wrote and deleted again it reads past until it ends.
const BATCH: i64 = 10_000;

pub async fn run(cluster: &Cluster, table: &mut Table) {
    let shop = Shop::open_on(cluster.create_database(Profile::Native).await, &[]).await;
    let client = shop.database.connect_superuser().await;
    let large = shop.add_project(&[]).await;
    let first_small = seed(&client, &shop.project, 10_000).await;
    let first_large = seed(&client, &large, 1_000_000).await;
    client
        .batch_execute("VACUUM ANALYZE")
        .await
        .expect("statistics");
    // Both projects fill every page: a quarter of one affiliate is six conversions in the small one.
    let filters = [
        ("no filter", "limit=50"),
        ("type and paid", "limit=50&type=purchase&paid=true"),
        ("one affiliate", "limit=50&affiliate_id=@"),
        (
            "a quarter",
            "limit=50&from=2025-01-01T06:00:00Z&to=2025-03-31T18:00:00Z",
        ),
        (
            "a quarter of one affiliate",
            "limit=5&affiliate_id=@&from=2025-01-01T06:00:00Z&to=2025-03-31T18:00:00Z",
        ),
    ];
    for (name, filter) in filters {
        let path = |first: i64| {
            format!(
                "/api/v1/conversions?{}",
                filter.replace('@', &first.to_string())
            )
        };
        let (mut small_times, mut large_times) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            small_times.push(time(&shop.project, &path(first_small)).await);
            large_times.push(time(&large, &path(first_large)).await);
        }
        let what =
            format!("GET /api/v1/conversions, {name}: at 1,000,000 conversions against 10,000");
        table.add(
            &what,
            (median(large_times), "ms"),
            (median(small_times), "ms"),
            Goal::AtMost(2.0),
        );
    }
}

/// Fills a project and gives the id of its first affiliate.
async fn seed(client: &Client, project: &Project, count: i64) -> i64 {
    let mut first = None;
    for n in 0..AFFILIATES {
        let id = project
            .add_affiliate(&format!("a{n}@example.com"), &format!("CODE{n}"))
            .await;
        first.get_or_insert(id);
    }
    let first = first.expect("an affiliate");
    let mut next = 1;
    while next <= count {
        client
            .execute(
                SEED,
                &[&project.id, &first, &AFFILIATES, &count, &next, &BATCH],
            )
            .await
            .expect("conversions");
        next += BATCH;
    }
    first
}

/// Milliseconds of one request.
async fn time(project: &Project, path: &str) -> f64 {
    let start = Instant::now();
    let answer = project.get(path).await;
    let elapsed = start.elapsed().as_secs_f64() * 1000.0;
    assert_eq!(answer.status, 200, "{}", answer.text);
    elapsed
}
