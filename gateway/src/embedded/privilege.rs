//! Whom the server's programs run as, and how they learn that we died.
//!
//! Postgres refuses to run as root, and containers and build machines often have only root. Then an unprivileged account
//! that is there anyway runs it. That account may not be able to reach the checkout (a clone in /root, or in a `mktemp -d`),
//! which is why it can be lent one capability: to pass directories it could otherwise not enter.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::Path;
use std::process::{Command, Stdio};

use nix::unistd::{Gid, Uid, User};

use super::{Error, Layout, Tree};

/// In order of preference; containers often have the second only.
const CAPABILITIES: [Option<&str>; 3] = [None, Some("dac_read_search"), Some("dac_override")];

/// The accounts tried, in this order.
const ACCOUNTS: [&str; 2] = ["postgres", "nobody"];

/// Starts programs as a user that Postgres accepts.
#[derive(Debug, Clone)]
pub(super) struct RunAs {
    account: Option<(Uid, Gid)>,
    capability: Option<&'static str>,
}

impl RunAs {
    /// Ourselves, or as root the first account and capability with which the server's program really runs.
    pub fn detect(tree: &Tree, layout: &Layout) -> Result<Self, Error> {
        if !Uid::effective().is_root() {
            return Ok(Self {
                account: None,
                capability: None,
            });
        }
        let program = tree.program("postgres");
        let mut reason = format!("there is no account named {}", ACCOUNTS.join(" or "));
        for account in accounts(layout) {
            for capability in CAPABILITIES {
                let candidate = Self {
                    account: Some(account),
                    capability,
                };
                match candidate.can_use(&program, layout) {
                    Ok(()) => return Ok(candidate),
                    Err(words) => reason = words,
                }
            }
        }
        Err(Error::NoUser { program, reason })
    }

    fn can_use(&self, program: &Path, layout: &Layout) -> Result<(), String> {
        let parent = layout.data_dir().parent().unwrap_or(layout.data_dir());
        let output = self
            .command("/bin/sh", None)
            .args(["-c", r#"cd "$2" && exec "$1" --version"#, "sh"])
            .arg(program)
            .arg(parent)
            .output()
            .map_err(|error| format!("setpriv: {error}"))?;
        if output.status.success() {
            Ok(())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
        }
    }

    /// A command for a program; with a signal, the program gets it when the thread that spawned it ends.
    pub fn command(&self, program: impl AsRef<OsStr>, death_signal: Option<&str>) -> Command {
        let mut command = Command::new("setpriv");
        if let Some((uid, gid)) = self.account {
            command
                .arg(format!("--reuid={uid}"))
                .arg(format!("--regid={gid}"))
                .arg("--clear-groups");
        }
        if let Some(capability) = self.capability {
            command
                .arg(format!("--inh-caps=+{capability}"))
                .arg(format!("--ambient-caps=+{capability}"));
        }
        if let Some(signal) = death_signal {
            command.arg(format!("--pdeathsig={signal}"));
        }
        if command.get_args().next().is_none() {
            command = Command::new(program);
        } else {
            command.arg("--").arg(program);
        }
        // The caller's own Postgres settings (PGDATA, PGPORT, PGOPTIONS, PGSERVICE …) are about another server.
        for (name, _) in
            std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("PG"))
        {
            command.env_remove(name);
        }
        command.env("LC_ALL", "C").stdin(Stdio::null());
        command
    }

    /// Hands a file to the account the programs run as.
    pub fn own(&self, path: &Path) -> Result<(), Error> {
        match self.account {
            Some((uid, gid)) => {
                chown(path, Some(uid.as_raw()), Some(gid.as_raw())).map_err(Error::io(path))
            }
            None => Ok(()),
        }
    }
}

/// Whoever made the data directory, since nobody else may run it; before that, the usual ones.
fn accounts(layout: &Layout) -> Vec<(Uid, Gid)> {
    if let Ok(data) = fs::metadata(layout.data_dir()).as_ref()
        && data.uid() != 0
    {
        return vec![(Uid::from_raw(data.uid()), Gid::from_raw(data.gid()))];
    }
    ACCOUNTS
        .into_iter()
        .filter_map(|name| User::from_name(name).ok().flatten())
        .map(|user| (user.uid, user.gid))
        .collect()
}
