//! What was sent to an endpoint: test events, the log, and sending again.

use affiliate_tests::database::Profile;
use affiliate_tests::receiver::{Answer, Receiver};
use affiliate_tests::shop::{Project, Shop};
use affiliate_tests::wait::until;
use serde_json::{Value, json};

use crate::support::{
    add_webhook, assert_refused, data, deliveries, names, wait_for_failed_attempt,
};

/// Waits until a delivery is done with and gives it as the log has it.
async fn settled(project: &Project, endpoint: i64, delivery: &Value) -> Value {
    until("the delivery to be settled", async || {
        let log = deliveries(project, endpoint, "").await;
        let found = log.into_iter().find(|entry| entry["id"] == delivery["id"]);
        found.filter(|entry| entry["status"] != "pending")
    })
    .await
}

#[tokio::test]
async fn test_events_go_the_way_of_real_ones() {
    let shop = Shop::open(Profile::Portable).await;
    let project = &shop.project;
    let (receiver, other) = (Receiver::start().await, Receiver::start().await);
    let body =
        json!({"url": receiver.url(), "secret": "test secret", "events": ["referral_canceled"]});
    let id = add_webhook(project, body).await;
    add_webhook(project, json!({"url": other.url()})).await;
    let events = [
        "referral_signed_up",
        "referral_converted",
        "referral_canceled",
        "referral_updated",
    ];
    for (n, event) in events.into_iter().enumerate() {
        let path = format!("/api/v1/webhooks/{id}/test");
        let sent = data(&project.post(&path, &json!({"event": event})).await, 202);
        let received = &receiver.wait_for(n + 1).await[n];
        assert_eq!(received.header("x-refgrow-event"), event);
        assert!(received.is_signed_with("test secret"));
        let payload = received.json();
        assert_eq!(payload, sent["payload"]);
        // Compact, so that a receiver that writes it anew gets the same bytes.
        assert_eq!(received.body, payload.to_string());
        assert_eq!(
            (&payload["test"], &payload["event"]),
            (&json!(true), &json!(event))
        );
        let section = if event == "referral_signed_up" {
            "data"
        } else {
            "conversion"
        };
        assert_eq!(
            names(&payload),
            [
                "id",
                "event",
                "timestamp",
                "project_id",
                "referrer",
                "referred",
                section,
                "test"
            ]
        );
        let logged = settled(project, id, &sent).await;
        assert_eq!(
            (&logged["status"], &logged["message_id"]),
            (&json!("delivered"), &payload["id"])
        );
    }
    let default = data(
        &project
            .post(&format!("/api/v1/webhooks/{id}/test"), &json!({}))
            .await,
        202,
    );
    assert_eq!(default["event"], "referral_converted");
    assert!(other.requests().is_empty());
}

#[tokio::test]
async fn the_log_tells_every_attempt_and_a_dead_delivery_can_be_sent_again() {
    let shop = Shop::open(Profile::Portable).await;
    let project = &shop.project;
    let receiver = Receiver::start().await;
    receiver.answer([Answer::status(503).body("try later")]);
    let id = add_webhook(project, json!({"url": receiver.url(), "max_attempts": 1})).await;
    let sent = data(
        &project
            .post(&format!("/api/v1/webhooks/{id}/test"), &json!({}))
            .await,
        202,
    );
    let dead = settled(project, id, &sent).await;
    assert_eq!(
        names(&dead),
        [
            "id",
            "message_id",
            "event",
            "status",
            "created_at",
            "next_attempt_at",
            "attempts",
            "payload"
        ]
    );
    assert_eq!(
        (&dead["status"], &dead["next_attempt_at"]),
        (&json!("dead"), &Value::Null)
    );
    let attempts = dead["attempts"].as_array().expect("attempts");
    assert_eq!(attempts.len(), 1);
    let names = ["attempt_no", "status_code", "error", "response"];
    let expected = [
        json!(1),
        json!(503),
        attempts[0]["error"].clone(),
        json!("try later"),
    ];
    assert_eq!(names.map(|name| attempts[0][name].clone()), expected);

    let path = format!("/api/v1/webhooks/{id}/deliveries/{}/replay", dead["id"]);
    let replay = data(&project.post(&path, &json!({})).await, 202);
    assert!(replay["id"] != dead["id"] && replay["message_id"] == dead["message_id"]);
    let requests = receiver.wait_for(2).await;
    assert_eq!(requests[0].body, requests[1].body);
    let delivered = settled(project, id, &replay).await;
    assert_eq!(delivered["attempts"][0]["status_code"], json!(200));

    // Newest first, filtered, paged.
    assert_eq!(
        deliveries(project, id, "").await,
        [delivered.clone(), dead.clone()]
    );
    assert_eq!(
        deliveries(project, id, "?status=dead").await,
        std::slice::from_ref(&dead)
    );
    assert_eq!(deliveries(project, id, "?limit=1&offset=1").await, [dead]);
    assert_eq!(
        deliveries(project, id, "?status=pending").await,
        Vec::<Value>::new()
    );
    let wrong = project
        .get(&format!("/api/v1/webhooks/{id}/deliveries?status=lost"))
        .await;
    assert_refused(&wrong, 400, "status");
}

#[tokio::test]
async fn a_delivery_that_waits_for_its_next_attempt_is_sent_at_once() {
    let shop = Shop::open(Profile::Portable).await;
    let project = &shop.project;
    let receiver = Receiver::start().await;
    receiver.answer([Answer::status(500).header("retry-after", "3600")]);
    let id = add_webhook(project, json!({"url": receiver.url()})).await;
    let sent = data(
        &project
            .post(&format!("/api/v1/webhooks/{id}/test"), &json!({}))
            .await,
        202,
    );
    wait_for_failed_attempt(project, id).await;
    let path = format!("/api/v1/webhooks/{id}/deliveries/{}/replay", sent["id"]);
    assert_eq!(
        data(&project.post(&path, &json!({})).await, 202)["id"],
        sent["id"]
    );
    let delivered = settled(project, id, &sent).await;
    assert_eq!(delivered["attempts"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn a_delivery_belongs_to_its_endpoint() {
    let shop = Shop::open(Profile::Portable).await;
    let project = &shop.project;
    let receiver = Receiver::start().await;
    let id = add_webhook(project, json!({"url": receiver.url()})).await;
    let other = add_webhook(project, json!({"url": receiver.url()})).await;
    let sent = data(
        &project
            .post(&format!("/api/v1/webhooks/{id}/test"), &json!({}))
            .await,
        202,
    );
    settled(project, id, &sent).await;
    for (endpoint, delivery) in [(other, sent["id"].clone()), (id, json!(999_999_999))] {
        let path = format!("/api/v1/webhooks/{endpoint}/deliveries/{delivery}/replay");
        assert_refused(
            &project.post(&path, &json!({})).await,
            404,
            "Delivery not found",
        );
    }
    assert_eq!(deliveries(project, other, "").await, Vec::<Value>::new());
}
