//! One delivery, and everybody who is to verify it: the integration guide's Node and PHP, and the Standard Webhooks
//! libraries.

use affiliate_tests::binary::{words, workspace};
use affiliate_tests::database::Profile;
use affiliate_tests::receiver::{Receiver, Request};
use affiliate_tests::shop::Shop;
use affiliate_tests::snippet::{PHP_SECRET, Snippet, reserialised_by_node};
use affiliate_tests::stripe::event::Event;
use affiliate_tests::{node, python};
use serde_json::{Value, json};

use crate::support::{add_endpoint, emit, endpoint};

/// Whether the libraries, one in Python and one in Node, take a request for one signed with this secret.
async fn libraries_accept(request: &Request, secret: &str) -> bool {
    let names = ["webhook-id", "webhook-timestamp", "webhook-signature"];
    let headers: Value = names
        .map(|name| (name, request.header(name)))
        .into_iter()
        .collect();
    let body = String::from_utf8(request.body.to_vec()).expect("UTF-8");
    let input = json!({"secret": secret, "headers": headers, "body": body}).to_string();
    let script = |name| {
        let path = workspace()
            .join("tests/fixtures/standard_webhooks")
            .join(name);
        path.to_str().expect("a path in UTF-8").to_owned()
    };
    let in_python = python::run_with_input("python", &[&script("verify.py")], &input).await;
    let in_node = node::run_with_input(&[&script("verify.js")], &input).await;
    let accepted =
        [in_python, in_node].map(
            |output| match String::from_utf8_lossy(&output.stdout).trim() {
                "accepted" => true,
                "refused" => false,
                _ => panic!("{}", words(&output)),
            },
        );
    assert_eq!(accepted[0], accepted[1], "Python and Node");
    accepted[0]
}

#[tokio::test]
async fn node_php_and_the_standard_webhooks_libraries_verify_the_same_delivery() {
    let shop = Shop::open(Profile::Portable).await;
    let receiver = Receiver::start().await;
    let project = &shop.project;
    add_endpoint(project, receiver.url(), json!({"secret": PHP_SECRET})).await;
    project.add_affiliate("ada@example.com", "ADA").await;
    let sale = Event::sale("pi/1", 4999).email("jürgen+\u{2028}a/b<c>&d@exämple.com");
    project.deliver(&sale.code("ADA")).await;
    let request = receiver.wait_for(1).await.remove(0);
    let body = request.body.to_vec();
    assert_eq!(
        Snippet::node(PHP_SECRET)
            .await
            .answers(&request, body.clone())
            .await,
        200
    );
    assert_eq!(
        Snippet::php().await.answers(&request, body.clone()).await,
        200
    );
    assert!(libraries_accept(&request, PHP_SECRET).await);
    assert!(!libraries_accept(&request, "another secret").await);
    assert_eq!(reserialised_by_node(&body), body);
    shop.close().await;
}

#[tokio::test]
async fn two_secrets_sign_while_one_follows_the_other() {
    let shop = Shop::open(Profile::Portable).await;
    let project = &shop.project;
    let client = shop.database.connect_superuser().await;
    let receiver = Receiver::start().await;
    let created = project
        .post("/api/v1/webhooks", &json!({"url": receiver.url()}))
        .await;
    let created = created.json()["data"].clone();
    let (id, old) = (
        created["id"].as_i64().expect("an id"),
        created["secret"].as_str().expect("a secret"),
    );
    let path = format!("/api/v1/webhooks/{id}/secret");
    let early = project.post(&format!("{path}/promote"), &json!({})).await;
    assert_eq!(early.status, 409, "{}", early.text);

    let rotated = project.post(&path, &json!({})).await;
    assert_eq!(rotated.status, 201, "{}", rotated.text);
    let new = rotated.json()["data"]["secret"]
        .as_str()
        .expect("a secret")
        .to_owned();
    assert_ne!(new, old);
    assert_eq!(endpoint(project, id).await["rotating"], true);
    emit(&client, id, 1).await;
    let request = receiver.wait_for(1).await.remove(0);
    assert!(request.is_signed_with(old));
    assert!(libraries_accept(&request, old).await && libraries_accept(&request, &new).await);

    let promoted = project.post(&format!("{path}/promote"), &json!({})).await;
    assert_eq!(promoted.status, 200, "{}", promoted.text);
    assert_eq!(promoted.json()["data"]["rotating"], false);
    assert!(promoted.json()["data"].get("secret").is_none());
    emit(&client, id, 1).await;
    let request = receiver.wait_for(2).await.remove(1);
    assert!(request.is_signed_with(&new));
    assert!(libraries_accept(&request, &new).await && !libraries_accept(&request, old).await);
    shop.close().await;
}
