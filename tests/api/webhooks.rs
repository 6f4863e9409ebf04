//! Endpoints for outbound webhooks: made, changed, disabled and deleted.

use affiliate_tests::database::Profile;
use affiliate_tests::receiver::{Answer, Receiver};
use affiliate_tests::shop::Shop;
use affiliate_tests::stripe::event::Event;
use serde_json::{Value, json};

use crate::support::{
    add_webhook, assert_gone, assert_refused, data, deliveries, wait_for_failed_attempt,
};

const PATH: &str = "/api/v1/webhooks";

#[tokio::test]
async fn an_endpoint_shows_its_secret_once() {
    let shop = Shop::open(Profile::Portable).await;
    let project = &shop.project;
    let created = data(
        &project
            .post(PATH, &json!({"url": "https://example.com/hook"}))
            .await,
        201,
    );
    let secret = created["secret"].as_str().expect("a secret");
    assert!(secret.starts_with("whsec_"), "{secret}");
    let mut expected = created.clone();
    expected
        .as_object_mut()
        .expect("an object")
        .shift_remove("secret");
    let id = created["id"].as_i64().expect("an id");
    assert_eq!(
        expected,
        json!({
            "id": id, "url": "https://example.com/hook",
            "events": ["referral_signed_up", "referral_converted", "referral_canceled", "referral_updated"],
            "enabled": true, "ordered": false, "timeout_ms": 5000, "max_attempts": 3, "retry_schedule": null, "rotating": false,
            "created_at": created["created_at"], "failing_since": null, "disabled_at": null, "disabled_reason": null
        })
    );
    assert_eq!(
        data(&project.get(&format!("{PATH}/{id}")).await, 200),
        expected
    );
    assert_eq!(data(&project.get(PATH).await, 200), json!([expected]));
    let chosen = json!({"url": "http://example.com", "secret": "agreed before", "events": ["referral_canceled", "referral_canceled"],
                        "enabled": false, "timeout_ms": 10000, "max_attempts": 20});
    let created = data(&project.post(PATH, &chosen).await, 201);
    let values = ["secret", "events", "enabled", "timeout_ms", "max_attempts"]
        .map(|name| created[name].clone());
    assert_eq!(
        values,
        [
            json!("agreed before"),
            json!(["referral_canceled"]),
            json!(false),
            json!(10_000),
            json!(20)
        ]
    );
}

#[tokio::test]
async fn wrong_endpoints_are_refused() {
    let shop = Shop::open(Profile::Portable).await;
    let project = &shop.project;
    let id = add_webhook(project, json!({"url": "https://example.com"})).await;
    for (mut body, words) in [
        (json!({"url": "ftp://example.com"}), "url"),
        (json!({"url": "https:///x"}), "url"),
        (json!({"events": []}), "events"),
        (json!({"events": ["sale"]}), "events"),
        (json!({"events": [null]}), "events"),
        (json!({"events": [["referral_converted"]]}), "events"),
        (json!({"events": "referral_converted"}), "events"),
        (json!({"secret": "short"}), "secret"),
        (json!({"secret": null}), "secret"),
        (json!({"timeout_ms": 999}), "timeout_ms"),
        (json!({"max_attempts": 21}), "max_attempts"),
        (json!({"enabled": "yes"}), "enabled"),
    ] {
        assert_refused(
            &project.put(&format!("{PATH}/{id}"), &body).await,
            400,
            words,
        );
        if body.get("url").is_none() {
            body["url"] = json!("https://example.com");
        }
        assert_refused(&project.post(PATH, &body).await, 400, words);
    }
    assert_refused(&project.post(PATH, &json!({})).await, 400, "url");
    assert_refused(
        &project
            .put(&format!("{PATH}/{id}"), &json!({"id": 5}))
            .await,
        400,
        "No updatable field",
    );
    assert_refused(&project.get(&format!("{PATH}/x")).await, 400, "id must be");
    assert_refused(
        &project.get(&format!("{PATH}/999999999")).await,
        404,
        "Webhook not found",
    );
    assert_refused(
        &project
            .post(&format!("{PATH}/{id}/test"), &json!({"event": "sale"}))
            .await,
        400,
        "event",
    );
}

#[tokio::test]
async fn a_change_holds_for_what_is_sent_next() {
    let shop = Shop::open(Profile::Portable).await;
    let project = &shop.project;
    let (old, new) = (Receiver::start().await, Receiver::start().await);
    let id = add_webhook(
        project,
        json!({"url": old.url(), "events": ["referral_canceled"]}),
    )
    .await;
    let path = format!("{PATH}/{id}");
    let change =
        json!({"url": new.url(), "secret": "another secret", "events": ["referral_converted"]});
    let changed = data(&project.put(&path, &change).await, 200);
    assert_eq!(
        (&changed["url"], &changed["max_attempts"]),
        (&json!(new.url()), &json!(3))
    );
    assert!(changed.get("secret").is_none());
    project.add_affiliate("ada@example.com", "ADA").await;
    project
        .deliver(&Event::sale("pi_1", 10_000).code("ADA"))
        .await;
    let received = &new.wait_for(1).await[0];
    assert!(received.is_signed_with("another secret"));
    assert!(old.requests().is_empty());
}

/// Whether the drain would find something to do, now or later.
async fn something_is_due(shop: &Shop) -> bool {
    let owner = shop.database.connect_superuser().await;
    let due = owner
        .query_one("SELECT affiliate_api.next_delivery_due() IS NOT NULL", &[])
        .await;
    due.expect("an answer").get(0)
}

#[tokio::test]
async fn a_disabled_endpoint_gets_nothing_and_what_waits_is_held() {
    let shop = Shop::open(Profile::Portable).await;
    let project = &shop.project;
    let receiver = Receiver::start().await;
    receiver.answer([Answer::status(500)]);
    let id = add_webhook(project, json!({"url": receiver.url()})).await;
    let path = format!("{PATH}/{id}");
    project.add_affiliate("ada@example.com", "ADA").await;
    project
        .deliver(&Event::sale("pi_1", 10_000).code("ADA"))
        .await;
    wait_for_failed_attempt(project, id).await;

    data(&project.put(&path, &json!({"enabled": false})).await, 200);
    project
        .deliver(&Event::sale("pi_2", 10_000).code("ADA"))
        .await;
    assert_refused(
        &project.post(&format!("{path}/test"), &json!({})).await,
        409,
        "disabled",
    );
    let log = deliveries(project, id, "").await;
    assert_eq!(log.len(), 1, "{log:?}");
    assert_eq!(
        (&log[0]["status"], &log[0]["next_attempt_at"]),
        (&json!("pending"), &Value::Null)
    );
    assert!(!something_is_due(&shop).await);
    let replay = format!("{path}/deliveries/{}/replay", log[0]["id"]);
    assert_refused(&project.post(&replay, &json!({})).await, 409, "disabled");
    assert_eq!(receiver.requests().len(), 1);

    data(&project.put(&path, &json!({"enabled": true})).await, 200);
    let requests = receiver.wait_for(2).await;
    assert_eq!(requests[0].body, requests[1].body);
}

#[tokio::test]
async fn a_deleted_endpoint_gets_nothing_more_and_its_log_stays() {
    let shop = Shop::open(Profile::Portable).await;
    let project = &shop.project;
    let receiver = Receiver::start().await;
    receiver.answer([Answer::status(500)]);
    let id = add_webhook(project, json!({"url": receiver.url()})).await;
    let path = format!("{PATH}/{id}");
    data(
        &project.post(&format!("{path}/test"), &json!({})).await,
        202,
    );
    wait_for_failed_attempt(project, id).await;
    assert!(something_is_due(&shop).await);

    assert_gone(&project.delete(&path).await);
    for answer in [
        project.get(&path).await,
        project.put(&path, &json!({"enabled": true})).await,
        project.delete(&path).await,
        project.get(&format!("{path}/deliveries")).await,
        project.post(&format!("{path}/test"), &json!({})).await,
    ] {
        assert_refused(&answer, 404, "Webhook not found");
    }
    assert_eq!(data(&project.get(PATH).await, 200), json!([]));
    project.add_affiliate("ada@example.com", "ADA").await;
    project
        .deliver(&Event::sale("pi_1", 10_000).code("ADA"))
        .await;
    assert!(!something_is_due(&shop).await);
    let kept = "SELECT array_agg(d.status), sum(d.attempts)::bigint FROM affiliate_private.webhook_delivery AS d";
    let kept = shop
        .database
        .connect_superuser()
        .await
        .query_one(kept, &[])
        .await;
    let kept = kept.expect("the deliveries");
    assert_eq!(
        (kept.get::<_, Vec<String>>(0), kept.get::<_, i64>(1)),
        (vec!["dead".to_owned()], 1)
    );
    assert_eq!(receiver.requests().len(), 1);
}
