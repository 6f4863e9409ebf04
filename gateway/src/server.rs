//! Placeholder until branch `http` is merged, which replaces this file.

use deadpool_postgres::Pool;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Settings of the server.
#[derive(Debug, Default)]
pub struct ServeConfig {}

/// Serves until `shutdown` is cancelled.
///
/// # Errors
/// Never.
pub async fn run(
    _config: ServeConfig,
    _pool: Pool,
    _listener: TcpListener,
    shutdown: CancellationToken,
) -> Result<(), std::io::Error> {
    shutdown.cancelled().await;
    Ok(())
}
