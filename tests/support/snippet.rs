//! The integration guide's webhook receivers (`fixtures/integration_guide/`), run as they stand by real Node and PHP.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::binary;
use crate::receiver::Request;
use crate::wait::until;

/// The secret that the PHP snippet has in its text.
pub const PHP_SECRET: &str = "your_webhook_secret";

/// A running snippet; dropped, it is killed.
#[derive(Debug)]
pub struct Snippet {
    url: String,
    child: Child,
}

impl Snippet {
    /// The Express one, which finds its secret in its environment.
    pub async fn node(secret: &str) -> Self {
        let mut command = program("node");
        command
            .args([fixture("serve.js"), fixture("verify_signature.js")])
            .env("REFGROW_WEBHOOK_SECRET", secret);
        let mut child = binary::spawn_with_output(command);
        let output = child.stdout.take().expect("its output");
        let port = tokio::task::spawn_blocking(move || {
            let mut line = String::new();
            BufReader::new(output).read_line(&mut line).expect("a line");
            line.trim().parse::<u16>().expect("a port")
        });
        let port = port.await.expect("reading does not panic");
        let url = format!("http://127.0.0.1:{port}/webhooks/refgrow");
        Self { url, child }
    }

    /// The PHP one, whose secret is [`PHP_SECRET`].
    pub async fn php() -> Self {
        let address = crate::free_address();
        let mut command = program("php");
        command
            .args(["-d", "display_errors=stderr", "-S", &address])
            .arg(fixture("verify_signature.php"))
            .stderr(Stdio::null());
        let child = binary::spawn(command);
        let url = format!("http://{address}/");
        until("PHP to listen", async || {
            crate::http().get(&url).send().await.ok()
        })
        .await;
        Self { url, child }
    }

    /// What it answers to a request that the gateway sent, its body perhaps replaced.
    pub async fn answers(&self, request: &Request, body: Vec<u8>) -> u16 {
        let mut headers = request.headers.clone();
        for hop in ["host", "content-length", "connection"] {
            headers.remove(hop);
        }
        let sent = crate::http().post(&self.url).headers(headers).body(body);
        sent.send().await.expect("an answer").status().as_u16()
    }
}

impl Drop for Snippet {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The text as Node prints it again after reading it as JSON.
pub fn reserialised_by_node(json: &[u8]) -> Vec<u8> {
    let script = "process.stdout.write(JSON.stringify(JSON.parse(process.argv[1])))";
    let mut command = program("node");
    let text = std::str::from_utf8(json).expect("UTF-8");
    command.args(["-e", script, text]).stderr(Stdio::inherit());
    let child = binary::spawn_with_output(command);
    let output = child.wait_with_output().expect("its output");
    assert!(output.status.success(), "{}", output.status);
    output.stdout
}

fn program(name: &str) -> Command {
    let found = std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|place| place.join(name).is_file()));
    assert!(found, "{name} is missing: tests/setup.sh installs it");
    binary::mortal(name)
}

fn fixture(name: &str) -> PathBuf {
    binary::workspace()
        .join("tests/fixtures/integration_guide")
        .join(name)
}
