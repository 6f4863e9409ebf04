//! What is reserved stays as it is until its payout ends: the owner may not change it, late events may not move it, and a
//! refund becomes a clawback.

use affiliate_tests::books::assert_clean;
use affiliate_tests::database::Profile;
use affiliate_tests::shop::{Project, Shop};
use affiliate_tests::stripe::event::Event;
use reqwest::Method;
use serde_json::{Value, json};

use super::{LONG_AGO, affiliate, batch, conversion, earnings, end, payouts, refund, sell};
use crate::support::{assert_gone, assert_refused, data};

async fn reserve(project: &Project) -> Value {
    let made = batch(project).await;
    payouts(project, &made).await.remove(0)
}

#[tokio::test]
async fn the_owner_cannot_change_what_is_reserved() {
    let shop = Shop::open(Profile::Portable).await;
    let project = &shop.project;
    affiliate(project, "ada").await;
    sell(project, "pi_1", 10_000, "ada").await;
    let payout = reserve(project).await;
    let before = conversion(project, "pi_1").await;
    let path = format!("/api/v1/conversions/{}", before["id"]);
    for change in [
        json!({"paid": true}),
        json!({"paid": false}),
        json!({"value": 1}),
        json!({"base_value": 50}),
        json!({"type": "signup"}),
        json!({"reference": "ORDER-1"}),
    ] {
        let refused = project.put(&path, &change).await;
        assert_refused(&refused, 409, "is in an open payout");
    }
    for path in [path.as_str(), "/api/v1/affiliates/ada@example.com"] {
        let refused = project.send(Method::DELETE, path, None).await;
        assert_refused(&refused, 409, "open payout");
    }
    assert_eq!(conversion(project, "pi_1").await, before);
    end(project, &payout, "cancel").await;
    data(&project.put(&path, &json!({"value": 7})).await, 200);
    assert_eq!(reserve(project).await["amount"], "7.00");
    assert_clean(&shop.database).await;
    shop.close().await;
}

#[tokio::test]
async fn a_refund_while_reserved_is_a_clawback_after_confirmation() {
    for profile in Profile::KERNELS {
        let shop = Shop::open(profile).await;
        let project = &shop.project;
        affiliate(project, "ada").await;
        sell(project, "pi_1", 10_000, "ada").await;
        let payout = reserve(project).await;
        refund(project, "pi_1", 10_000, 2_500).await;
        assert_eq!(
            earnings(project, "ada").await,
            ["15.00", "15.00", "0.00", "0.00"]
        );
        // Until then neither the sale nor its refund is anything for another batch.
        assert_eq!(batch(project).await["payouts"], json!(0));
        assert_eq!(end(project, &payout, "confirm").await["amount"], "20.00");
        assert_eq!(
            earnings(project, "ada").await,
            ["15.00", "-5.00", "0.00", "20.00"]
        );
        assert_eq!(conversion(project, "pi_1").await["paid"], json!(true));
        assert_clean(&shop.database).await;
        sell(project, "pi_2", 10_000, "ada").await;
        let next = reserve(project).await;
        assert_eq!(next["amount"], "15.00");
        end(project, &next, "confirm").await;
        assert_eq!(
            earnings(project, "ada").await,
            ["35.00", "0.00", "0.00", "35.00"]
        );
        assert_clean(&shop.database).await;
        shop.close().await;
    }
}

#[tokio::test]
async fn a_refund_while_reserved_counts_in_the_next_batch_where_the_payout_failed() {
    let shop = Shop::open(Profile::Portable).await;
    let project = &shop.project;
    affiliate(project, "ada").await;
    sell(project, "pi_1", 10_000, "ada").await;
    let payout = reserve(project).await;
    refund(project, "pi_1", 10_000, 2_500).await;
    end(project, &payout, "fail").await;
    assert_eq!(reserve(project).await["amount"], "15.00");
    assert_clean(&shop.database).await;
    shop.close().await;
}

#[tokio::test]
async fn late_evidence_flags_what_is_reserved_and_moves_it_once_it_is_free() {
    for profile in Profile::KERNELS {
        for (ending, credited_to_bob) in [("confirm", false), ("fail", true), ("cancel", true)] {
            let shop = Shop::open(profile).await;
            let project = &shop.project;
            let ada = affiliate(project, "ada").await;
            let bob = affiliate(project, "bob").await;
            let sale = Event::sale("pi_1", 10_000).object("client_reference_id", json!("ADA"));
            project
                .deliver(&sale.email("kim@buyers.example").at(LONG_AGO))
                .await;
            let payout = reserve(project).await;
            // Metadata is stronger evidence than client_reference_id.
            let late = Event::unpaid("pi_1").code("BOB").at(LONG_AGO + 1);
            project.deliver(&late.email("kim@buyers.example")).await;
            assert_eq!(
                conversion(project, "pi_1").await["affiliate_id"],
                json!(ada)
            );
            assert_clean(&shop.database).await;
            end(project, &payout, ending).await;
            let credited = if credited_to_bob { bob } else { ada };
            assert_eq!(
                conversion(project, "pi_1").await["affiliate_id"],
                json!(credited),
                "{ending}"
            );
            assert_clean(&shop.database).await;
            shop.close().await;
        }
    }
}

#[tokio::test]
async fn what_a_paid_conversion_is_worth_more_later_is_paid_later() {
    let shop = Shop::open(Profile::Portable).await;
    let project = &shop.project;
    affiliate(project, "ada").await;
    sell(project, "pi_1", 10_000, "ada").await;
    end(project, &reserve(project).await, "confirm").await;
    let id = conversion(project, "pi_1").await["id"].clone();
    let path = format!("/api/v1/conversions/{id}");
    data(&project.put(&path, &json!({"value": 26.5})).await, 200);
    let rest = reserve(project).await;
    assert_eq!(rest["amount"], "6.50");
    end(project, &rest, "confirm").await;
    assert_eq!(
        earnings(project, "ada").await,
        ["26.50", "0.00", "0.00", "26.50"]
    );
    // Deleted: what was paid is owed back, and taken off the next payout.
    assert_gone(&project.delete(&path).await);
    sell(project, "pi_2", 20_000, "ada").await;
    assert_eq!(reserve(project).await["amount"], "13.50");
    assert_clean(&shop.database).await;
    shop.close().await;
}
