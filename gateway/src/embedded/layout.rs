//! What is kept where below the base directory, and the lock that makes one process its owner.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Error;

/// What one run remembers for the next.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct State {
    pub port: u16,
    pub superuser_password: String,
}

/// The paths of one cluster.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    base: PathBuf,
    data: PathBuf,
    log: PathBuf,
}

impl Layout {
    /// Creates the directories around the data directory, which is `initdb`'s to create.
    pub fn new(base: PathBuf, major: u32) -> Result<Self, Error> {
        for dir in [base.clone(), base.join("data"), base.join("log")] {
            fs::create_dir_all(&dir).map_err(Error::io(&dir))?;
        }
        let base = base.canonicalize().map_err(Error::io(&base))?;
        let data = base.join("data").join(major.to_string());
        let log = base.join("log").join("postgres.log");
        Ok(Self { base, data, log })
    }

    pub fn data_dir(&self) -> &Path {
        &self.data
    }

    pub fn log_file(&self) -> &Path {
        &self.log
    }

    /// Where the data directory is made, so that a half-made one is never taken for a whole one.
    pub fn unfinished_data_dir(&self) -> PathBuf {
        self.data.with_extension("new")
    }

    pub fn password_file(&self) -> PathBuf {
        self.data.with_extension("password")
    }

    fn state_file(&self) -> PathBuf {
        self.data.with_extension("json")
    }

    /// Makes this process the only one that may start this cluster, for as long as the file is open.
    pub fn lock(&self) -> Result<File, Error> {
        let path = self.base.join("lock");
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(Error::io(&path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                let owner = match file.read_to_string(&mut pid) {
                    Ok(_) if !pid.trim().is_empty() => format!(" (pid {})", pid.trim()),
                    _ => String::new(),
                };
                return Err(Error::AlreadyRunning {
                    base: self.base.clone(),
                    owner,
                });
            }
            Err(TryLockError::Error(source)) => return Err(Error::Io { path, source }),
        }
        file.set_len(0)
            .and_then(|()| writeln!(file, "{}", std::process::id()))
            .map_err(Error::io(&path))?;
        Ok(file)
    }

    /// What the last run remembered; `None` when there is nothing, or nothing whole.
    pub fn read_state(&self) -> Option<State> {
        serde_json::from_str(&fs::read_to_string(self.state_file()).ok()?).ok()
    }

    pub fn write_state(&self, state: &State) -> Result<(), Error> {
        let path = self.state_file();
        let text = serde_json::to_string_pretty(state).map_err(|error| Error::Io {
            path: path.clone(),
            source: error.into(),
        })?;
        write_private(&path, &text)
    }

    /// Opens the log for the server to append to. One older log is kept, so that it does not grow for ever.
    pub fn open_log(&self) -> Result<File, Error> {
        const ROTATE_BYTES: u64 = 16 * 1024 * 1024;
        if fs::metadata(&self.log).is_ok_and(|meta| meta.len() > ROTATE_BYTES) {
            fs::rename(&self.log, self.log.with_extension("log.1"))
                .map_err(Error::io(&self.log))?;
        }
        OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.log)
            .map_err(Error::io(&self.log))
    }
}

/// Replaces a file that only its owner may read, whole or not at all.
pub(crate) fn write_private(path: &Path, text: &str) -> Result<(), Error> {
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".new");
    let unfinished = PathBuf::from(unfinished);
    // A leftover would keep its own mode.
    let _ = fs::remove_file(&unfinished);
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&unfinished)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .and_then(|()| fs::rename(&unfinished, path))
        .map_err(Error::io(path))
}

/// A secret of 128 random bits that needs no quoting in a URL, a shell or SQL.
pub fn random_secret() -> Result<String, Error> {
    let source = Path::new("/dev/urandom");
    let mut bytes = [0_u8; 16];
    File::open(source)
        .and_then(|mut file| file.read_exact(&mut bytes))
        .map_err(Error::io(source))?;
    Ok(hex::encode(bytes))
}
