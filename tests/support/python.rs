//! The Python programs and libraries that `tests/setup/python.sh` installs.

use std::io::Write;
use std::process::{Output, Stdio};

use crate::binary::{self, workspace};

/// Runs a program to its end, in a directory of its own.
pub async fn run(program: &str, arguments: &[&str]) -> Output {
    run_with_input(program, arguments, "").await
}

/// The same with something to read on its standard input.
pub async fn run_with_input(program: &str, arguments: &[&str], input: &str) -> Output {
    let path = workspace().join(".local/python/bin").join(program);
    assert!(
        path.is_file(),
        "{} is missing: tests/setup/python.sh",
        path.display()
    );
    let directory = tempfile::tempdir().expect("a directory");
    let mut command = binary::mortal(path);
    command
        .args(arguments)
        .current_dir(directory.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = binary::spawn(command);
    let mut stdin = child.stdin.take().expect("piped");
    // A program that does not read its input may be gone already.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
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
