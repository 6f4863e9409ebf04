//! Events of the wrong mode, and events that hold nothing, are refused before anything is stored.

use serde_json::{Value, json};

use crate::support::{assert_refused, assert_taken, connect, deliver, open, secret, thin};

fn stripe(name: &str, live: bool) -> Value {
    json!({"id": format!("evt_{name}"), "object": "event", "type": "balance.available", "livemode": live,
           "created": 1_767_225_600, "data": {"object": {}}})
}

fn lemonsqueezy(name: &str, live: bool) -> Value {
    json!({"meta": {"event_name": "license_key_created", "test_mode": !live}, "data": {"id": name}})
}

fn lemonsqueezy_order(name: &str, live: bool) -> Value {
    json!({"meta": {"event_name": "license_key_created"}, "data": {"id": format!("order_{name}"), "attributes": {"test_mode": !live}}})
}

#[tokio::test]
async fn a_project_for_one_mode_takes_no_events_of_the_other() {
    let shop = open(&[]).await;
    let makers = [
        ("stripe", stripe as fn(&str, bool) -> Value),
        ("lemonsqueezy", lemonsqueezy),
        ("lemonsqueezy", lemonsqueezy_order),
    ];
    let mut taken = 0;
    for (provider, event) in makers {
        for (environment, lives) in [
            ("auto", &[true, false][..]),
            ("live", &[true]),
            ("test", &[false]),
        ] {
            let connected = connect(&shop, provider, json!({"environment": environment})).await;
            let expected = (environment != "auto").then_some(environment);
            assert_eq!(connected["environment"], json!(expected));
            for live in [true, false] {
                let body = event(&format!("{environment}_{live}"), live).to_string();
                let answer = deliver(&shop, provider, secret(provider), body.as_bytes()).await;
                if lives.contains(&live) {
                    taken += 1;
                    assert_taken(&answer);
                } else {
                    assert_refused(&answer, 400, "mode event");
                }
            }
        }
    }
    assert_eq!(shop.stored_events().await.len(), taken);
    shop.close().await;
}

#[tokio::test]
async fn the_prefix_of_a_key_tells_the_mode_unless_it_is_set() {
    let shop = open(&[]).await;
    for (key, expected) in [
        ("sk_test_51abcdefgh", Some("test")),
        ("rk_live_51abcdefgh", Some("live")),
        ("sk_of_no_mode", None),
    ] {
        let settings = json!({"secret_key": key, "api_base": "http://127.0.0.1:9"});
        let connected = connect(&shop, "stripe", settings).await;
        assert_eq!(connected["environment"], json!(expected), "{key}");
    }
    let set = json!({"secret_key": "sk_test_51abcdefgh", "environment": "live"});
    assert_eq!(
        connect(&shop, "stripe", set).await["environment"],
        json!("live")
    );
    let body = stripe("1", false).to_string();
    let answer = deliver(&shop, "stripe", secret("stripe"), body.as_bytes()).await;
    assert_refused(
        &answer,
        400,
        "test mode event; the project takes live mode events only",
    );
    shop.close().await;
}

#[tokio::test]
async fn thin_events_are_refused_and_nothing_is_stored() {
    let shop = open(&[]).await;
    let answer = deliver(&shop, "stripe", secret("stripe"), &thin(1)).await;
    assert_refused(&answer, 400, "thin event");
    assert_eq!(shop.stored_events().await.len(), 0);
    let logs = shop.gateway.logs();
    let said = logs.lines().find(|line| line.contains("event refused"));
    let said: Value = serde_json::from_str(said.expect("a line")).expect("JSON");
    assert_eq!(said["project_id"], json!(shop.project.id));
    assert!(
        said["reason"]
            .as_str()
            .is_some_and(|reason| reason.contains("thin event")),
        "{said}"
    );
    // What cannot be read at all is kept, as before.
    for body in ["[]", "{", "\"v2.core.event\"", "{\"livemode\":1}"] {
        assert_taken(&deliver(&shop, "stripe", secret("stripe"), body.as_bytes()).await);
    }
    assert_eq!(shop.stored_events().await.len(), 4);
    shop.close().await;
}
