//! Both sets can be applied any number of times and in any order, by the owner of the schema, under live views.

use crate::database::empty_database;
use crate::schema;
use tokio_postgres::Client;

const ANSWERS: &str = "
    SELECT line::text || ' ' || sums::text || ' ' || share::text || ' ' || released::text || ' ' || sale::text
        || ' ' || winner::text
    FROM public.kernel_answers";

async fn answers(client: &Client) -> String {
    client
        .query_one(ANSWERS, &[])
        .await
        .expect("answers")
        .get(0)
}

/// The function behind the aggregate's transitions.
async fn step_function(client: &Client) -> String {
    let query = "SELECT aggtransfn::text FROM pg_aggregate WHERE aggfnoid = 'affiliate_kernel.earnings'::regproc";
    client
        .query_one(query, &[])
        .await
        .expect("the aggregate")
        .get(0)
}

#[tokio::test]
async fn kernels_switch_in_place_both_ways_without_a_superuser() {
    let client = empty_database().await;
    let superuser: bool = client
        .query_one(
            "SELECT rolsuper FROM pg_roles WHERE rolname = current_user",
            &[],
        )
        .await
        .expect("a role")
        .get(0);
    assert!(
        !superuser,
        "this proves something only as an ordinary owner"
    );
    client
        .batch_execute("CREATE SCHEMA affiliate_kernel")
        .await
        .expect("a schema");
    let (portable, native) = (schema::script("portable"), schema::script("native"));

    schema::apply(&client, &portable).await;
    client
        .batch_execute(DEPENDENT_VIEW)
        .await
        .expect("a view on the kernels");
    let expected = answers(&client).await;
    assert_eq!(
        expected,
        "2000 {700,0,200,500} 3 1999-12-31 00:00:00+00 3050 2"
    );

    client
        .batch_execute("CREATE EXTENSION pg_affiliate")
        .await
        .expect("a trusted extension");
    for (script, step) in [
        (&portable, "affiliate_kernel.earnings_step"),
        (&native, "affiliate_native.earnings_step"),
        (&native, "affiliate_native.earnings_step"),
        (&portable, "affiliate_kernel.earnings_step"),
        (&native, "affiliate_native.earnings_step"),
        (&portable, "affiliate_kernel.earnings_step"),
    ] {
        schema::apply(&client, script).await;
        assert_eq!(step_function(&client).await, step);
        assert_eq!(answers(&client).await, expected);
    }
    // Nothing of the portable set holds on to the extension.
    client
        .batch_execute("DROP EXTENSION pg_affiliate")
        .await
        .expect("nothing depends on it");
    assert_eq!(answers(&client).await, expected);
}

const DEPENDENT_VIEW: &str = "
SET timezone = 'UTC';
CREATE VIEW public.kernel_answers AS
SELECT affiliate_kernel.line_commission(9999, 200000, 0, 1000000000) AS line,
    (SELECT affiliate_kernel.earnings(amount, payout, release, timestamptz '2026-01-01')
     FROM (VALUES (500, false, timestamptz '2025-01-01'), (200, false, timestamptz '2027-01-01'), (-500, true, NULL))
         AS ledger (amount, payout, release)) AS sums,
    affiliate_kernel.refund_share(5, 1, 2) AS share,
    affiliate_kernel.release_at(timestamptz '2000-01-01', -1) AS released,
    affiliate_kernel.sale_commission(ARRAY[9999, 4999], ARRAY[200000, 200000], ARRAY[0, 50], 1000000000) AS sale,
    affiliate_kernel.choose_attribution(
        ARRAY[1, 1], ARRAY[timestamptz '2000-01-01', timestamptz '2000-01-02'], ARRAY[1, 1], ARRAY[true, true], false) AS winner";

#[tokio::test]
async fn every_kernel_says_what_it_does() {
    for profile in ["portable", "native"] {
        let client = empty_database().await;
        client
            .batch_execute("CREATE SCHEMA affiliate_kernel; CREATE EXTENSION pg_affiliate")
            .await
            .expect("a schema");
        schema::apply(&client, &schema::script(profile)).await;
        let query = "SELECT p.oid::regprocedure::text FROM pg_proc AS p
                     WHERE p.pronamespace IN ('affiliate_kernel'::regnamespace, 'affiliate_native'::regnamespace)
                         AND obj_description(p.oid, 'pg_proc') IS NULL";
        let silent = client.query(query, &[]).await.expect("functions");
        let names: Vec<String> = silent.iter().map(|row| row.get(0)).collect();
        assert!(names.is_empty(), "{profile}: no comment on {names:?}");
    }
}
