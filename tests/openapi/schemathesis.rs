//! schemathesis makes requests of the document, right ones and wrong ones, and checks every answer against it.

use std::fs;

use affiliate_tests::binary::{words, workspace};
use affiliate_tests::database::Profile;
use affiliate_tests::python;
use affiliate_tests::shop::Shop;
use serde_json::json;

/// Runs all checks over the whole document, with so many random requests for each operation.
async fn check(examples: u32, more: &[&str]) {
    let shop = Shop::open(Profile::Portable).await;
    stock(&shop).await;
    let document = format!("{}/openapi.json", shop.gateway.base_url());
    let key = format!("Authorization: Bearer {}", shop.project.key);
    let examples = examples.to_string();
    let hooks = workspace().join("tests/openapi/hooks.py");
    let directory = tempfile::tempdir().expect("a directory");
    let configuration = directory.path().join("schemathesis.toml");
    fs::write(&configuration, format!("hooks = {hooks:?}\n")).expect("a configuration");
    let mut arguments = vec![
        "--config-file",
        configuration.to_str().expect("a path"),
        "run",
        &document,
        "--header",
        &key,
        "--checks",
        "all",
        "--max-examples",
        &examples,
        // Several threads at once trip over each other in Python 3.11's parser.
        "--workers",
        "1",
        "--continue-on-failure",
        "--no-color",
        "--warnings",
        "off",
    ];
    arguments.extend(more);
    let run = python::run("schemathesis", &arguments).await;
    assert!(run.status.success(), "{}", words(&run));
    let log = shop.gateway.logs();
    assert!(
        !log.contains("\"status\":500") && !log.contains("panicked"),
        "{log}"
    );
    shop.close().await;
}

/// Something to find, with the ids and values that schemathesis tries first.
async fn stock(shop: &Shop) {
    let project = &shop.project;
    let affiliate = project.add_affiliate("ada@example.com", "ADA").await;
    // Without a rate a currency is refused by what is stored, which no document tells.
    let document = project.get("/openapi.json").await.json();
    let currencies = document["components"]["schemas"]["Currency"]["enum"].as_array();
    for currency in currencies.expect("the currencies") {
        let rate = json!({"currency": currency, "rate": 1.5});
        let set = project.post("/api/v1/exchange-rates", &rate).await;
        assert!(set.status == 201 || currency == "USD", "{}", set.text);
    }
    for (path, body) in [
        (
            "/api/v1/referrals",
            json!({"email": "kim@example.com", "affiliate_id": affiliate}),
        ),
        (
            "/api/v1/conversions",
            json!({"base_value": 49.99, "email": "kim@example.com", "reference": "ORDER-1"}),
        ),
        (
            "/api/v1/conversions",
            json!({"type": "signup", "email": "lee@example.com", "value": 0}),
        ),
        (
            "/api/v1/coupons",
            json!({"affiliate_id": affiliate, "coupon_code": "SAVE10"}),
        ),
    ] {
        let created = project.post(path, &body).await;
        assert_eq!(created.status, 201, "{path}: {}", created.text);
    }
}

#[tokio::test]
async fn the_gateway_does_what_the_document_says() {
    // Always the same requests: this run says whether something broke.
    check(3, &["--seed", "1"]).await;
}

#[tokio::test]
#[ignore = "slow: minutes"]
async fn the_gateway_does_what_the_document_says_at_length() {
    // Others each time: this one looks for what nobody thought of.
    check(300, &[]).await;
}
