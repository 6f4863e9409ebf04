//! A private Postgres for one test process, the same that `affiliate dev` runs.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use affiliate_gateway::embedded::{Embedded, Options, SUPERUSER, Tree};
use tokio::sync::{Mutex, OnceCell};

use crate::binary::workspace;
use crate::database::{self, Profile, TestDatabase};
use crate::mode::Mode;
use crate::pooler::Pooler;

/// The login that owns the test databases: may create roles, is no superuser.
pub(crate) const OWNER: &str = "test_owner";
/// The login of the gateways under test: nothing but a member of `affiliate_gateway`.
pub(crate) const GATEWAY: &str = "test_gateway";
pub(crate) const PASSWORD: &str = "test";

static SHARED: OnceCell<Cluster> = OnceCell::const_new();
static WITH_EXTENSION: OnceCell<Cluster> = OnceCell::const_new();

/// A running cluster with the test logins.
#[derive(Debug)]
pub struct Cluster {
    pooler: Option<Pooler>,
    server: Option<Embedded>,
    mode: Mode,
    directory: PathBuf,
    pub(crate) templates: Mutex<Vec<Profile>>,
}

impl Cluster {
    /// The one cluster of this process. It throws its data away, so that it does not wait for the disk.
    pub async fn shared() -> &'static Self {
        SHARED
            .get_or_init(|| Self::start(Mode::current(), false))
            .await
    }

    /// One that offers the extension, whatever the mode: the shared one where that does.
    pub async fn with_extension() -> &'static Self {
        if Mode::current().has_extension() {
            return Self::shared().await;
        }
        WITH_EXTENSION
            .get_or_init(|| Self::start(Mode::Native, false))
            .await
    }

    /// A cluster of a test's own in another mode than that of the run.
    pub async fn in_mode(mode: Mode) -> Self {
        Self::start(mode, false).await
    }

    /// A cluster of a test's own that waits for the disk, for tests that kill or stop the server.
    pub async fn durable() -> Self {
        Self::start(Mode::current(), true).await
    }

    async fn start(mode: Mode, durable: bool) -> Self {
        let started = tokio::task::spawn_blocking(move || {
            let (server, directory) = start_server(mode, durable);
            let pooler = (mode == Mode::Pooled).then(|| pooler(&server));
            (pooler, server, directory)
        });
        let (pooler, server, directory) = started.await.expect("starting does not panic");
        let cluster = Self {
            pooler,
            server: Some(server),
            mode,
            directory,
            templates: Mutex::default(),
        };
        let roles = format!(
            "CREATE ROLE {OWNER} LOGIN CREATEROLE PASSWORD '{PASSWORD}';
             CREATE ROLE {GATEWAY} LOGIN PASSWORD '{PASSWORD}';"
        );
        let superuser = database::connect(&cluster.superuser_url("postgres")).await;
        superuser
            .batch_execute(&roles)
            .await
            .expect("the test roles");
        cluster
    }

    /// A fresh database, migrated unless the profile is [`Profile::None`].
    pub async fn create_database(&self, profile: Profile) -> TestDatabase {
        database::create(self, profile).await
    }

    /// A connection URL for the superuser.
    pub fn superuser_url(&self, database: &str) -> String {
        self.server().superuser_url(database)
    }

    /// A connection URL for another role, for a program under test: through the pooler in a run that has one.
    pub fn program_url(&self, role: &str, password: &str, database: &str) -> String {
        let url = self.url(role, password, database);
        match &self.pooler {
            Some(pooler) => url.replace(
                &format!(":{}/", self.server().port()),
                &format!(":{}/", pooler.port()),
            ),
            None => url,
        }
    }

    /// A connection URL for another role, straight to the server.
    pub fn url(&self, role: &str, password: &str, database: &str) -> String {
        self.server().url(role, password, database)
    }

    /// Whether it offers the extension.
    pub fn has_extension(&self) -> bool {
        self.mode.has_extension()
    }

    /// The server itself: its programs, its log, its process id.
    pub fn server(&self) -> &Embedded {
        self.server
            .as_ref()
            .expect("a cluster runs until it is dropped")
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.pooler = None;
        self.server = None;
        let _ = fs::remove_dir_all(&self.directory);
    }
}

fn start_server(mode: Mode, durable: bool) -> (Embedded, PathBuf) {
    let local = workspace().join(".local");
    let parent = local.join("tests");
    fs::create_dir_all(&parent).expect("a directory for the test clusters");
    // Held until our own cluster has its lock, so that nobody takes it for a left-over.
    let sweep = File::create(parent.join("sweep.lock")).expect("the sweep lock");
    sweep.lock().expect("the sweep lock");
    remove_left_overs(&parent);
    let tree = tree(mode, &local);
    let directory = tempfile::Builder::new()
        .prefix("cluster-")
        .tempdir_in(&parent)
        .expect("a directory")
        .keep();
    set_searchable(&directory);
    let options = Options {
        tree,
        base: directory.clone(),
        durable,
    };
    let server = Embedded::start(options).unwrap_or_else(|error| panic!("{error}"));
    (server, directory)
}

/// The programs of the server: without the extension, a copy of them that tests/setup.sh makes.
fn tree(mode: Mode, local: &Path) -> Tree {
    let tree = Tree::find(local).unwrap_or_else(|error| panic!("{error}"));
    if mode.has_extension() {
        return tree;
    }
    let plain = local.join(format!("postgres/{}-plain/bin", tree.major()));
    Tree::at(plain).unwrap_or_else(|error| panic!("{error}: run tests/setup.sh"))
}

fn pooler(server: &Embedded) -> Pooler {
    let url = server.superuser_url("postgres");
    let password = url
        .split_once("://")
        .and_then(|(_, rest)| rest.split_once('@'))
        .and_then(|(login, _)| login.split_once(':'))
        .map(|(_, password)| password)
        .expect("the superuser has a password");
    Pooler::start(server.port(), SUPERUSER, password)
}

/// The server may run as another user, who must be able to pass.
fn set_searchable(directory: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(directory, fs::Permissions::from_mode(0o755)).expect("permissions");
}

/// A killed test process cannot clean up; the next one does. Whoever still runs holds the lock of its directory.
fn remove_left_overs(parent: &Path) {
    for entry in fs::read_dir(parent)
        .expect("the directory of the test clusters")
        .flatten()
    {
        let unlocked =
            File::open(entry.path().join("lock")).is_ok_and(|lock| lock.try_lock().is_ok());
        if unlocked {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}
