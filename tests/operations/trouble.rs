//! What the machine does to a program: logs that cannot be written, a disk that is full, a database that takes no writes.

use std::fs::File;
use std::io::{Read, Write};
use std::process::Stdio;

use affiliate_tests::binary;
use affiliate_tests::books::assert_clean;
use affiliate_tests::cluster::Cluster;
use affiliate_tests::database::Profile;
use affiliate_tests::gateway::Gateway;
use affiliate_tests::mode::Mode;
use affiliate_tests::shop::{Project, Shop};
use affiliate_tests::stripe::event::Event;
use affiliate_tests::wait::until;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

#[tokio::test]
async fn who_cannot_log_answers_all_the_same_and_can_be_stopped() {
    let shop = Shop::open(Profile::Portable).await;
    shop.project.add_affiliate("ada@example.com", "ADA").await;
    let address = affiliate_tests::free_address();
    let mut command = binary::command();
    command
        .arg("serve")
        .env("DATABASE_URL", shop.database.gateway_url())
        .env("AFFILIATE_LISTEN", &address)
        .stderr(Stdio::piped());
    let mut gateway = binary::spawn(command);
    let ready = format!("http://{address}/readyz");
    until("the gateway to be ready", async || {
        let answer = affiliate_tests::http().get(&ready).send().await.ok()?;
        answer.status().is_success().then_some(())
    })
    .await;
    // Whoever read its log is gone.
    drop(gateway.stderr.take());
    let url = format!("http://{address}/webhook/stripe/{}", shop.project.id);
    for number in 1..=3 {
        let sale = Event::sale(&format!("pi_{number}"), 1000).code("ADA");
        let body = sale.body();
        let signature = affiliate_tests::stripe::sign_now(&shop.project.secret, &body);
        let request = affiliate_tests::http().post(&url).body(body);
        let request = request.header("stripe-signature", signature);
        let answer = request.header("content-type", "application/json").send();
        assert_eq!(answer.await.expect("an answer").status(), 200);
    }
    assert_eq!(shop.project.conversions().await.len(), 3);
    let pid = Pid::from_raw(gateway.id().cast_signed());
    kill(pid, Signal::SIGTERM).expect("it is asked to stop");
    let ended = until("the gateway to stop", async || {
        gateway.try_wait().expect("its state")
    });
    assert!(ended.await.success());
    assert_clean(&shop.database).await;
}

#[tokio::test]
async fn output_that_is_lost_is_no_success() {
    let database = Cluster::shared()
        .await
        .create_database(Profile::Portable)
        .await;
    for arguments in [&["migrate", "--print"][..], &["doctor", "--json"]] {
        let mut command = binary::command();
        command
            .args(arguments)
            .env("DATABASE_URL", database.url())
            .stdout(File::options().write(true).open("/dev/full").expect("it"))
            .stderr(Stdio::piped());
        let output = binary::spawn(command).wait_with_output().expect("it ends");
        let words = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {words}");
        assert!(words.contains("output could not be written"), "{words}");
    }
}

#[tokio::test]
async fn a_database_that_takes_no_writes_is_not_ready() {
    let shop = Shop::open(Profile::Portable).await;
    let superuser = shop.database.connect_superuser().await;
    let ready = async |wanted: u16| {
        until("readiness to change", async || {
            let answer = shop.project.get("/readyz").await;
            (answer.status == wanted).then_some(answer.text)
        })
        .await
    };
    ready(200).await;
    let name = shop.database.name();
    for (value, status) in [("on", 503), ("off", 200)] {
        let change = format!("ALTER DATABASE {name} SET default_transaction_read_only = {value}");
        let change = format!("SET default_transaction_read_only = off; {change}");
        superuser.batch_execute(&change).await.expect("a setting");
        // A setting of a database is for connections that are made after it.
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
        superuser.execute(end, &[]).await.expect("they end");
        let said = ready(status).await;
        assert!(status == 200 || said.contains("takes no writes"), "{said}");
    }
}

#[tokio::test]
async fn who_never_finishes_asking_for_metrics_is_hung_up_on() {
    let database = Cluster::shared()
        .await
        .create_database(Profile::Portable)
        .await;
    let address = affiliate_tests::free_address();
    let settings = [("AFFILIATE_METRICS_LISTEN", address.as_str())];
    let gateway = Gateway::start_with(&database, &settings).await;
    Project::create(&database, &gateway, &[]).await;
    let hung_up = tokio::task::spawn_blocking(move || {
        let mut half = std::net::TcpStream::connect(&address).expect("a connection");
        let patience = Some(affiliate_tests::wait::PATIENCE);
        half.set_read_timeout(patience).expect("a time limit");
        half.write_all(b"GET /metrics HT").expect("half a request");
        half.read_to_end(&mut Vec::new())
    });
    hung_up.await.expect("no panic").expect("the end");
}

#[tokio::test]
async fn a_server_that_stops_answering_is_not_waited_for_without_end() {
    let cluster = Cluster::in_mode(Mode::Portable).await;
    let database = cluster.create_database(Profile::Portable).await;
    let settings = [("AFFILIATE_STATEMENT_TIMEOUT_MS", "1000")];
    let gateway = Gateway::start_with(&database, &settings).await;
    let project = Project::create(&database, &gateway, &[]).await;
    assert_eq!(project.get("/api/v1/affiliates").await.status, 200);
    let superuser = database.connect_superuser().await;
    let backends = "SELECT pid FROM pg_stat_activity WHERE usename = 'test_gateway'";
    let backends = superuser.query(backends, &[]).await.expect("backends");
    let signal = |signal| {
        for backend in &backends {
            kill(Pid::from_raw(backend.get(0)), signal).expect("it is there");
        }
    };
    signal(Signal::SIGSTOP);
    let answer = project.get("/api/v1/affiliates").await;
    assert_eq!(answer.status, 503, "{}", answer.text);
    signal(Signal::SIGCONT);
    assert_eq!(project.get("/api/v1/affiliates").await.status, 200);
}

#[tokio::test]
async fn who_hangs_up_does_not_leave_a_busy_connection_to_the_next_one() {
    let database = Cluster::shared()
        .await
        .create_database(Profile::Portable)
        .await;
    let gateway = Gateway::start_with(&database, &[("AFFILIATE_POOL_SIZE", "4")]).await;
    let project = Project::create(&database, &gateway, &[]).await;
    assert_eq!(project.get("/api/v1/affiliates").await.status, 200);
    let superuser = database.connect_superuser().await;
    let lock = "BEGIN; LOCK TABLE affiliate_private.affiliate";
    superuser.batch_execute(lock).await.expect("a lock");
    let waiting = async || {
        let waiting = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'test_gateway' AND datname = current_database() AND wait_event_type = 'Lock'";
        let row = superuser.query_one(waiting, &[]).await.expect("a count");
        row.get::<_, i64>(0)
    };
    let request = affiliate_tests::http()
        .get(gateway.url("/api/v1/affiliates"))
        .bearer_auth(&project.key);
    let asked = tokio::spawn(request.send());
    until("the statement to wait", async || {
        (waiting().await == 1).then_some(())
    })
    .await;
    asked.abort();
    for _ in 0..5 {
        assert_eq!(project.get("/readyz").await.status, 200);
    }
    assert_eq!(waiting().await, 1, "it was waiting all the time");
    superuser.batch_execute("ROLLBACK").await.expect("the end");
    assert_eq!(project.get("/api/v1/affiliates").await.status, 200);
}
