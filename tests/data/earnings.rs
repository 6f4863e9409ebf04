//! Earnings of any moment: what the API said then is what the ledger says now.

use affiliate_tests::books::assert_clean;
use affiliate_tests::database::Profile;
use affiliate_tests::shop::Shop;
use affiliate_tests::stripe::event::Event;
use serde_json::json;

#[tokio::test]
async fn the_ledger_tells_what_everybody_had_earned_at_each_moment() {
    for profile in Profile::KERNELS {
        let shop = Shop::open(profile).await;
        let project = &shop.project;
        project.add_affiliate("ada@example.com", "ADA").await;
        project.add_affiliate("ben@example.com", "BEN").await;
        let owner = shop.database.connect().await;
        let now = "
            SELECT clock_timestamp()::text, coalesce(string_agg(format('%s %s %s %s %s %s %s', a.affiliate_id, a.currency, a.total_earnings,
                     a.eligible_earnings, a.held_earnings, a.paid_earnings, a.next_release_at), E'\n' ORDER BY a.affiliate_id), '')
            FROM affiliate.affiliates AS a
            WHERE EXISTS (SELECT FROM affiliate.ledger AS l WHERE l.project_id = a.project_id AND l.affiliate_id = a.affiliate_id)";
        let then = "
            SELECT coalesce(string_agg(format('%s %s %s %s %s %s %s', e.affiliate_id, e.currency, e.total_earnings,
                     e.eligible_earnings, e.held_earnings, e.paid_earnings, e.next_release_at), E'\n' ORDER BY e.affiliate_id), '')
            FROM affiliate.earnings_as_of($1, $2::text::timestamptz) AS e";
        let mut moments = Vec::new();
        let old = 1_700_000_000;
        for step in 0..8 {
            match step {
                0 => drop(
                    project
                        .deliver(&Event::sale("pi_1", 10_000).code("ADA").at(today()))
                        .await,
                ),
                1 => drop(
                    project
                        .deliver(&Event::sale("pi_2", 5_000).code("BEN").at(old))
                        .await,
                ),
                2 => drop(project.deliver(&Event::refund("pi_1", 10_000, 2_500)).await),
                3 => mark(&shop, "pi_2", true).await,
                4 => drop(project.deliver(&Event::refund("pi_2", 5_000, 5_000)).await),
                5 => mark(&shop, "pi_1", true).await,
                6 => mark(&shop, "pi_1", false).await,
                _ => drop(project.deliver(&Event::sale("pi_3", 700).code("BEN")).await),
            }
            let row = owner.query_one(now, &[]).await.expect("the balances");
            moments.push((row.get::<_, String>(0), row.get::<_, String>(1)));
        }
        assert!(
            moments[0].1.contains(" 20.00 0.00 20.00 0.00 "),
            "{moments:?}"
        );
        for (at, expected) in &moments {
            let row = owner
                .query_one(then, &[&project.id, at])
                .await
                .expect("the past");
            assert_eq!(&row.get::<_, String>(0), expected, "at {at}");
        }
        let before = owner
            .query_one(then, &[&project.id, &"2020-01-01"])
            .await
            .expect("the past");
        assert_eq!(before.get::<_, String>(0), "");
        assert_clean(&shop.database).await;
        shop.close().await;
    }
}

async fn mark(shop: &Shop, reference: &str, paid: bool) {
    let conversions = shop.project.conversions().await;
    let found = conversions
        .iter()
        .find(|one| one["reference"] == *reference);
    let id = &found.expect("a conversion")["id"];
    let path = format!("/api/v1/conversions/{id}");
    let answer = shop.project.put(&path, &json!({"paid": paid})).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

fn today() -> i64 {
    let since = std::time::SystemTime::UNIX_EPOCH.elapsed();
    i64::try_from(since.expect("after 1970").as_secs()).expect("a time")
}
