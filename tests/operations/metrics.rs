//! `/metrics` on a listener of its own.

use std::time::Duration;

use affiliate_tests::cluster::Cluster;
use affiliate_tests::database::{Profile, TestDatabase};
use affiliate_tests::gateway::Gateway;
use affiliate_tests::shop::Project;
use affiliate_tests::stripe::event::Event;
use affiliate_tests::wait::{until, until_within};

struct Watched {
    gateway: Gateway,
    project: Project,
    database: TestDatabase,
    address: String,
}

impl Watched {
    async fn start() -> Self {
        let database = Cluster::shared()
            .await
            .create_database(Profile::Portable)
            .await;
        let address = affiliate_tests::free_address();
        let settings = [
            ("AFFILIATE_METRICS_LISTEN", address.as_str()),
            ("AFFILIATE_POOL_SIZE", "9"),
        ];
        let gateway = Gateway::start_with(&database, &settings).await;
        let project = Project::create(&database, &gateway, &[]).await;
        Self {
            gateway,
            project,
            database,
            address,
        }
    }

    async fn scrape(&self) -> String {
        let url = format!("http://{}/metrics", self.address);
        let answer = affiliate_tests::http().get(&url).send().await;
        let answer = answer.expect("an answer");
        assert_eq!(answer.status(), 200);
        let kind = answer.headers()["content-type"].to_str().expect("text");
        assert!(kind.starts_with("text/plain; version=0.0.4"));
        answer.text().await.expect("a text")
    }
}

/// The value of a sample, given as it is written before the value.
fn value(text: &str, sample: &str) -> Option<f64> {
    text.lines()
        .find_map(|line| line.strip_prefix(sample)?.strip_prefix(' '))
        .map(|value| value.parse().expect("a number"))
}

#[tokio::test]
async fn requests_events_outbox_and_pool_are_counted() {
    let watched = Watched::start().await;
    let project = &watched.project;
    let dead_end = "http://127.0.0.1:1/hook";
    project.add_webhook(&watched.database, dead_end, &[]).await;
    project.add_affiliate("ada@example.com", "ADA").await;
    let sale = Event::sale("pi_1", 1000).code("ADA");
    project.deliver(&sale).await;
    project.deliver(&sale).await;
    project.deliver_signed(b"{}", Some("t=1,v1=00")).await;
    project.get("/api/v1/affiliates/nobody@example.com").await;

    let text = watched.scrape().await;
    for (sample, expected) in [
        (
            r#"affiliate_http_requests_total{method="POST",route="/api/v1/affiliates",status="201"}"#,
            1.0,
        ),
        (
            r#"affiliate_http_requests_total{method="GET",route="/api/v1/affiliates/:email",status="404"}"#,
            1.0,
        ),
        (
            r#"affiliate_http_request_duration_seconds_count{route="/webhook/{provider}/{project_id}"}"#,
            3.0,
        ),
        (
            r#"affiliate_provider_events_total{provider="stripe",outcome="applied"}"#,
            1.0,
        ),
        (
            r#"affiliate_provider_events_total{provider="stripe",outcome="duplicate"}"#,
            1.0,
        ),
        (
            r#"affiliate_provider_events_total{provider="stripe",outcome="refused"}"#,
            1.0,
        ),
        ("affiliate_provider_events_waiting", 0.0),
        ("affiliate_database_up", 1.0),
        ("affiliate_database_connections_max", 9.0),
        ("affiliate_parked_events", 0.0),
    ] {
        assert_eq!(value(&text, sample), Some(expected), "{sample}\n{text}");
    }
    assert!(!text.contains("ada@example.com") && !text.contains("nobody"));
    // The receiver refuses connections: its delivery waits for the next attempt. Figures may be five seconds old.
    until_within(
        Duration::from_secs(30),
        "a webhook that waits",
        async || {
            let text = watched.scrape().await;
            let failed = r#"affiliate_webhook_attempts_total{outcome="failed"}"#;
            let seen = [
                value(&text, "affiliate_outbox_pending"),
                value(&text, failed),
            ];
            (seen == [Some(1.0), Some(1.0)]).then_some(())
        },
    )
    .await;
    let public = affiliate_tests::http()
        .get(watched.gateway.url("/metrics"))
        .send();
    assert_eq!(public.await.expect("an answer").status(), 404);
}

#[tokio::test]
async fn a_scrape_is_answered_soon_while_the_database_does_not() {
    let watched = Watched::start().await;
    let superuser = watched.database.connect_superuser().await;
    let lock = "BEGIN; LOCK TABLE affiliate_private.install, affiliate_private.webhook_delivery";
    superuser.batch_execute(lock).await.expect("a lock");
    until("the figures to be missed", async || {
        let text = watched.scrape().await;
        (value(&text, "affiliate_database_up") == Some(0.0)).then_some(())
    })
    .await;
    superuser.batch_execute("ROLLBACK").await.expect("unlocked");
    until("the figures to be back", async || {
        let text = watched.scrape().await;
        (value(&text, "affiliate_database_up") == Some(1.0)).then_some(())
    })
    .await;
}
