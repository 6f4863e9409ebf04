//! Short forms of what the tests of the API say again and again.

use affiliate_tests::shop::{Answer, Project};
use affiliate_tests::stripe;
use affiliate_tests::wait::until;
use serde_json::{Value, json};

/// The `data` of an answer with this status.
pub fn data(answer: &Answer, status: u16) -> Value {
    assert_eq!(answer.status, status, "{}", answer.text);
    let mut body = answer.json();
    assert_eq!(body["success"], json!(true), "{body}");
    body["data"].take()
}

/// The id in the `data` of a 201.
pub fn created(answer: &Answer) -> i64 {
    let data = data(answer, 201);
    data["id"].as_i64().unwrap_or_else(|| panic!("{data}"))
}

/// Expects a refusal with this status whose text holds `words`.
pub fn assert_refused(answer: &Answer, status: u16, words: &str) {
    let error = answer.error();
    assert_eq!(answer.status, status, "{}", answer.text);
    assert!(error.contains(words), "{words:?} is not in {error:?}");
}

/// Expects an empty 204.
pub fn assert_gone(answer: &Answer) {
    assert_eq!((answer.status, answer.text.as_str()), (204, ""));
}

/// The names of an object's members, in order.
pub fn names(object: &Value) -> Vec<&str> {
    let object = object.as_object().unwrap_or_else(|| panic!("{object}"));
    object.keys().map(String::as_str).collect()
}

/// A coupon of an affiliate with these members beside it; gives its id.
pub async fn add_coupon(project: &Project, affiliate: i64, mut members: Value) -> i64 {
    members["affiliate_id"] = json!(affiliate);
    created(&project.post("/api/v1/coupons", &members).await)
}

/// A moment after all that was done before and before all that is done next: events count in whole seconds.
pub async fn now() -> i64 {
    let started = stripe::now();
    let passed = async || Some(stripe::now()).filter(|now| *now > started);
    until("the next second", passed).await
}

/// A webhook endpoint of a project; gives its id.
pub async fn add_webhook(project: &Project, body: Value) -> i64 {
    created(&project.post("/api/v1/webhooks", &body).await)
}

/// The deliveries of an endpoint as its log lists them.
pub async fn deliveries(project: &Project, endpoint: i64, query: &str) -> Vec<Value> {
    let path = format!("/api/v1/webhooks/{endpoint}/deliveries{query}");
    let log = data(&project.get(&path).await, 200);
    log.as_array().cloned().unwrap_or_else(|| panic!("{log}"))
}

/// Waits until the one delivery of an endpoint has failed once and is due again later.
pub async fn wait_for_failed_attempt(project: &Project, endpoint: i64) {
    until("the first attempt to be settled", async || {
        let log = deliveries(project, endpoint, "").await;
        let failed = log[0]["attempts"][0].is_object() && !log[0]["next_attempt_at"].is_null();
        failed.then_some(())
    })
    .await;
}
