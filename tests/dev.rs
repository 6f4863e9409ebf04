//! `affiliate dev`: one command, nothing configured, nothing left behind.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Child;

use affiliate_tests::binary::{self, workspace};
use affiliate_tests::database;
use affiliate_tests::wait::until;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tempfile::TempDir;

/// A state directory of the test's own, which only its owner may enter, with the private Postgres tree in it.
fn state_dir() -> TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    let trees = workspace().join(".local/postgres");
    std::os::unix::fs::symlink(trees, directory.path().join("postgres")).expect("a link");
    directory
}

struct Dev {
    child: Child,
    facts: Value,
}

impl Dev {
    /// Runs it until it says where everything is.
    async fn start(state_dir: &Path) -> Self {
        let mut command = binary::command();
        command
            .args(["dev", "--json", "--state-dir"])
            .arg(state_dir);
        let mut child = binary::spawn_with_output(command);
        let output = child.stdout.take().expect("its output");
        let facts = tokio::task::spawn_blocking(move || {
            let mut line = String::new();
            BufReader::new(output).read_line(&mut line).expect("a line");
            serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
        });
        Self {
            child,
            facts: facts.await.expect("the facts"),
        }
    }

    fn fact(&self, name: &str) -> &str {
        self.facts[name]
            .as_str()
            .unwrap_or_else(|| panic!("{name} in {}", self.facts))
    }

    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().cast_signed()), signal).expect("it is there");
    }

    async fn ended(&mut self) -> Option<i32> {
        until("affiliate dev to end", async || {
            self.child.try_wait().expect("its state")
        })
        .await
        .code()
    }
}

/// The processes that have something to do with a directory.
fn processes_of(directory: &Path) -> Vec<String> {
    let directory = directory.display().to_string();
    let lines = std::fs::read_dir("/proc")
        .expect("/proc")
        .flatten()
        .filter_map(|entry| {
            let line = std::fs::read(entry.path().join("cmdline")).ok()?;
            Some(String::from_utf8_lossy(&line).replace('\0', " "))
        });
    lines.filter(|line| line.contains(&directory)).collect()
}

async fn nothing_left(directory: &Path) {
    until("every process to end", async || {
        processes_of(directory).is_empty().then_some(())
    })
    .await;
}

#[tokio::test]
async fn ends_cleanly_on_either_signal_and_keeps_what_it_said() {
    let directory = state_dir();
    let mut first = Dev::start(directory.path()).await;
    first.signal(Signal::SIGINT);
    assert_eq!(first.ended().await, Some(0));
    assert_eq!(processes_of(directory.path()), Vec::<String>::new());

    let mut second = Dev::start(directory.path()).await;
    for fact in ["api_key", "database_url", "analyst_database_url"] {
        assert_eq!(second.fact(fact), first.fact(fact), "{fact}");
    }
    second.signal(Signal::SIGTERM);
    assert_eq!(second.ended().await, Some(0));
    assert_eq!(processes_of(directory.path()), Vec::<String>::new());
}

#[tokio::test]
async fn the_demo_survives_another_name_a_revoked_key_and_a_lost_secret() {
    let directory = state_dir();
    let mut first = Dev::start(directory.path()).await;
    let client = database::connect(first.fact("database_url")).await;
    let spoil = "
        SELECT affiliate.set_project(1, '{\"name\": \"Mine\"}'), affiliate.revoke_api_key(1, 1000001);
        UPDATE affiliate_private.provider_secret SET retired_at = now() WHERE project_id = 1";
    client.batch_execute(spoil).await.expect("spoilt");
    drop(client);
    first.signal(Signal::SIGTERM);
    assert_eq!(first.ended().await, Some(0));

    let mut second = Dev::start(directory.path()).await;
    assert_eq!(second.facts["project_id"], 1);
    let project = format!("{}/api/v1/project", second.fact("base_url"));
    let answer = affiliate_tests::http()
        .get(project)
        .bearer_auth(second.fact("api_key"))
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status(), 200);
    let body: Value = answer.json().await.expect("JSON");
    assert_eq!(body["data"]["name"], "Mine");
    assert_ne!(second.fact("webhook_secret"), first.fact("webhook_secret"));
    second.signal(Signal::SIGTERM);
    assert_eq!(second.ended().await, Some(0));
}

#[tokio::test]
async fn killed_it_takes_postgres_with_it_and_starts_again() {
    let directory = state_dir();
    let mut dev = Dev::start(directory.path()).await;
    dev.signal(Signal::SIGKILL);
    dev.ended().await;
    // At once, while the server before it may still be ending.
    let mut again = Dev::start(directory.path()).await;
    again.signal(Signal::SIGKILL);
    again.ended().await;
    nothing_left(directory.path()).await;
}

#[tokio::test]
async fn a_second_one_on_the_same_directory_is_told_so() {
    let directory = state_dir();
    let mut dev = Dev::start(directory.path()).await;
    let state_dir = directory.path().display().to_string();
    let second = binary::run(&["dev", "--state-dir", &state_dir], &[]).await;
    let words = String::from_utf8_lossy(&second.stderr).into_owned();
    assert_eq!(second.status.code(), Some(1));
    assert!(
        words.contains(&format!("(pid {})", dev.child.id())),
        "{words}"
    );
    dev.signal(Signal::SIGINT);
    assert_eq!(dev.ended().await, Some(0));
}

#[tokio::test]
async fn two_run_side_by_side() {
    let (here, there) = (state_dir(), state_dir());
    let (one, two) = tokio::join!(Dev::start(here.path()), Dev::start(there.path()));
    for fact in ["base_url", "database_url"] {
        assert_ne!(one.fact(fact), two.fact(fact), "{fact}");
    }
    for mut dev in [one, two] {
        dev.signal(Signal::SIGINT);
        assert_eq!(dev.ended().await, Some(0));
    }
}

#[tokio::test]
async fn a_port_that_was_asked_for_and_is_taken_is_an_error() {
    let directory = state_dir();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("its address").to_string();
    let state_dir = directory.path().display().to_string();
    let output = binary::run(
        &["dev", "--listen", &address, "--state-dir", &state_dir],
        &[],
    )
    .await;
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&output.stderr).contains(&format!("cannot listen on {address}"))
    );
}

#[tokio::test]
async fn the_gateway_recovers_when_postgres_is_killed() {
    let directory = state_dir();
    let mut dev = Dev::start(directory.path()).await;
    let url = format!("{}/readyz", dev.fact("base_url"));
    let client = affiliate_tests::http();
    let ready = async || {
        client
            .get(&url)
            .send()
            .await
            .is_ok_and(|answer| answer.status().is_success())
    };
    assert!(ready().await);
    let pid_file = std::fs::read_to_string(
        std::fs::read_dir(directory.path().join("data"))
            .expect("the data directory")
            .flatten()
            .map(|entry| entry.path().join("postmaster.pid"))
            .find(|path| path.is_file())
            .expect("a running Postgres"),
    );
    let pid = pid_file
        .expect("its pid file")
        .lines()
        .next()
        .and_then(|pid| pid.parse().ok())
        .expect("its pid");
    kill(Pid::from_raw(pid), Signal::SIGKILL).expect("it is killed");
    until("the gateway to be ready again", async || {
        ready().await.then_some(())
    })
    .await;
    dev.signal(Signal::SIGINT);
    assert_eq!(dev.ended().await, Some(0));
}
