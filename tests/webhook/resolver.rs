//! A name server that does not answer.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use affiliate_tests::binary::{self, workspace};
use affiliate_tests::cluster::Cluster;
use affiliate_tests::database::Profile;
use affiliate_tests::gateway::Gateway;
use affiliate_tests::receiver::Receiver;
use affiliate_tests::shop::Project;
use affiliate_tests::wait::until;
use serde_json::{Value, json};

use crate::support::{add_endpoint, count, emit, let_pauses_pass, log, settled};

/// A library in whose presence `*.hangs.test` is never resolved.
async fn hanging_resolver(directory: &tempfile::TempDir) -> PathBuf {
    let library = directory.path().join("hang.so");
    let mut compiler = binary::mortal("cc");
    compiler
        .args(["-shared", "-fPIC", "-O1", "-o"])
        .arg(&library)
        .arg(workspace().join("tests/fixtures/resolver/hang.c"));
    let mut child = binary::spawn(compiler);
    let status = until("the C compiler", async || {
        child.try_wait().expect("its state")
    })
    .await;
    assert!(status.success(), "{status}");
    library
}

#[tokio::test]
async fn a_name_that_never_resolves_times_out_and_delays_nobody() {
    let directory = tempfile::tempdir().expect("a directory");
    let library = hanging_resolver(&directory).await;
    let database = Cluster::shared()
        .await
        .create_database(Profile::Portable)
        .await;
    let preload = [("LD_PRELOAD", library.to_str().expect("a path in UTF-8"))];
    let gateway = Gateway::start_with(&database, &preload).await;
    let project = Project::create(&database, &gateway, &[]).await;
    let client = database.connect_superuser().await;
    let more = || json!({"timeout_ms": 1000, "max_attempts": 2});

    let mut dead = Vec::new();
    for n in 0..20 {
        let url = format!("https://receiver-{n}.hangs.test/hook");
        let id = add_endpoint(&project, &url, more()).await;
        emit(&client, id, 50).await;
        dead.push(id);
    }
    // By its name, so that it has to be looked up as well.
    let receiver = Receiver::start().await;
    let url = receiver.url().replace("127.0.0.1", "localhost");
    let well = add_endpoint(&project, &url, more()).await;
    for n in 1..=5 {
        let start = Instant::now();
        emit(&client, well, 1).await;
        receiver.wait_for(n).await;
        let took = start.elapsed();
        assert!(took < Duration::from_secs(4), "delivery {n} took {took:?}");
    }
    settled(&client, well, "delivered", 5).await;

    let first = dead[0];
    let attempts = until("an attempt at each end of the line", async || {
        let oldest = log(&project, first).await.pop().expect("a delivery");
        let attempts = oldest["attempts"].as_array().expect("attempts").clone();
        (!attempts.is_empty()).then_some(attempts)
    })
    .await;
    assert_eq!(attempts[0]["error"], "no response within 1000 ms");
    assert_eq!(attempts[0]["status_code"], Value::Null);
    let took = attempts[0]["duration_ms"].as_i64().expect("a duration");
    assert!((900..3000).contains(&took), "{took} ms");
    until("one to be given up after its last attempt", async || {
        if count(&client, first, "dead").await > 0 {
            return Some(());
        }
        let_pauses_pass(&database, first).await;
        None
    })
    .await;
    drop((gateway, client));
    database.drop().await;
}
