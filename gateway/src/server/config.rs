//! What can be set about the running gateway.

use std::net::SocketAddr;
use std::ops::RangeInclusive;

use clap::builder::RangedU64ValueParser;
use url::Url;

use crate::ingress::Tolerance;
use crate::log::LogFormat;

const MIB: usize = 1024 * 1024;

const HOUR_MS: u64 = 3_600_000;

fn millis(least: u64) -> RangedU64ValueParser<u64> {
    RangedU64ValueParser::new().range(least..=HOUR_MS)
}

fn within(range: RangeInclusive<u64>) -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(range)
}

/// Settings of `affiliate serve`.
#[derive(Debug, Clone, clap::Args)]
pub struct ServeConfig {
    /// Largest request body in bytes; larger ones are answered 413
    #[arg(long, env = "AFFILIATE_MAX_BODY_BYTES", default_value_t = ServeConfig::default().max_body_bytes,
          value_parser = within(1_024..=1_073_741_824))]
    pub max_body_bytes: usize,
    /// How many connections may be open at once
    #[arg(long, env = "AFFILIATE_MAX_CONNECTIONS", default_value_t = ServeConfig::default().max_connections,
          value_parser = within(1..=1_000_000))]
    pub max_connections: usize,
    /// How long a connection may take to send a request's head, idle time between requests included
    #[arg(long, env = "AFFILIATE_HEADER_TIMEOUT_MS", default_value_t = ServeConfig::default().header_timeout_ms,
          value_parser = millis(1))]
    pub header_timeout_ms: u64,
    /// How long a request may take to send its body
    #[arg(long, env = "AFFILIATE_BODY_TIMEOUT_MS", default_value_t = ServeConfig::default().body_timeout_ms,
          value_parser = millis(1))]
    pub body_timeout_ms: u64,
    /// How long a request waits for a database connection before it is answered 503
    #[arg(long, env = "AFFILIATE_CHECKOUT_TIMEOUT_MS", default_value_t = ServeConfig::default().checkout_timeout_ms,
          value_parser = millis(1))]
    pub checkout_timeout_ms: u64,
    /// How long requests and deliveries under way may take to finish at shutdown
    #[arg(long, env = "AFFILIATE_SHUTDOWN_TIMEOUT_MS", default_value_t = ServeConfig::default().shutdown_timeout_ms,
          value_parser = millis(0))]
    pub shutdown_timeout_ms: u64,
    /// How often to look for deliveries that no notification announced
    #[arg(long, env = "AFFILIATE_POLL_INTERVAL_MS", default_value_t = ServeConfig::default().poll_interval_ms,
          value_parser = millis(10))]
    pub poll_interval_ms: u64,
    /// How many webhooks are sent at once; those that take longer than a second do not count
    #[arg(long, env = "AFFILIATE_WEBHOOK_CONCURRENCY", default_value_t = ServeConfig::default().webhook_concurrency,
          value_parser = within(1..=10_000))]
    pub webhook_concurrency: usize,
    /// How many webhooks are sent to one endpoint at once
    #[arg(long, env = "AFFILIATE_WEBHOOK_ENDPOINT_CONCURRENCY", default_value_t = ServeConfig::default().webhook_endpoint_concurrency,
          value_parser = within(1..=10_000))]
    pub webhook_endpoint_concurrency: usize,
    /// Send webhooks to this machine too
    #[arg(skip)]
    pub allow_loopback_webhook_targets: bool,
    /// Send webhooks to loopback and private addresses too
    #[arg(long, env = "AFFILIATE_ALLOW_PRIVATE_WEBHOOK_TARGETS")]
    pub allow_private_webhook_targets: bool,
    /// Send webhooks over plain HTTP too
    #[arg(long, env = "AFFILIATE_ALLOW_HTTP_WEBHOOK_TARGETS")]
    pub allow_http_webhook_targets: bool,
    /// Where payment providers reach this gateway, such as https://affiliate.example.com; registering webhooks needs it
    #[arg(long, env = "AFFILIATE_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<Url>,
    /// How far the times of signatures may be off.
    #[command(flatten)]
    pub tolerance: Tolerance,
    /// A direct connection (not through a transaction pooler) for notifications, `none` to poll alone [default: the database URL, or none through a pooler]
    #[arg(long, env = "AFFILIATE_LISTEN_DATABASE_URL", hide_env_values = true)]
    pub listen_database_url: Option<String>,
    /// Address to serve metrics for Prometheus on, to whoever can reach it [default: they are not served]
    #[arg(long, env = "AFFILIATE_METRICS_LISTEN", value_name = "HOST:PORT")]
    pub metrics_listen: Option<SocketAddr>,
    /// How log lines are written
    #[arg(long, env = "AFFILIATE_LOG_FORMAT", value_enum, default_value_t = ServeConfig::default().log_format)]
    pub log_format: LogFormat,
}

impl Default for ServeConfig {
    fn default() -> Self {
        Self {
            max_body_bytes: 10 * MIB,
            max_connections: 2_048,
            header_timeout_ms: 30_000,
            body_timeout_ms: 30_000,
            checkout_timeout_ms: 5_000,
            shutdown_timeout_ms: 15_000,
            poll_interval_ms: 5_000,
            webhook_concurrency: 64,
            webhook_endpoint_concurrency: 8,
            allow_loopback_webhook_targets: false,
            allow_private_webhook_targets: false,
            allow_http_webhook_targets: false,
            public_url: None,
            tolerance: Tolerance::default(),
            listen_database_url: None,
            metrics_listen: None,
            log_format: LogFormat::default(),
        }
    }
}
