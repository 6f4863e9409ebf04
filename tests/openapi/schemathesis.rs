//! schemathesis makes requests of the document, right ones and wrong ones, and checks every answer against it.

use affiliate_tests::database::Profile;
use affiliate_tests::shop::Shop;
use serde_json::json;

use crate::python;

/// Runs all checks over the whole document, with so many random requests for each operation.
async fn check(examples: u32) {
    let shop = Shop::open(Profile::Portable).await;
    stock(&shop).await;
    let document = format!("{}/openapi.json", shop.gateway.base_url());
    let key = format!("Authorization: Bearer {}", shop.project.key);
    let examples = examples.to_string();
    let arguments = [
        "run",
        &document,
        "--header",
        &key,
        "--checks",
        "all",
        "--max-examples",
        &examples,
        "--workers",
        "2",
        "--continue-on-failure",
        "--no-color",
        "--warnings",
        "off",
    ];
    let run = python::run("schemathesis", &arguments).await;
    assert!(run.status.success(), "{}", python::words(&run));
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
    check(12).await;
}

#[tokio::test]
#[ignore = "slow: minutes"]
async fn the_gateway_does_what_the_document_says_at_length() {
    check(300).await;
}
