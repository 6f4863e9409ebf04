//! How a payout ends: paid, failed or canceled, once and for all.

use affiliate_tests::books::{Books, assert_clean};
use affiliate_tests::database::Profile;
use affiliate_tests::receiver::Receiver;
use affiliate_tests::shop::Shop;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{BATCHES, affiliate, batch, conversion, earnings, end, payouts, refund, sell};
use crate::support::{add_webhook, assert_refused, data};

/// A shop with a payout of 20.00 that is reserved.
async fn shop_with_payout(profile: Profile) -> (Shop, Value) {
    let shop = Shop::open(profile).await;
    affiliate(&shop.project, "ada").await;
    sell(&shop.project, "pi_1", 10_000, "ada").await;
    let made = batch(&shop.project).await;
    let payout = payouts(&shop.project, &made).await.remove(0);
    (shop, payout)
}

#[tokio::test]
async fn confirming_again_changes_nothing_and_nothing_else_is_possible() {
    for profile in Profile::KERNELS {
        let (shop, payout) = shop_with_payout(profile).await;
        let path = format!("/api/v1/payouts/{}", payout["id"]);
        let body = json!({"transaction_id": "8HX12345"});
        let confirm = format!("{path}/confirm");
        let paid = data(&shop.project.post(&confirm, &body).await, 200);
        assert_eq!(
            (&paid["status"], &paid["transaction_id"]),
            (&json!("paid"), &json!("8HX12345"))
        );
        assert!(paid["settled_at"].is_string(), "{paid}");
        for again in [body, json!({})] {
            assert_eq!(data(&shop.project.post(&confirm, &again).await, 200), paid);
        }
        let other = json!({"transaction_id": "OTHER"});
        let refused = shop.project.post(&confirm, &other).await;
        assert_refused(&refused, 409, "was confirmed with transaction 8HX12345");
        for how in ["fail", "cancel"] {
            let answer = shop
                .project
                .post(&format!("{path}/{how}"), &json!({}))
                .await;
            assert_refused(&answer, 409, "is paid and stays so");
        }
        assert_eq!(data(&shop.project.get(&path).await, 200), paid);
        assert_eq!(
            earnings(&shop.project, "ada").await,
            ["20.00", "0.00", "0.00", "20.00"]
        );
        assert_clean(&shop.database).await;
        shop.close().await;
    }
}

#[tokio::test]
async fn fifty_confirmations_at_once_pay_once() {
    let (shop, payout) = shop_with_payout(Profile::Native).await;
    let mut requests = JoinSet::new();
    for number in 0..50 {
        let project = shop.project.clone();
        let batch = format!("{BATCHES}/{}/confirm", payout["batch_id"]);
        let single = format!("/api/v1/payouts/{}/confirm", payout["id"]);
        requests.spawn(async move {
            let path = if number % 2 == 0 { single } else { batch };
            project.post(&path, &json!({})).await.status
        });
    }
    let statuses = requests.join_all().await;
    assert!(
        statuses
            .iter()
            .all(|status| *status == 200 || *status == 503),
        "{statuses:?}"
    );
    assert_eq!(
        earnings(&shop.project, "ada").await,
        ["20.00", "0.00", "0.00", "20.00"]
    );
    assert_clean(&shop.database).await;
    shop.close().await;
}

#[tokio::test]
async fn what_failed_or_was_canceled_can_be_paid_by_another_batch() {
    for how in ["fail", "cancel"] {
        let (shop, payout) = shop_with_payout(Profile::Portable).await;
        let path = format!("/api/v1/payouts/{}/{how}", payout["id"]);
        let reason = json!({"reason": "no such account"});
        let ended = data(&shop.project.post(&path, &reason).await, 200);
        assert_eq!(ended["reason"], "no such account");
        assert_eq!(end(&shop.project, &payout, how).await, ended);
        let confirm = format!("/api/v1/payouts/{}/confirm", payout["id"]);
        let refused = shop.project.post(&confirm, &json!({})).await;
        assert_refused(&refused, 409, "and stays so");
        assert_eq!(
            earnings(&shop.project, "ada").await,
            ["20.00", "20.00", "0.00", "0.00"]
        );
        let again = batch(&shop.project).await;
        let second = payouts(&shop.project, &again).await.remove(0);
        assert_ne!(second["reference"], payout["reference"]);
        end(&shop.project, &second, "confirm").await;
        assert_eq!(
            earnings(&shop.project, "ada").await,
            ["20.00", "0.00", "0.00", "20.00"]
        );
        assert_clean(&shop.database).await;
        shop.close().await;
    }
}

#[tokio::test]
async fn a_batch_may_fail_in_part() {
    let shop = Shop::open(Profile::Portable).await;
    let project = &shop.project;
    for (payment, name) in [("pi_1", "ada"), ("pi_2", "bob"), ("pi_3", "cem")] {
        affiliate(project, name).await;
        sell(project, payment, 10_000, name).await;
    }
    let made = batch(project).await;
    let found = payouts(project, &made).await;
    end(project, &found[0], "fail").await;
    end(project, &found[1], "cancel").await;
    let confirm = format!("{BATCHES}/{}/confirm", made["id"]);
    let confirmed = data(&project.post(&confirm, &json!({})).await, 200);
    let one = json!({"payouts": 1, "amount": "20.00"});
    assert_eq!(
        confirmed["totals"],
        json!({"reserved": {"payouts": 0, "amount": "0.00"}, "paid": one, "failed": one, "canceled": one, "returned": {"payouts": 0, "amount": "0.00"}})
    );
    let cancel = format!("{BATCHES}/{}/cancel", made["id"]);
    assert_eq!(
        data(&project.post(&cancel, &json!({})).await, 200),
        confirmed
    );
    assert_eq!(batch(project).await["amount"], "40.00");
    assert_clean(&shop.database).await;
    shop.close().await;
}

#[tokio::test]
async fn a_batch_and_marking_each_conversion_paid_leave_the_same_books() {
    for profile in Profile::KERNELS {
        let shop = Shop::open(profile).await;
        let by_hand = shop.add_project(&[]).await;
        for project in [&shop.project, &by_hand] {
            affiliate(project, "ada").await;
            affiliate(project, "bob").await;
            sell(project, "pi_1", 10_000, "ada").await;
            sell(project, "pi_2", 7_500, "ada").await;
            sell(project, "pi_3", 100, "bob").await;
            refund(project, "pi_2", 7_500, 2_500).await;
        }
        let made = batch(&shop.project).await;
        let confirm = format!("{BATCHES}/{}/confirm", made["id"]);
        data(&shop.project.post(&confirm, &json!({})).await, 200);
        for conversion in by_hand.conversions().await {
            let path = format!("/api/v1/conversions/{}", conversion["id"]);
            data(&by_hand.put(&path, &json!({"paid": true})).await, 200);
        }
        let by_batch = Books::of(&shop.database, shop.project.id).await;
        let by_hand = Books::of(&shop.database, by_hand.id).await;
        by_batch.assert_same(&by_hand, "by batch and by hand");
        assert_eq!(by_batch.ledger.len(), 7, "{:#?}", by_batch.ledger);
        assert_clean(&shop.database).await;
        shop.close().await;
    }
}

#[tokio::test]
async fn a_paid_conversion_is_announced_as_an_update() {
    let shop = Shop::open(Profile::Portable).await;
    let receiver = Receiver::start().await;
    affiliate(&shop.project, "ada").await;
    sell(&shop.project, "pi_1", 10_000, "ada").await;
    add_webhook(
        &shop.project,
        json!({"url": receiver.url(), "events": ["referral_updated"]}),
    )
    .await;
    let made = batch(&shop.project).await;
    end(
        &shop.project,
        &payouts(&shop.project, &made).await[0],
        "confirm",
    )
    .await;
    let updated = receiver.wait_for(1).await[0].json();
    let id = conversion(&shop.project, "pi_1").await["id"].clone();
    assert_eq!(updated["conversion"]["id"], json!(format!("conv_{id}")));
    assert_eq!(
        updated["referrer"]["payout_preferences"],
        json!({"paypal_email": "ada@paypal.example"})
    );
    shop.close().await;
}

#[tokio::test]
async fn verify_finds_payouts_that_do_not_add_up() {
    for (what, damage, check) in [
        (
            "a payout raised",
            "UPDATE affiliate_private.payout SET amount_minor = amount_minor + 1",
            "payout from lines",
        ),
        (
            "a line of a paid payout reserved again",
            "UPDATE affiliate_private.payout_line SET entry_id = NULL, reserved = true",
            "payout line from status",
        ),
        (
            "a line changed after it was booked",
            "UPDATE affiliate_private.payout_line SET amount_minor = amount_minor - 1",
            "ledger from payout line",
        ),
        (
            "a payout that came back without a word in the ledger",
            "UPDATE affiliate_private.payout SET status = 'returned', returned_at = now()",
            "ledger from returned payout line",
        ),
    ] {
        let (shop, payout) = shop_with_payout(Profile::Portable).await;
        end(&shop.project, &payout, "confirm").await;
        assert_clean(&shop.database).await;
        let superuser = shop.database.connect_superuser().await;
        superuser.batch_execute(damage).await.expect(what);
        let (code, found) = affiliate_tests::books::verify(&shop.database, &[]).await;
        let noticed = found["differences"].as_array().expect("a list");
        let noticed = noticed
            .iter()
            .any(|difference| difference["check_name"] == check);
        assert!(code == 1 && noticed, "{what}: {found:#}");
        shop.close().await;
    }
}
