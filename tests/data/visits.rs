//! Clicks and sign-ups as a project's pages report them.

use affiliate_tests::books::assert_clean;
use affiliate_tests::database::Profile;
use affiliate_tests::shop::Shop;
use serde_json::{Value, json};
use tokio_postgres::Client;

const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";

async fn click(client: &Client, code: &str, ip: Option<&str>, agent: Option<&str>) -> Value {
    let sql = "SELECT affiliate.record_click(1, $1, $2, $3)::text";
    let row = client.query_one(sql, &[&code, &ip, &agent]).await;
    let row = row.unwrap_or_else(|error| panic!("{error:?}"));
    serde_json::from_str(row.get(0)).expect("JSON")
}

async fn sign_up(client: &Client, email: &str, code: &str, agent: &str) -> Value {
    let sql = "SELECT affiliate.record_signup(1, $1, $2, '203.0.113.9', $3)::text";
    let row = client.query_one(sql, &[&email, &code, &agent]).await;
    let row = row.unwrap_or_else(|error| panic!("{error:?}"));
    serde_json::from_str(row.get(0)).expect("JSON")
}

#[tokio::test]
async fn a_visitor_counts_once_within_the_window_and_a_bot_never() {
    for profile in Profile::KERNELS {
        let shop = Shop::open(profile).await;
        shop.project.add_affiliate("ada@example.com", "ADA").await;
        shop.project.add_affiliate("ben@example.com", "BEN").await;
        let owner = shop.database.connect().await;
        let here = Some("203.0.113.9");
        assert_eq!(
            click(&owner, "ada", here, Some(BROWSER)).await["counted"],
            true
        );
        assert_eq!(
            click(&owner, "ADA", here, Some(BROWSER)).await["reason"],
            "repeat"
        );
        assert_eq!(
            click(&owner, "BEN", here, Some(BROWSER)).await["counted"],
            true
        );
        assert_eq!(
            click(&owner, "ADA", Some("203.0.113.10"), Some(BROWSER)).await["counted"],
            true
        );
        for bot in [
            "Googlebot/2.1",
            "facebookexternalhit/1.1",
            "curl/8.5.0",
            "HeadlessChrome",
            "",
        ] {
            assert_eq!(
                click(&owner, "ADA", Some("198.51.100.1"), Some(bot)).await["reason"],
                "bot",
                "{bot}"
            );
        }
        // Who tells neither cannot be known again; a telephone is no bot.
        assert_eq!(click(&owner, "ADA", None, None).await["counted"], true);
        assert_eq!(click(&owner, "ADA", None, None).await["counted"], true);
        assert_eq!(
            click(&owner, "ADA", here, Some("Mozilla/5.0 (Linux; CUBOT X19)")).await["counted"],
            true
        );
        assert_eq!(
            click(&owner, "NOPE", here, Some(BROWSER)).await["reason"],
            "unknown_code"
        );
        // Without a window every click counts.
        let open = "SELECT affiliate.set_data_policy(1, '{\"repeat_window_minutes\": 0}')";
        owner.execute(open, &[]).await.expect("a setting");
        assert_eq!(
            click(&owner, "ADA", here, Some(BROWSER)).await["counted"],
            true
        );
        assert_eq!(shop.project.affiliate("ada@example.com").await["clicks"], 6);
        assert_eq!(shop.project.affiliate("ben@example.com").await["clicks"], 1);
        assert_clean(&shop.database).await;
        shop.close().await;
    }
}

#[tokio::test]
async fn clicks_of_one_visitor_at_once_count_once() {
    let shop = Shop::open(Profile::Portable).await;
    shop.project.add_affiliate("ada@example.com", "ADA").await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let client = shop.database.connect().await;
        tasks.spawn(async move {
            let mut counted = 0;
            for visitor in 0..20 {
                let ip = format!("203.0.113.{visitor}");
                counted += u32::from(
                    click(&client, "ADA", Some(&ip), Some(BROWSER)).await["counted"] == true,
                );
            }
            counted
        });
    }
    assert_eq!(tasks.join_all().await.into_iter().sum::<u32>(), 20);
    assert_eq!(
        shop.project.affiliate("ada@example.com").await["clicks"],
        20
    );
    assert_clean(&shop.database).await;
    shop.close().await;
}

#[tokio::test]
async fn a_sign_up_links_the_person_and_is_announced_once() {
    for profile in Profile::KERNELS {
        let shop = Shop::open(profile).await;
        let ada = shop.project.add_affiliate("ada@example.com", "ADA").await;
        shop.project.add_affiliate("ben@example.com", "BEN").await;
        shop.project
            .add_webhook(&shop.database, "https://hooks.example.com/", &[])
            .await;
        let owner = shop.database.connect().await;
        assert_eq!(
            sign_up(&owner, "zoe@example.com", "ADA", "Googlebot/2.1").await["reason"],
            "bot"
        );
        let first = sign_up(&owner, "Zoe@example.com", "ADA", BROWSER).await;
        assert_eq!(
            (&first["counted"], &first["affiliate_id"]),
            (&json!(true), &json!(ada))
        );
        assert_eq!(
            sign_up(&owner, "zoe@example.com", "ADA", BROWSER).await["reason"],
            "repeat"
        );
        assert_eq!(
            sign_up(&owner, "zoe@example.com", "BEN", BROWSER).await["reason"],
            "repeat"
        );
        let user = shop
            .project
            .get("/api/v1/referrals/zoe@example.com")
            .await
            .json();
        assert_eq!(user["data"]["conversion_status"], "pending", "{user}");
        let stats = shop.project.affiliate("ada@example.com").await;
        assert_eq!(
            (&stats["signups"], &stats["purchases"]),
            (&json!(1), &json!(0))
        );

        let superuser = shop.database.connect_superuser().await;
        let events = superuser
            .query(
                "SELECT e.event_type, e.body FROM affiliate_private.webhook_event AS e",
                &[],
            )
            .await;
        let events = events.expect("the outbox");
        assert_eq!(events.len(), 1);
        let body: Value = serde_json::from_str(events[0].get(1)).expect("JSON");
        assert_eq!(body["event"], "referral_signed_up");
        assert_eq!(body["data"]["ip_address"], "203.0.113.9");
        assert_eq!(body["data"]["user_agent"], BROWSER);
        // A purchase follows the sign-up's code.
        let bought = json!({"type": "purchase", "email": "zoe@example.com", "base_value": 100});
        let bought = shop
            .project
            .post("/api/v1/conversions", &bought)
            .await
            .json();
        assert_eq!(bought["data"]["affiliate_id"], json!(ada), "{bought}");
        assert_clean(&shop.database).await;
        assert_no_trace(&superuser, "203.0.113.9").await;
        shop.close().await;
    }
}

/// No table but the outbox has the word in any column.
async fn assert_no_trace(superuser: &Client, word: &str) {
    let tables = "SELECT c.oid::regclass::text FROM pg_class AS c WHERE c.relnamespace = 'affiliate_private'::regnamespace AND c.relkind = 'r'";
    for table in superuser.query(tables, &[]).await.expect("the tables") {
        let table: String = table.get(0);
        if table == "affiliate_private.webhook_event" {
            continue;
        }
        let sql = format!("SELECT count(*) FROM {table} AS t WHERE t::text LIKE '%' || $1 || '%'");
        let found = superuser.query_one(&sql, &[&word]).await.expect("a count");
        assert_eq!(found.get::<_, i64>(0), 0, "{table}");
    }
}
