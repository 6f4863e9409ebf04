//! A private Postgres cluster that lives and dies with this process.
//!
//! `affiliate dev` and the tests need a Postgres of their own: nobody should have to install, configure or clean one up to
//! try the product, and nothing here may touch a cluster that somebody else runs. Everything is below one base directory
//! (`.local/` of the checkout): the data, the log, the port and the superuser's password. It listens on loopback TCP only.
//!
//! The postmaster is the child of a thread that lives as long as the process and is told by the kernel when that thread
//! is gone, so that even `kill -9` of this process leaves nothing behind. It has its own process group: Ctrl-C in a
//! terminal reaches this process alone, which stops Postgres when its own work is drained.

mod initdb;
mod layout;
mod postmaster;
mod privilege;
mod supervisor;
mod tree;

use std::path::{Path, PathBuf};

pub use layout::random_secret;
pub(crate) use layout::write_private;
pub use tree::Tree;

use layout::Layout;
use postmaster::Postmaster;
use privilege::RunAs;
use supervisor::Supervisor;

/// The name of the cluster's superuser.
pub const SUPERUSER: &str = "postgres";

/// Why the private cluster could not be had.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No usable server programs anywhere we look.
    #[error(
        "no Postgres found below {0}: run `make setup`, or set AFFILIATE_PG_BIN to the directory with its programs"
    )]
    NoTree(PathBuf),
    /// The lock of the base directory is held.
    #[error("another process{owner} already runs the private Postgres of {base}; stop it first", base = base.display())]
    AlreadyRunning {
        /// The directory in question.
        base: PathBuf,
        /// " (pid N)" when known.
        owner: String,
    },
    /// Root, but no way to run a program as somebody else.
    #[error(
        "Postgres does not run as root, and no unprivileged user could run {program}: {reason}",
        program = program.display()
    )]
    NoUser {
        /// The program tried.
        program: PathBuf,
        /// What the last attempt said.
        reason: String,
    },
    /// A file operation failed.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// What was being read or written.
        path: PathBuf,
        /// Why it failed.
        source: std::io::Error,
    },
    /// A program did not start or failed.
    #[error("{program} failed: {reason}")]
    Program {
        /// Its name.
        program: String,
        /// Its own words.
        reason: String,
    },
    /// The postmaster ended or never became ready.
    #[error("Postgres did not start; see {log}\n{tail}", log = log.display())]
    NotReady {
        /// Its log.
        log: PathBuf,
        /// The end of its log.
        tail: String,
    },
}

impl Error {
    fn io(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }
}

/// What kind of cluster is wanted.
#[derive(Debug, Clone)]
pub struct Options {
    /// The server programs.
    pub tree: Tree,
    /// The directory everything is kept in.
    pub base: PathBuf,
    /// Whether what is committed must survive a power cut. Off only where the data is thrown away.
    pub durable: bool,
}

/// A running private cluster; dropped, it is stopped.
#[derive(Debug)]
pub struct Embedded {
    tree: Tree,
    layout: Layout,
    port: u16,
    password: String,
    supervisor: Supervisor,
    // Released last: whoever gets it next may rely on the postmaster being gone.
    _lock: std::fs::File,
}

impl Embedded {
    /// Creates the cluster unless it is there and starts it. Blocks until it accepts connections.
    pub fn start(options: Options) -> Result<Self, Error> {
        let Options {
            tree,
            base,
            durable,
        } = options;
        let layout = Layout::new(base, tree.major())?;
        let lock = layout.lock()?;
        let run_as = RunAs::detect(&tree, &layout)?;
        let state = initdb::ensure(&tree, &layout, &run_as, durable)?;
        let password = state.superuser_password.clone();
        let postmaster = Postmaster::new(tree.clone(), layout.clone(), run_as, durable);
        let (supervisor, port) = Supervisor::start(postmaster, state.port)?;
        if port != state.port {
            layout.write_state(&layout::State { port, ..state })?;
        }
        Ok(Self {
            tree,
            layout,
            port,
            password,
            supervisor,
            _lock: lock,
        })
    }

    /// A connection URL for a role of this cluster.
    pub fn url(&self, role: &str, password: &str, database: &str) -> String {
        format!(
            "postgresql://{role}:{password}@127.0.0.1:{}/{database}",
            self.port
        )
    }

    /// A connection URL for the superuser.
    pub fn superuser_url(&self, database: &str) -> String {
        self.url(SUPERUSER, &self.password, database)
    }

    /// The loopback port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The server programs it runs from.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// Where the server's messages go.
    pub fn log_file(&self) -> &Path {
        self.layout.log_file()
    }

    /// The postmaster's process id, while there is one.
    pub fn postmaster_pid(&self) -> Option<i32> {
        self.supervisor.pid()
    }

    /// Stops the cluster and waits until it is gone.
    pub fn stop(&mut self) {
        self.supervisor.stop();
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        self.stop();
    }
}
