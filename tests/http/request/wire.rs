//! Requests as bytes: what never becomes a request, and what is answered before all of it is there.

use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::open;
use crate::shop::Api;

/// Far less than a body may take to arrive.
const AT_ONCE: Duration = Duration::from_secs(10);

/// The status, the head and the body of the answer to these bytes, of which the connection stays open.
async fn send(api: &Api, bytes: &[u8]) -> (u16, String, String) {
    let address = api.gateway.base_url().replace("http://", "");
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.write_all(bytes).await.expect("the request is sent");
    let mut answer = Vec::new();
    let read = async {
        let mut buffer = [0; 4096];
        loop {
            let count = stream.read(&mut buffer).await.expect("an answer");
            answer.extend_from_slice(&buffer[..count]);
            let text = String::from_utf8_lossy(&answer).into_owned();
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let declared = format!("content-length: {}\r\n", body.len());
                if format!("{head}\r\n").contains(&declared) {
                    return (head.to_owned(), body.to_owned());
                }
            }
            assert_ne!(count, 0, "the answer is incomplete: {text}");
        }
    };
    let (head, body) = timeout(AT_ONCE, read).await.expect("an answer at once");
    let status = head.get(9..12).and_then(|code| code.parse().ok());
    (status.expect("a status"), head, body)
}

async fn refused(api: &Api, status: u16, bytes: &[u8]) -> String {
    let (told, head, body) = send(api, bytes).await;
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(60)]);
    assert_eq!(told, status, "{start}: {head}\n{body}");
    assert!(head.contains("content-type: application/json"), "{head}");
    assert!(head.contains("x-request-id: "), "{head}");
    let body: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(body["success"], false);
    body["error"].as_str().expect("a text").to_owned()
}

#[tokio::test]
async fn what_is_no_request_is_refused_like_one() {
    let (_shop, api) = open().await;
    for bytes in [
        "nonsense\r\n\r\n",
        "GET\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "GET / HTTP/1.1\r\nno colon\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: a\r\nx: \u{1}\r\n\r\n",
        "G(T / HTTP/1.1\r\n\r\n",
        "POST / HTTP/1.1\r\ncontent-length: x\r\n\r\n",
        "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\ntransfer-encoding: x\r\n\r\n",
        "GET /a b HTTP/1.1\r\n\r\n",
    ] {
        let text = refused(&api, 400, bytes.as_bytes()).await;
        assert_eq!(text, "The request is not valid HTTP");
    }
    for (name, value) in [
        ("x", "y".repeat(300_000)),
        ("x".repeat(300_000).as_str(), "y".to_owned()),
    ] {
        let large = format!("GET / HTTP/1.1\r\nhost: a\r\n{name}: {value}\r\n\r\n");
        let text = refused(&api, 431, large.as_bytes()).await;
        assert_eq!(text, "The headers are too large or too many");
    }
    let many = "a: b\r\n".repeat(200);
    refused(
        &api,
        431,
        format!("GET / HTTP/1.1\r\n{many}\r\n").as_bytes(),
    )
    .await;
    // The lengths that hyper takes for the address's fault.
    let long = format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(65_534));
    assert_eq!(
        refused(&api, 414, long.as_bytes()).await,
        "The address is too long"
    );
}

#[tokio::test]
async fn a_good_request_on_the_same_connection_comes_first() {
    let (_shop, api) = open().await;
    let address = api.gateway.base_url().replace("http://", "");
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let bytes = "GET /healthz HTTP/1.1\r\nhost: a\r\n\r\nnonsense\r\n\r\n";
    stream
        .write_all(bytes.as_bytes())
        .await
        .expect("two are sent");
    let mut answers = String::new();
    let read = stream.read_to_string(&mut answers);
    timeout(AT_ONCE, read).await.expect("an end").expect("text");
    let second = answers.find("HTTP/1.1 400").expect("a second answer");
    assert!(
        answers.starts_with("HTTP/1.1 200") && second > 100,
        "{answers}"
    );
    assert!(
        answers.ends_with("\"The request is not valid HTTP\"}"),
        "{answers}"
    );
}

#[tokio::test]
async fn who_may_not_send_a_body_is_told_before_it_is_there() {
    let (_shop, api) = open().await;
    let head = |method: &str, path: &str, key: &str, length: u64| {
        format!(
            "{method} {path} HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n{key}content-length: {length}\r\n\r\n"
        )
    };
    let good = format!("authorization: Bearer {}\r\n", api.key);
    let wrong = "authorization: Bearer rgk_1000001_wrong\r\n";
    for (method, path, key, length, status) in [
        ("POST", "/api/v1/affiliates", "", 100, 401),
        ("POST", "/api/v1/affiliates", wrong, 100, 401),
        ("POST", "/api/v1/affiliates", "", 1 << 40, 401),
        ("POST", "/api/v1/affiliates", &good, 1 << 40, 413),
        ("POST", "/api/v1/nothing", &good, 100, 404),
        ("PATCH", "/api/v1/affiliates", "", 100, 405),
        ("POST", "/docs", "", 100, 405),
        ("POST", "/mcp", "", 100, 401),
        ("POST", "/mcp", &good, 1 << 40, 413),
        ("POST", "/webhook/stripe/4711", "", 100, 404),
    ] {
        let request = head(method, path, key, length);
        refused(&api, status, request.as_bytes()).await;
        let begun = format!("{request}{{");
        refused(&api, status, begun.as_bytes()).await;
    }
}
