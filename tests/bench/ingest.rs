//! Signed renewals through the gateway, the same events through their SQL functions, and a plain insert.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use affiliate_gateway::db::DbConfig;
use affiliate_gateway::ingress::lanes;
use affiliate_tests::cluster::Cluster;
use affiliate_tests::database::Profile;
use affiliate_tests::shop::Shop;
use affiliate_tests::stripe;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::{Request, StatusCode};
use tokio_postgres::Client;

use crate::table::{Goal, Table, median};
use crate::{floor, http, pgbench};

/// Connections to the gateway.
const CONNECTIONS: u32 = 16;
/// Events in one call: as many as wait for the gateway on a small machine, with two lanes.
const TOGETHER: u32 = 8;
const CUSTOMERS: u64 = 10_000;
const AFFILIATES: u64 = 10_000;
/// The first of as many customers again, all brought by one affiliate.
const ONE_AFFILIATES_FIRST: u64 = 1_000_001;
const EARLIER_SALES: u32 = 5000;
const ROUNDS: usize = 3;
const SECONDS: u32 = 8;

/// A renewal as Stripe sends it. Numbers keep events of one run apart; colons are followed by blanks, since pgbench takes
/// a colon before a letter or digit for a variable of its own.
fn renewal(event: &str, customer: &str, code: &str, created: &str) -> String {
    format!(
        r#"{{"id": "evt_{event}", "object": "event", "api_version": "2026-10-28.endive", "created": {created}, "type": "invoice.paid",
"livemode": false, "data": {{"object": {{"id": "in_{event}", "object": "invoice", "customer": "cus_{customer}",
"customer_email": "c{customer}@example.com", "currency": "usd", "total": 2900, "subtotal": 2900, "total_excluding_tax": 2900, "amount_paid": 2900,
"billing_reason": "subscription_cycle", "parent": {{"type": "subscription_details", "subscription_details":
{{"subscription": "sub_{customer}", "metadata": {{"referral_code": "{code}"}}}}}}, "lines": {{"has_more": false, "data": [{{"amount": 2900,
"discount_amounts": [], "pricing": {{"price_details": {{"price": "price_1", "product": "prod_1"}}}}}}]}}}}}}}}"#
    )
}

/// The body of a renewal as an SQL expression of pgbench variables.
fn body(number: &str, customer: &str, affiliate: &str) -> String {
    let body = renewal("%s", "%s", "CODE%s", "%s").replace('\n', " ");
    format!(
        "convert_to(format('{body}', ({number})::text, extract(epoch FROM now())::bigint, ({number})::text, ({customer})::text, ({customer})::text, ({customer})::text, \
         ({affiliate})::text), 'UTF8')"
    )
}

/// A pgbench script that ingests renewals of customers `:c`, drawn from a range, with the code `CODE:a`: a subscription keeps the
/// code it was made with.
pub fn script(project: i64, customers: &str, affiliate: &str) -> String {
    let body = body(":n", ":c", ":a");
    format!(
        "\\set n random(1, 1000000000000000)\n\\set c {customers}\n\\set a {affiliate}\n\
         SELECT affiliate_private.receive_event({project}, 'stripe', NULL, {body});\n"
    )
}

/// The same, several in one call.
fn script_together(project: i64, secret: i64, customers: &str) -> String {
    let numbers = 0..TOGETHER;
    let variables = numbers
        .clone()
        .map(|i| format!("\\set n{i} random(1, 1000000000000000)\n\\set c{i} {customers}\n"));
    let bodies = numbers.map(|i| body(&format!(":n{i}"), &format!(":c{i}"), &format!(":c{i}")));
    let (variables, bodies) = (variables.collect::<String>(), bodies.collect::<Vec<_>>());
    format!(
        "{variables}SELECT affiliate_api.ingest_provider_events({project}, 'stripe', array_fill({secret}::bigint, ARRAY[{TOGETHER}]), \
         array_fill(NULL::text, ARRAY[{TOGETHER}]), ARRAY[{}]);\n",
        bodies.join(", ")
    )
}

pub async fn run(cluster: &Cluster, table: &mut Table) {
    let shop = Shop::open_on(cluster.create_database(Profile::Native).await, &[]).await;
    let superuser = shop.database.connect_superuser().await;
    let affiliates = "SELECT affiliate_api.create_affiliate($1, jsonb_build_object('email', 'a' || n || '@affiliate.example', 'referral_code', 'CODE' || n))
                      FROM generate_series(1, $2::bigint) AS n";
    let count = i64::try_from(AFFILIATES).expect("few");
    superuser
        .execute(affiliates, &[&shop.project.id, &count])
        .await
        .expect("affiliates");
    superuser.batch_execute("CREATE TABLE public.plain_row (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n bigint NOT NULL UNIQUE, note text)").await.expect("a table");
    superuser
        .batch_execute("VACUUM ANALYZE")
        .await
        .expect("statistics");
    let url = shop.database.superuser_url();
    // As many as the gateway opens, so that what is compared is its work and not another crowd in the database.
    let opened = DbConfig::new(url).pool_size;
    let pool = u32::try_from(opened).expect("few connections");
    let lanes = u32::try_from(lanes(opened)).expect("few lanes");
    let measure = |script: &str, connections| {
        tokio::task::block_in_place(|| pgbench::rate(cluster, url, script, connections, SECONDS))
    };
    let project = shop.project.id;
    let any_customer = format!("random(1, {CUSTOMERS})");
    let renewals = script(project, &any_customer, ":c");
    let insert = "\\set n random(1, 1000000000000000)\nINSERT INTO public.plain_row (n, note) VALUES (:n, 'renewal');\n";
    first_purchases(&superuser, project, 1, "CODE@c").await;
    first_purchases(&superuser, project, ONE_AFFILIATES_FIRST, "CODE1").await;
    superuser
        .batch_execute("VACUUM ANALYZE")
        .await
        .expect("statistics");

    let together = script_together(project, shop.stripe_secret_id().await, &any_customer);
    let (mut through_http, mut in_sql, mut eight) = (Vec::new(), Vec::new(), Vec::new());
    // Inserts one after another, whose rate is the machine's for one durable row; and as many at a time as there are connections,
    // which share their flushes.
    let (mut single_inserts, mut inserts) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        through_http.push(deliver(&shop).await);
        in_sql.push(measure(&renewals, pool));
        eight.push(measure(&together, lanes) * f64::from(TOGETHER));
        single_inserts.push(measure(insert, 1));
        inserts.push(measure(insert, pool));
    }
    let (through_http, in_sql, eight) = (median(through_http), median(in_sql), median(eight));
    let (single_inserts, inserts) = (median(single_inserts), median(inserts));
    let http = &format!("signed renewals through the gateway on {CONNECTIONS} connections");
    let rows = [
        (
            format!(
                "{http}, against the same events by pgbench, one a call, on the {pool} that it opens itself"
            ),
            through_http,
            (in_sql, "events/s"),
            Goal::AtLeast(0.7),
        ),
        (
            "the same, against single-row inserts one after another".to_owned(),
            through_http,
            (single_inserts, "rows/s"),
            Goal::AtLeast(0.15),
        ),
        (
            format!("the same, against single-row inserts on {pool} connections"),
            through_http,
            (inserts, "rows/s"),
            Goal::Shown,
        ),
        (
            format!(
                "the same, against these events by pgbench, {TOGETHER} a call, on {lanes} connections"
            ),
            through_http,
            (eight, "events/s"),
            Goal::Shown,
        ),
        (
            "events by pgbench, one a call, against single-row inserts one after another"
                .to_owned(),
            in_sql,
            (single_inserts, "rows/s"),
            Goal::Shown,
        ),
    ];
    for (what, events, against, goal) in rows {
        table.add(&what, (events, "events/s"), against, goal);
    }

    let one_affiliate = script(
        project,
        &format!(
            "random({ONE_AFFILIATES_FIRST}, {})",
            ONE_AFFILIATES_FIRST + CUSTOMERS - 1
        ),
        "1",
    );
    let (mut one, mut many) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        one.push(measure(&one_affiliate, pool));
        many.push(measure(&renewals, pool));
    }
    table.add(
        "renewals for one affiliate, against renewals for 10,000",
        (median(one), "events/s"),
        (median(many), "events/s"),
        Goal::AtLeast(0.8),
    );

    let old_customer = script(project, "random(7000000, 7000000)", "1");
    let fill = "SELECT affiliate_private.receive_event($1, 'stripe', NULL, convert_to(replace(replace($2, '@n', 'old' || n), '@t', (1700000000 + n)::text), 'UTF8'))
                FROM generate_series(1, $3::integer) AS n";
    let body = renewal("@n", "7000000", "CODE1", "@t");
    superuser
        .execute(
            fill,
            &[&project, &body, &i32::try_from(EARLIER_SALES).expect("few")],
        )
        .await
        .expect("earlier sales");
    superuser
        .batch_execute("VACUUM ANALYZE")
        .await
        .expect("statistics");
    let fresh = script(project, "random(1000000000, 1000000000000)", "1");
    let (mut old, mut new) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        old.push(measure(&old_customer, 1));
        new.push(measure(&fresh, 1));
    }
    table.add(
        "renewals of a customer with 5,000 earlier sales, against fresh customers",
        (median(old), "events/s"),
        (median(new), "events/s"),
        Goal::AtLeast(0.5),
    );

    let rows = floor::script(&superuser).await;
    let (mut written, mut inserts) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        written.push(measure(&rows, pool));
        inserts.push(measure(insert, pool));
    }
    table.add(
        &format!("the rows of a renewal in one statement that decides nothing, against single-row inserts, both on {pool} connections"),
        (median(written), "renewals/s"),
        (median(inserts), "rows/s"),
        Goal::Shown,
    );
}

/// Everybody's first purchase, so that what is measured are renewals.
async fn first_purchases(superuser: &Client, project: i64, first: u64, code: &str) {
    let receive = "SELECT affiliate_private.receive_event($1, 'stripe', NULL, convert_to(replace(replace(replace($2, '@n', 'first' || n), '@c', n::text), '@t', (1700000000 + n)::text), 'UTF8'))
                   FROM generate_series($3::bigint, $4::bigint) AS n";
    let body = renewal("@n", "@c", code, "@t");
    let first = i64::try_from(first).expect("few");
    let last = first + i64::try_from(CUSTOMERS).expect("few") - 1;
    for start in (first..=last).step_by(1000) {
        superuser
            .execute(
                receive,
                &[&project, &body, &start, &(start + 999).min(last)],
            )
            .await
            .expect("first purchases");
    }
}

/// Signed events per second through the gateway.
async fn deliver(shop: &Shop) -> f64 {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let address = shop
        .gateway
        .base_url()
        .trim_start_matches("http://")
        .to_owned();
    let (host, secret, path) = (
        address.clone(),
        shop.project.secret.clone(),
        format!("/webhook/stripe/{}", shop.project.id),
    );
    let build: Arc<http::Build> = Arc::new(move |_| {
        let n = NUMBER.fetch_add(1, Ordering::Relaxed);
        let now = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .expect("after 1970")
            .as_secs();
        let body = renewal(
            &format!("http{n}"),
            &(1 + n % CUSTOMERS).to_string(),
            &format!("CODE{}", 1 + n % CUSTOMERS),
            &now.to_string(),
        );
        Request::post(&path)
            .header("host", &host)
            .header("content-type", "application/json")
            .header(
                "stripe-signature",
                stripe::sign_now(&secret, body.as_bytes()),
            )
            .body(Full::new(Bytes::from(body)))
            .expect("a request")
    });
    http::rate(
        &address,
        build,
        StatusCode::OK,
        CONNECTIONS,
        Duration::from_secs(SECONDS.into()),
    )
    .await
}
