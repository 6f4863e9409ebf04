//! What goes wrong is for the assistant to read, in the API's words.

use affiliate_tests::binary;
use affiliate_tests::database::Profile;
use affiliate_tests::shop::{Answer, Shop};
use serde_json::json;

use crate::client::{Client, Transport};

#[tokio::test]
async fn refusals_are_tool_errors_with_the_message_of_the_api() {
    let shop = Shop::open(Profile::Portable).await;
    for transport in Transport::ALL {
        let client = Client::open(transport, &shop, &shop.project).await;
        for (tool, arguments, message) in [
            (
                "get_affiliate_details",
                json!({"email": "nobody@example.com"}),
                "Affiliate not found",
            ),
            (
                "list_affiliates",
                json!({"limit": 501}),
                "limit must be an integer between 1 and 500, got \"501\"",
            ),
            (
                "create_affiliate",
                json!({"email": 5}),
                "email must be a valid email address, got 5",
            ),
            ("get_affiliate_details", json!({}), "email is required"),
            (
                "list_affiliates",
                json!({"page": 2}),
                "There is no argument page; this tool has limit, offset, status",
            ),
            (
                "list_coupons",
                json!({"coupon_code": ["SUMMER"]}),
                "coupon_code must be a string",
            ),
            ("no_such_tool", json!({}), "There is no tool no_such_tool"),
        ] {
            let refusal = client.refusal(tool, arguments).await;
            assert_eq!(refusal, message, "{transport:?}: {tool}");
        }
    }
    shop.close().await;
}

#[tokio::test]
async fn a_key_that_may_only_read_is_told_so() {
    let shop = Shop::open(Profile::Portable).await;
    let mut reader = shop.project.clone();
    let create = [
        "key",
        "create",
        "--project",
        &reader.id.to_string(),
        "--scope",
        "read",
        "--json",
    ];
    let created = shop.database.affiliate(&create).await;
    let created: serde_json::Value = serde_json::from_str(&created).expect("JSON");
    reader.key = created["api_key"].as_str().expect("a key").to_owned();
    for transport in Transport::ALL {
        let client = Client::open(transport, &shop, &reader).await;
        client.call("list_affiliates", json!({})).await;
        let refusal = client
            .refusal("create_affiliate", json!({"email": "a@example.com"}))
            .await;
        assert!(refusal.contains("only read"), "{transport:?}: {refusal}");
    }
    shop.close().await;
}

#[tokio::test]
async fn without_a_good_key_there_is_no_session_over_http() {
    let shop = Shop::open(Profile::Portable).await;
    let wrong = format!("{}x", shop.project.key);
    for key in [None, Some("rgk_1_wrong"), Some(wrong.as_str())] {
        assert!(Client::try_http(&shop, key).await.is_err(), "{key:?}");
        let url = format!("{}/mcp", shop.gateway.base_url());
        let mut request = affiliate_tests::http().post(url).body("{}");
        if let Some(key) = key {
            request = request.bearer_auth(key);
        }
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), 401);
        assert_eq!(answer.headers()["www-authenticate"], "Bearer");
    }
    shop.close().await;
}

#[tokio::test]
async fn what_the_protocol_cannot_take_is_refused_as_everywhere() {
    let shop = Shop::open(Profile::Portable).await;
    let url = format!("{}/mcp", shop.gateway.base_url());
    let both = "application/json, text/event-stream";
    let json = "application/json";
    let call = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
    for (method, accept, kind, body, status) in [
        ("GET", both, json, "", 405),
        ("DELETE", both, json, "", 405),
        ("POST", "text/html", json, call, 406),
        ("POST", both, "text/plain", call, 415),
        ("POST", both, json, "{", 400),
        ("POST", both, json, "{}", 400),
        ("POST", both, json, "[]", 400),
        (
            "POST",
            both,
            json,
            r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}"#,
            400,
        ),
    ] {
        let method = method.parse().expect("a method");
        let request = affiliate_tests::http().request(method, &url);
        let request = request.bearer_auth(&shop.project.key).body(body);
        let request = request
            .header("accept", accept)
            .header("content-type", kind);
        let answer = Answer::of(request).await.expect("an answer");
        let refusal = format!("{status}: {}", answer.text);
        assert_eq!(answer.status, status, "{refusal}");
        assert_eq!(answer.headers["content-type"], json, "{refusal}");
        assert!(answer.json()["error"].is_string(), "{refusal}");
        assert_eq!(answer.headers.contains_key("allow"), status == 405);
    }
    let anything = affiliate_tests::http().post(&url).header("accept", "*/*");
    let anything = anything
        .bearer_auth(&shop.project.key)
        .header("content-type", json);
    let answer = Answer::of(anything.body(call)).await.expect("an answer");
    assert_eq!(answer.status, 200, "{}", answer.text);
    let revoke = "SELECT affiliate.revoke_api_key($1::bigint, k.id) FROM generate_series($1::bigint * 1000000 + 1, $1::bigint * 1000000 + 2) AS k (id)";
    let owner = shop.database.connect().await;
    owner
        .query(revoke, &[&shop.project.id])
        .await
        .expect("revoked");
    let ping = affiliate_tests::http()
        .post(&url)
        .header("content-type", json);
    let answer = Answer::of(ping.bearer_auth(&shop.project.key).body(call)).await;
    assert_eq!(answer.expect("an answer").status, 401);
    shop.close().await;
}

#[tokio::test]
async fn a_wrong_key_is_a_tool_error_over_stdio() {
    let shop = Shop::open(Profile::Portable).await;
    let mut stranger = shop.project.clone();
    stranger.key.push('x');
    let client = Client::open(Transport::Stdio, &shop, &stranger).await;
    let refusal = client.refusal("list_affiliates", json!({})).await;
    assert_eq!(refusal, "The API key is not valid");
    shop.close().await;
}

#[tokio::test]
async fn affiliate_mcp_says_why_it_cannot_start() {
    let run = async |environment: &[(&str, &str)]| {
        let output = binary::run(&["mcp"], environment).await;
        assert!(output.stdout.is_empty(), "stdout is the protocol's");
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), words)
    };
    let (code, words) = run(&[
        ("REFGROW_API_KEY", "rgk_1_x"),
        ("REFGROW_API_URL", "nowhere"),
    ])
    .await;
    assert_eq!(code, Some(2), "{words}");
    assert!(words.contains("is not the URL of an API"), "{words}");
    let closed = "http://127.0.0.1:9/api/v1";
    let (code, words) = run(&[("REFGROW_API_KEY", "rgk_1_x"), ("REFGROW_API_URL", closed)]).await;
    assert_eq!(code, Some(1), "{words}");
    assert!(
        words.contains("http://127.0.0.1:9/openapi.json cannot be reached"),
        "{words}"
    );
    let (code, words) = run(&[]).await;
    assert_eq!(code, Some(2), "{words}");
    assert!(words.contains("--api-key"), "{words}");
}

/// `-32601` would say that the server has no tools.
#[tokio::test]
async fn wrong_params_are_not_an_unknown_method() {
    let shop = Shop::open(Profile::Portable).await;
    for (method, params, code) in [
        ("tools/call", json!({}), -32602),
        (
            "tools/call",
            json!({"name": "list_affiliates", "arguments": [1]}),
            -32602,
        ),
        ("tools/destroy", json!({}), -32601),
    ] {
        let message = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        let answer = affiliate_tests::http()
            .post(format!("{}/mcp", shop.gateway.base_url()))
            .bearer_auth(&shop.project.key)
            .header("accept", "application/json, text/event-stream")
            .header("content-type", "application/json")
            .body(message.to_string())
            .send()
            .await
            .expect("an answer");
        let text = answer.text().await.expect("a body");
        assert!(
            text.contains(&format!("\"code\":{code}")),
            "{method} {params}: {text}"
        );
    }
    shop.close().await;
}
