//! The Python programs and libraries that `tests/setup/python.sh` installs.

use std::process::Output;

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
    binary::run_with_input(binary::mortal(path), arguments, input).await
}
