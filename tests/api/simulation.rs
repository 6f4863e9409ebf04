//! `affiliate.simulate_commission`: what another rule would have paid.

use affiliate_tests::books::assert_clean;
use affiliate_tests::database::Profile;
use affiliate_tests::shop::Shop;
use affiliate_tests::stripe;
use affiliate_tests::stripe::event::Event;
use serde_json::json;

use crate::support::data;

#[tokio::test]
async fn a_rule_is_tried_on_history_and_nothing_is_written() {
    for profile in Profile::KERNELS {
        let shop = Shop::open(profile).await;
        let project = &shop.project;
        project.add_affiliate("ada@example.com", "ADA").await;
        project.add_affiliate("bob@example.com", "BOB").await;
        let own = json!({"commission_percent": 50});
        let path = "/api/v1/affiliates/bob@example.com/commission";
        data(&project.put(path, &own).await, 200);
        let at = stripe::now() + 100;
        let sale = |payment: &str, amount: i64, code: &str, buyer: &str| {
            let sale = Event::sale(payment, amount).code(code);
            sale.email(&format!("{buyer}@example.com"))
                .customer(&format!("cus_{buyer}"))
        };
        project
            .deliver(&sale("pi_1", 10_000, "ADA", "cleo").at(at))
            .await;
        project
            .deliver(&sale("pi_2", 5_000, "ADA", "cleo").at(at + 10))
            .await;
        project
            .deliver(&sale("pi_3", 1_000, "BOB", "dora").at(at + 20))
            .await;
        project
            .deliver(&Event::refund("pi_1", 10_000, 5_000).at(at + 30))
            .await;
        let client = shop.database.connect().await;
        let simulate = async |rule: &str, from: i64| -> Vec<String> {
            let query =
                "SELECT concat_ws(' ', email, sales, earned, simulated, difference, currency)
                         FROM affiliate.simulate_commission($1, $2::text::json, to_timestamp($3))";
            #[expect(clippy::cast_precision_loss, reason = "far below 2^53 seconds")]
            let rows = client
                .query(query, &[&project.id, &rule, &(from as f64)])
                .await;
            rows.expect("a simulation")
                .iter()
                .map(|row| row.get(0))
                .collect()
        };
        // 30 % of 50.00 (half of the first came back), of 50.00 and of 10.00.
        assert_eq!(
            simulate(r#"{"commission_percent": "30"}"#, 0).await,
            [
                "ada@example.com 2 20.00 30.00 10.00 USD",
                "bob@example.com 1 5.00 3.00 -2.00 USD"
            ]
        );
        // 6.00 a sale, halved by the refund; the second purchase of a customer earns nothing.
        assert_eq!(
            simulate(
                r#"{"commission_fixed": "6", "commission_duration": "first_purchase"}"#,
                0
            )
            .await,
            [
                "bob@example.com 1 5.00 6.00 1.00 USD",
                "ada@example.com 2 20.00 3.00 -17.00 USD"
            ]
        );
        assert_eq!(
            simulate(r#"{"commission_percent": "10"}"#, at + 15).await,
            ["bob@example.com 1 5.00 1.00 -4.00 USD"]
        );
        let wrong = client
            .query(
                "SELECT affiliate.simulate_commission($1, '{\"percent\": 3}')",
                &[&project.id],
            )
            .await;
        let words = wrong
            .expect_err("an unknown setting")
            .as_db_error()
            .expect("from Postgres")
            .message()
            .to_owned();
        assert!(
            words.contains("cannot be tried with \"percent\": use commission_percent"),
            "{words}"
        );
        assert_eq!(
            project.affiliate("ada@example.com").await["total_earnings"],
            json!("20.00")
        );
        assert_clean(&shop.database).await;
        shop.close().await;
    }
}
