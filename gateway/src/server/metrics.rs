//! `GET /metrics`, on a listener of its own: what is counted is nobody's business outside, and a scrape must not compete
//! with requests.
//!
//! What the database knows is asked for at most every few seconds however often is scraped, in one statement whose cost
//! is bounded, and never waited for long.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use super::database::Repeat;
use super::{App, ServeConfig, ServeError, connections};
use crate::metrics::{self, Exposition};

/// A scrape is one short request every few seconds, from one or two places.
const CONNECTIONS: usize = 16;
const HEADER_TIMEOUT_MS: u64 = 2_000;
const FRESH: Duration = Duration::from_secs(5);
const PATIENCE: Duration = Duration::from_secs(2);
const FIGURES: &str = "SELECT f.deliveries_pending, f.deliveries_late_seconds, f.calls_pending, f.calls_late_seconds, \
                              f.events_parked, f.schema_version, f.profile \
                         FROM affiliate_api.read_figures() AS f";

/// What the database says about itself.
#[derive(Debug, Clone)]
struct Figures {
    gauges: [i64; 5],
    schema_version: i32,
    profile: String,
}

/// Names and meanings of [`Figures::gauges`].
const GAUGES: [(&str, &str); 5] = [
    (
        "affiliate_outbox_pending",
        "Webhooks that wait to be sent, now or later; at most 10000 are counted",
    ),
    (
        "affiliate_outbox_lag_seconds",
        "How long the webhook that is due the longest has waited",
    ),
    (
        "affiliate_provider_calls_pending",
        "Calls of providers' APIs that wait to be made; at most 10000 are counted",
    ),
    (
        "affiliate_provider_calls_lag_seconds",
        "How long the call that is due the longest has waited",
    ),
    (
        "affiliate_parked_events",
        "Provider events that could not be applied; at most 10000 are counted",
    ),
];

struct Scrape {
    app: Arc<App>,
    started: Instant,
    last: Mutex<Option<(Instant, Option<Figures>)>>,
}

/// Starts answering; ends with the process.
pub(super) async fn serve(
    address: SocketAddr,
    app: Arc<App>,
    stop: CancellationToken,
) -> Result<(), ServeError> {
    let listener = TcpListener::bind(address)
        .await
        .map_err(|error| ServeError::Metrics(address, error))?;
    tracing::info!(listen = %address, "metrics");
    let scrape = Arc::new(Scrape {
        app,
        started: Instant::now(),
        last: Mutex::default(),
    });
    let router = Router::new()
        .route("/metrics", get(answer))
        .with_state(scrape);
    let config = ServeConfig {
        max_connections: CONNECTIONS,
        header_timeout_ms: HEADER_TIMEOUT_MS,
        ..ServeConfig::default()
    };
    tokio::spawn(async move { connections::serve(listener, router, &config, &stop).await });
    Ok(())
}

async fn answer(State(scrape): State<Arc<Scrape>>) -> Response {
    let mut out = Exposition::default();
    metrics::expose(&mut out);
    scrape.expose_process(&mut out);
    scrape.expose_database(&mut out).await;
    (
        [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")],
        out.into_text(),
    )
        .into_response()
}

impl Scrape {
    fn expose_process(&self, out: &mut Exposition) {
        out.family("affiliate_build_info", "gauge", "The running release");
        let version = [("version", env!("CARGO_PKG_VERSION"))];
        out.sample("affiliate_build_info", &version, 1);
        let uptime = self.started.elapsed().as_secs();
        out.gauge(
            "affiliate_uptime_seconds",
            "Time since this gateway started",
            uptime,
        );
        let endpoints = self.app.catalog.current().len();
        out.gauge(
            "affiliate_endpoints",
            "REST endpoints that are served",
            endpoints,
        );
    }

    async fn expose_database(&self, out: &mut Exposition) {
        let pool = self.app.database.pool_status();
        out.family(
            "affiliate_database_connections",
            "gauge",
            "Connections of the pool",
        );
        let in_use = pool.size.saturating_sub(pool.available);
        for (state, count) in [("idle", pool.available), ("in_use", in_use)] {
            out.sample("affiliate_database_connections", &[("state", state)], count);
        }
        out.gauge(
            "affiliate_database_connections_max",
            "Most connections the pool opens",
            pool.max_size,
        );
        out.gauge(
            "affiliate_database_waiting",
            "Requests that wait for a connection",
            pool.waiting,
        );
        out.gauge(
            "affiliate_provider_events_waiting",
            "Events of payment providers that wait for their turn",
            self.app.intake.waiting(),
        );
        let figures = self.figures().await;
        out.gauge(
            "affiliate_database_up",
            "Whether the database answered",
            u8::from(figures.is_some()),
        );
        let Some(figures) = figures else {
            return;
        };
        out.family("affiliate_schema_info", "gauge", "The database's schema");
        let schema_version = figures.schema_version.to_string();
        let labels = [
            ("version", schema_version.as_str()),
            ("kernels", &figures.profile),
        ];
        out.sample("affiliate_schema_info", &labels, 1);
        for ((name, help), value) in GAUGES.iter().zip(figures.gauges) {
            out.gauge(name, help, value);
        }
    }

    /// Asks again once the last answer is old; whoever comes meanwhile waits for that one.
    async fn figures(&self) -> Option<Figures> {
        let mut last = self.last.lock().await;
        if let Some((at, figures)) = &*last
            && at.elapsed() < FRESH
        {
            return figures.clone();
        }
        let asked = tokio::time::timeout(PATIENCE, self.ask()).await;
        let figures = asked.ok().flatten();
        *last = Some((Instant::now(), figures.clone()));
        figures
    }

    async fn ask(&self) -> Option<Figures> {
        let rows = self.app.database.query(FIGURES, &[], Repeat::Safe).await;
        let rows = rows
            .map_err(|error| tracing::warn!(%error, "the database's figures cannot be read"))
            .ok()?;
        let row = rows.first()?;
        let mut gauges = [0; 5];
        for (index, gauge) in gauges.iter_mut().enumerate() {
            *gauge = row.try_get(index).ok()?;
        }
        Some(Figures {
            gauges,
            schema_version: row.try_get(5).ok()?,
            profile: row.try_get(6).ok()?,
        })
    }
}
