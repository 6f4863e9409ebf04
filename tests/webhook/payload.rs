//! What depends on more than the sale.

use affiliate_tests::cluster::Cluster;
use affiliate_tests::database::Profile;
use affiliate_tests::receiver::Receiver;
use affiliate_tests::shop::Shop;
use serde_json::{Value, json};

use crate::support::add_endpoint;

#[tokio::test]
async fn the_commission_is_told_in_dollars_where_a_rate_is_known() {
    let database = Cluster::shared()
        .await
        .create_database(Profile::Portable)
        .await;
    let shop = Shop::open_on(database, &["--currency", "EUR"]).await;
    let project = &shop.project;
    let receiver = Receiver::start().await;
    let events = json!({"events": ["referral_updated"]});
    add_endpoint(project, receiver.url(), events).await;
    let affiliate = project.add_affiliate("ada@example.com", "ADA").await;
    let sale = json!({"base_value": 100, "email": "c@example.com", "affiliate_id": affiliate});
    for (count, rate, expected) in [(1, None, Value::Null), (2, Some(0.8), json!(25))] {
        if let Some(rate) = rate {
            let rate =
                json!({"currency": "USD", "rate": rate, "effective_at": "2020-01-01T00:00:00Z"});
            let answer = project.post("/api/v1/exchange-rates", &rate).await;
            assert_eq!(answer.status, 201, "{}", answer.text);
        }
        let answer = project.post("/api/v1/conversions", &sale).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        let conversion = receiver.wait_for(count).await[count - 1].json()["conversion"].clone();
        assert_eq!(conversion["commission_amount"], json!(20));
        assert_eq!(conversion["amount_usd"], expected);
    }
    shop.close().await;
}

/// What a receiver knows of a conversion must not end at its being called something else.
#[tokio::test]
async fn a_conversion_that_changes_its_type_is_told_on() {
    let shop = Shop::open(Profile::Portable).await;
    let project = &shop.project;
    let receiver = Receiver::start().await;
    project.add_affiliate("ada@example.com", "ADA").await;
    let conversion =
        json!({"type": "purchase", "referral_code": "ADA", "base_value": 100, "reference": "R-1"});
    add_endpoint(project, receiver.url(), json!({"ordered": true})).await;
    let created = project.post("/api/v1/conversions", &conversion).await;
    assert_eq!(created.status, 201, "{}", created.text);
    let path = format!("/api/v1/conversions/{}", created.json()["data"]["id"]);
    for change in [
        json!({"type": "signup"}),
        json!({"value": 3}),
        json!({"type": "purchase"}),
    ] {
        assert_eq!(project.put(&path, &change).await.status, 200, "{change}");
    }
    assert_eq!(project.delete(&path).await.status, 204);
    let told: Vec<_> = receiver
        .wait_for(7)
        .await
        .iter()
        .map(|request| {
            let body = request.json();
            let event = body["event"].as_str().expect("an event").to_owned();
            (event, body["conversion"]["commission_amount"].clone())
        })
        .collect();
    let expected = [
        ("referral_converted", 20),
        ("referral_updated", 20),
        ("referral_updated", 0),
        ("referral_updated", 3),
        ("referral_converted", 3),
        ("referral_updated", 3),
        ("referral_canceled", 3),
    ];
    let expected = expected.map(|(event, amount)| (event.to_owned(), json!(amount)));
    assert_eq!(told, expected);
    shop.close().await;
}
