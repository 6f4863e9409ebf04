//! Short forms of what the tests of the API say again and again.

use affiliate_tests::shop::{Answer, Project};
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
