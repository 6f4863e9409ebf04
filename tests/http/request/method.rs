//! Methods.

use reqwest::Method;

use super::{check_refusal, open, refused};
use crate::shop::{Headers, ask};

#[tokio::test]
async fn other_methods_are_told_which_there_are() {
    let (_shop, api) = open().await;
    for (method, path, allow) in [
        ("PUT", "/api/v1/affiliates", "GET, HEAD, POST"),
        ("DELETE", "/api/v1/affiliates", "GET, HEAD, POST"),
        ("PATCH", "/api/v1/affiliates", "GET, HEAD, POST"),
        ("OPTIONS", "/api/v1/affiliates", "GET, HEAD, POST"),
        ("TRACE", "/api/v1/affiliates", "GET, HEAD, POST"),
        ("BREW", "/api/v1/affiliates", "GET, HEAD, POST"),
        ("get", "/api/v1/affiliates", "GET, HEAD, POST"),
        (
            "POST",
            "/api/v1/affiliates/a@example.com",
            "DELETE, GET, HEAD, PUT",
        ),
        (
            "OPTIONS",
            "/api/v1/affiliates/%zz",
            "DELETE, GET, HEAD, PUT",
        ),
        ("POST", "/healthz", "GET,HEAD"),
        ("OPTIONS", "/readyz", "GET,HEAD"),
        ("GET", "/webhook/stripe/1", "POST"),
        ("DELETE", "/api/webhook/stripe/1", "POST"),
    ] {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        for request in [
            api.request(method.clone(), path),
            api.anonymous(method, path),
        ] {
            let answer = ask(request).await;
            assert_eq!(answer.status, 405, "{path}: {answer:?}");
            assert_eq!(answer.header("allow"), Some(allow), "{path}");
            check_refusal(&answer);
        }
    }
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let (_shop, api) = open().await;
    api.create_affiliate_as(&api.key, "a@example.com").await;
    for (path, status) in [
        ("/api/v1/affiliates", 200),
        ("/api/v1/affiliates/a@example.com", 200),
        ("/api/v1/affiliates/b@example.com", 404),
        ("/api/v1/affiliates?limit=0", 400),
        ("/api/v1/nothing", 404),
        ("/healthz", 200),
    ] {
        let head = ask(api.request(Method::HEAD, path)).await;
        let get = ask(api.request(Method::GET, path)).await;
        assert_eq!((head.status, get.status), (status, status), "{path}");
        assert_eq!(head.text, "");
        for name in ["content-type", "content-length", "x-ratelimit-limit"] {
            assert_eq!(head.header(name), get.header(name), "{path} {name}");
        }
    }
}

#[tokio::test]
async fn get_and_delete_need_no_body_and_ignore_one() {
    let (_shop, api) = open().await;
    let json = |method: Method, path: &str| {
        api.request(method, path)
            .header("content-type", "application/json")
    };
    let one = "/api/v1/affiliates/a@example.com";
    for (body, deleted) in [("", 204), ("{}", 204), ("not JSON", 204)] {
        api.create_affiliate_as(&api.key, "a@example.com").await;
        assert_eq!(ask(json(Method::GET, one).body(body)).await.status, 200);
        let gone = ask(json(Method::DELETE, one).body(body)).await;
        assert_eq!((gone.status, gone.text.as_str()), (deleted, ""), "{body}");
        assert_eq!(gone.header("content-type"), None);
        refused(404, json(Method::DELETE, one).body(body)).await;
    }
    let bodiless = json(Method::DELETE, one).header("accept", "application/json");
    refused(404, bodiless).await;
}
