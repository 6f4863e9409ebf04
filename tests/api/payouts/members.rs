//! Whom a batch pays: parents beside affiliates, nobody it names a reason for, and nobody of another project.

use affiliate_tests::books::assert_clean;
use affiliate_tests::database::Profile;
use affiliate_tests::shop::Shop;
use affiliate_tests::stripe::event::Event;
use serde_json::json;

use super::{
    BATCHES, affiliate, batch, conversion, earnings, end, payouts, refund, sell, set_project,
};
use crate::support::{assert_refused, data, now};

#[tokio::test]
async fn whoever_is_left_out_is_named_with_the_reason() {
    let shop = Shop::open(Profile::Portable).await;
    let project = &shop.project;
    set_project(&shop, json!({"payout_minimum": 20})).await;
    let ids = [
        affiliate(project, "paid").await,
        affiliate(project, "poor").await,
        project.add_affiliate("none@example.com", "NONE").await,
        affiliate(project, "owes").await,
    ];
    affiliate(project, "idle").await;
    sell(project, "pi_1", 10_000, "paid").await;
    sell(project, "pi_2", 9_995, "poor").await;
    sell(project, "pi_3", 20_000, "none").await;
    sell(project, "pi_4", 10_000, "owes").await;
    let only = json!({"affiliate_ids": [ids[3]]});
    let made = data(&project.post(BATCHES, &only).await, 201);
    end(project, &payouts(project, &made).await[0], "confirm").await;
    refund(project, "pi_4", 10_000, 10_000).await;

    let made = batch(project).await;
    assert_eq!(
        (&made["payouts"], &made["left_out"]),
        (&json!(1), &json!(3))
    );
    assert_eq!(payouts(project, &made).await[0]["affiliate_id"], ids[0]);
    let path = format!("{BATCHES}/{}/left-out", made["id"]);
    assert_eq!(
        data(&project.get(&path).await, 200),
        json!([
            {"affiliate_id": ids[1], "user_email": "poor@example.com", "eligible": "19.99", "reason": "below_minimum"},
            {"affiliate_id": ids[2], "user_email": "none@example.com", "eligible": "40.00", "reason": "no_method"},
            {"affiliate_id": ids[3], "user_email": "owes@example.com", "eligible": "-20.00", "reason": "owes"},
        ])
    );
    assert_clean(&shop.database).await;
    shop.close().await;
}

#[tokio::test]
async fn another_projects_payouts_are_404() {
    let shop = Shop::open(Profile::Portable).await;
    let owner = &shop.project;
    affiliate(owner, "ada").await;
    sell(owner, "pi_1", 10_000, "ada").await;
    let body = json!({"email": "ada@example.com"});
    let request = data(&owner.post("/api/v1/payout-requests", &body).await, 201);
    let made = batch(owner).await;
    let payout = payouts(owner, &made).await.remove(0);
    let stranger = shop.add_project(&[]).await;
    let one = format!("/api/v1/payouts/{}", payout["id"]);
    let all = format!("{BATCHES}/{}", made["id"]);
    for path in [
        one.clone(),
        format!("{one}/lines"),
        all.clone(),
        format!("{all}/left-out"),
        format!("{all}/export"),
        super::preferences_of("ada"),
    ] {
        assert_refused(&stranger.get(&path).await, 404, "not found");
    }
    for path in ["confirm", "fail", "cancel"].map(|how| format!("{one}/{how}")) {
        assert_refused(&stranger.post(&path, &json!({})).await, 404, "not found");
    }
    for path in ["confirm", "cancel"].map(|how| format!("{all}/{how}")) {
        assert_refused(&stranger.post(&path, &json!({})).await, 404, "not found");
    }
    let path = format!("/api/v1/payout-requests/{}", request["id"]);
    let decided = stranger.put(&path, &json!({"status": "rejected"})).await;
    assert_refused(&decided, 404, "not found");
    for path in [BATCHES, "/api/v1/payouts", "/api/v1/payout-requests"] {
        assert_eq!(data(&stranger.get(path).await, 200), json!([]));
    }
    assert_eq!(data(&owner.get(&one).await, 200), payout);
    shop.close().await;
}

#[tokio::test]
async fn a_parent_is_paid_its_part_of_a_conversion_apart_from_the_affiliate() {
    for profile in Profile::KERNELS {
        let shop = Shop::open(profile).await;
        let project = &shop.project;
        affiliate(project, "ada").await;
        affiliate(project, "bob").await;
        set_project(&shop, json!({"hold_days": 0, "tier_percent": 10})).await;
        let parent = json!({"parent_email": "bob@example.com"});
        let path = "/api/v1/affiliates/ada@example.com/parent";
        data(&project.put(path, &parent).await, 200);
        let sale = Event::sale("pi_1", 10_000).code("ADA").at(now().await);
        project.deliver(&sale).await;

        let made = batch(project).await;
        let found = payouts(project, &made).await;
        let amounts: Vec<_> = found.iter().map(|payout| &payout["amount"]).collect();
        assert_eq!(amounts, [&json!("20.00"), &json!("10.00")]);
        // Only its own affiliate's payout pays the conversion.
        end(project, &found[1], "confirm").await;
        let sold = conversion(project, "pi_1").await;
        assert_eq!(sold["paid"], json!(false));
        assert_eq!(
            earnings(project, "bob").await,
            ["10.00", "0.00", "0.00", "10.00"]
        );
        assert_clean(&shop.database).await;
        end(project, &found[0], "confirm").await;
        assert_eq!(conversion(project, "pi_1").await["paid"], json!(true));
        // Taking back the mark takes back the own affiliate's money and nobody else's.
        let path = format!("/api/v1/conversions/{}", sold["id"]);
        data(&project.put(&path, &json!({"paid": false})).await, 200);
        assert_eq!(
            earnings(project, "ada").await,
            ["20.00", "20.00", "0.00", "0.00"]
        );
        // A refund claws back from both.
        let half = Event::refund("pi_1", 10_000, 5_000).at(now().await);
        project.deliver(&half).await;
        assert_eq!(
            earnings(project, "bob").await,
            ["5.00", "-5.00", "0.00", "10.00"]
        );
        assert_eq!(batch(project).await["amount"], "10.00");
        assert_clean(&shop.database).await;
        shop.close().await;
    }
}
