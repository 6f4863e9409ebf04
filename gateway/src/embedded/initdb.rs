//! Creates the data directory once.

use std::fs;
use std::path::Path;

use super::layout::{State, random_secret, write_private};
use super::privilege::RunAs;
use super::{Error, Layout, SUPERUSER, Tree};

/// The cluster's state, making the cluster first when there is none.
pub(super) fn ensure(
    tree: &Tree,
    layout: &Layout,
    run_as: &RunAs,
    durable: bool,
) -> Result<State, Error> {
    let there = layout.data_dir().join("PG_VERSION").is_file();
    if there {
        if let Some(state) = layout.read_state() {
            return Ok(state);
        }
        return Err(Error::Program {
            program: "affiliate".to_owned(),
            reason: format!(
                "{} is a cluster whose password file {} is missing or damaged; move the directory away to start afresh",
                layout.data_dir().display(),
                layout.data_dir().with_extension("json").display()
            ),
        });
    }
    let state = State {
        port: 0,
        superuser_password: random_secret()?,
    };
    let unfinished = layout.unfinished_data_dir();
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished).map_err(Error::io(&unfinished))?;
    }
    fs::create_dir(&unfinished).map_err(Error::io(&unfinished))?;
    run_as.own(&unfinished)?;
    let password_file = layout.password_file();
    write_private(&password_file, &state.superuser_password)?;
    run_as.own(&password_file)?;
    let made = run(tree, run_as, &unfinished, &password_file, durable);
    fs::remove_file(&password_file).map_err(Error::io(&password_file))?;
    made?;
    layout.write_state(&state)?;
    fs::rename(&unfinished, layout.data_dir()).map_err(Error::io(layout.data_dir()))?;
    Ok(state)
}

fn run(
    tree: &Tree,
    run_as: &RunAs,
    data: &Path,
    password_file: &Path,
    durable: bool,
) -> Result<(), Error> {
    let mut command = run_as.command(tree.program("initdb"), None);
    command.args([
        "--encoding=UTF8",
        "--auth=scram-sha-256",
        "--data-checksums",
    ]);
    command.arg(format!("--username={SUPERUSER}"));
    // Sorting must not depend on the machine: bytes everywhere, with Unicode's idea of a letter where there is one.
    if tree.major() >= 17 {
        command.args([
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
        ]);
    } else {
        command.arg("--locale=C.UTF-8");
    }
    if !durable {
        command.arg("--no-sync");
    }
    command
        .arg("--pwfile")
        .arg(password_file)
        .arg("--pgdata")
        .arg(data);
    let output = command.output().map_err(|error| Error::Program {
        program: "initdb".to_owned(),
        reason: error.to_string(),
    })?;
    if output.status.success() {
        return Ok(());
    }
    let reason = format!(
        "{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    Err(Error::Program {
        program: "initdb".to_owned(),
        reason: reason.trim().to_owned(),
    })
}
