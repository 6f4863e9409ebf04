//! Finds the Postgres programs to run: the private tree first, so that what runs is what was built for.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::Error;

/// A directory of Postgres server programs.
#[derive(Debug, Clone)]
pub struct Tree {
    bin: PathBuf,
    major: u32,
}

impl Tree {
    /// `AFFILIATE_PG_BIN`, else the newest `<base>/postgres/<major>/bin`, else the newest of Debian's (which is only
    /// ever read).
    pub fn find(base: &Path) -> Result<Self, Error> {
        if let Some(bin) = std::env::var_os("AFFILIATE_PG_BIN").filter(|bin| !bin.is_empty()) {
            return Self::at(PathBuf::from(bin));
        }
        [&base.join("postgres"), Path::new("/usr/lib/postgresql")]
            .into_iter()
            .find_map(newest_below)
            .map_or_else(|| Err(Error::NoTree(base.to_path_buf())), Self::at)
    }

    /// The programs in one directory.
    pub fn at(bin: PathBuf) -> Result<Self, Error> {
        let bin = bin.canonicalize().map_err(Error::io(&bin))?;
        let program = bin.join("postgres");
        let failed = |reason: String| Error::Program {
            program: program.display().to_string(),
            reason,
        };
        let output = Command::new(&program)
            .arg("--version")
            .output()
            .map_err(|error| failed(error.to_string()))?;
        let version = String::from_utf8_lossy(&output.stdout);
        let major = parse_major(&version).ok_or_else(|| {
            failed(
                format!("{version}{}", String::from_utf8_lossy(&output.stderr))
                    .trim()
                    .to_owned(),
            )
        })?;
        Ok(Self { bin, major })
    }

    /// The path of one of its programs.
    pub fn program(&self, name: &str) -> PathBuf {
        self.bin.join(name)
    }

    /// The major version, 15 and up.
    pub fn major(&self) -> u32 {
        self.major
    }
}

/// The `bin` of the highest-numbered directory that has a server in it.
fn newest_below(parent: &Path) -> Option<PathBuf> {
    std::fs::read_dir(parent)
        .ok()?
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let major: u32 = entry.file_name().to_str()?.parse().ok()?;
            let bin = entry.path().join("bin");
            bin.join("postgres").is_file().then_some((major, bin))
        })
        .max()
        .map(|(_, bin)| bin)
}

/// `postgres (PostgreSQL) 18.6` or `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`.
fn parse_major(version: &str) -> Option<u32> {
    let number = version.split("(PostgreSQL)").nth(1)?.trim_start();
    let digits = number.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_major_version_of_release_debian_and_beta_servers() {
        assert_eq!(parse_major("postgres (PostgreSQL) 18.6\n"), Some(18));
        assert_eq!(
            parse_major("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"),
            Some(15)
        );
        assert_eq!(parse_major("postgres (PostgreSQL) 19beta1"), Some(19));
        assert_eq!(parse_major("bash: not found"), None);
    }

    #[test]
    fn the_newest_directory_is_by_number_not_by_name() {
        let parent = std::env::temp_dir().join(format!("affiliate-tree-{}", std::process::id()));
        for major in ["9", "15", "18", "notes"] {
            let bin = parent.join(major).join("bin");
            std::fs::create_dir_all(&bin).expect("created");
            std::fs::write(bin.join("postgres"), "").expect("written");
        }
        assert_eq!(newest_below(&parent), Some(parent.join("18/bin")));
        std::fs::remove_dir_all(&parent).expect("removed");
    }
}
