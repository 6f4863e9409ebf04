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
