//! Marking conversions paid: payout entries, clawbacks, and what late evidence may not move any more.

use affiliate_tests::books::assert_clean;
use affiliate_tests::database::Profile;
use affiliate_tests::shop::Shop;
use affiliate_tests::stripe::event::Event;
use reqwest::Method;
use serde_json::{Value, json};

async fn mark(shop: &Shop, id: &Value, paid: bool) -> Value {
    let path = format!("/api/v1/conversions/{id}");
    let body = json!({ "paid": paid }).to_string().into_bytes();
    let answer = shop.project.send(Method::PUT, &path, Some(body)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["data"].take()
}

/// total, eligible, held, unpaid, in this order.
async fn earnings(shop: &Shop) -> [String; 4] {
    let stats = shop.project.affiliate("ada@example.com").await;
    [
        "total_earnings",
        "eligible_earnings",
        "held_earnings",
        "unpaid_earnings",
    ]
    .map(|name| stats[name].as_str().expect("text").to_owned())
}

#[tokio::test]
async fn paying_a_held_conversion_takes_it_out_of_its_hold_and_back() {
    for profile in Profile::KERNELS {
        let shop = Shop::open(profile).await;
        shop.project.add_affiliate("ada@example.com", "ADA").await;
        shop.project
            .deliver(&Event::sale("pi_1", 10_000).code("ADA"))
            .await;
        let id = shop.project.conversions().await[0]["id"].clone();
        assert_eq!(mark(&shop, &id, true).await["paid"], json!(true));
        assert_eq!(earnings(&shop).await, ["20.00", "0.00", "0.00", "0.00"]);
        // Twice is once.
        mark(&shop, &id, true).await;
        assert_eq!(earnings(&shop).await, ["20.00", "0.00", "0.00", "0.00"]);
        assert_eq!(mark(&shop, &id, false).await["paid"], json!(false));
        let at = shop.project.conversions().await[0]["created_at"].clone();
        let [total, eligible, held, unpaid] = earnings(&shop).await;
        assert_eq!(
            (total.as_str(), unpaid.as_str()),
            ("20.00", "20.00"),
            "{at}"
        );
        assert!(eligible == "20.00" || held == "20.00", "{eligible} {held}");
        assert_clean(&shop.database).await;
    }
}

#[tokio::test]
async fn a_refund_after_the_payout_is_a_clawback_at_once() {
    for profile in Profile::KERNELS {
        let shop = Shop::open(profile).await;
        shop.project.add_affiliate("ada@example.com", "ADA").await;
        shop.project
            .deliver(&Event::sale("pi_1", 10_000).code("ADA"))
            .await;
        let id = shop.project.conversions().await[0]["id"].clone();
        mark(&shop, &id, true).await;
        shop.project
            .deliver(&Event::refund("pi_1", 10_000, 2_500))
            .await;
        // A quarter of 20.00 is owed back; the 20.00 stay paid.
        assert_eq!(earnings(&shop).await, ["15.00", "-5.00", "0.00", "-5.00"]);
        shop.project
            .deliver(&Event::refund("pi_1", 10_000, 10_000))
            .await;
        assert_eq!(earnings(&shop).await, ["0.00", "-20.00", "0.00", "-20.00"]);
        // Taking the payout back brings back all that went out.
        mark(&shop, &id, false).await;
        assert_eq!(earnings(&shop).await, ["0.00", "0.00", "0.00", "0.00"]);
        assert_clean(&shop.database).await;
    }
}

#[tokio::test]
async fn deleting_what_was_paid_leaves_the_payout_standing() {
    let shop = Shop::open(Profile::Portable).await;
    shop.project.add_affiliate("ada@example.com", "ADA").await;
    shop.project
        .deliver(&Event::sale("pi_1", 10_000).code("ADA"))
        .await;
    let id = shop.project.conversions().await[0]["id"].clone();
    mark(&shop, &id, true).await;
    let path = format!("/api/v1/conversions/{id}");
    assert_eq!(
        shop.project.send(Method::DELETE, &path, None).await.status,
        204
    );
    assert_eq!(earnings(&shop).await, ["0.00", "-20.00", "0.00", "-20.00"]);
    // Neither a late refund nor the sale itself bring it back.
    shop.project
        .deliver(&Event::refund("pi_1", 10_000, 10_000))
        .await;
    shop.project
        .deliver(&Event::sale("pi_1", 10_000).code("ADA").id("evt_again"))
        .await;
    assert_eq!(earnings(&shop).await, ["0.00", "-20.00", "0.00", "-20.00"]);
    assert_eq!(shop.project.conversions().await, Vec::<Value>::new());
    assert_clean(&shop.database).await;
}

#[tokio::test]
async fn late_evidence_moves_an_unpaid_sale_and_flags_a_paid_one() {
    let shop = Shop::open(Profile::Portable).await;
    let ada = shop.project.add_affiliate("ada@example.com", "ADA").await;
    let bob = shop.project.add_affiliate("bob@example.com", "BOB").await;
    for (payment, paid, credited) in [("pi_1", false, bob), ("pi_2", true, ada)] {
        let email = format!("{payment}@example.com");
        let sale = Event::sale(payment, 10_000).object("client_reference_id", json!("ADA"));
        shop.project
            .deliver(&sale.customer(payment).email(&email))
            .await;
        let first = shop.project.conversions().await[0].clone();
        assert_eq!(first["affiliate_id"], json!(ada));
        mark(&shop, &first["id"], paid).await;
        // Metadata is stronger evidence than client_reference_id.
        let late = Event::unpaid(payment)
            .id(&format!("evt_late_{payment}"))
            .code("BOB");
        shop.project
            .deliver(&late.customer(payment).email(&email))
            .await;
        let path = format!("/api/v1/conversions/{}", first["id"]);
        let now = shop.project.get(&path).await.json()["data"].take();
        assert_eq!(now["affiliate_id"], json!(credited), "{payment}");
    }
    let flagged =
        "SELECT count(*) FROM affiliate.conversions WHERE contested_affiliate_id = $1 AND paid";
    let superuser = shop.database.connect_superuser().await;
    let row = superuser
        .query_one(flagged, &[&bob])
        .await
        .expect("a count");
    assert_eq!(row.get::<_, i64>(0), 1);
    assert_clean(&shop.database).await;
}
