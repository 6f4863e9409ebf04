//! The harness itself: the gateway starts on either kernel, stops cleanly, and a receiver keeps what it is sent.

use std::time::Duration;

use affiliate_tests::cluster::Cluster;
use affiliate_tests::database::Profile;
use affiliate_tests::gateway::Gateway;
use affiliate_tests::receiver::{Answer, Receiver};

#[tokio::test]
async fn the_gateway_serves_either_kernel_with_a_login_that_may_only_call_it() {
    for profile in Profile::KERNELS {
        let database = Cluster::shared().await.create_database(profile).await;
        let gateway = Gateway::start(&database).await;
        let answer = affiliate_tests::http()
            .get(gateway.url("/readyz"))
            .send()
            .await;
        let body: serde_json::Value = answer.expect("an answer").json().await.expect("JSON");
        assert!(
            body.to_string()
                .contains(&format!("{profile:?}").to_lowercase()),
            "{body}"
        );
        let status = gateway.stop().await;
        assert_eq!(status.code(), Some(0));
        database.drop().await;
    }
}

#[tokio::test]
async fn a_killed_gateway_can_be_started_again() {
    let database = Cluster::shared()
        .await
        .create_database(Profile::Native)
        .await;
    Gateway::start(&database).await.kill9();
    Gateway::start(&database).await;
}

#[tokio::test]
async fn a_receiver_answers_as_told_and_keeps_the_bytes() {
    let receiver = Receiver::start().await;
    receiver.answer([Answer::status(503)
        .header("retry-after", "7")
        .delayed(Duration::from_millis(1))]);
    let post = async || {
        let request = affiliate_tests::http()
            .post(receiver.url())
            .header("x-test", "yes")
            .body("{ \"a\":1}");
        request.send().await.expect("an answer")
    };
    let first = post().await;
    assert_eq!(
        (
            first.status().as_u16(),
            first.headers()["retry-after"].as_bytes()
        ),
        (503, &b"7"[..])
    );
    assert_eq!(post().await.status().as_u16(), 200);
    let requests = receiver.wait_for(2).await;
    assert_eq!(requests[1].header("x-test"), "yes");
    assert_eq!(&requests[1].body[..], b"{ \"a\":1}");
    assert_eq!(requests[1].json()["a"], 1);
}
