//! PgBouncer in transaction mode in front of a test cluster.

use std::fs;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use nix::unistd::{Uid, User};
use tempfile::TempDir;

use crate::binary;

/// A running PgBouncer; dropped, it is killed.
#[derive(Debug)]
pub struct Pooler {
    child: Child,
    port: u16,
    // Its configuration, which it reads again when told to.
    _directory: TempDir,
}

impl Pooler {
    /// Starts one for a server on this port. It learns passwords from the server itself, as the superuser.
    pub fn start(server_port: u16, superuser: &str, password: &str) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let port = crate::free_port();
        let users = directory.path().join("users.txt");
        let configuration = directory.path().join("pgbouncer.ini");
        write(&users, &format!("\"{superuser}\" \"{password}\"\n"));
        write(
            &configuration,
            &format!(
                "[databases]\n\
                 * = host=127.0.0.1 port={server_port}\n\
                 [pgbouncer]\n\
                 listen_addr = 127.0.0.1\n\
                 listen_port = {port}\n\
                 unix_socket_dir =\n\
                 auth_type = scram-sha-256\n\
                 auth_user = {superuser}\n\
                 auth_file = {users}\n\
                 logfile = {log}\n\
                 pool_mode = transaction\n\
                 max_client_conn = 2000\n\
                 default_pool_size = 12\n\
                 server_idle_timeout = 3\n\
                 server_round_robin = 1\n",
                users = users.display(),
                log = directory.path().join("log").display(),
            ),
        );
        if let Some(account) = account() {
            for path in [directory.path(), &users, &configuration] {
                chown(path, Some(account.uid.as_raw()), Some(account.gid.as_raw()))
                    .expect("the account may read its configuration");
            }
        }
        let mut command = command();
        command
            .arg("--quiet")
            .arg(&configuration)
            .stdin(Stdio::null());
        let child = binary::spawn(command);
        let pooler = Self {
            child,
            port,
            _directory: directory,
        };
        pooler.wait();
        pooler
    }

    /// Where it listens, on the loopback address.
    pub fn port(&self) -> u16 {
        self.port
    }

    fn wait(&self) {
        for _ in 0..200 {
            if std::net::TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(25));
        }
        panic!("PgBouncer does not listen on port {}", self.port);
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn write(path: &Path, text: &str) {
    fs::write(path, text).expect("a file");
}

/// PgBouncer does not run as root, any more than Postgres does.
fn account() -> Option<User> {
    Uid::effective().is_root().then(|| {
        ["postgres", "nobody"]
            .into_iter()
            .find_map(|name| User::from_name(name).ok().flatten())
            .expect("an account named postgres or nobody")
    })
}

fn command() -> Command {
    let mut command = Command::new("setpriv");
    if let Some(account) = account() {
        command
            .arg(format!("--reuid={}", account.uid))
            .arg(format!("--regid={}", account.gid))
            .arg("--clear-groups");
    }
    command.args(["--pdeathsig=KILL", "--"]).arg(program());
    command
}

fn program() -> PathBuf {
    [
        "/usr/sbin/pgbouncer",
        "/usr/bin/pgbouncer",
        "/usr/local/bin/pgbouncer",
    ]
    .into_iter()
    .map(PathBuf::from)
    .find(|path| path.is_file())
    .expect("pgbouncer is not installed: run tests/setup.sh")
}
