//! Requests that are unusual or wrong in some way: each has one defined answer, in JSON.

mod body;
mod method;
mod path;
mod query;
mod wire;

use reqwest::RequestBuilder;

use crate::shop::{Answer, Api, Headers, Shop, ask};

/// A shop and its gateway; the key may ask more often than these tests do.
async fn open() -> (Shop, Api) {
    let shop = Shop::open().await;
    let mut api = shop.gateway().await;
    api.key = shop.create_key("write", 100_000).await;
    (shop, api)
}

/// Sends a request whose answer must be a refusal with this status in the documented shape; gives its text.
async fn refused(status: u16, request: RequestBuilder) -> String {
    let answer = ask(request).await;
    assert_eq!(answer.status, status, "{answer:?}");
    check_refusal(&answer)
}

fn check_refusal(answer: &Answer) -> String {
    assert_eq!(
        answer.header("content-type"),
        Some("application/json"),
        "{answer:?}"
    );
    assert!(answer.header("x-request-id").is_some());
    let text = answer.error();
    assert!(!text.is_empty());
    assert_eq!(answer.json()["message"], text.as_str(), "{answer:?}");
    text
}
