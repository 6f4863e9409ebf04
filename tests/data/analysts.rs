//! Analysts who try to learn something about a project that they were not granted.

mod secrets;

use affiliate_tests::analyst;
use affiliate_tests::database::Profile;
use affiliate_tests::shop::{Project, Shop};
use affiliate_tests::stripe::event::Event;
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

/// What of the second project is nobody's business: emails, secrets, hashes, codes, references.
const THEIRS: [&str; 6] = ["bob", "BOBCODE", "pi_theirs", "whsec_", "$2", "rgk_"];

/// Two projects, each with something in every view.
async fn two_projects(profile: Profile) -> (Shop, Project) {
    let shop = Shop::open(profile).await;
    let other = shop.add_project(&[]).await;
    assert_eq!((shop.project.id, other.id), (1, 2));
    let owner = shop.database.connect().await;
    let superuser = shop.database.connect_superuser().await;
    for (project, name, payment) in [
        (&shop.project, "ada", "pi_ours"),
        (&other, "bob", "pi_theirs"),
    ] {
        let email = format!("{name}@example.com");
        let code = format!("{}CODE", name.to_uppercase());
        let affiliate = project.add_affiliate(&email, &code).await;
        let url = format!("https://{name}.example/hooks");
        project.add_webhook(&shop.database, &url, &[]).await;
        let sale = Event::sale(payment, 9999).code(&code);
        let sale = sale.email(&format!("buyer-of-{name}@example.com"));
        assert_eq!(project.deliver(&sale).await, "applied");
        let parked = format!("pi_{name}_parked");
        assert_eq!(project.deliver(&Event::sale(&parked, -1)).await, "parked");
        let click = "SELECT affiliate.record_click($1, $2, '203.0.113.7', 'Mozilla/5.0')";
        owner
            .execute(click, &[&project.id, &code])
            .await
            .expect("a click");
        let payout = "
            WITH batch AS (INSERT INTO affiliate_private.payout_batch (project_id, currency, eligible_at) VALUES ($1, 'USD', now())
                           RETURNING project_id, batch_id)
            INSERT INTO affiliate_private.payout (project_id, batch_id, affiliate_id, reference, amount_minor, currency, method, destination)
            SELECT project_id, batch_id, $2, $3::text, 100, 'USD', 'paypal', jsonb_build_object('email', $3::text) FROM batch";
        superuser
            .execute(payout, &[&project.id, &affiliate, &email])
            .await
            .expect("a payout");
    }
    let attempts = "INSERT INTO affiliate_private.webhook_attempt (project_id, delivery_id, attempt_no, url, duration_ms, status_code)
                    SELECT d.project_id, d.delivery_id, 99, 'https://receiver.example/', 1, 200 FROM affiliate_private.webhook_delivery AS d";
    superuser.execute(attempts, &[]).await.expect("attempts");
    superuser
        .batch_execute("ANALYZE")
        .await
        .expect("statistics");
    (shop, other)
}

async fn texts(client: &Client, sql: &str) -> Vec<String> {
    let rows = client.query(sql, &[]).await;
    let rows = rows.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    rows.iter().map(|row| row.get(0)).collect()
}

/// The views, by what the catalog says, so that a new one is tested too.
async fn views(client: &Client) -> Vec<String> {
    let views = "SELECT c.relname::text FROM pg_class AS c WHERE c.relnamespace = 'affiliate'::regnamespace AND c.relkind = 'v' ORDER BY 1";
    let views = texts(client, views).await;
    assert!(views.len() >= 13, "{views:?}");
    views
}

fn assert_not_theirs(what: &str, seen: &str) {
    for word in THEIRS {
        assert!(!seen.contains(word), "{what} shows {word}: {seen}");
    }
}

#[tokio::test]
async fn every_view_shows_the_granted_projects_and_no_other() {
    for profile in Profile::KERNELS {
        let (shop, other) = two_projects(profile).await;
        let own = analyst::connect(&shop.database, &[shop.project.id]).await;
        let both = analyst::connect(&shop.database, &[shop.project.id, other.id]).await;
        let none = analyst::connect(&shop.database, &[]).await;
        for view in views(&both).await {
            let projects =
                format!("SELECT DISTINCT project_id::text FROM affiliate.{view} ORDER BY 1");
            assert_eq!(texts(&own, &projects).await, ["1"], "{view}");
            assert_eq!(texts(&both, &projects).await, ["1", "2"], "{view}");
            // Who was granted nothing is no member of the role that may read the views.
            let refused = none.query(&projects, &[]).await.expect_err("no right");
            assert_eq!(
                refused.code(),
                Some(&SqlState::INSUFFICIENT_PRIVILEGE),
                "{view}"
            );
            let rows = texts(&own, &format!("SELECT v::text FROM affiliate.{view} AS v")).await;
            assert_not_theirs(&view, &rows.concat());
        }
        shop.close().await;
    }
}

/// Once a grant is taken back, only the right to name the views is left.
#[tokio::test]
async fn an_expression_that_fails_or_talks_never_meets_a_hidden_row() {
    for profile in Profile::KERNELS {
        let (shop, other) = two_projects(profile).await;
        let blind = analyst::connect(&shop.database, &[other.id]).await;
        let owner = shop.database.connect().await;
        let taken = "DELETE FROM affiliate_private.analyst_grant WHERE project_id = $1";
        owner
            .execute(taken, &[&other.id])
            .await
            .expect("the grant is gone");
        // Cheap, so that a planner without the barrier would run it before the filter on projects.
        let talk = "
            CREATE FUNCTION pg_temp.talk(p_text text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS $$
            BEGIN RAISE EXCEPTION 'heard %', p_text; END $$";
        blind
            .batch_execute(talk)
            .await
            .expect("a temporary function");
        for view in views(&blind).await {
            let columns = format!(
                "SELECT a.attname::text FROM pg_attribute AS a WHERE a.attrelid = 'affiliate.{view}'::regclass AND a.attnum > 0"
            );
            for column in texts(&blind, &columns).await {
                for predicate in [
                    format!("v.{column}::text::xml IS NOT NULL"),
                    format!("pg_temp.talk(v.{column}::text)"),
                    format!("1 / (length(v.{column}::text) - length(v.{column}::text)) = 1"),
                    format!(
                        "CASE WHEN v.{column} IS NOT NULL THEN v.{column}::text::json::text END = ''"
                    ),
                ] {
                    let sql =
                        format!("SELECT count(*) FROM affiliate.{view} AS v WHERE {predicate}");
                    let count = blind.query_one(&sql, &[]).await;
                    let count = count.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
                    assert_eq!(count.get::<_, i64>(0), 0, "{sql}");
                }
            }
            let joined = format!(
                "SELECT count(*) FROM affiliate.{view} AS v JOIN pg_class AS c ON pg_temp.talk(v::text || c.relname)"
            );
            assert_eq!(
                blind
                    .query_one(&joined, &[])
                    .await
                    .expect("no row to join")
                    .get::<_, i64>(0),
                0
            );
        }
        shop.close().await;
    }
}

#[tokio::test]
async fn plans_statistics_and_catalogs_tell_nothing() {
    let (shop, _) = two_projects(Profile::Portable).await;
    let own = analyst::connect(&shop.database, &[shop.project.id]).await;
    for view in views(&own).await {
        let explain = format!(
            "EXPLAIN (ANALYZE, VERBOSE, COSTS OFF) SELECT v::text FROM affiliate.{view} AS v WHERE v::text LIKE '%bob%'"
        );
        let plan = own.simple_query(&explain).await.expect("a plan");
        let plan = format!("{plan:?}")
            .replace("'%bob%'", "")
            .replace("%bob%", "");
        assert_not_theirs(&explain, &plan);
    }
    for sql in [
        "SELECT coalesce(string_agg(s::text, ' '), '') FROM pg_stats AS s WHERE s.schemaname LIKE 'affiliate%'",
        "SELECT coalesce(string_agg(s::text, ' '), '') FROM pg_stats_ext AS s",
        "SELECT coalesce(string_agg(a::text, ' '), '') FROM pg_stat_activity AS a WHERE a.usename <> current_user",
        "SELECT coalesce(string_agg(c::text, ' '), '') FROM information_schema.column_privileges AS c WHERE c.table_schema = 'affiliate_private'",
        "SELECT coalesce(string_agg(c.relname, ' '), '') FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
         WHERE n.nspname = 'affiliate_private'
           AND CASE WHEN c.relkind = 'S' THEN has_sequence_privilege(c.oid, 'USAGE, SELECT, UPDATE')
                    WHEN c.relkind IN ('r', 'p', 'v', 'm') THEN has_any_column_privilege(c.oid, 'SELECT, INSERT, UPDATE, REFERENCES')
                                                             OR has_table_privilege(c.oid, 'DELETE, TRUNCATE, TRIGGER') END",
    ] {
        let seen = texts(&own, sql).await.concat();
        assert_not_theirs(sql, &seen);
        assert!(!sql.contains("has_any_column") || seen.is_empty(), "{seen}");
    }
    let guessed = own.query("SELECT v FROM pg_statistic AS v", &[]).await;
    assert_eq!(
        guessed.expect_err("not for analysts").code(),
        Some(&SqlState::INSUFFICIENT_PRIVILEGE)
    );
    shop.close().await;
}

/// How Postgres answers a condition: how many rows it expects, and how many it met.
async fn plan(client: &Client, view: &str, condition: &str) -> String {
    let explain = format!(
        "EXPLAIN (ANALYZE, TIMING OFF, SUMMARY OFF, BUFFERS OFF) SELECT count(*) FROM affiliate.{view} AS v WHERE {condition}"
    );
    texts(client, &explain).await.join("\n")
}

/// Operators that cannot fail, such as most `=` and `<`, may be tried on rows that a barrier hides.
#[tokio::test]
async fn a_plan_says_the_same_of_a_hidden_value_and_of_one_that_is_nowhere() {
    let (shop, _) = two_projects(Profile::Portable).await;
    let empty = shop.add_project(&[]).await;
    let owner = shop.database.connect_superuser().await;
    // Enough of them for statistics that tell.
    let many = "SELECT affiliate_api.create_affiliate(2, jsonb_build_object('email', 'bob' || n || '@example.com', 'referral_code', 'BOB' || n))::text
                FROM generate_series(1, 300) AS n";
    owner.query(many, &[]).await.expect("affiliates");
    owner.batch_execute("ANALYZE").await.expect("statistics");
    let own = analyst::connect(&shop.database, &[empty.id]).await;
    let mut compared = 0;
    for scans in ["on", "off"] {
        let set = format!(
            "SET enable_nestloop = {scans}; SET enable_indexscan = {scans}; SET enable_bitmapscan = {scans}"
        );
        own.batch_execute(&set).await.expect("settings");
        for view in views(&own).await {
            let columns = format!(
                "SELECT a.attname::text FROM pg_attribute AS a
                 WHERE a.attrelid = 'affiliate.{view}'::regclass AND a.attnum > 0 AND a.atttypid = 'text'::regtype"
            );
            for column in texts(&own, &columns).await {
                // What no other project has, so no mere word such as purchase.
                let hidden = format!(
                    "SELECT v.{column} FROM affiliate.{view} AS v WHERE v.project_id = 2 AND length(v.{column}) < 200
                       AND NOT EXISTS (SELECT FROM affiliate.{view} AS o WHERE o.project_id = 1 AND o.{column} = v.{column}) ORDER BY 1 DESC LIMIT 1"
                );
                for value in texts(&owner, &hidden).await {
                    for operator in ["=", "<="] {
                        let condition = |text: &str| format!("v.{column} {operator} $${text}$$");
                        let nowhere = "!".repeat(value.len());
                        // Plans count what they have passed over, roles of the whole cluster too, and other tests make some.
                        // So theirs is compared where the one before it and the one after it agree.
                        let mut nobodys = plan(&own, &view, &condition(&nowhere)).await;
                        let theirs = loop {
                            let theirs = plan(&own, &view, &condition(&value)).await;
                            let again = plan(&own, &view, &condition(&nowhere)).await;
                            if again == nobodys {
                                break theirs;
                            }
                            nobodys = again;
                        };
                        assert_eq!(theirs.replace(&value, &nowhere), nobodys, "{view}.{column}");
                        compared += 1;
                    }
                }
            }
        }
    }
    assert!(compared >= 20, "{compared}");
    shop.close().await;
}

#[tokio::test]
async fn functions_that_run_with_an_analysts_rights_touch_no_table() {
    let (shop, _) = two_projects(Profile::Portable).await;
    let own = analyst::connect(&shop.database, &[shop.project.id]).await;
    // What an analyst may call: the money and kernel functions that views use, and earnings_as_of, which reads the views.
    let callable = "
        SELECT p.oid::regprocedure::text FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
        WHERE n.nspname IN ('affiliate', 'affiliate_api', 'affiliate_private') AND has_function_privilege(p.oid, 'EXECUTE') ORDER BY 1";
    assert_eq!(
        texts(&own, callable).await,
        [
            "affiliate.earnings_as_of(bigint,timestamp with time zone)",
            "affiliate_private.currency_exponent(text)",
            "affiliate_private.money_decimal(bigint,text)",
            "affiliate_private.reversed_minor(affiliate_private.conversion)",
            "affiliate_private.reversed_part(affiliate_private.conversion,bigint)",
        ]
    );
    assert!(
        texts(
            &own,
            "SELECT e::text FROM affiliate.earnings_as_of(2, now()) AS e"
        )
        .await
        .is_empty()
    );
    assert_eq!(
        texts(
            &own,
            "SELECT e::text FROM affiliate.earnings_as_of(1, now()) AS e"
        )
        .await
        .len(),
        1
    );
    shop.close().await;
}
