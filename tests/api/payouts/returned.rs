//! A transfer that comes back after it was confirmed: booked back once, and owed again.

use affiliate_tests::books::assert_clean;
use affiliate_tests::database::Profile;
use affiliate_tests::receiver::Receiver;
use affiliate_tests::shop::{Project, Shop};
use affiliate_tests::stripe::event::Event;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{LONG_AGO, affiliate, batch, conversion, earnings, end, lines, payouts, refund, sell};
use crate::support::{add_webhook, assert_refused, data};

/// A batch of everybody, its payouts confirmed.
async fn pay(project: &Project) -> Vec<Value> {
    let made = batch(project).await;
    let found = payouts(project, &made).await;
    for payout in &found {
        end(project, payout, "confirm").await;
    }
    found
}

async fn mark(project: &Project, reference: &str, paid: bool) {
    let id = conversion(project, reference).await["id"].clone();
    let path = format!("/api/v1/conversions/{id}");
    data(&project.put(&path, &json!({"paid": paid})).await, 200);
}

#[tokio::test]
async fn what_came_back_is_owed_again_and_paid_by_the_next_batch() {
    for profile in Profile::KERNELS {
        let shop = Shop::open(profile).await;
        let project = &shop.project;
        affiliate(project, "ada").await;
        sell(project, "pi_1", 10_000, "ada").await;
        let payout = pay(project).await.remove(0);
        let path = format!("/api/v1/payouts/{}", payout["id"]);
        let body = json!({"reason": "account closed"});
        let returned = project.post(&format!("{path}/return"), &body).await;
        let returned = data(&returned, 200);
        assert_eq!(
            (&returned["status"], &returned["reason"]),
            (&json!("returned"), &json!("account closed"))
        );
        assert!(returned["returned_at"].is_string() && returned["settled_at"].is_string());
        assert_eq!(
            earnings(project, "ada").await,
            ["20.00", "20.00", "0.00", "0.00"]
        );
        assert_eq!(conversion(project, "pi_1").await["paid"], json!(false));
        assert_eq!(end(project, &payout, "return").await, returned);
        for how in ["confirm", "fail", "cancel"] {
            let refused = project.post(&format!("{path}/{how}"), &json!({})).await;
            assert_refused(&refused, 409, "is returned and stays so");
        }
        assert_clean(&shop.database).await;
        let made = batch(project).await;
        let second = payouts(project, &made).await.remove(0);
        let early = format!("/api/v1/payouts/{}/return", second["id"]);
        let refused = project.post(&early, &json!({})).await;
        assert_refused(&refused, 409, "it has not been confirmed");
        end(project, &second, "confirm").await;
        assert_eq!(
            earnings(project, "ada").await,
            ["20.00", "0.00", "0.00", "20.00"]
        );
        let first = format!("/api/v1/payout-batches/{}", payout["batch_id"]);
        let totals = data(&project.get(&first).await, 200)["totals"].take();
        assert_eq!(
            totals["returned"],
            json!({"payouts": 1, "amount": "20.00"}),
            "{totals}"
        );
        assert_clean(&shop.database).await;
        shop.close().await;
    }
}

#[tokio::test]
async fn fifty_returns_at_once_book_it_back_once() {
    let shop = Shop::open(Profile::Native).await;
    affiliate(&shop.project, "ada").await;
    sell(&shop.project, "pi_1", 10_000, "ada").await;
    let payout = pay(&shop.project).await.remove(0);
    let path = format!("/api/v1/payouts/{}/return", payout["id"]);
    let mut requests = JoinSet::new();
    for _ in 0..50 {
        let (project, path) = (shop.project.clone(), path.clone());
        requests.spawn(async move { project.post(&path, &json!({})).await.status });
    }
    let statuses = requests.join_all().await;
    let fine = |status: &u16| [200, 503].contains(status);
    assert!(statuses.iter().all(fine), "{statuses:?}");
    assert_eq!(
        earnings(&shop.project, "ada").await,
        ["20.00", "20.00", "0.00", "0.00"]
    );
    assert_clean(&shop.database).await;
    shop.close().await;
}

#[tokio::test]
async fn the_part_of_a_parent_comes_back_apart_from_the_affiliate() {
    let shop = Shop::open(Profile::Portable).await;
    let project = &shop.project;
    affiliate(project, "ada").await;
    affiliate(project, "dora").await;
    let owner = shop.database.connect().await;
    let parent = "SELECT affiliate.set_affiliate_parent($1, a.affiliate_id, p.affiliate_id, to_timestamp(0))::text
                  FROM affiliate_private.affiliate AS a, affiliate_private.affiliate AS p WHERE a.email_key = 'ada@example.com' AND p.email_key = 'dora@example.com'";
    owner.query(parent, &[&project.id]).await.expect("a parent");
    let tier = "SELECT affiliate.set_project($1, '{\"tier_percent\": 10}', to_timestamp(0))::text";
    owner.query(tier, &[&project.id]).await.expect("a tier");
    sell(project, "pi_1", 10_000, "ada").await;
    let paid = pay(project).await;
    end(project, &paid[1], "return").await;
    assert_eq!(
        earnings(project, "dora").await,
        ["10.00", "10.00", "0.00", "0.00"]
    );
    assert_eq!(
        earnings(project, "ada").await,
        ["20.00", "0.00", "0.00", "20.00"]
    );
    assert_eq!(conversion(project, "pi_1").await["paid"], json!(true));
    assert_clean(&shop.database).await;
    let again = pay(project).await.remove(0);
    assert_eq!(
        (&again["amount"], &again["affiliate_id"]),
        (&json!("10.00"), &paid[1]["affiliate_id"])
    );
    assert_clean(&shop.database).await;
    shop.close().await;
}

#[tokio::test]
async fn a_clawback_that_was_taken_off_it_is_owed_again_too() {
    let shop = Shop::open(Profile::Portable).await;
    let project = &shop.project;
    affiliate(project, "ada").await;
    sell(project, "pi_1", 10_000, "ada").await;
    let first = pay(project).await.remove(0);
    refund(project, "pi_1", 10_000, 10_000).await;
    sell(project, "pi_2", 20_000, "ada").await;
    let second = pay(project).await.remove(0);
    assert_eq!(second["amount"], "20.00");
    end(project, &second, "return").await;
    assert_eq!(
        earnings(project, "ada").await,
        ["40.00", "20.00", "0.00", "20.00"]
    );
    // The first sale was paid by a payout that did not come back.
    for (reference, paid) in [("pi_1", true), ("pi_2", false)] {
        assert_eq!(
            conversion(project, reference).await["paid"],
            json!(paid),
            "{reference}"
        );
    }
    let third = pay(project).await.remove(0);
    let expected = [("pi_1", "-20.00"), ("pi_2", "40.00")];
    let mut found = lines(project, &third).await;
    found.sort();
    assert_eq!(
        found,
        expected.map(|(name, amount)| (name.to_owned(), amount.to_owned()))
    );
    // Now what the first paid came back as well, of which the third has kept 20.00 already.
    end(project, &first, "return").await;
    assert_eq!(
        earnings(project, "ada").await,
        ["40.00", "20.00", "0.00", "20.00"]
    );
    assert_clean(&shop.database).await;
    assert_eq!(pay(project).await.remove(0)["amount"], "20.00");
    assert_clean(&shop.database).await;
    shop.close().await;
}

#[tokio::test]
async fn a_line_taken_back_by_hand_is_not_taken_back_again() {
    let shop = Shop::open(Profile::Portable).await;
    let project = &shop.project;
    affiliate(project, "ada").await;
    sell(project, "pi_1", 10_000, "ada").await;
    sell(project, "pi_2", 5_000, "ada").await;
    let first = pay(project).await.remove(0);
    mark(project, "pi_1", false).await;
    assert_eq!(
        earnings(project, "ada").await,
        ["30.00", "20.00", "0.00", "10.00"]
    );
    // It is paid again before anybody says that the first payout came back.
    assert_eq!(pay(project).await.remove(0)["amount"], "20.00");
    end(project, &first, "return").await;
    assert_eq!(
        earnings(project, "ada").await,
        ["30.00", "10.00", "0.00", "20.00"]
    );
    assert_eq!(conversion(project, "pi_1").await["paid"], json!(true));
    assert_eq!(conversion(project, "pi_2").await["paid"], json!(false));
    assert_clean(&shop.database).await;
    mark(project, "pi_2", true).await;
    assert_eq!(
        earnings(project, "ada").await,
        ["30.00", "0.00", "0.00", "30.00"]
    );
    assert_clean(&shop.database).await;
    shop.close().await;
}

#[tokio::test]
async fn what_was_learnt_while_it_was_paid_counts_once_it_came_back() {
    let shop = Shop::open(Profile::Portable).await;
    let project = &shop.project;
    let receiver = Receiver::start().await;
    affiliate(project, "ada").await;
    let bob = affiliate(project, "bob").await;
    let sale = Event::sale("pi_1", 10_000).object("client_reference_id", json!("ADA"));
    let sale = sale.email("kim@buyers.example").at(LONG_AGO);
    project.deliver(&sale).await;
    let payout = pay(project).await.remove(0);
    let late = Event::unpaid("pi_1").code("BOB").at(LONG_AGO + 1);
    project.deliver(&late.email("kim@buyers.example")).await;
    let updates = json!({"url": receiver.url(), "events": ["referral_updated"]});
    add_webhook(project, updates).await;
    end(project, &payout, "return").await;
    assert_eq!(
        conversion(project, "pi_1").await["affiliate_id"],
        json!(bob)
    );
    assert_eq!(
        receiver.wait_for(1).await[0].json()["event"],
        "referral_updated"
    );
    for (name, expected) in [("ada", "0.00"), ("bob", "20.00")] {
        assert_eq!(earnings(project, name).await[1], expected, "{name}");
    }
    assert_clean(&shop.database).await;
    shop.close().await;
}
