//! The running gateway: HTTP in, SQL out, webhooks out.

mod admission;
mod api;
pub(crate) mod background;
mod body;
mod config;
mod connections;
pub mod database;
mod docs;
mod health;
mod listener;
mod mcp;
mod metrics;
mod request;
pub(crate) mod tls;
mod wire;

use std::sync::{Arc, Weak};
use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::auth::Authenticator;
use crate::catalog::SharedCatalog;
use crate::db::DbError;
use crate::ingress::intake::Intake;
use crate::ingress::secrets::SecretCache;
use crate::limit::Limiter;
use crate::outbound::Outbound;
use crate::{ingress, jobs, openapi, outbox, provider_api};
use background::{Background, Doorbells};
pub use config::ServeConfig;
pub use database::Access;
use database::Database;

pub(crate) use body::RequestBody;
pub(crate) use request::Template;

/// Why the gateway cannot serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The connection string for notifications makes no sense.
    #[error("the connection for notifications: {0}")]
    ListenUrl(DbError),
    /// The address for metrics cannot be had.
    #[error("metrics cannot be served on {0}: {1}")]
    Metrics(std::net::SocketAddr, std::io::Error),
    /// TLS cannot be set up.
    #[error("TLS cannot be set up: {0}")]
    Tls(rustls::Error),
}

/// What every request handler shares.
pub(crate) struct App {
    pub(crate) config: ServeConfig,
    pub(crate) database: Database,
    pub(crate) catalog: SharedCatalog,
    pub(crate) documents: openapi::Cache,
    pub(crate) authenticator: Authenticator,
    pub(crate) limiter: Limiter,
    pub(crate) secrets: SecretCache,
    pub(crate) intake: Arc<Intake>,
    mcp: mcp::Service,
}

impl App {
    fn new(config: ServeConfig, access: Access) -> Arc<Self> {
        let database = Database::new(access, Duration::from_millis(config.checkout_timeout_ms));
        Arc::new_cyclic(|app| Self {
            mcp: mcp::service(Weak::clone(app), &config),
            authenticator: Authenticator::new(database.clone()),
            limiter: Limiter::default(),
            secrets: SecretCache::new(database.clone()),
            intake: Arc::new(Intake::new(database.clone())),
            catalog: SharedCatalog::default(),
            documents: openapi::Cache::default(),
            database,
            config,
        })
    }
}

/// Serves `listener` until `shutdown`, then finishes the requests and deliveries under way within a bound.
///
/// # Errors
/// When the configuration cannot be used; a database that is down is waited for instead.
pub async fn run(
    config: ServeConfig,
    access: Access,
    listener: TcpListener,
    shutdown: CancellationToken,
) -> Result<(), ServeError> {
    let tls = tls::client_config().map_err(ServeError::Tls)?;
    let outbound = Outbound::new(&config, tls);
    let sender = outbox::Sender::new(outbound.clone());
    let notifications = listener::Source::new(config.listen_database_url.as_deref())?;
    let app = App::new(config, access);
    let doorbells = Arc::new(Doorbells::default());

    if let Some(address) = app.config.metrics_listen {
        metrics::serve(address, Arc::clone(&app), shutdown.clone()).await?;
    }
    background::refresh_catalog(&app).await;
    let mut tasks = Background::new(shutdown.clone());
    let (watched, bells) = (Arc::clone(&app), Arc::clone(&doorbells));
    tasks.spawn("catalog", move |stop| {
        background::keep_catalog(Arc::clone(&watched), Arc::clone(&bells), stop)
    });
    let bells = Arc::clone(&doorbells);
    tasks.spawn("listener", move |stop| {
        listener::listen(notifications.clone(), Arc::clone(&bells), stop)
    });
    let (caller, bells) = (Arc::clone(&app), Arc::clone(&doorbells));
    tasks.spawn("provider calls", move |stop| {
        provider_api::drain(
            caller.config.clone(),
            caller.database.clone(),
            outbound.clone(),
            Arc::clone(&bells),
            stop,
        )
    });
    let kept = Arc::clone(&app);
    tasks.spawn("jobs", move |stop| jobs::run(kept.database.clone(), stop));
    let drained = Arc::clone(&app);
    tasks.spawn("outbox", move |stop| {
        outbox::drain(
            drained.config.clone(),
            drained.database.clone(),
            sender.clone(),
            Arc::clone(&doorbells),
            stop,
        )
    });

    connections::serve(listener, router(Arc::clone(&app)), &app.config, &shutdown).await;
    tasks.finish().await;
    Ok(())
}

fn router(app: Arc<App>) -> Router {
    let webhook = post(ingress::receive);
    let routes = Router::new()
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/openapi.json", get(docs::document))
        .route("/docs", get(docs::page))
        .route("/docs/", get(docs::without_slash))
        .route("/docs/{asset}", get(docs::asset))
        .route("/mcp", post(mcp::receive))
        .route("/webhook/{provider}/{project_id}", webhook.clone())
        .route("/api/webhook/{provider}/{project_id}", webhook)
        .fallback(api::dispatch)
        .method_not_allowed_fallback(request::method_not_allowed)
        .with_state(app);
    request::layers(routes)
}
