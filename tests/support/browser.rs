//! A real browser without a window, told what to do over its DevTools pipe. It reaches nothing but this machine.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::timeout;

use crate::binary;
use crate::wait::until;

/// The same programs are looked for by `tests/setup.sh`.
const PROGRAMS: [&str; 4] = [
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
];
const PATIENCE: Duration = Duration::from_secs(60);

/// A browser with one page.
#[derive(Debug)]
pub struct Page {
    child: Child,
    stdin: ChildStdin,
    messages: UnboundedReceiver<Value>,
    session: Option<String>,
    sent: u64,
    events: Vec<Value>,
    _profile: tempfile::TempDir,
}

impl Page {
    /// Opens a page and waits until it is loaded; what scripts do then has to be waited for with [`Self::until`].
    pub async fn open(url: &str) -> Self {
        let mut page = Self::start();
        let blank = json!({"url": "about:blank"});
        let target = page.command("Target.createTarget", blank).await;
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let attached = page.command("Target.attachToTarget", attach).await;
        page.session = attached["sessionId"].as_str().map(str::to_owned);
        for domain in ["Network", "Runtime", "Log", "Page"] {
            page.command(&format!("{domain}.enable"), json!({})).await;
        }
        page.go(url).await;
        page
    }

    fn start() -> Self {
        let profile = tempfile::tempdir().expect("a directory");
        // The browser reads what it is told from descriptor 3 and answers on 4.
        let mut command = binary::mortal("sh");
        command
            .args(["-c", "exec \"$0\" \"$@\" 3<&0 4>&1 </dev/null >/dev/null"])
            .arg(program())
            .args(["--headless", "--remote-debugging-pipe", "--disable-gpu"])
            // It shows pages of this repository only, and may be run by root.
            .args(["--no-sandbox", "--disable-dev-shm-usage", "--no-first-run"])
            .args(["--disable-background-networking", "--no-proxy-server"])
            .arg("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = binary::spawn(command);
        let stdin = child.stdin.take().expect("piped");
        let stdout = child.stdout.take().expect("piped");
        let (sender, messages) = unbounded_channel();
        std::thread::spawn(move || {
            for message in BufReader::new(stdout).split(0).map_while(Result::ok) {
                let message = serde_json::from_slice(&message).expect("JSON");
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        Self {
            child,
            stdin,
            messages,
            session: None,
            sent: 0,
            events: Vec::new(),
            _profile: profile,
        }
    }

    /// Leaves for another page.
    pub async fn go(&mut self, url: &str) {
        let gone = self.command("Page.navigate", json!({"url": url})).await;
        assert!(gone["errorText"].is_null(), "{url}: {}", gone["errorText"]);
        self.until("document.readyState === 'complete'").await;
    }

    /// What an expression comes to in the page, as JSON; promises are waited for.
    pub async fn evaluate(&mut self, expression: &str) -> Value {
        let parameters = json!({"expression": expression, "returnByValue": true, "awaitPromise": true, "userGesture": true});
        let mut answer = self.command("Runtime.evaluate", parameters).await;
        let failure = &answer["exceptionDetails"];
        assert!(failure.is_null(), "{expression}: {failure}");
        answer["result"]["value"].take()
    }

    /// Waits until an expression is true.
    pub async fn until(&mut self, expression: &str) {
        let page = &mut *self;
        until(expression, async || {
            let is_true = page.evaluate(expression).await == json!(true);
            is_true.then_some(())
        })
        .await;
    }

    /// The addresses of everything that was asked for so far.
    pub fn requests(&self) -> Vec<String> {
        let requests = self.told("Network.requestWillBeSent");
        let urls = requests.filter_map(|told| told["request"]["url"].as_str());
        urls.map(str::to_owned).collect()
    }

    /// What the browser or a script complained of so far: errors, warnings, refusals by the page's policy.
    pub fn complaints(&self) -> Vec<String> {
        let is_one = |level: &Value| ["error", "warning"].iter().any(|bad| level == bad);
        let logged = self.told("Log.entryAdded").map(|told| &told["entry"]);
        let logged = logged.filter(|entry| is_one(&entry["level"]));
        let printed = self.told("Runtime.consoleAPICalled");
        let printed = printed.filter(|told| is_one(&told["type"]));
        let thrown = self.told("Runtime.exceptionThrown");
        let all = logged.chain(printed).chain(thrown);
        all.map(Value::to_string).collect()
    }

    fn told<'a>(&'a self, event: &'a str) -> impl Iterator<Item = &'a Value> {
        let events = self.events.iter();
        let named = events.filter(move |told| told["method"] == event);
        named.map(|told| &told["params"])
    }

    async fn command(&mut self, method: &str, parameters: Value) -> Value {
        self.sent += 1;
        let mut message = json!({"id": self.sent, "method": method, "params": parameters});
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        let message = format!("{message}\0");
        let written = self.stdin.write_all(message.as_bytes());
        written.expect("the browser listens");
        loop {
            let next = timeout(PATIENCE, self.messages.recv()).await;
            let mut next = next
                .unwrap_or_else(|_| panic!("no answer to {method}"))
                .unwrap_or_else(|| panic!("the browser ended before it answered {method}"));
            if next["id"] == self.sent {
                assert!(next["error"].is_null(), "{method}: {}", next["error"]);
                return next["result"].take();
            }
            self.events.push(next);
        }
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        // It is over either way.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `AFFILIATE_BROWSER`, else the first that is there.
fn program() -> PathBuf {
    if let Some(path) = std::env::var_os("AFFILIATE_BROWSER") {
        return path.into();
    }
    let there = |name: &&str| {
        let mut look = Command::new("sh");
        look.args(["-c", &format!("command -v {name}")]);
        look.output().is_ok_and(|output| output.status.success())
    };
    let found = PROGRAMS.into_iter().find(there);
    found.expect("a browser: tests/setup.sh").into()
}
