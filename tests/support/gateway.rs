//! The real gateway, `affiliate serve`, as a child process on a free port.

use std::fs::File;
use std::process::{Child, ExitStatus, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::NamedTempFile;

use crate::binary;
use crate::database::TestDatabase;
use crate::mode::Mode;
use crate::wait::until;

/// A running gateway; dropped, it is killed.
#[derive(Debug)]
pub struct Gateway {
    child: Child,
    base_url: String,
    log: NamedTempFile,
}

impl Gateway {
    /// Starts one on a database, ready to serve, that may send webhooks to this machine.
    pub async fn start(database: &TestDatabase) -> Self {
        Self::start_with(database, &[]).await
    }

    /// The same with more settings in its environment.
    pub async fn start_with(database: &TestDatabase, environment: &[(&str, &str)]) -> Self {
        for _ in 0..5 {
            if let Some(gateway) = Self::try_start(database, environment).await {
                return gateway;
            }
        }
        panic!("every port that was free was taken by somebody else");
    }

    /// Nothing where the port that was free a moment ago is not any more: connections are given ports too.
    async fn try_start(database: &TestDatabase, environment: &[(&str, &str)]) -> Option<Self> {
        let address = crate::free_address();
        let log = NamedTempFile::new().expect("a log file");
        let mut command = binary::command();
        if Mode::current() == Mode::Pooled {
            // As docs/operations.md recommends: some tests are about how soon something is sent.
            command.env(
                "AFFILIATE_LISTEN_DATABASE_URL",
                database.direct_gateway_url(),
            );
        }
        command
            .arg("serve")
            .env("DATABASE_URL", database.gateway_url())
            .env("AFFILIATE_LISTEN", &address)
            .env("AFFILIATE_ALLOW_PRIVATE_WEBHOOK_TARGETS", "true")
            .env("AFFILIATE_ALLOW_HTTP_WEBHOOK_TARGETS", "true")
            .envs(environment.iter().copied())
            .stdout(append(&log))
            .stderr(append(&log));
        let child = binary::spawn(command);
        let mut gateway = Self {
            child,
            base_url: format!("http://{address}"),
            log,
        };
        gateway.is_ready().await.then_some(gateway)
    }

    async fn is_ready(&mut self) -> bool {
        let client = crate::http();
        let url = self.url("/readyz");
        until("the gateway to be ready", async || {
            if let Some(status) = self.child.try_wait().expect("the gateway's state") {
                let logs = self.logs();
                let taken = logs.contains("Address already in use");
                assert!(taken, "the gateway ended with {status}:\n{logs}");
                return Some(false);
            }
            let answer = client.get(&url).send().await.ok()?;
            answer.status().is_success().then_some(true)
        })
        .await
    }

    /// `http://127.0.0.1:<port>`.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The URL of a path.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }

    /// Everything it has written so far.
    pub fn logs(&self) -> String {
        std::fs::read_to_string(self.log.path()).unwrap_or_default()
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Kills it without warning.
    pub fn kill9(mut self) {
        self.child.kill().expect("the gateway is killed");
        self.child.wait().expect("the gateway is gone");
    }

    /// Asks it to stop and waits until it has.
    pub async fn stop(mut self) -> ExitStatus {
        let pid = Pid::from_raw(self.child.id().cast_signed());
        kill(pid, Signal::SIGTERM).expect("the gateway is asked to stop");
        until("the gateway to stop", async || {
            self.child.try_wait().expect("the gateway's state")
        })
        .await
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Both streams go to one file, so that they must append.
fn append(log: &NamedTempFile) -> Stdio {
    let file: File = File::options()
        .append(true)
        .open(log.path())
        .expect("the log file");
    file.into()
}
