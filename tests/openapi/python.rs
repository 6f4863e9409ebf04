//! The Python programs that `tests/setup/schemathesis.sh` installs.

use std::process::{Command, Output, Stdio};

use affiliate_tests::binary::{self, workspace};

/// Runs one to its end, in a directory of its own.
pub async fn run(program: &str, arguments: &[&str]) -> Output {
    let path = workspace().join(".local/python/bin").join(program);
    assert!(
        path.is_file(),
        "{} is missing: tests/setup/schemathesis.sh",
        path.display()
    );
    let directory = tempfile::tempdir().expect("a directory");
    let mut command = Command::new("setpriv");
    command
        .arg("--pdeathsig=KILL")
        .arg("--")
        .arg(path)
        .args(arguments)
        .current_dir(directory.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let child = binary::spawn(command);
    let output = tokio::task::spawn_blocking(move || child.wait_with_output()).await;
    output
        .expect("waiting does not panic")
        .expect("the program's output")
}

/// What a program printed.
pub fn words(output: &Output) -> String {
    let (out, err) = (&output.stdout, &output.stderr);
    format!(
        "{}\n{}",
        String::from_utf8_lossy(out),
        String::from_utf8_lossy(err)
    )
}
