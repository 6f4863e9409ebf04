//! What imported history pays in a project with levels and a second tier, and when the ledger knows of it.

use affiliate_tests::books::assert_clean;
use affiliate_tests::database::Profile;
use affiliate_tests::shop::Shop;
use serde_json::{Value, json};

use crate::import::{import, write};

/// Before Ada was under Dora, and after; of the latter one had been paid out.
const HISTORY: &str = "\
occurred_at,email,affiliate_email,base_value,paid,refunded,reference
2024-01-05T10:00:00Z,kim@example.com,ada@example.com,100.00,false,,R-1
2024-06-05T10:00:00Z,kim@example.com,ada@example.com,200.00,true,,R-2
2024-07-05T10:00:00Z,lou@example.com,ada@example.com,300.00,false,150,R-3
";

async fn history(shop: &Shop) {
    let directory = tempfile::tempdir().expect("a directory");
    let file = write(directory.path(), "conversions.csv", HISTORY);
    let (code, done) = import(shop, "conversions", &file, &[]).await;
    assert_eq!((code, &done["imported"]), (0, &json!(3)), "{done}");
}

/// A program with a second tier of 10 %, in which Ada has been under Dora since February 2024.
async fn program(profile: Profile) -> Shop {
    let shop = Shop::open(profile).await;
    shop.project.add_affiliate("ada@example.com", "ADA").await;
    shop.project.add_affiliate("dora@example.com", "DORA").await;
    let owner = shop.database.connect().await;
    let tier = "SELECT affiliate.set_project($1, '{\"tier_percent\": 10}', to_timestamp(0))::text";
    let parent = "SELECT affiliate.set_affiliate_parent($1, a.affiliate_id, p.affiliate_id, '2024-02-01Z')::text
                  FROM affiliate_private.affiliate AS a, affiliate_private.affiliate AS p WHERE a.email_key = 'ada@example.com' AND p.email_key = 'dora@example.com'";
    for sql in [tier, parent] {
        owner.query(sql, &[&shop.project.id]).await.expect(sql);
    }
    shop
}

async fn figures(shop: &Shop, name: &str) -> [String; 3] {
    let stats = shop.project.affiliate(&format!("{name}@example.com")).await;
    ["total_earnings", "unpaid_earnings", "eligible_earnings"]
        .map(|figure| stats[figure].as_str().expect("text").to_owned())
}

#[tokio::test]
async fn a_parent_earns_on_history_since_it_was_the_parent_and_is_paid_on_its_own() {
    for profile in Profile::KERNELS {
        let shop = program(profile).await;
        history(&shop).await;
        // 20 % of 100 and 200, and of half of 300.
        assert_eq!(figures(&shop, "ada").await, ["90.00", "50.00", "50.00"]);
        // 10 % of 200 and of half of 300: that Ada's part was paid says nothing of Dora's.
        assert_eq!(figures(&shop, "dora").await, ["35.00", "35.00", "35.00"]);
        assert_clean(&shop.database).await;
        shop.close().await;
    }
}

#[tokio::test]
async fn history_counts_towards_levels_and_is_paid_by_those_of_its_time() {
    for profile in Profile::KERNELS {
        let shop = program(profile).await;
        let project = &shop.project;
        let silver = json!({"name": "Silver", "commission_percent": 50, "minimum_earned": 60, "position": 1});
        let made = project.post("/api/v1/commission-levels", &silver).await;
        assert_eq!(made.status, 201, "{}", made.text);
        let owner = shop.database.connect().await;
        let promote = "SELECT affiliate.promote_affiliates()";
        owner.query_one(promote, &[]).await.expect("nobody");
        history(&shop).await;
        // Nobody had a level then.
        assert_eq!(figures(&shop, "ada").await, ["90.00", "50.00", "50.00"]);
        let promoted: i32 = owner
            .query_one(promote, &[])
            .await
            .expect("promotions")
            .get(0);
        assert_eq!(promoted, 1);
        // From now on, and not for the past.
        assert_eq!(figures(&shop, "ada").await, ["90.00", "50.00", "50.00"]);
        let sale = json!({"type": "purchase", "base_value": 10, "email": "max@example.com", "referral_code": "ADA"});
        let sale = project.post("/api/v1/conversions", &sale).await.json();
        assert_eq!(sale["data"]["value"], json!(5), "{sale}");
        assert_clean(&shop.database).await;
        shop.close().await;
    }
}

#[tokio::test]
async fn the_ledger_knows_of_history_from_its_import_on() {
    let shop = program(Profile::Portable).await;
    history(&shop).await;
    let owner = shop.database.connect().await;
    let then = "SELECT count(*) FROM affiliate.earnings_as_of($1, '2025-01-01Z')";
    let then = owner.query_one(then, &[&shop.project.id]).await;
    assert_eq!(then.expect("the past").get::<_, i64>(0), 0);
    let now = "SELECT coalesce(sum(e.total_earnings), 0)::text FROM affiliate.earnings_as_of($1, clock_timestamp()) AS e";
    let now = owner.query_one(now, &[&shop.project.id]).await;
    assert_eq!(now.expect("now").get::<_, String>(0), "125.00");
    // What is by the day of the sale shows it where it happened.
    let days = "SELECT json_agg(json_build_array(d.day, d.purchases) ORDER BY d.day)::text FROM affiliate.daily_performance AS d
                JOIN affiliate.affiliates AS a ON a.project_id = d.project_id AND a.affiliate_id = d.affiliate_id
                WHERE d.project_id = $1 AND a.email = 'ada@example.com' AND d.purchases > 0";
    let days = owner.query_one(days, &[&shop.project.id]).await;
    let days: Value = serde_json::from_str(days.expect("days").get(0)).expect("JSON");
    assert_eq!(
        days,
        json!([["2024-01-05", 1], ["2024-06-05", 1], ["2024-07-05", 1]])
    );
    shop.close().await;
}
