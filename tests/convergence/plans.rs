//! Plans are made once and for all projects; none of them reads a project that has grown.

use affiliate_tests::cluster::Cluster;
use affiliate_tests::database::{Profile, looked_at};
use serde_json::Value;
use tokio_postgres::Client;

use crate::batch::project;
use crate::story::DAY;
use crate::told::invoice;

const START: i64 = 1_767_225_600;

/// Every index begins with the project, so that for the few rows there are at first any of them looks good enough, and a plan
/// that took the wrong one reads the whole project. Other customers' sales are none of an event's business.
#[tokio::test]
async fn in_a_new_database_a_backlog_of_others_is_not_read_again_and_again() {
    let database = Cluster::shared()
        .await
        .create_database(Profile::Portable)
        .await;
    let client = database.connect_superuser().await;
    let project = project(&client).await;
    let receive = "SELECT affiliate_private.receive_event($1, 'stripe', NULL, $2)";
    let receive = client.prepare(receive).await.expect("a statement");
    for n in 0..320 {
        let event = invoice(
            &format!("in_{n}"),
            START + n,
            &format!("sub_{n}"),
            &format!("cus_{n}"),
            1000,
        );
        let body = event.to_string().into_bytes();
        let received = client.execute(&receive, &[&project, &body]).await;
        received.expect("an answer");
    }
    let event = invoice("in_last", START + DAY, "sub_last", "cus_last", 1000);
    let body = event.to_string().into_bytes();
    let tables = ["affiliate_private.sale", "affiliate_private.conversion"];
    client.batch_execute("BEGIN").await.expect("a transaction");
    let before = looked_at(&client, &tables).await;
    client
        .execute(&receive, &[&project, &body])
        .await
        .expect("an answer");
    let after = looked_at(&client, &tables).await;
    client.batch_execute("COMMIT").await.expect("a commit");
    assert!(
        after - before < 100,
        "{} sales and conversions were looked at",
        after - before
    );
    database.drop().await;
}

/// Pages that receiving an event reads.
async fn pages(client: &Client, project: i64, name: &str) -> i64 {
    let event = invoice(
        name,
        START,
        &format!("sub_{name}"),
        &format!("cus_{name}"),
        1000,
    );
    let body = hex::encode(event.to_string());
    let explain = format!(
        "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT affiliate_private.receive_event({project}, 'stripe', NULL, '\\x{body}')"
    );
    let row = client.query_one(&explain, &[]).await.expect("a plan");
    let plan: Value = row.get(0);
    let pages = |name: &str| plan[0]["Plan"][name].as_i64().expect("a number");
    pages("Shared Hit Blocks") + pages("Shared Read Blocks")
}

#[tokio::test]
async fn a_large_project_among_many_small_ones_is_not_read_for_an_event() {
    let database = Cluster::shared()
        .await
        .create_database(Profile::Portable)
        .await;
    let client = database.connect_superuser().await;
    let (large, small) = (project(&client).await, project(&client).await);
    pages(&client, large, "one").await;
    let event = invoice("in_1", START, "sub_1", "cus_1", 1000).to_string();
    let others = format!(
        "DO $$
         DECLARE
           v_project bigint;
         BEGIN
           FOR n IN 1 .. 300 LOOP
             INSERT INTO affiliate_private.project (name, currency) VALUES ('Shop', 'USD') RETURNING project_id INTO v_project;
             INSERT INTO affiliate_private.project_setting (project_id, effective_at, hold_days, rate_ppm, fixed_minor, touch_model, allow_self_referral)
             VALUES (v_project, '-infinity', 0, 200000, 0, 'last', false);
             PERFORM affiliate_private.receive_event(v_project, 'stripe', NULL, convert_to('{event}', 'UTF8'));
             INSERT INTO affiliate_private.payment_link (project_id, provider, alias_key, target_key)
             SELECT v_project, 'stripe', 'pi_' || i, 'in_' || i FROM generate_series(1, 2) AS i;
           END LOOP;
           INSERT INTO affiliate_private.payment_link (project_id, provider, alias_key, target_key)
           SELECT {large}, 'stripe', 'pi_' || i, 'in_' || i FROM generate_series(1, 30000) AS i;
           -- As many sales, each like the one that it has, of a customer of its own.
           CREATE TEMP TABLE sale_copy AS SELECT s.* FROM affiliate_private.sale AS s, generate_series(1, 30000) WHERE s.project_id = {large};
           CREATE TEMP TABLE customer_copy AS SELECT c.* FROM affiliate_private.customer AS c, generate_series(1, 30000) WHERE c.project_id = {large};
           CREATE TEMP SEQUENCE number START 1000000;
           UPDATE customer_copy SET customer_id = nextval('number');
           ALTER SEQUENCE number RESTART;
           UPDATE sale_copy SET sale_id = nextval('number');
           UPDATE sale_copy SET sale_key = 'in_' || sale_id, customer_id = sale_id;
           INSERT INTO affiliate_private.customer OVERRIDING SYSTEM VALUE SELECT c.* FROM customer_copy AS c;
           INSERT INTO affiliate_private.sale OVERRIDING SYSTEM VALUE SELECT s.* FROM sale_copy AS s;
         END $$"
    );
    client.batch_execute(&others).await.expect("others");
    client.batch_execute("ANALYZE").await.expect("statistics");
    // Plans are made with the first.
    for n in 0..8 {
        pages(&client, small, &format!("first_{n}")).await;
        pages(&client, large, &format!("first_{n}")).await;
    }
    let of_small = pages(&client, small, "last").await;
    let of_large = pages(&client, large, "last").await;
    assert!(
        of_large < of_small + 100,
        "{of_large} pages in a large project, {of_small} in a small one"
    );
    database.drop().await;
}
