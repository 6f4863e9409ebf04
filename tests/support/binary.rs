//! The `affiliate` program under test, run as a child that never outlives the test process.

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::thread;

/// The directory of the workspace.
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("tests/ has a parent")
}

/// The program: `AFFILIATE_BIN`, else the one of the same build as the tests.
pub fn path() -> PathBuf {
    if let Some(path) = std::env::var_os("AFFILIATE_BIN") {
        return path.into();
    }
    // target/<profile>/deps/<test> -> target/<profile>/affiliate
    let test = std::env::current_exe().expect("the path of this test");
    let profile = test
        .ancestors()
        .nth(2)
        .expect("a test is two levels below its profile");
    let program = profile.join("affiliate");
    assert!(
        program.is_file(),
        "{} is missing: cargo build -p affiliate-gateway",
        program.display()
    );
    program
}

/// A command for any program, which dies when its spawning thread does: spawn it with [`spawn`] or [`run`].
pub fn mortal(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("setpriv");
    command
        .arg("--pdeathsig=KILL")
        .arg("--")
        .arg(program)
        .stdin(Stdio::null());
    command
}

/// A [`mortal`] command for the program under test that has no settings of the caller's.
pub fn command() -> Command {
    let mut command = mortal(path());
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("AFFILIATE_") || name.starts_with("PG") || name == "DATABASE_URL" {
            command.env_remove(&*name);
        }
    }
    command
}

type Job = (Command, Sender<std::io::Result<Child>>);

/// One thread spawns every child, since a child is told of the end of the thread that spawned it, and tests' own
/// threads end early.
static SPAWNER: LazyLock<Mutex<Sender<Job>>> = LazyLock::new(|| {
    let (sender, jobs) = channel::<Job>();
    thread::spawn(move || {
        for (mut command, reply) in jobs {
            let _ = reply.send(command.spawn());
        }
    });
    Mutex::new(sender)
});

/// Starts a child that lives at most as long as this process.
pub fn spawn(command: Command) -> Child {
    let (reply, child) = channel();
    SPAWNER
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .send((command, reply))
        .expect("the spawning thread never ends");
    child
        .recv()
        .expect("the spawning thread answers")
        .expect("the program starts")
}

/// The same with its standard output to be read.
pub fn spawn_with_output(mut command: Command) -> Child {
    command.stdout(Stdio::piped());
    spawn(command)
}

/// Runs the program to its end with some arguments and settings.
pub async fn run(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = command();
    command.args(arguments).envs(environment.iter().copied());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = spawn(command);
    tokio::task::spawn_blocking(move || child.wait_with_output())
        .await
        .expect("waiting does not panic")
        .expect("the program's output")
}

/// Runs a program to its end, in a directory of its own, with something to read on its standard input.
pub async fn run_with_input(mut command: Command, arguments: &[&str], input: &str) -> Output {
    let directory = tempfile::tempdir().expect("a directory");
    command
        .args(arguments)
        .current_dir(directory.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = spawn(command);
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
