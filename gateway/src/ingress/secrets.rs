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
    /// For ordinary events.
    Usual,
    /// After a mismatch; wrong signatures must not become a query each.
    Recent,
    /// After a revocation.
    Now,
}

impl Freshness {
    fn max_age(self) -> Duration {
        match self {
            Self::Usual => Duration::from_secs(30),
            Self::Recent => Duration::from_secs(3),
            Self::Now => Duration::ZERO,
        }
    }
}

#[derive(Debug)]
struct Entry {
    secrets: Secrets,
    read_at: Instant,
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
        if let Some(secrets) = self.recall((project_id, provider), freshness) {
            return Ok(secrets);
        }
        let secrets = self.read(project_id, provider).await?;
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= MAX_ENTRIES {
            entries.retain(|_, entry| entry.read_at.elapsed() < Freshness::Usual.max_age());
        }
        if entries.len() >= MAX_ENTRIES {
            entries.clear();
        }
        let entry = Entry {
            secrets: Arc::clone(&secrets),
            read_at: Instant::now(),
        };
        entries.insert((project_id, provider), entry);
        Ok(secrets)
    }

    fn recall(&self, key: (i64, Provider), freshness: Freshness) -> Option<Secrets> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = entries.get(&key)?;
        (entry.read_at.elapsed() < freshness.max_age()).then(|| Arc::clone(&entry.secrets))
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
