//! One start of the server: the command, what is left of the one before, and when it is ready.

use std::fs;
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::privilege::RunAs;
use super::{Error, Layout, Tree};

const POLL: Duration = Duration::from_millis(20);
const START_TIMEOUT: Duration = Duration::from_secs(60);
/// How long a predecessor gets for an orderly shutdown, and then for a hasty one.
const PREDECESSOR_TIMEOUT: Duration = Duration::from_secs(15);

/// How to start the server.
#[derive(Debug)]
pub(super) struct Postmaster {
    tree: Tree,
    layout: Layout,
    run_as: RunAs,
    durable: bool,
}

/// How a start ended when it did not end in a server.
pub(super) enum Failure {
    /// Somebody else has the port.
    PortTaken,
    /// Something of the server before is still going; it will end by itself.
    PredecessorRemains,
    /// Anything else.
    Other(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

impl Postmaster {
    pub fn new(tree: Tree, layout: Layout, run_as: RunAs, durable: bool) -> Self {
        Self {
            tree,
            layout,
            run_as,
            durable,
        }
    }

    /// Starts the server and waits until it accepts connections. The calling thread must outlive it.
    pub fn launch(&self, port: u16) -> Result<Child, Failure> {
        self.end_predecessor()?;
        let log = self.layout.open_log()?;
        let log_start = log
            .metadata()
            .map_err(Error::io(self.layout.log_file()))?
            .len();
        let mut child = self.spawn(port, log)?;
        let deadline = Instant::now() + START_TIMEOUT;
        loop {
            if self.is_ready(child.id()) {
                return Ok(child);
            }
            let ended = child
                .try_wait()
                .map_err(Error::io(self.tree.program("postgres")))?
                .is_some();
            if ended {
                return Err(self.explain(log_start));
            }
            if Instant::now() > deadline {
                let _ = child.kill();
                let _ = child.wait();
                return Err(self.explain(log_start));
            }
            sleep(POLL);
        }
    }

    fn spawn(&self, port: u16, log: fs::File) -> Result<Child, Error> {
        let path = self.layout.log_file();
        let stdout = log.try_clone().map_err(Error::io(path))?;
        // An orderly shutdown where the data matters; at once where it does not.
        let death_signal = if self.durable { "INT" } else { "QUIT" };
        let mut command = self
            .run_as
            .command(self.tree.program("postgres"), Some(death_signal));
        command.arg("-D").arg(self.layout.data_dir());
        for setting in self.settings(port) {
            command.arg("-c").arg(setting);
        }
        command
            .process_group(0)
            .stdout(Stdio::from(stdout))
            .stderr(Stdio::from(log))
            .spawn()
            .map_err(|error| Error::Program {
                program: "postgres".to_owned(),
                reason: error.to_string(),
            })
    }

    fn settings(&self, port: u16) -> Vec<String> {
        let mut settings = vec![
            format!("port={port}"),
            "listen_addresses=127.0.0.1".to_owned(),
            // A socket's path has room for 107 bytes, a checkout's may have more.
            "unix_socket_directories=".to_owned(),
            "shared_buffers=128MB".to_owned(),
            "max_wal_size=512MB".to_owned(),
            "max_connections=200".to_owned(),
            "logging_collector=off".to_owned(),
            "log_destination=stderr".to_owned(),
            "log_line_prefix=%m [%p] %q%u@%d ".to_owned(),
            "timezone=UTC".to_owned(),
            "log_timezone=UTC".to_owned(),
        ];
        if !self.durable {
            settings.extend(
                [
                    "fsync=off",
                    "full_page_writes=off",
                    "max_wal_senders=0",
                    "wal_level=minimal",
                ]
                .map(str::to_owned),
            );
        }
        settings
    }

    /// The server writes its state into its pid file: line 1 is its pid, line 8 how far it is.
    fn is_ready(&self, pid: u32) -> bool {
        let Ok(text) = fs::read_to_string(self.layout.data_dir().join("postmaster.pid")) else {
            return false;
        };
        let mut lines = text.lines();
        lines
            .next()
            .is_some_and(|line| line.trim() == pid.to_string())
            && lines.nth(6).is_some_and(|line| line.trim() == "ready")
    }

    fn explain(&self, log_start: u64) -> Failure {
        let log = self.layout.log_file().to_path_buf();
        let words = fs::read(&log).unwrap_or_default();
        let start = usize::try_from(log_start).unwrap_or(0).min(words.len());
        let words = String::from_utf8_lossy(&words[start..]).into_owned();
        if words.contains("Address already in use") {
            return Failure::PortTaken;
        }
        if words.contains("pre-existing shared memory block") {
            return Failure::PredecessorRemains;
        }
        let lines: Vec<&str> = words.lines().collect();
        let tail = lines[lines.len().saturating_sub(12)..].join("\n");
        Failure::Other(Error::NotReady { log, tail })
    }

    /// Ends the server of a killed run, if it is still there, and removes a pid file that no server of ours stands behind
    /// (its number may belong to any process by now, and then the server would refuse to start).
    fn end_predecessor(&self) -> Result<(), Error> {
        let pid_file = self.layout.data_dir().join("postmaster.pid");
        let Some(pid) = fs::read_to_string(&pid_file)
            .ok()
            .and_then(|text| text.lines().next()?.trim().parse().ok())
        else {
            return Ok(());
        };
        for signal in [Signal::SIGINT, Signal::SIGQUIT] {
            let deadline = Instant::now() + PREDECESSOR_TIMEOUT;
            if !serves(pid, self.layout.data_dir())
                || kill(Pid::from_raw(pid), signal) == Err(Errno::ESRCH)
            {
                break;
            }
            while serves(pid, self.layout.data_dir()) && Instant::now() < deadline {
                sleep(POLL);
            }
        }
        if !serves(pid, self.layout.data_dir()) && pid_file.exists() {
            fs::remove_file(&pid_file).map_err(Error::io(&pid_file))?;
        }
        Ok(())
    }
}

/// Whether a process is the server of a data directory, by its command line, which anybody may read.
fn serves(pid: i32, data_dir: &Path) -> bool {
    let Ok(line) = fs::read(format!("/proc/{pid}/cmdline")) else {
        return false;
    };
    let data_dir = data_dir.as_os_str().as_encoded_bytes();
    let args: Vec<&[u8]> = line.split(|byte| *byte == 0).collect();
    args.windows(2)
        .any(|pair| pair[0] == b"-D" && pair[1] == data_dir)
}

/// A loopback port that is free now; the preferred one if that is.
pub(super) fn free_port(preferred: u16) -> Result<u16, Error> {
    TcpListener::bind(("127.0.0.1", preferred))
        .or_else(|_| TcpListener::bind(("127.0.0.1", 0)))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(Error::io("127.0.0.1"))
}
