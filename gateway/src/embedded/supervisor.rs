//! Keeps the server running: starts it, starts it again when it dies, stops it.
//!
//! The kernel's parent-death signal follows the *thread* that spawned a process, so that one thread spawns every server
//! and does nothing else until it is told to stop.

use std::process::Child;
use std::sync::mpsc;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::Pid;

use super::Error;
use super::postmaster::{Failure, Postmaster, free_port};

const PORT_ATTEMPTS: usize = 10;
const PREDECESSOR_TIMEOUT: Duration = Duration::from_secs(60);
const FIRST_BACKOFF: Duration = Duration::from_millis(200);
const LONGEST_BACKOFF: Duration = Duration::from_secs(5);
/// How long a fast shutdown may take before an immediate one.
const STOP_TIMEOUT: Duration = Duration::from_secs(20);

/// What the thread and its owner share.
#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Set only while the process exists, so that a signal never goes to a stranger.
    pid: Option<i32>,
    stopping: bool,
    ended: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn signal(&self, signal: Signal) {
        if let Some(pid) = self.lock().pid {
            let _ = kill(Pid::from_raw(pid), signal);
        }
    }

    /// Waits for the thread's end, or for the timeout: whether it has ended.
    fn wait_for_end(&self, timeout: Duration) -> bool {
        let waited = self
            .changed
            .wait_timeout_while(self.lock(), timeout, |state| !state.ended);
        waited.unwrap_or_else(PoisonError::into_inner).0.ended
    }

    /// Sleeps unless told to stop: whether to go on.
    fn sleep(&self, time: Duration) -> bool {
        let waited = self
            .changed
            .wait_timeout_while(self.lock(), time, |state| !state.stopping);
        !waited.unwrap_or_else(PoisonError::into_inner).0.stopping
    }
}

/// The running thread.
#[derive(Debug)]
pub(super) struct Supervisor {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Supervisor {
    /// Starts the server on the preferred port, or another if that is taken (0: any), and says which.
    pub fn start(postmaster: Postmaster, preferred_port: u16) -> Result<(Self, u16), Error> {
        let shared = Arc::new(Shared::default());
        let (sender, started) = mpsc::channel();
        let theirs = Arc::clone(&shared);
        let body = move || {
            match first_launch(&postmaster, preferred_port) {
                Ok((child, port)) => {
                    let _ = sender.send(Ok(port));
                    supervise(&postmaster, child, port, &theirs);
                }
                Err(error) => drop(sender.send(Err(error))),
            }
            theirs.lock().ended = true;
            theirs.changed.notify_all();
        };
        let thread = thread::Builder::new()
            .name("postgres".to_owned())
            .spawn(body)
            .map_err(Error::io("thread"))?;
        let gone = || Error::Program {
            program: "postgres".to_owned(),
            reason: "its thread ended".to_owned(),
        };
        let port = started.recv().map_err(|_| gone())??;
        Ok((
            Self {
                shared,
                thread: Some(thread),
            },
            port,
        ))
    }

    pub fn pid(&self) -> Option<i32> {
        self.shared.lock().pid
    }

    /// Stops the server and waits for its end.
    pub fn stop(&mut self) {
        let Some(thread) = self.thread.take() else {
            return;
        };
        self.shared.lock().stopping = true;
        self.shared.changed.notify_all();
        // Repeated, since a server that is just starting is not known to us yet.
        let deadline = Instant::now() + STOP_TIMEOUT;
        self.shared.signal(Signal::SIGINT);
        while !self.shared.wait_for_end(Duration::from_millis(500)) {
            let late = Instant::now() > deadline;
            self.shared.signal(if late {
                Signal::SIGQUIT
            } else {
                Signal::SIGINT
            });
        }
        let _ = thread.join();
    }
}

fn first_launch(postmaster: &Postmaster, preferred_port: u16) -> Result<(Child, u16), Error> {
    let deadline = Instant::now() + PREDECESSOR_TIMEOUT;
    let mut preferred = preferred_port;
    let mut attempts = 0;
    loop {
        let port = free_port(preferred)?;
        match postmaster.launch(port) {
            Ok(child) => return Ok((child, port)),
            Err(Failure::PortTaken) if attempts < PORT_ATTEMPTS => {
                preferred = 0;
                attempts += 1;
            }
            Err(Failure::PredecessorRemains) if Instant::now() < deadline => {
                thread::sleep(FIRST_BACKOFF)
            }
            Err(failure) => return Err(into_error(failure)),
        }
    }
}

fn into_error(failure: Failure) -> Error {
    let reason = match failure {
        Failure::Other(error) => return error,
        Failure::PortTaken => "every port tried on 127.0.0.1 is taken",
        Failure::PredecessorRemains => "processes of the server before it do not end",
    };
    Error::Program {
        program: "postgres".to_owned(),
        reason: reason.to_owned(),
    }
}

/// Until told to stop: waits for the server to die, and starts it again on the same port.
fn supervise(postmaster: &Postmaster, mut child: Child, port: u16, shared: &Shared) {
    let mut backoff = FIRST_BACKOFF;
    loop {
        let born = Instant::now();
        let ending = wait_for(child, shared);
        if shared.lock().stopping {
            return;
        }
        tracing::error!(%ending, "Postgres ended by itself; starting it again");
        if born.elapsed() > LONGEST_BACKOFF {
            backoff = FIRST_BACKOFF;
        }
        child = loop {
            if !shared.sleep(backoff) {
                return;
            }
            backoff = (backoff * 2).min(LONGEST_BACKOFF);
            match postmaster.launch(port) {
                Ok(child) => break child,
                Err(failure) => {
                    tracing::error!(error = %into_error(failure), "Postgres does not start; trying again")
                }
            }
        };
        tracing::info!("Postgres runs again");
    }
}

/// Waits for the server's end, during which its pid may be signalled.
fn wait_for(mut child: Child, shared: &Shared) -> String {
    let pid = Pid::from_raw(child.id().cast_signed());
    {
        let mut state = shared.lock();
        state.pid = Some(pid.as_raw());
        if state.stopping {
            let _ = kill(pid, Signal::SIGINT);
        }
    }
    // Not reaped yet by this, so that the pid stays its own until nobody can signal it any more.
    while waitid(Id::Pid(pid), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT)
        == Err(nix::errno::Errno::EINTR)
    {}
    shared.lock().pid = None;
    child
        .wait()
        .map_or_else(|error| error.to_string(), |status| status.to_string())
}
