//! A project is seen by its own key and its own analysts, whatever they ask.

use affiliate_tests::analyst;
use affiliate_tests::database::Profile;
use affiliate_tests::shop::{Project, Shop};
use affiliate_tests::stripe::event::Event;
use reqwest::Method;
use serde_json::json;
use tokio_postgres::Client;

/// Two projects with a sale each.
async fn two_projects(profile: Profile) -> (Shop, Project) {
    let shop = Shop::open(profile).await;
    let other = shop.add_project(&[]).await;
    for (project, email) in [
        (&shop.project, "ada@example.com"),
        (&other, "bob@example.com"),
    ] {
        project.add_affiliate(email, "CODE").await;
        let sale = Event::sale("pi_1", 9999).code("CODE");
        let sale = sale.email(&format!("buyer-of-{email}"));
        assert_eq!(project.deliver(&sale).await, "applied");
        assert_eq!(project.deliver(&Event::sale("pi_2", -1)).await, "parked");
    }
    (shop, other)
}

#[tokio::test]
async fn a_key_reads_and_writes_its_own_project_only() {
    let (shop, other) = two_projects(Profile::Portable).await;
    let listed = other.get("/api/v1/affiliates").await.json();
    assert_eq!(listed["pagination"]["total"], json!(1));
    assert_eq!(listed["data"][0]["user_email"], "bob@example.com");
    assert_eq!(other.conversions().await.len(), 1);
    let ada = "/api/v1/affiliates/ada@example.com";
    for (method, body) in [
        (Method::GET, None),
        (Method::PUT, Some(br#"{"status":"inactive"}"#.to_vec())),
        (Method::DELETE, None),
    ] {
        let answer = other.send(method.clone(), ada, body).await;
        assert_eq!(answer.status, 404, "{method}: {}", answer.text);
    }
    let id = shop.project.affiliate("ada@example.com").await["id"].take();
    let filtered = format!("/api/v1/conversions?affiliate_id={id}");
    let filtered = other.get(&filtered).await.json();
    assert_eq!(filtered["data"], json!([]));
    // The same email and code are free in each project.
    other.add_affiliate("ada@example.com", "ADA").await;
    assert_eq!(
        shop.project.affiliate("ada@example.com").await["status"],
        "active"
    );
    shop.close().await;
}

#[tokio::test]
async fn without_a_good_key_nothing_is_answered() {
    let (shop, _) = two_projects(Profile::Portable).await;
    let key = shop.project.key.clone();
    let (id, _) = key.rsplit_once('_').expect("rgk_<id>_<secret>");
    let keys = [
        String::new(),
        "rgk_".to_owned(),
        format!("{id}_{}", "0".repeat(48)),
        format!("{key}0"),
        key[..key.len() - 1].to_owned(),
        "rgk_999000001_00".to_owned(),
        "rgk_99999999999999999999_00".to_owned(),
    ];
    for key in keys {
        let mut stranger = shop.project.clone();
        stranger.key = key.clone();
        let answer = stranger.get("/api/v1/affiliates").await;
        assert_eq!(answer.status, 401, "{key}: {}", answer.text);
    }
    shop.close().await;
}

const VIEWS: [&str; 4] = ["affiliates", "conversions", "ledger", "parked_events"];

#[tokio::test]
async fn an_analyst_sees_the_granted_projects_in_every_view() {
    for profile in Profile::KERNELS {
        let (shop, other) = two_projects(profile).await;
        let own = analyst::connect(&shop.database, &[shop.project.id]).await;
        let both = [shop.project.id, other.id];
        let both = analyst::connect(&shop.database, &both).await;
        let mut none = analyst::connect(&shop.database, &[other.id]).await;
        revoke(&shop, &mut none, other.id).await;
        for view in VIEWS {
            let projects = async |client: &Client| -> Vec<i64> {
                let sql = format!("SELECT DISTINCT project_id FROM affiliate.{view} ORDER BY 1");
                let rows = client.query(&sql, &[]).await;
                let rows = rows.unwrap_or_else(|error| panic!("{view}: {error:?}"));
                rows.iter().map(|row| row.get(0)).collect()
            };
            assert_eq!(projects(&own).await, [shop.project.id], "{view}");
            assert_eq!(projects(&both).await, [shop.project.id, other.id], "{view}");
            assert!(projects(&none).await.is_empty(), "{view}");
        }
        shop.close().await;
    }
}

async fn revoke(shop: &Shop, analyst: &mut Client, project_id: i64) {
    let role = analyst.query_one("SELECT current_user::text", &[]).await;
    let role: String = role.expect("a role").get(0);
    let revoke = "SELECT affiliate.revoke_analyst($1, $2)";
    let owner = shop.database.connect().await;
    let revoked = owner.execute(revoke, &[&role, &project_id]).await;
    revoked.expect("a grant is gone");
}

/// What an analyst may try in order to see project 2: every one of these fails or shows nothing of it.
const ATTEMPTS: [&str; 22] = [
    "SELECT email FROM affiliate_private.affiliate",
    "SELECT * FROM affiliate_private.conversion",
    "SELECT * FROM affiliate_private.ledger_entry",
    "SELECT * FROM affiliate_private.affiliate_balance",
    "SELECT * FROM affiliate_private.visible_project",
    "SELECT encode(body, 'escape') FROM affiliate_private.provider_event",
    "SELECT secret FROM affiliate_private.provider_secret",
    "SELECT secret_hash FROM affiliate_private.api_key",
    "SELECT secret FROM affiliate_private.webhook_endpoint",
    "INSERT INTO affiliate_private.analyst_grant (project_id, role_name, role_oid) VALUES (2, current_user, current_user::regrole)",
    "SELECT affiliate.grant_analyst(current_user, 2)",
    "SET ROLE affiliate_owner; SELECT * FROM affiliate.affiliates",
    "SET ROLE affiliate_report; SELECT * FROM affiliate_private.conversion",
    "SET SESSION AUTHORIZATION test_owner; SELECT * FROM affiliate.affiliates",
    "SET ROLE affiliate_analyst; SELECT email FROM affiliate.affiliates",
    "SELECT affiliate_api.list_affiliates(2, '{\"limit\": 10, \"offset\": 0}')",
    "SELECT affiliate_api.provider_secrets(2, 'stripe')",
    "SELECT affiliate_private.affiliate_json(a) FROM affiliate_private.affiliate AS a",
    "CREATE VIEW affiliate.mine AS SELECT * FROM affiliate_private.affiliate",
    "UPDATE affiliate.affiliates SET email = 'mine@example.com'",
    "COPY (SELECT email FROM affiliate_private.affiliate) TO STDOUT",
    "SET row_security = off; SELECT email FROM affiliate.affiliates",
];

#[tokio::test]
async fn an_analyst_sees_nothing_else_whatever_sql_is_written() {
    for profile in Profile::KERNELS {
        let (shop, other) = two_projects(profile).await;
        assert_eq!(other.id, 2);
        for attempt in ATTEMPTS {
            let analyst = analyst::connect(&shop.database, &[shop.project.id]).await;
            // simple_query takes several statements and gives everything as text.
            if let Ok(rows) = analyst.simple_query(attempt).await {
                let seen = format!("{rows:?}");
                assert!(!seen.contains("bob@example.com"), "{attempt}: {seen}");
                assert!(!seen.contains("whsec_"), "{attempt}: {seen}");
            }
        }
        shop.close().await;
    }
}

#[tokio::test]
async fn a_predicate_that_talks_is_not_shown_other_projects_rows() {
    for profile in Profile::KERNELS {
        let (shop, _) = two_projects(profile).await;
        let analyst = analyst::connect(&shop.database, &[shop.project.id]).await;
        // Cheap, so that a planner without the barrier would run it before the filter on projects.
        let talk = "
            CREATE FUNCTION pg_temp.talk(p_text text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS $$
            BEGIN
              PERFORM set_config('test.heard', coalesce(current_setting('test.heard', true), '') || p_text, false);
              RETURN true;
            END $$";
        let allowed = analyst.batch_execute(talk).await;
        allowed.expect("analysts may use temporary functions");
        for query in [
            "SELECT count(*) FROM affiliate.affiliates WHERE pg_temp.talk(email)",
            "SELECT count(*) FROM affiliate.affiliates AS a WHERE pg_temp.talk(a::text)",
            "SELECT count(*) FROM affiliate.conversions AS c WHERE pg_temp.talk('project ' || c.project_id)",
            "SELECT count(*) FROM affiliate.ledger AS l WHERE pg_temp.talk('project ' || l.project_id)",
            "SELECT count(*) FROM affiliate.parked_events AS e WHERE pg_temp.talk('project ' || e.project_id)",
        ] {
            let asked = analyst.batch_execute(query).await;
            asked.unwrap_or_else(|error| panic!("{query}: {error:?}"));
        }
        let heard = "SELECT current_setting('test.heard')";
        let heard = analyst.query_one(heard, &[]).await.expect("a text");
        let heard: String = heard.get(0);
        assert!(
            heard.contains("ada@example.com") && heard.contains("project 1"),
            "{heard}"
        );
        assert!(
            !heard.contains("bob") && !heard.contains("project 2"),
            "{heard}"
        );
        shop.close().await;
    }
}

#[tokio::test]
async fn the_gateways_login_cannot_read_a_single_table() {
    for profile in Profile::KERNELS {
        let (shop, _) = two_projects(profile).await;
        let gateway = shop.database.connect_gateway().await;
        let relations = "
            SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
            WHERE n.nspname LIKE 'affiliate%' AND c.relkind IN ('r', 'p', 'v', 'm', 'S') ORDER BY 1";
        let relations = gateway.query(relations, &[]).await.expect("a list");
        assert!(relations.len() > 30, "{}", relations.len());
        for relation in &relations {
            let read = format!("SELECT * FROM {}", relation.get::<_, &str>(0));
            let refused = gateway.batch_execute(&read).await;
            assert!(refused.is_err(), "{read}");
        }
        for statement in [
            "SET ROLE affiliate_owner",
            "SET ROLE affiliate_report",
            "SELECT affiliate.create_project('mine')",
            "SELECT affiliate.create_api_key(1)",
            "CREATE FUNCTION affiliate_api.mine() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        ] {
            let refused = gateway.batch_execute(statement).await;
            assert!(refused.is_err(), "{statement}");
        }
        shop.close().await;
    }
}
