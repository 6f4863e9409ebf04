//! The list of affiliates with all their figures, of a small and a large history, against adding the ledger up.

use std::time::Instant;

use affiliate_tests::cluster::Cluster;
use affiliate_tests::database::Profile;
use affiliate_tests::shop::{Project, Shop};
use tokio_postgres::Client;

use crate::table::{Goal, Table, median};

const AFFILIATES: i64 = 200;
const ROUNDS: usize = 31;
const SMALL: i64 = 10_000;
const LARGE: i64 = 1_000_000;

/// Commissions and their deltas, each with a release time of its own; what a hundredth of them brought is not folded yet.
const SEED: &str = "
    WITH entry AS (
      INSERT INTO affiliate_private.ledger_entry AS e (project_id, affiliate_id, kind, amount_minor, currency, release_at, booked_at)
      SELECT $1, $2 + n % $3, CASE WHEN n % 50 = 0 THEN 'refund' ELSE 'commission' END, CASE WHEN n % 50 = 0 THEN -100 ELSE 580 END, 'USD',
             now() + $5::text::interval + n * interval '7 seconds', now() - n * interval '31 seconds'
      FROM generate_series(1, $4::bigint) AS n
      RETURNING e.project_id, e.affiliate_id, e.amount_minor, e.release_at)
    INSERT INTO affiliate_private.balance_delta (project_id, affiliate_id, total_minor, release_at, purchases)
    SELECT entry.project_id, entry.affiliate_id, entry.amount_minor, entry.release_at, 1 FROM entry";
/// What writers do as they pass; no job.
const FOLD: &str = "SELECT affiliate_private.fold_balance(a.project_id, a.affiliate_id)::text FROM affiliate_private.affiliate AS a WHERE a.project_id = $1";
/// The same figures, added up from the ledger each time.
const PLAIN: &str = "
    SELECT a.affiliate_id, sum(e.amount_minor) FILTER (WHERE e.kind <> 'payout') AS total,
           sum(e.amount_minor) FILTER (WHERE e.kind <> 'payout' AND e.release_at > now()) AS held,
           -sum(e.amount_minor) FILTER (WHERE e.kind = 'payout') AS paid,
           min(e.release_at) FILTER (WHERE e.release_at > now()) AS next_release_at, count(*) FILTER (WHERE e.kind = 'commission') AS purchases
    FROM (SELECT l.project_id, l.affiliate_id FROM affiliate_private.affiliate AS l WHERE l.project_id = $1 ORDER BY l.affiliate_id LIMIT 20) AS a
    JOIN affiliate_private.ledger_entry AS e ON e.project_id = a.project_id AND e.affiliate_id = a.affiliate_id
    GROUP BY a.affiliate_id";

pub async fn run(cluster: &Cluster, table: &mut Table) {
    let shop = Shop::open_on(cluster.create_database(Profile::Native).await, &[]).await;
    let client = shop.database.connect_superuser().await;
    for (name, release) in [
        ("released", "-100 years"),
        ("still held, no job ever run", "1 day"),
    ] {
        let small = shop.add_project(&[]).await;
        let large = shop.add_project(&[]).await;
        seed(&client, &small, SMALL, release).await;
        seed(&client, &large, LARGE, release).await;
        client
            .batch_execute("VACUUM ANALYZE")
            .await
            .expect("statistics");
        let (mut small_times, mut large_times, mut plain) = (Vec::new(), Vec::new(), Vec::new());
        for round in 0..ROUNDS {
            small_times.push(list(&small).await);
            large_times.push(list(&large).await);
            if round < 5 {
                let start = Instant::now();
                let rows = client.query(PLAIN, &[&large.id]).await.expect("sums");
                assert_eq!(rows.len(), 20);
                plain.push(start.elapsed().as_secs_f64() * 1000.0);
            }
        }
        let large_time = median(large_times);
        table.add(
            &format!(
                "GET /api/v1/affiliates?limit=20, {name}: at 1,000,000 conversions against 10,000"
            ),
            (large_time, "ms"),
            (median(small_times), "ms"),
            Goal::AtMost(1.3),
        );
        table.add(
            &format!("the same at 1,000,000, {name}: against sum(...) filter over the ledger"),
            (large_time, "ms"),
            (median(plain), "ms"),
            Goal::AtMost(1.0),
        );
    }
}

async fn seed(client: &Client, project: &Project, count: i64, release: &str) {
    let affiliates = "SELECT min((affiliate_api.create_affiliate($1, jsonb_build_object('email', 'a' || n || '@example.com')) #>> '{data,id}')::bigint)
                      FROM generate_series(1, $2::bigint) AS n";
    let first = client
        .query_one(affiliates, &[&project.id, &AFFILIATES])
        .await;
    let first: i64 = first.expect("affiliates").get(0);
    // Ninety-nine parts are folded, the last hundredth has come since.
    let (old, new) = (count - count / 100, count / 100);
    let values: [&(dyn tokio_postgres::types::ToSql + Sync); 5] =
        [&project.id, &first, &AFFILIATES, &old, &release];
    client.execute(SEED, &values).await.expect("a history");
    client.query(FOLD, &[&project.id]).await.expect("folded");
    let values: [&(dyn tokio_postgres::types::ToSql + Sync); 5] = [
        &project.id,
        &first,
        &AFFILIATES,
        &new.min(31 * AFFILIATES),
        &release,
    ];
    client
        .execute(SEED, &values)
        .await
        .expect("the newest part");
}

/// Milliseconds of one request.
async fn list(project: &Project) -> f64 {
    let start = Instant::now();
    let answer = project.get("/api/v1/affiliates?limit=20").await;
    let elapsed = start.elapsed().as_secs_f64() * 1000.0;
    assert_eq!(answer.status, 200, "{}", answer.text);
    elapsed
}
