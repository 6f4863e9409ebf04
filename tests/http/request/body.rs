//! Bodies and their media types.

use reqwest::Method;
use serde_json::json;

use super::{open, refused};
use crate::shop::{Api, Headers, ask};

const PATH: &str = "/api/v1/affiliates";

fn post(api: &Api, body: impl Into<reqwest::Body>) -> reqwest::RequestBuilder {
    api.request(Method::POST, PATH)
        .header("content-type", "application/json")
        .body(body)
}

#[tokio::test]
async fn a_body_is_json_in_utf_8() {
    let (_shop, api) = open().await;
    let typed = |media_type: &str, email: &str| {
        let body = json!({ "email": email }).to_string();
        api.request(Method::POST, PATH)
            .header("content-type", media_type)
            .body(body)
    };
    for (number, media_type) in [
        "application/json",
        "application/json; charset=utf-8",
        "APPLICATION/JSON;charset=\"UTF-8\"",
        "application/vnd.api+json",
    ]
    .into_iter()
    .enumerate()
    {
        let answer = ask(typed(media_type, &format!("a{number}@example.com"))).await;
        assert_eq!(answer.status, 201, "{media_type}: {answer:?}");
    }
    for media_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=latin1",
        "nonsense",
    ] {
        refused(415, typed(media_type, "b@example.com")).await;
    }
    let untyped = api
        .request(Method::POST, PATH)
        .body(r#"{"email":"c@example.com"}"#);
    assert_eq!(ask(untyped).await.status, 201);
    let compressed = post(&api, "x").header("content-encoding", "gzip");
    refused(415, compressed).await;
}

#[tokio::test]
async fn other_json_is_refused_with_the_reason() {
    let (_shop, api) = open().await;
    for (body, reason) in [
        ("", "email is required"),
        ("{}", "email is required"),
        ("[]", "must be a JSON object"),
        ("null", "must be a JSON object"),
        ("\"email\"", "must be a JSON object"),
        ("{", "not acceptable JSON"),
        ("{\"email\":\"a@example.com\"} x", "not acceptable JSON"),
        ("{\"email\":\"a@example.com\",}", "not acceptable JSON"),
        ("{\"email\":NaN}", "not acceptable JSON"),
        (
            "{\"email\":\"a@example.com\",\"email\":\"b@example.com\"}",
            "the key \"email\" is given twice",
        ),
        (
            "{\"email\":\"a@example.com\",\"x\":{\"y\":1,\"y\":2}}",
            "the key \"y\" is given twice",
        ),
        ("{\"email\":\"a\\u0000@example.com\"}", "U+0000"),
        ("{\"email\":\"\\ud800@example.com\"}", "not acceptable JSON"),
        (
            "{\"email\":5}",
            "email must be a valid email address, got 5",
        ),
        (
            "{\"email\":null}",
            "email must be a valid email address, got null",
        ),
        ("{\"email\":\"a\"}", "email must be a valid email address"),
    ] {
        let text = refused(400, post(&api, body)).await;
        assert!(text.contains(reason), "{body}: {text}");
    }
    refused(400, post(&api, &b"{\"email\":\"\xff@example.com\"}"[..])).await;
    refused(400, post(&api, "[".repeat(100_000))).await;
    let listed = api.get(PATH).await.json();
    assert_eq!(listed["pagination"]["total"], 0, "{listed}");
}

#[tokio::test]
async fn what_nobody_asked_for_is_ignored() {
    let (_shop, api) = open().await;
    let body = json!({"email": "a@example.com", "id": 7, "admin": true, "unpaid_earnings": "1000.00", "nested": {"a": [1, null]}});
    let answer = ask(post(&api, body.to_string())).await;
    assert_eq!(answer.status, 201);
    let data = &answer.json()["data"];
    assert_eq!(
        (&data["id"], &data["unpaid_earnings"]),
        (&json!(1), &json!(null))
    );
    // Nor does the query string stand in for a body.
    refused(
        400,
        api.request(Method::POST, &format!("{PATH}?email=b@example.com")),
    )
    .await;
}

#[tokio::test]
async fn a_change_of_nothing_is_refused() {
    let (_shop, api) = open().await;
    api.create_affiliate_as(&api.key, "a@example.com").await;
    for body in ["", "{}", r#"{"unknown":1}"#] {
        let put = api.request(Method::PUT, "/api/v1/affiliates/a@example.com");
        refused(
            400,
            put.header("content-type", "application/json").body(body),
        )
        .await;
    }
}

#[tokio::test]
async fn too_large_is_too_large_whether_the_length_is_known_or_not() {
    let (_shop, api) = open().await;
    let large = vec![b' '; 10 * 1024 * 1024 + 1];
    let text = refused(413, post(&api, large.clone())).await;
    assert_eq!(
        text,
        "The request body is too large: at most 10485760 bytes are accepted"
    );
    let pieces: Vec<Result<Vec<u8>, std::io::Error>> = large
        .chunks(64 * 1024)
        .map(|piece| Ok(piece.to_vec()))
        .collect();
    let stream = reqwest::Body::wrap_stream(futures_util::stream::iter(pieces));
    let answer = ask(post(&api, stream)).await;
    assert_eq!(answer.status, 413, "{answer:?}");
    assert!(answer.header("x-ratelimit-limit").is_some());
    // The connection, or another one, goes on.
    let mut padded = br#"{"email":"a@example.com"}"#.to_vec();
    padded.resize(1024 * 1024, b' ');
    assert_eq!(ask(post(&api, padded)).await.status, 201);
}
