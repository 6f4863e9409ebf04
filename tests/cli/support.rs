//! Running the program with arguments as one types them.

use std::io::Write;
use std::process::Stdio;

use affiliate_tests::binary;
use serde_json::Value;

/// How a run ended.
pub struct Ended {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ended {
    /// Its output, after a success.
    pub fn success(self) -> String {
        assert_eq!(self.code, 0, "{}", self.stderr);
        self.stdout
    }

    /// The one JSON object it printed, after a success.
    pub fn json(self) -> Value {
        let text = self.success();
        assert_eq!(text.lines().count(), 1, "{text}");
        let value: Value = serde_json::from_str(&text).expect("JSON");
        assert!(value.is_object(), "{value}");
        value
    }
}

/// Runs the program on a database; no argument has a blank in it.
pub async fn affiliate(url: &str, line: &str) -> Ended {
    affiliate_with_input(url, line, "").await
}

/// The same with something on its standard input.
pub async fn affiliate_with_input(url: &str, line: &str, input: &str) -> Ended {
    let mut command = binary::command();
    command.args(line.split(' ')).env("DATABASE_URL", url);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = binary::spawn(command);
    let mut stdin = child.stdin.take().expect("piped");
    // A program that does not read its input may be gone already.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    let output = tokio::task::spawn_blocking(move || child.wait_with_output())
        .await
        .expect("waiting does not panic")
        .expect("the program's output");
    Ended {
        code: output.status.code().expect("no signal"),
        stdout: String::from_utf8(output.stdout).expect("UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}

/// A project to work on.
pub async fn create_project(url: &str) -> i64 {
    let project = affiliate(url, "project create --name Shop --json")
        .await
        .json();
    project["project_id"].as_i64().expect("an id")
}
