//! The webhook secrets of projects, kept for a moment: a burst of events must not double the load on the database.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::provider::Provider;
use super::signature::SigningSecret;
use crate::server::database::{CallError, Database, Repeat};

const MAX_ENTRIES: usize = 10_000;

/// The secrets of one project for one provider.
pub(crate) type Secrets = Arc<[SigningSecret]>;

/// How old an answer from memory may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Freshness {
    /// For ordinary events: a while.
    Usual,
    /// After a mismatch the secrets are read again, since one may have been set a moment ago; but only so often, for
    /// wrong signatures must not become a query each.
    AfterMismatch,
    /// After a revocation they are read again in any case.
    Now,
}

const USUAL_AGE: Duration = Duration::from_secs(30);
/// How often mismatches may have the secrets of one project read again in one window.
const MOST_REPEATS: u32 = 20;
const REPEAT_WINDOW: Duration = Duration::from_secs(10);

#[derive(Debug)]
struct Entry {
    secrets: Secrets,
    read_at: Instant,
    repeats: Repeats,
}

/// The times that secrets were read again after a mismatch.
#[derive(Debug, Clone, Copy)]
struct Repeats {
    since: Instant,
    count: u32,
}

impl Repeats {
    fn none(now: Instant) -> Self {
        Self {
            since: now,
            count: 0,
        }
    }

    /// One more, unless there were too many of late.
    fn more(self, now: Instant) -> Option<Self> {
        let current = if now.duration_since(self.since) < REPEAT_WINDOW {
            self
        } else {
            Self::none(now)
        };
        let count = current.count + 1;
        (count <= MOST_REPEATS).then_some(Self { count, ..current })
    }
}

/// Secrets read lately.
#[derive(Debug)]
pub(crate) struct SecretCache {
    database: Database,
    entries: Mutex<HashMap<(i64, Provider), Entry>>,
}

impl SecretCache {
    /// An empty cache.
    pub(crate) fn new(database: Database) -> Self {
        Self {
            database,
            entries: Mutex::default(),
        }
    }

    /// The secrets that are live, as of at most `freshness` ago.
    pub(crate) async fn get(
        &self,
        project_id: i64,
        provider: Provider,
        freshness: Freshness,
    ) -> Result<Secrets, CallError> {
        let key = (project_id, provider);
        let repeats = match self.recall(key, freshness) {
            Ok(secrets) => return Ok(secrets),
            Err(repeats) => repeats,
        };
        let secrets = self.read(project_id, provider).await?;
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= MAX_ENTRIES {
            entries.retain(|_, entry| entry.read_at.elapsed() < USUAL_AGE);
        }
        if entries.len() >= MAX_ENTRIES {
            entries.clear();
        }
        let entry = Entry {
            secrets: Arc::clone(&secrets),
            read_at: Instant::now(),
            repeats,
        };
        entries.insert(key, entry);
        Ok(secrets)
    }

    /// The secrets in memory where they will do, else the repeats to remember with those that are read.
    fn recall(&self, key: (i64, Provider), freshness: Freshness) -> Result<Secrets, Repeats> {
        let now = Instant::now();
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(entry) = entries.get_mut(&key) else {
            return Err(Repeats::none(now));
        };
        let remembered = match freshness {
            Freshness::Usual => now.duration_since(entry.read_at) < USUAL_AGE,
            Freshness::Now => false,
            Freshness::AfterMismatch => match entry.repeats.more(now) {
                Some(repeats) => {
                    entry.repeats = repeats;
                    false
                }
                None => true,
            },
        };
        if remembered {
            Ok(Arc::clone(&entry.secrets))
        } else {
            Err(entry.repeats)
        }
    }

    async fn read(&self, project_id: i64, provider: Provider) -> Result<Secrets, CallError> {
        let rows = self
            .database
            .query(
                "SELECT s.secret_id, s.secret::text FROM affiliate_api.provider_secrets($1, $2) AS s",
                &[&project_id, &provider.name()],
                Repeat::Safe,
            )
            .await?;
        let secrets = rows.iter().map(|row| {
            let value: String = row.try_get(1)?;
            Ok(SigningSecret {
                id: row.try_get(0)?,
                value: value.into(),
            })
        });
        Ok(secrets
            .collect::<Result<Vec<_>, tokio_postgres::Error>>()?
            .into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mismatches_read_again_only_so_often() {
        let start = Instant::now();
        let mut repeats = Repeats::none(start);
        for _ in 0..MOST_REPEATS {
            repeats = repeats.more(start).expect("one more");
        }
        assert!(repeats.more(start + REPEAT_WINDOW / 2).is_none());
        let later = repeats.more(start + REPEAT_WINDOW).expect("a new window");
        assert_eq!(later.count, 1);
    }
}
