//! A correctly signed event that cannot be applied is kept with its error, answered, and applied once its cause is gone.

use affiliate_tests::books::{Books, assert_clean};
use affiliate_tests::database::Profile;
use affiliate_tests::shop::Shop;
use affiliate_tests::stripe::event::Event;
use serde_json::{Value, json};

#[tokio::test]
async fn signed_events_that_make_no_sense_are_kept_parked_and_answered() {
    for profile in Profile::KERNELS {
        let shop = Shop::open(profile).await;
        let project = &shop.project;
        project.add_affiliate("ada@example.com", "ADA").await;
        project
            .deliver(&Event::sale("pi_good", 9999).code("ADA"))
            .await;
        let before = Books::of(&shop.database, project.id).await;
        let sale = || Event::sale("pi_bad", 9999).code("ADA");
        let bodies: Vec<(&str, Vec<u8>)> = vec![
            ("malformed JSON", b"{\"id\":\"evt_x\"".to_vec()),
            ("no JSON", b"hello".to_vec()),
            ("empty", Vec::new()),
            ("no object", b"[1,2]".to_vec()),
            ("invalid UTF-8", b"{\"id\":\"evt_\xff\"}".to_vec()),
            ("a NUL byte", b"{\"id\":\"evt_\0\"}".to_vec()),
            (
                "an escaped NUL",
                br#"{"id":"evt_nul","type":"checkout.session.completed","x":"\u0000"}"#.to_vec(),
            ),
            ("no type", br#"{"id":"evt_no_type"}"#.to_vec()),
            (
                "no object inside",
                sale().id("evt_a").set("/data/object", json!(7)).body(),
            ),
            (
                "text for an amount",
                sale()
                    .id("evt_b")
                    .object("amount_total", json!("9999"))
                    .body(),
            ),
            (
                "a negative amount",
                sale()
                    .id("evt_c")
                    .object("amount_total", json!(-9999))
                    .body(),
            ),
            (
                "a huge amount",
                sale()
                    .id("evt_d")
                    .object("amount_total", json!(9_000_000_000_001_i64))
                    .body(),
            ),
            (
                "an enormous amount",
                sale()
                    .id("evt_e")
                    .object(
                        "amount_total",
                        serde_json::from_str("1e300").expect("a number"),
                    )
                    .body(),
            ),
            (
                "a fraction",
                sale()
                    .id("evt_f")
                    .object("amount_total", json!(99.5))
                    .body(),
            ),
            (
                "no currency",
                sale().id("evt_g").object("currency", json!(null)).body(),
            ),
            (
                "an unknown currency",
                sale().id("evt_h").currency("xx9").body(),
            ),
            (
                "no exchange rate",
                sale().id("evt_i").currency("chf").body(),
            ),
            (
                "a year in milliseconds",
                sale().id("evt_j").at(1_767_225_600_000).body(),
            ),
            (
                "a list for an email",
                sale()
                    .id("evt_k")
                    .set("/data/object/customer_details/email", json!(["a"]))
                    .body(),
            ),
            (
                "a negative refund",
                Event::refund("pi_good", 9999, -1).body(),
            ),
            (
                "a refund without a charge",
                Event::refund("pi_good", 9999, 5)
                    .id("evt_m")
                    .object("id", json!(null))
                    .body(),
            ),
        ];
        for (what, body) in &bodies {
            let answer = project.deliver_bytes(body).await;
            let status = answer.json()["status"].take();
            assert_eq!(
                (answer.status, &status),
                (200, &json!("parked")),
                "{what}: {}",
                answer.text
            );
            // Delivered again it is the same event, parked still.
            let again = project.deliver_bytes(body).await;
            assert_eq!(
                (again.status, again.json()["status"].take()),
                (200, json!("parked")),
                "{what}"
            );
        }
        let parked = shop.stored_events().await;
        let errors: Vec<_> = parked
            .iter()
            .filter_map(|(_, error)| error.as_ref())
            .collect();
        assert_eq!(
            (parked.len(), errors.len()),
            (bodies.len() + 1, bodies.len()),
            "{parked:#?}"
        );
        assert!(errors.iter().all(|error| !error.is_empty()), "{errors:?}");
        assert_eq!(kept_bodies(&shop).await, bodies.len() as i64);
        before.assert_same(
            &Books::of(&shop.database, project.id).await,
            "nothing is half-written",
        );
        assert_clean(&shop.database).await;
        shop.close().await;
    }
}

#[tokio::test]
async fn a_parked_event_is_applied_once_its_cause_is_gone() {
    for profile in Profile::KERNELS {
        let shop = Shop::open(profile).await;
        let project = &shop.project;
        project.add_affiliate("ada@example.com", "ADA").await;
        let owner = shop.database.connect().await;
        let sell = async |payment: &str| {
            let sale = Event::sale(payment, 5000).currency("chf").code("ADA");
            project.deliver(&sale).await
        };
        assert_eq!(
            (sell("pi_1").await, sell("pi_2").await),
            ("parked".to_owned(), "parked".to_owned())
        );
        let error = &shop.stored_events().await[0].1;
        assert!(
            error
                .as_ref()
                .is_some_and(|text| text.contains("no exchange rate from CHF to USD")),
            "{error:?}"
        );
        let rate = "SELECT affiliate.set_exchange_rate($1, 'CHF', '1.25', '2020-01-01Z')";
        owner.execute(rate, &[&project.id]).await.expect("a rate");
        // One by the operator, the other because Stripe delivers it again: 20 % of 50.00 at 1.25 each.
        let replay = "SELECT affiliate.replay_event(e.project_id, e.provider_event_id)::text
                      FROM affiliate.parked_events AS e WHERE e.event_key = 'evt_sale_pi_1'";
        let replayed = owner.query_one(replay, &[]).await.expect("one event");
        let replayed: Value = serde_json::from_str(replayed.get(0)).expect("JSON");
        assert_eq!(replayed["status"], "applied");
        assert_eq!(sell("pi_2").await, "applied");
        let stats = project.affiliate("ada@example.com").await;
        assert_eq!(
            (&stats["total_earnings"], &stats["purchases"]),
            (&json!("25.00"), &json!(2))
        );
        // Replaying what was applied changes nothing.
        let all = "SELECT affiliate.replay_event(e.project_id, e.provider_event_id) FROM affiliate_private.provider_event AS e";
        owner.execute(all, &[]).await.expect("replayed");
        assert_eq!(
            project.affiliate("ada@example.com").await["total_earnings"],
            "25.00"
        );
        assert_clean(&shop.database).await;
        shop.close().await;
    }
}

/// How many parked events can be shown to the people who have to deal with them.
async fn kept_bodies(shop: &Shop) -> i64 {
    let client = shop.database.connect_superuser().await;
    let sql = "SELECT count(*) FROM affiliate.parked_events AS p
               JOIN affiliate_private.provider_event AS e USING (project_id, provider_event_id)
               WHERE e.body IS NOT NULL AND p.error = e.error";
    client.query_one(sql, &[]).await.expect("a count").get(0)
}
