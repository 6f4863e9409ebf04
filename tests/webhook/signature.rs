//! One delivery, and everybody who is to verify it: the integration guide's Node and PHP, and a Standard Webhooks library.

use affiliate_tests::database::Profile;
use affiliate_tests::python;
use affiliate_tests::receiver::{Receiver, Request};
use affiliate_tests::shop::Shop;
use affiliate_tests::snippet::{PHP_SECRET, Snippet, reserialised_by_node};
use affiliate_tests::stripe::event::Event;
use serde_json::{Value, json};

use crate::support::{add_endpoint, emit, endpoint};

/// Whether the library takes a request for one signed with this secret.
async fn library_accepts(request: &Request, secret: &str) -> bool {
    let names = ["webhook-id", "webhook-timestamp", "webhook-signature"];
    let headers: Value = names
        .map(|name| (name, request.header(name)))
        .into_iter()
        .collect();
    let body = String::from_utf8(request.body.to_vec()).expect("UTF-8");
    let script = "import json, sys\nfrom standardwebhooks import Webhook\nfrom standardwebhooks.webhooks import WebhookVerificationError\n\
                  given = json.load(sys.stdin)\nkey = given['secret']\n\
                  hook = Webhook(key if key.startswith('whsec_') else key.encode())\n\
                  try:\n  hook.verify(given['body'], given['headers'])\n  print('accepted')\n\
                  except WebhookVerificationError:\n  print('refused')\n";
    let input = json!({"secret": secret, "headers": headers, "body": body}).to_string();
    let output = python::run_with_input("python", &["-c", script], &input).await;
    match String::from_utf8_lossy(&output.stdout).trim() {
        "accepted" => true,
        "refused" => false,
        _ => panic!("{}", python::words(&output)),
    }
}

#[tokio::test]
async fn node_php_and_a_standard_webhooks_library_verify_the_same_delivery() {
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
    assert!(library_accepts(&request, PHP_SECRET).await);
    assert!(!library_accepts(&request, "another secret").await);
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
    assert!(library_accepts(&request, old).await && library_accepts(&request, &new).await);

    let promoted = project.post(&format!("{path}/promote"), &json!({})).await;
    assert_eq!(promoted.status, 200, "{}", promoted.text);
    assert_eq!(promoted.json()["data"]["rotating"], false);
    assert!(promoted.json()["data"].get("secret").is_none());
    emit(&client, id, 1).await;
    let request = receiver.wait_for(2).await.remove(1);
    assert!(request.is_signed_with(&new));
    assert!(library_accepts(&request, &new).await && !library_accepts(&request, old).await);
    shop.close().await;
}
