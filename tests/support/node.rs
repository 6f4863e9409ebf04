//! Node with the packages that `tests/setup/node.sh` installs.

use std::process::Output;

use crate::binary::{self, workspace};

/// Runs a script to its end, in a directory of its own, with something to read on its standard input.
pub async fn run_with_input(arguments: &[&str], input: &str) -> Output {
    let packages = workspace().join(".local/node/node_modules");
    assert!(
        packages.is_dir(),
        "{} is missing: tests/setup/node.sh",
        packages.display()
    );
    let mut command = binary::mortal("node");
    command.env("NODE_PATH", packages);
    binary::run_with_input(command, arguments, input).await
}
