//! What a batch takes.

use affiliate_tests::books::assert_clean;
use affiliate_tests::database::Profile;
use affiliate_tests::shop::Shop;
use affiliate_tests::stripe::event::Event;
use serde_json::json;

use super::{
    BATCHES, affiliate, batch, conversion, earnings, end, lines, payouts, refund, sell, set_project,
};
use crate::support::{assert_refused, data, names};

#[tokio::test]
async fn a_batch_reserves_whole_conversions_and_confirming_it_pays_them() {
    for profile in Profile::KERNELS {
        let shop = Shop::open(profile).await;
        let project = &shop.project;
        let ada = affiliate(project, "ada").await;
        let bob = affiliate(project, "bob").await;
        sell(project, "pi_1", 10_000, "ada").await;
        sell(project, "pi_2", 5_000, "ada").await;
        sell(project, "pi_3", 1_234, "bob").await;
        // Still held: not for this batch.
        let today = Event::sale("pi_4", 10_000).code("ADA").at(crate::now());
        let today = today.customer("new").email("new@buyers.example");
        project.deliver(&today).await;

        let made = batch(project).await;
        assert_eq!(
            (&made["status"], &made["amount"], &made["payouts"]),
            (&json!("open"), &json!("32.47"), &json!(2))
        );
        assert_eq!(
            made["totals"]["reserved"],
            json!({"payouts": 2, "amount": "32.47"})
        );
        let found = payouts(project, &made).await;
        let [first, second] = &found[..] else {
            panic!("{found:?}")
        };
        assert_eq!(
            (&first["affiliate_id"], &first["amount"], &first["status"]),
            (&json!(ada), &json!("30.00"), &json!("reserved"))
        );
        assert_eq!(
            (&second["affiliate_id"], &second["amount"]),
            (&json!(bob), &json!("2.47"))
        );
        assert_eq!(
            first["destination"],
            json!({"paypal_email": "ada@paypal.example"})
        );
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(
            lines(project, first).await,
            [pair("pi_1", "20.00"), pair("pi_2", "10.00")]
        );
        // Reserving books nothing.
        assert_eq!(
            earnings(project, "ada").await,
            ["50.00", "30.00", "20.00", "0.00"]
        );
        assert_clean(&shop.database).await;

        let confirm = format!("{BATCHES}/{}/confirm", made["id"]);
        let confirmed = data(&project.post(&confirm, &json!({})).await, 200);
        assert_eq!(confirmed["status"], "settled");
        assert_eq!(
            confirmed["totals"]["paid"],
            json!({"payouts": 2, "amount": "32.47"})
        );
        assert_eq!(
            earnings(project, "ada").await,
            ["50.00", "0.00", "20.00", "30.00"]
        );
        assert_eq!(
            earnings(project, "bob").await,
            ["2.47", "0.00", "0.00", "2.47"]
        );
        for (reference, paid) in [("pi_1", true), ("pi_2", true), ("pi_4", false)] {
            assert_eq!(conversion(project, reference).await["paid"], json!(paid));
        }
        assert_clean(&shop.database).await;
        shop.close().await;
    }
}

#[tokio::test]
async fn a_clawback_is_taken_off_the_next_payout() {
    for profile in Profile::KERNELS {
        let shop = Shop::open(profile).await;
        let project = &shop.project;
        affiliate(project, "ada").await;
        sell(project, "pi_1", 10_000, "ada").await;
        let first = batch(project).await;
        end(project, &payouts(project, &first).await[0], "confirm").await;
        refund(project, "pi_1", 10_000, 2_500).await;
        assert_eq!(
            earnings(project, "ada").await,
            ["15.00", "-5.00", "0.00", "20.00"]
        );
        // A debt alone is no payout.
        let debt = batch(project).await;
        assert_eq!(
            (&debt["payouts"], &debt["left_out"]),
            (&json!(0), &json!(1))
        );

        sell(project, "pi_2", 10_000, "ada").await;
        let second = batch(project).await;
        let payout = payouts(project, &second).await.remove(0);
        assert_eq!(payout["amount"], "15.00");
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(
            lines(project, &payout).await,
            [pair("pi_1", "-5.00"), pair("pi_2", "20.00")]
        );
        end(project, &payout, "confirm").await;
        assert_eq!(
            earnings(project, "ada").await,
            ["35.00", "0.00", "0.00", "35.00"]
        );
        assert_clean(&shop.database).await;
        shop.close().await;
    }
}

#[tokio::test]
async fn a_reference_makes_repeating_a_run_safe() {
    let shop = Shop::open(Profile::Portable).await;
    let project = &shop.project;
    affiliate(project, "ada").await;
    sell(project, "pi_1", 10_000, "ada").await;
    let march = json!({"reference": "2026-03", "note": "first run"});
    let made = data(&project.post(BATCHES, &march).await, 201);
    sell(project, "pi_2", 10_000, "ada").await;
    assert_eq!(data(&project.post(BATCHES, &march).await, 201), made);
    assert_eq!(data(&project.get(BATCHES).await, 200), json!([made]));
    let path = format!("{BATCHES}/{}", made["id"]);
    assert_eq!(data(&project.get(&path).await, 200), made);
    assert_eq!(
        names(&made),
        [
            "id",
            "reference",
            "note",
            "status",
            "currency",
            "amount",
            "payouts",
            "totals",
            "left_out",
            "eligible_at",
            "created_at"
        ]
    );
    let april = batch(project).await;
    assert_eq!(april["amount"], "20.00");
    shop.close().await;
}

#[tokio::test]
async fn a_second_batch_finds_nothing_that_the_first_has_reserved() {
    let shop = Shop::open(Profile::Portable).await;
    let project = &shop.project;
    affiliate(project, "ada").await;
    sell(project, "pi_1", 10_000, "ada").await;
    assert_eq!(batch(project).await["amount"], "20.00");
    let second = batch(project).await;
    assert_eq!(
        (&second["payouts"], &second["left_out"], &second["status"]),
        (&json!(0), &json!(0), &json!("settled"))
    );
    shop.close().await;
}

#[tokio::test]
async fn amounts_have_the_decimals_of_the_projects_currency() {
    for (currency, amount, eligible, minimum) in [
        ("JPY", 12_345, "2469", json!(2469)),
        ("KWD", 12_345, "2.469", json!(2.46)),
    ] {
        let shop = Shop::open_with(Profile::Portable, &["--currency", currency]).await;
        let project = &shop.project;
        affiliate(project, "ada").await;
        let sale = Event::sale("pi_1", amount).code("ADA").at(super::LONG_AGO);
        project
            .deliver(&sale.currency(&currency.to_lowercase()))
            .await;
        set_project(&shop, json!({"payout_minimum": minimum})).await;
        let made = batch(project).await;
        assert_eq!(
            (&made["amount"], &made["currency"]),
            (&json!(eligible), &json!(currency))
        );
        end(project, &payouts(project, &made).await[0], "confirm").await;
        assert_clean(&shop.database).await;
        shop.close().await;
    }
}

#[tokio::test]
async fn strange_batches_are_refused() {
    let shop = Shop::open(Profile::Portable).await;
    let project = &shop.project;
    for (body, status, words) in [
        (json!({"affiliate_ids": [999]}), 404, "Affiliate not found"),
        (json!({"affiliate_ids": []}), 400, "affiliate_ids"),
        (json!({"affiliate_ids": [1.5]}), 400, "affiliate_ids"),
        (json!({"affiliate_ids": ["1"]}), 400, "affiliate_ids"),
        (json!({"affiliate_ids": 1}), 400, "affiliate_ids"),
        (json!({"reference": "=1+1"}), 400, "reference"),
        (json!({"requested_only": "yes"}), 400, "requested_only"),
    ] {
        assert_refused(&project.post(BATCHES, &body).await, status, words);
    }
    for path in ["", "/left-out", "/export"] {
        let answer = project.get(&format!("{BATCHES}/7{path}")).await;
        assert_refused(&answer, 404, "Payout batch not found");
    }
    assert_refused(
        &project.get("/api/v1/payouts/7").await,
        404,
        "Payout not found",
    );
    shop.close().await;
}
