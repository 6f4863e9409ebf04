//! Refunds take back their share of a commission, exactly, whatever comes first.

use std::collections::BTreeMap;

use affiliate_tests::books::{Books, assert_clean};
use affiliate_tests::database::Profile;
use affiliate_tests::receiver::Receiver;
use affiliate_tests::shop::Shop;
use affiliate_tests::stripe::event::Event;
use serde_json::json;

/// 2026-01-09 in Unix seconds, so that the hold of 30 days is over.
const SOLD_AT: i64 = 1_768_000_000;

fn sale() -> Event {
    let sale = Event::sale("pi_1", 9999).code("ADA");
    sale.email("buyer@example.com").at(SOLD_AT)
}

#[tokio::test]
async fn a_partial_refund_then_the_full_one_leave_exactly_zero() {
    for profile in Profile::KERNELS {
        let shop = Shop::open(profile).await;
        let project = &shop.project;
        project.add_affiliate("ada@example.com", "ADA").await;
        project.deliver(&sale()).await;
        // A third of 99.99 goes back: 666.67 of the 2,000, rounded to 667. Then most of the rest, then all of it.
        for (refunded, value, total) in [
            (3333, json!(13.33), "13.33"),
            (9998, json!(0), "0.00"),
            (9999, json!(0), "0.00"),
        ] {
            let refund = Event::refund("pi_1", 9999, refunded);
            project.deliver(&refund.at(SOLD_AT + refunded)).await;
            assert_eq!(project.conversions().await[0]["value"], value);
            let stats = project.affiliate("ada@example.com").await;
            assert_eq!(stats["total_earnings"], total);
            assert_eq!(stats["eligible_earnings"], total);
        }
        let books = Books::of(&shop.database, project.id).await;
        assert_eq!(
            books.ledger,
            [
                "pi_1 ada@example.com commission 20.00 USD",
                "pi_1 ada@example.com refund -20.00 USD"
            ]
        );
        assert_clean(&shop.database).await;
        shop.close().await;
    }
}

#[tokio::test]
async fn a_refund_is_a_share_of_what_was_charged_with_tax() {
    for profile in Profile::KERNELS {
        let shop = Shop::open(profile).await;
        let project = &shop.project;
        project.add_affiliate("ada@example.com", "ADA").await;
        // 119.00 with 19.00 tax: 20.00 commission. Half of the charge back is half of the commission.
        let sale = Event::sale("pi_1", 11_900).tax(1900).code("ADA");
        project.deliver(&sale).await;
        project.deliver(&Event::refund("pi_1", 11_900, 5950)).await;
        assert_eq!(project.conversions().await[0]["value"], json!(10));
        assert_clean(&shop.database).await;
        shop.close().await;
    }
}

#[tokio::test]
async fn a_refund_before_its_sale_ends_where_one_after_it_does() {
    for profile in Profile::KERNELS {
        let shop = Shop::open(profile).await;
        let late = shop.add_project(&[]).await;
        let refund = Event::refund("pi_1", 9999, 3333).at(SOLD_AT + 60);
        for (project, events) in [
            (&shop.project, [sale(), refund.clone()]),
            (&late, [refund.clone(), sale()]),
        ] {
            project.add_affiliate("ada@example.com", "ADA").await;
            for event in &events {
                assert_eq!(project.deliver(event).await, "applied");
            }
        }
        let expected = Books::of(&shop.database, shop.project.id).await;
        let found = Books::of(&shop.database, late.id).await;
        expected.assert_same(&found, "the refund came first");
        let stats = late.affiliate("ada@example.com").await;
        assert_eq!(stats["eligible_earnings"], "13.33");
        assert_clean(&shop.database).await;
        shop.close().await;
    }
}

#[tokio::test]
async fn refunds_reported_out_of_order_are_not_given_back() {
    for profile in Profile::KERNELS {
        let shop = Shop::open(profile).await;
        let project = &shop.project;
        project.add_affiliate("ada@example.com", "ADA").await;
        project.deliver(&sale()).await;
        // The figures are cumulative: the older, smaller one arrives last and says nothing new.
        for refunded in [9999, 3333] {
            let refund = Event::refund("pi_1", 9999, refunded);
            project.deliver(&refund.at(SOLD_AT + refunded)).await;
        }
        assert_eq!(project.conversions().await[0]["value"], json!(0));
        assert_clean(&shop.database).await;
        shop.close().await;
    }
}

#[tokio::test]
async fn each_refund_is_announced_with_its_own_amount() {
    let shop = Shop::open(Profile::Portable).await;
    let project = &shop.project;
    let receiver = Receiver::start().await;
    let only = ["--events", "referral_canceled"];
    let url = receiver.url();
    let secret = project.add_webhook(&shop.database, url, &only).await;
    project.add_affiliate("ada@example.com", "ADA").await;
    project.deliver(&sale()).await;
    for (number, refunded) in [3333, 9999].into_iter().enumerate() {
        project
            .deliver(&Event::refund("pi_1", 9999, refunded))
            .await;
        receiver.wait_for(number + 1).await;
    }
    let told = receiver.requests();
    let told: Vec<_> = told
        .iter()
        .map(|request| {
            assert!(request.is_signed_with(&secret));
            let conversion = request.json()["conversion"].take();
            (
                conversion["refund_amount"].clone(),
                conversion["refunded_total"].clone(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [(json!(33.33), json!(33.33)), (json!(66.66), json!(99.99))]
    );
    shop.close().await;
}

/// A sale, its partial and its full refund, and a second sale of the same customer that carries no code.
fn life(tag: &str) -> [Event; 4] {
    let (first, second) = (format!("{tag}_pi_1"), format!("{tag}_pi_2"));
    let email = format!("{tag}_buyer@example.com");
    [
        Event::sale(&first, 9999)
            .code(tag)
            .email(&email)
            .at(SOLD_AT),
        Event::refund(&first, 9999, 3333).at(SOLD_AT + 100),
        Event::refund(&first, 9999, 9999).at(SOLD_AT + 200),
        Event::sale(&second, 4999).email(&email).at(SOLD_AT + 300),
    ]
}

/// The orders of four things.
fn permutations() -> Vec<[usize; 4]> {
    let orders = (0..256).map(|n| [n & 3, n >> 2 & 3, n >> 4 & 3, n >> 6 & 3]);
    orders
        .filter(|order| (0..4).all(|event| order.contains(&event)))
        .collect()
}

#[tokio::test]
async fn every_order_with_duplicates_ends_at_the_same_books() {
    let orders = permutations();
    assert_eq!(orders.len(), 24);
    for profile in Profile::KERNELS {
        let shop = Shop::open(profile).await;
        let project = &shop.project;
        for (number, order) in orders.iter().enumerate() {
            let tag = format!("life{number:02}");
            let affiliate = format!("{tag}_ada@example.com");
            project.add_affiliate(&affiliate, &tag).await;
            let events = life(&tag);
            // Each twice in a row, and the first once more at the end.
            for index in order.iter().chain(&order[..1]) {
                for _ in 0..2 {
                    project.deliver(&events[*index]).await;
                }
            }
            // 20.00 earned and taken back; 20 % of 49.99 is 9.998.
            let stats = project.affiliate(&affiliate).await;
            assert_eq!(
                (
                    &stats["total_earnings"],
                    &stats["eligible_earnings"],
                    &stats["purchases"]
                ),
                (&json!("10.00"), &json!("10.00"), &json!(2)),
                "{order:?}"
            );
        }
        let books = Books::of(&shop.database, project.id).await;
        let ledger = by_life(&books.ledger);
        let expected = [
            "life_pi_1 life_ada@example.com commission 20.00 USD",
            "life_pi_1 life_ada@example.com refund -20.00 USD",
            "life_pi_2 life_ada@example.com commission 10.00 USD",
        ];
        let conversions = by_life(&books.conversions);
        for (number, order) in orders.iter().enumerate() {
            assert_eq!(ledger[&number], expected, "{order:?}");
            assert_eq!(conversions[&number], conversions[&0], "{order:?}");
            assert_eq!(conversions[&number].len(), 2);
        }
        assert_clean(&shop.database).await;
        shop.close().await;
    }
}

/// The lines of each life, without its number.
fn by_life(lines: &[String]) -> BTreeMap<usize, Vec<String>> {
    let mut lives = BTreeMap::<usize, Vec<String>>::new();
    for line in lines {
        let number = &line[4..6];
        let without = line.replace(&line[..6], "life");
        let number = number.parse().expect("the life's number");
        lives.entry(number).or_default().push(without);
    }
    lives
}
