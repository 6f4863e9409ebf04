//! The tasks beside the HTTP server: kept running, and waited for at the end.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::App;
use crate::catalog;

/// How often the catalog is read without being announced: notifications do not pass transaction poolers.
const CATALOG_INTERVAL: Duration = Duration::from_secs(60);
/// The same while there is no catalog yet.
const CATALOG_RETRY: Duration = Duration::from_secs(1);
/// Pause before a task that panicked is started again.
const RESTART_PAUSE: Duration = Duration::from_secs(1);

/// Rung by notifications; ringing twice before anyone looks is the same as once.
#[derive(Debug, Default)]
pub(crate) struct Doorbells {
    /// The catalog may have changed.
    pub(crate) catalog: Notify,
    /// There may be deliveries to send.
    pub(crate) outbox: Notify,
    /// There may be calls of providers' APIs to make.
    pub(crate) provider_calls: Notify,
}

impl Doorbells {
    /// Something may have been written that is to be sent.
    pub(super) fn ring_outbox(&self) {
        self.outbox.notify_one();
        self.provider_calls.notify_one();
    }
}

/// The running background tasks.
pub(super) struct Background {
    tasks: JoinSet<()>,
    stop: CancellationToken,
}

impl Background {
    /// No tasks yet; those spawned are told by `stop` when to finish.
    pub(super) fn new(stop: CancellationToken) -> Self {
        Self {
            tasks: JoinSet::new(),
            stop,
        }
    }

    /// Runs a task until it finishes; one that panics is started again.
    pub(super) fn spawn<F, Task>(&mut self, name: &'static str, start: F)
    where
        F: Fn(CancellationToken) -> Task + Send + 'static,
        Task: Future<Output = ()> + Send + 'static,
    {
        let stop = self.stop.clone();
        self.tasks.spawn(async move {
            while let Err(error) = tokio::spawn(start(stop.clone())).await {
                tracing::error!(task = name, %error, "a background task failed");
                if stop.is_cancelled() {
                    return;
                }
                tokio::time::sleep(RESTART_PAUSE).await;
            }
        });
    }

    /// Waits for every task; each bounds its own work after the stop.
    pub(super) async fn finish(mut self) {
        while self.tasks.join_next().await.is_some() {}
    }
}

/// Reads the catalog and puts it in force.
pub(super) async fn refresh_catalog(app: &App) {
    match catalog::load(&app.database).await {
        Ok(declarations) => {
            if app.catalog.replace(declarations) {
                tracing::info!(endpoints = app.catalog.current().len(), "catalog loaded");
            }
        }
        Err(error) => tracing::warn!(%error, "the catalog cannot be read"),
    }
}

/// Keeps the catalog in force current.
pub(super) async fn keep_catalog(
    app: Arc<App>,
    doorbells: Arc<Doorbells>,
    stop: CancellationToken,
) {
    loop {
        let pause = if app.catalog.current().is_empty() {
            CATALOG_RETRY
        } else {
            CATALOG_INTERVAL
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = doorbells.catalog.notified() => {}
            () = tokio::time::sleep(pause) => {}
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = refresh_catalog(&app) => {}
        }
    }
}
