//! Sending again: what never succeeded, what was missed, a range of time; with the same ids, and from the command line.

use affiliate_tests::cluster::Cluster;
use affiliate_tests::database::{Profile, looked_at};
use affiliate_tests::receiver::{Answer, Receiver, Request};
use affiliate_tests::shop::{Project, Shop};
use affiliate_tests::stripe::event::Event;
use affiliate_tests::wait::until;
use serde_json::{Value, json};

use crate::support::{add_endpoint, change, emit, endpoint, log, settled};

fn ids(requests: &[Request]) -> Vec<&str> {
    requests
        .iter()
        .map(|request| request.header("webhook-id"))
        .collect()
}

async fn replay(project: &Project, id: i64, body: Value) -> Value {
    let answer = project
        .post(&format!("/api/v1/webhooks/{id}/replay"), &body)
        .await;
    assert_eq!(answer.status, 202, "{}", answer.text);
    answer.json()["data"]["replayed"].clone()
}

#[tokio::test]
async fn all_that_failed_is_sent_again_with_the_same_ids_once() {
    let shop = Shop::open(Profile::Portable).await;
    let client = shop.database.connect_superuser().await;
    let receiver = Receiver::start().await;
    let answers = [500, 200, 500, 500, 200];
    receiver.answer(answers.map(Answer::status));
    let more = json!({"max_attempts": 1, "ordered": true});
    let id = add_endpoint(&shop.project, receiver.url(), more).await;
    emit(&client, id, 5).await;
    settled(&client, id, "dead", 3).await;
    settled(&client, id, "delivered", 2).await;
    assert_eq!(replay(&shop.project, id, json!({})).await, 3);
    settled(&client, id, "delivered", 5).await;
    let requests = receiver.requests();
    let ids = ids(&requests);
    assert_eq!(ids[5..], [ids[0], ids[2], ids[3]]);
    for (first, again) in [(0, 5), (2, 6), (3, 7)] {
        assert_eq!(requests[first].body, requests[again].body);
    }
    assert_eq!(replay(&shop.project, id, json!({})).await, 0);
    shop.close().await;
}

/// Nothing delivers here: what is replayed first is still on its way, or not, when the rest is asked for.
#[tokio::test]
async fn more_than_can_be_replayed_at_once_is_replayed_page_by_page() {
    let database = Cluster::shared()
        .await
        .create_database(Profile::Portable)
        .await;
    let client = database.connect_superuser().await;
    let many = "
        SELECT affiliate.create_project('Many'), affiliate.add_webhook(1, 'https://receiver.example/hook');
        INSERT INTO affiliate_private.webhook_event (project_id, event_type, message_id, body)
        SELECT 1, 'referral_converted', 'evt_' || n, '{}' FROM generate_series(1, 10003) AS n;
        INSERT INTO affiliate_private.webhook_delivery (project_id, endpoint_id, event_id, status)
        SELECT 1, 1, e.event_id, 'delivered' FROM affiliate_private.webhook_event AS e";
    client.batch_execute(many).await.expect("many events");
    let replay = async |after: Option<i64>| {
        let replay = "SELECT affiliate.replay_webhooks(1, 1, 'all', p_after => $1)::text";
        let row = client
            .query_one(replay, &[&after])
            .await
            .expect("an answer");
        let delivered = "UPDATE affiliate_private.webhook_delivery SET status = 'delivered'";
        client
            .execute(delivered, &[])
            .await
            .expect("they are taken");
        serde_json::from_str::<Value>(row.get(0)).expect("JSON")
    };
    let page = json!({"id": 1, "replayed": 10000, "has_more": true, "next_after": 10000});
    assert_eq!(replay(None).await, page);
    let rest = json!({"id": 1, "replayed": 3, "has_more": false, "next_after": null});
    assert_eq!(replay(Some(10000)).await, rest);
    database.drop().await;
}

/// Plans for an endpoint that the statistics do not know yet are made as if it had next to nothing.
#[tokio::test]
async fn a_replay_looks_at_each_event_once() {
    let database = Cluster::shared()
        .await
        .create_database(Profile::Portable)
        .await;
    let client = database.connect_superuser().await;
    let many = "
        SELECT affiliate.create_project('Many');
        CREATE PROCEDURE public.fill(p_endpoint bigint, p_count bigint) LANGUAGE sql AS $$
          WITH e AS (
            INSERT INTO affiliate_private.webhook_event (project_id, event_type, message_id, body)
            SELECT 1, 'referral_converted', format('evt_%s_%s', p_endpoint, n), '{}' FROM generate_series(1, p_count) AS n
            RETURNING event_id)
          INSERT INTO affiliate_private.webhook_delivery (project_id, endpoint_id, event_id, status)
          SELECT 1, p_endpoint, e.event_id, 'delivered' FROM e
        $$;
        SELECT affiliate.add_webhook(1, 'https://old.example/hook');
        CALL public.fill(1, 20000);
        ANALYZE affiliate_private.webhook_event, affiliate_private.webhook_delivery;";
    client.batch_execute(many).await.expect("many events");
    let new = "
        SELECT affiliate.add_webhook(1, 'https://new.example/hook');
        CALL public.fill(2, 1000);
        BEGIN";
    client.batch_execute(new).await.expect("and some more");
    let replay = "SELECT affiliate.replay_webhooks(1, 2, 'all') ->> 'replayed'";
    let row = client.query_one(replay, &[]).await.expect("an answer");
    assert_eq!(row.get::<_, String>(0), "1000");
    let read = looked_at(&client, &["affiliate_private.webhook_delivery"]).await;
    assert!(read < 10_000, "{read} deliveries were looked at");
    database.drop().await;
}

#[tokio::test]
async fn a_range_of_time_is_sent_again() {
    let shop = Shop::open(Profile::Portable).await;
    let client = shop.database.connect_superuser().await;
    let receiver = Receiver::start().await;
    let id = add_endpoint(&shop.project, receiver.url(), json!({})).await;
    emit(&client, id, 4).await;
    settled(&client, id, "delivered", 4).await;
    let spread = "UPDATE affiliate_private.webhook_event SET created_at = timestamptz '2020-01-01Z' + event_id * interval '1 day'";
    client
        .execute(spread, &[])
        .await
        .expect("the events are spread");
    let first = "SELECT to_char(min(created_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SSZ') FROM affiliate_private.webhook_event";
    let first: String = client.query_one(first, &[]).await.expect("a time").get(0);
    let all = json!({"status": "all", "since": first});
    assert_eq!(replay(&shop.project, id, all).await, 4);
    settled(&client, id, "delivered", 8).await;
    let one =
        json!({"status": "all", "since": first, "until": format!("{}T23:59:59Z", &first[..10])});
    assert_eq!(replay(&shop.project, id, one).await, 1);
    settled(&client, id, "delivered", 9).await;
    let wrong = shop
        .project
        .post(
            &format!("/api/v1/webhooks/{id}/replay"),
            &json!({"since": "yesterday"}),
        )
        .await;
    assert_eq!(wrong.status, 400, "{}", wrong.text);
    shop.close().await;
}

#[tokio::test]
async fn what_an_endpoint_missed_while_it_was_given_up_can_be_sent() {
    let shop = Shop::open(Profile::Portable).await;
    let (project, client) = (&shop.project, shop.database.connect_superuser().await);
    let (receiver, other) = (Receiver::start().await, Receiver::start().await);
    receiver.answer([Answer::status(410)]);
    let id = add_endpoint(
        project,
        receiver.url(),
        json!({"events": ["referral_converted"]}),
    )
    .await;
    project.add_affiliate("ada@example.com", "ADA").await;
    project
        .deliver(&Event::sale("pi_1", 5000).code("ADA"))
        .await;
    until("the endpoint to be disabled", async || {
        (endpoint(project, id).await["enabled"] == json!(false)).then_some(())
    })
    .await;
    project
        .deliver(&Event::sale("pi_2", 5000).code("ADA"))
        .await;
    // Made up for another endpoint, so that this one did not miss it.
    let elsewhere = add_endpoint(project, other.url(), json!({})).await;
    emit(&client, elsewhere, 1).await;
    change(project, id, json!({"enabled": true})).await;
    settled(&client, id, "delivered", 1).await;
    assert_eq!(replay(project, id, json!({"status": "missed"})).await, 1);
    settled(&client, id, "delivered", 2).await;
    let orders: Vec<Value> = receiver
        .requests()
        .iter()
        .map(|r| r.json()["conversion"]["order_id"].clone())
        .collect();
    assert_eq!(orders, [json!("pi_1"), json!("pi_1"), json!("pi_2")]);
    assert_eq!(replay(project, id, json!({"status": "missed"})).await, 0);
    shop.close().await;
}

#[tokio::test]
async fn the_command_line_does_all_of_it() {
    let shop = Shop::open(Profile::Portable).await;
    let client = shop.database.connect_superuser().await;
    let receiver = Receiver::start().await;
    receiver.answer([Answer::status(500).body("no")]);
    let project = shop.project.id.to_string();
    let run = async |arguments: &[&str]| -> Value {
        let common = ["--project", &project, "--json"];
        let text = shop
            .database
            .affiliate(&[&["webhook"], arguments, &common].concat())
            .await;
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    };
    let added = run(&[
        "add",
        "--url",
        receiver.url(),
        "--ordered",
        "true",
        "--retry-schedule",
        "60,120",
    ])
    .await;
    assert_eq!(
        (&added["max_attempts"], &added["ordered"]),
        (&json!(3), &json!(true))
    );
    let id = added["id"].to_string();
    let at = ["--id", id.as_str()];
    let set = run(&[
        &["set"],
        &at[..],
        &["--max-attempts", "1", "--timeout-ms", "2000"],
    ]
    .concat())
    .await;
    assert_eq!(
        (
            &set["max_attempts"],
            &set["retry_schedule"],
            &set["timeout_ms"]
        ),
        (&json!(1), &Value::Null, &json!(2000))
    );
    let sent = run(&[&["test"], &at[..], &["--event", "referral_updated"]].concat()).await;
    let number = added["id"].as_i64().expect("an id");
    settled(&client, number, "dead", 1).await;
    let delivery = sent["id"].to_string();
    let shown = run(&[&["show", delivery.as_str()], &at[..]].concat()).await;
    assert_eq!(shown["attempts"][0]["response"], "no");
    assert_eq!(shown, log(&shop.project, number).await[0]);
    assert_eq!(run(&[&["replay"], &at[..]].concat()).await["replayed"], 1);
    settled(&client, number, "delivered", 1).await;
    let again = run(&[&["replay", delivery.as_str()], &at[..]].concat()).await;
    assert_eq!(again["message_id"], shown["message_id"]);
    settled(&client, number, "delivered", 2).await;
    let listed = run(&[&["deliveries"], &at[..], &["--status", "dead"]].concat()).await;
    assert_eq!(listed["deliveries"], json!([shown]));
    assert!(run(&[&["rotate-secret"], &at[..]].concat()).await["secret"].is_string());
    assert_eq!(
        run(&[&["promote-secret"], &at[..]].concat()).await["rotating"],
        false
    );
    assert_eq!(
        run(&["list"]).await["webhooks"].as_array().map(Vec::len),
        Some(1)
    );
    assert_eq!(run(&[&["remove"], &at[..]].concat()).await["removed"], true);
    assert_eq!(run(&["list"]).await["webhooks"], json!([]));
    shop.close().await;
}
