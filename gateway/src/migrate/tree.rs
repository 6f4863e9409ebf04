//! The SQL files a run works from: embedded in the binary, or given by a test.

use std::collections::BTreeMap;

use include_dir::{Dir, DirEntry, include_dir};
use sha2::{Digest, Sha256};

use super::Profile;

static EMBEDDED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../sql");

/// The SQL every run starts with; part of the objects' checksum, so that a change here reaches installed databases.
pub(super) const ROLES: &str = include_str!("sql/roles.sql");
pub(super) const NATIVE: &str = include_str!("sql/native.sql");
pub(super) const HANDOVER: &str = include_str!("sql/handover.sql");
pub(super) const SCHEMAS: &str = include_str!("sql/schemas.sql");
pub(super) const VALIDATE: &str = include_str!("sql/validate.sql");

/// The only text substitution there is: trigger files name the schema whose kernel trigger they use.
const TRIGGER_SCHEMA: &str = "@kernel_trigger_schema@";

/// Functions that files of the other directories may call while they are applied, so these go first.
const HELPERS: &str = "functions/private/";

/// One file below `sql/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlFile {
    /// Path as shown in errors, starting with `sql/`.
    pub path: String,
    /// The text to run.
    pub body: String,
}

/// A numbered file of `sql/migrations`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    /// Its number, from 1 without gaps.
    pub version: i32,
    /// File name without extension, such as `0001_core`.
    pub name: String,
    /// SHA-256 of the text in hex.
    pub checksum: String,
    /// The text.
    pub file: SqlFile,
}

/// Everything a run may apply.
#[derive(Debug, Clone, Default)]
pub struct SqlTree {
    /// In order of their numbers.
    pub migrations: Vec<Migration>,
    native: Vec<SqlFile>,
    portable: Vec<SqlFile>,
    common: Vec<SqlFile>,
    triggers: Vec<SqlFile>,
    grants: Vec<SqlFile>,
    jobs: Vec<SqlFile>,
}

/// A set of files that cannot be a schema.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum TreeError {
    /// A directory nobody would apply is a mistake, not a comment.
    #[error(
        "{0}: SQL files belong in migrations, native, portable, functions, views, triggers, grants or jobs"
    )]
    UnknownDirectory(String),
    /// Not `NNNN_name.sql`.
    #[error("{0}: a migration is named NNNN_name.sql, such as 0001_core.sql")]
    Name(String),
    /// Two of a number, or a hole.
    #[error("{path}: the next migration has to be number {expected:04}")]
    Number {
        /// The file in the wrong place.
        path: String,
        /// The number that was due.
        expected: i32,
    },
    /// SQL is text.
    #[error("{0} is not UTF-8")]
    NotUtf8(String),
}

impl SqlTree {
    /// The files this binary carries.
    ///
    /// # Errors
    /// When they are not laid out as they must be, which a test rules out.
    pub fn embedded() -> Result<Self, TreeError> {
        let mut files = Vec::new();
        collect(&EMBEDDED, &mut files)?;
        Self::from_files(files)
    }

    /// A tree of (path relative to `sql/`, text) pairs, in any order. Files not ending in `.sql` are ignored.
    ///
    /// # Errors
    /// When a file is in an unknown directory or the migrations are not numbered 1, 2, 3 …
    pub fn from_files(
        files: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, TreeError> {
        let sorted: BTreeMap<String, String> = files
            .into_iter()
            .filter(|(path, _)| path.ends_with(".sql"))
            .collect();
        let mut tree = Self::default();
        let (mut helpers, mut functions, mut views) = (Vec::new(), Vec::new(), Vec::new());
        for (path, body) in sorted {
            let file = SqlFile {
                path: format!("sql/{path}"),
                body,
            };
            match path.split_once('/').map(|(directory, _)| directory) {
                Some("migrations") => tree.push_migration(file)?,
                Some("native") => tree.native.push(file),
                Some("portable") => tree.portable.push(file),
                Some("functions") if path.starts_with(HELPERS) => helpers.push(file),
                Some("functions") => functions.push(file),
                Some("views") => views.push(file),
                Some("triggers") => tree.triggers.push(file),
                Some("grants") => tree.grants.push(file),
                Some("jobs") => tree.jobs.push(file),
                _ => return Err(TreeError::UnknownDirectory(file.path)),
            }
        }
        tree.common = [helpers, functions, views].concat();
        Ok(tree)
    }

    fn push_migration(&mut self, file: SqlFile) -> Result<(), TreeError> {
        let name = file
            .path
            .strip_prefix("sql/migrations/")
            .and_then(|path| path.strip_suffix(".sql"))
            .unwrap_or_default();
        let version = name
            .split_once('_')
            .filter(|(number, rest)| number.len() == 4 && !rest.is_empty() && !rest.contains('/'))
            .and_then(|(number, _)| number.parse().ok())
            .ok_or_else(|| TreeError::Name(file.path.clone()))?;
        let expected = self.schema_version() + 1;
        if version != expected {
            return Err(TreeError::Number {
                path: file.path,
                expected,
            });
        }
        self.migrations.push(Migration {
            version,
            name: name.to_owned(),
            checksum: hex::encode(Sha256::digest(file.body.as_bytes())),
            file,
        });
        Ok(())
    }

    /// Number of the newest migration.
    #[must_use]
    pub fn schema_version(&self) -> i32 {
        self.migrations
            .last()
            .map_or(0, |migration| migration.version)
    }

    /// The re-applied files of a profile in the order they run. Grants name the product's roles, so they are left
    /// out where those are not in use.
    #[must_use]
    pub fn objects(&self, profile: Profile, shared_roles: bool) -> Vec<SqlFile> {
        let kernels = match profile {
            Profile::Native => &self.native,
            Profile::Portable => &self.portable,
        };
        let triggers = self.triggers.iter().map(|file| SqlFile {
            path: file.path.clone(),
            body: file.body.replace(TRIGGER_SCHEMA, profile.trigger_schema()),
        });
        let grants = self.grants.iter().filter(|_| shared_roles).cloned();
        kernels
            .iter()
            .chain(&self.common)
            .cloned()
            .chain(triggers)
            .chain(self.jobs.iter().cloned())
            .chain(grants)
            .collect()
    }

    /// SHA-256 over everything that is re-applied together, in hex.
    #[must_use]
    pub fn objects_checksum(&self, profile: Profile, shared_roles: bool) -> String {
        let mut digest = Sha256::new();
        for text in [profile.name(), ROLES, NATIVE, HANDOVER, SCHEMAS, VALIDATE] {
            update(&mut digest, text);
        }
        for file in self.objects(profile, shared_roles) {
            update(&mut digest, &file.path);
            update(&mut digest, &file.body);
        }
        hex::encode(digest.finalize())
    }
}

/// Lengths go in too, so that text cannot move from one file to the next unnoticed.
fn update(digest: &mut Sha256, text: &str) {
    digest.update((text.len() as u64).to_be_bytes());
    digest.update(text.as_bytes());
}

fn collect(dir: &Dir<'_>, files: &mut Vec<(String, String)>) -> Result<(), TreeError> {
    for entry in dir.entries() {
        match entry {
            DirEntry::Dir(dir) => collect(dir, files)?,
            DirEntry::File(file) => {
                let path = file.path().to_string_lossy().replace('\\', "/");
                let body = file
                    .contents_utf8()
                    .ok_or_else(|| TreeError::NotUtf8(path.clone()))?;
                files.push((path, body.to_owned()));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
