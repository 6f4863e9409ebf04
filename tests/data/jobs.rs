//! Housekeeping: what is pruned, what stays, and that nothing depends on it.

use affiliate_tests::books::{Books, assert_clean};
use affiliate_tests::database::Profile;
use affiliate_tests::shop::Shop;
use affiliate_tests::stripe::event::Event;
use serde_json::{Value, json};

async fn run_jobs(shop: &Shop) -> Value {
    let text = shop.database.affiliate(&["jobs", "run", "--json"]).await;
    serde_json::from_str(&text).expect("JSON")
}

#[tokio::test]
async fn old_details_go_and_the_books_stay() {
    for profile in Profile::KERNELS {
        let shop = Shop::open(profile).await;
        let project = &shop.project;
        project.add_affiliate("ada@example.com", "ADA").await;
        project
            .add_webhook(&shop.database, "https://hooks.example.com/", &[])
            .await;
        for n in 0..5 {
            let sale = Event::sale(&format!("pi_{n}"), 1000).code("ADA");
            assert_eq!(project.deliver(&sale).await, "applied");
        }
        let superuser = shop.database.connect_superuser().await;
        superuser
            .execute("SELECT affiliate.record_click(1, 'ADA')", &[])
            .await
            .expect("a click");
        let before = Books::of(&shop.database, project.id).await;
        assert_eq!(run_jobs(&shop).await["prune_event_bodies"], 0);

        // As if all of it had happened two years ago.
        for table in [
            "provider_event SET received_at",
            "webhook_event SET created_at",
            "visit SET visited_at",
        ] {
            let sql = format!("UPDATE affiliate_private.{table} = now() - interval '2 years'");
            superuser.execute(&sql, &[]).await.expect("an older row");
        }
        let forever = [
            "jobs",
            "keep",
            "--project",
            "1",
            "--webhook-days",
            "forever",
            "--json",
        ];
        shop.database.affiliate(&forever).await;
        let done = run_jobs(&shop).await;
        assert_eq!(
            (&done["prune_event_bodies"], &done["prune_visits"]),
            (&json!(5), &json!(1)),
            "{done}"
        );
        assert_eq!(done["prune_webhooks"], 0, "kept for ever: {done}");
        let days = [
            "jobs",
            "keep",
            "--project",
            "1",
            "--webhook-days",
            "30",
            "--json",
        ];
        shop.database.affiliate(&days).await;
        assert_eq!(run_jobs(&shop).await["prune_webhooks"], 5);
        assert_eq!(run_jobs(&shop).await["prune_webhooks"], 0);

        let left = "SELECT sum(length(e.body))::bigint, (SELECT count(*) FROM affiliate_private.webhook_event AS w WHERE w.body <> ''),
                           (SELECT count(*) FROM affiliate_private.webhook_delivery AS d WHERE d.status = 'pending'),
                           (SELECT count(*) FROM affiliate_private.visit AS v), count(*) FROM affiliate_private.provider_event AS e";
        let left = superuser.query_one(left, &[]).await.expect("what is left");
        let left: Vec<i64> = (0..5).map(|n| left.get(n)).collect();
        assert_eq!(left, [0, 0, 0, 0, 5]);
        // The key of a pruned event is still known, and its effect stays.
        let again = Event::sale("pi_0", 1000).code("ADA");
        let answer = project.deliver_bytes(&again.body()).await.json();
        assert_eq!(answer["received"], true);
        before.assert_same(&Books::of(&shop.database, project.id).await, "pruned");
        assert_eq!(project.affiliate("ada@example.com").await["clicks"], 1);
        assert_clean(&shop.database).await;
        let sent_again = project
            .post("/api/v1/webhooks/1/deliveries/1/replay", &json!({}))
            .await;
        assert_eq!(sent_again.status, 409, "{}", sent_again.text);
        let all = "SELECT affiliate.replay_webhooks(1, 1, 'all') ->> 'replayed'";
        let all = superuser.query_one(all, &[]).await.expect("none to replay");
        assert_eq!(all.get::<_, String>(0), "0");
        let replay = project.post("/api/v1/events/1/replay", &json!({})).await;
        assert_eq!(replay.status, 409, "{}", replay.text);
        assert!(replay.error().contains("pruned"), "{}", replay.text);
        shop.close().await;
    }
}

/// Ids are given in the order of arrival, but for what arrives at the same moment.
#[tokio::test]
async fn what_is_younger_than_a_later_one_is_pruned_in_its_turn() {
    let shop = Shop::open(Profile::Portable).await;
    let project = &shop.project;
    project
        .add_webhook(&shop.database, "https://hooks.example.com/", &[])
        .await;
    project.add_affiliate("ada@example.com", "ADA").await;
    for n in 0..3 {
        let sale = Event::sale(&format!("pi_{n}"), 1000).code("ADA");
        assert_eq!(project.deliver(&sale).await, "applied");
    }
    let superuser = shop.database.connect_superuser().await;
    let age = async |days: [i32; 3]| {
        for (table, id, time) in [
            ("provider_event", "provider_event_id", "received_at"),
            ("webhook_event", "event_id", "created_at"),
        ] {
            let sql = format!(
                "UPDATE affiliate_private.{table} AS t SET {time} = now() - make_interval(days => ($1::int[])[n.n::int])
                 FROM (SELECT {id}, row_number() OVER (ORDER BY {id}) AS n FROM affiliate_private.{table}) AS n
                 WHERE n.{id} = t.{id}"
            );
            let aged = superuser.execute(&sql, &[&&days[..]]).await;
            assert_eq!(aged.expect("another age"), 3);
        }
        let done = run_jobs(&shop).await;
        (
            done["prune_event_bodies"].clone(),
            done["prune_webhooks"].clone(),
        )
    };
    assert_eq!(age([500, 10, 500]).await, (json!(1), json!(1)));
    assert_eq!(age([500, 500, 10]).await, (json!(1), json!(1)));
    assert_eq!(age([500, 500, 500]).await, (json!(1), json!(1)));
    shop.close().await;
}

#[tokio::test]
async fn settings_that_make_no_sense_are_refused() {
    let shop = Shop::open(Profile::Portable).await;
    let owner = shop.database.connect().await;
    for wrong in [
        r#"{"visit_days": 0}"#,
        r#"{"visit_days": "soon"}"#,
        r#"{"repeat_window_minutes": -1}"#,
        r#"{"repeat_window_minutes": 525601}"#,
        r#"{"nonsense": 1}"#,
    ] {
        let refused = owner
            .query(
                "SELECT affiliate.set_data_policy(1, $1::text::json)",
                &[&wrong],
            )
            .await
            .expect_err(wrong);
        assert_eq!(
            refused.code().map(|code| code.code()),
            Some("RF400"),
            "{wrong}"
        );
    }
    shop.close().await;
}

#[tokio::test]
async fn two_sessions_at_once_do_the_work_once() {
    let shop = Shop::open(Profile::Portable).await;
    let first = shop.database.connect().await;
    let second = shop.database.connect().await;
    first
        .batch_execute("BEGIN; SELECT affiliate.run_jobs()")
        .await
        .expect("jobs");
    let idle = second
        .query_one("SELECT affiliate.run_jobs()::text", &[])
        .await
        .expect("nothing to do");
    assert_eq!(idle.get::<_, String>(0), "{}");
    first.batch_execute("COMMIT").await.expect("the end");
    let gateway = shop.database.connect_gateway().await;
    let recent = gateway
        .query_one("SELECT affiliate_api.run_jobs(50)", &[])
        .await
        .expect("done by the first");
    assert_eq!(recent.get::<_, String>(0), "{}");
    let due = gateway
        .query_one("SELECT affiliate_api.run_jobs(0)", &[])
        .await
        .expect("jobs");
    assert!(due.get::<_, String>(0).contains("fold_balances"));
    shop.close().await;
}
