//! Notifications from the database, on a connection of their own.
//!
//! They only save time: everything they announce is also looked for at intervals, so the gateway works where LISTEN
//! does not, and a lost connection loses nothing.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::poll_fn;
use tokio_postgres::{AsyncMessage, Config};
use tokio_postgres_rustls::MakeRustlsConnect;
use tokio_util::sync::CancellationToken;

use super::ServeError;
use super::background::Doorbells;
use crate::db::{self, DbConfig};
use crate::error::describe;

const CATALOG_CHANNEL: &str = "affiliate_catalog";
const OUTBOX_CHANNEL: &str = "affiliate_outbox";
const LISTEN: &str = "LISTEN affiliate_catalog; LISTEN affiliate_outbox";

const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// Few transactions ring (affiliate_private.ring_doorbell): what others write within 250 ms of one that did is found by
/// looking again until then.
const ECHOES: u32 = 5;
const ECHO_PAUSE: Duration = Duration::from_millis(60);

/// Where notifications come from.
#[derive(Clone)]
pub(super) struct Source(Option<(Config, MakeRustlsConnect)>);

impl Source {
    /// Prepares the connection; without a URL there are no notifications.
    pub(super) fn new(url: Option<&str>) -> Result<Self, ServeError> {
        let Some(url) = url.filter(|url| *url != "none") else {
            return Ok(Self(None));
        };
        let (mut config, tls) = DbConfig::new(url)
            .prepare()
            .map_err(ServeError::ListenUrl)?;
        config.application_name("affiliate listener");
        Ok(Self(Some((config, tls))))
    }
}

/// Rings the doorbells until `stop`, connecting again for as long as it takes.
pub(super) async fn listen(source: Source, doorbells: Arc<Doorbells>, stop: CancellationToken) {
    let Some((config, tls)) = source.0 else {
        return;
    };
    let mut pause = FIRST_PAUSE;
    loop {
        let ended = tokio::select! {
            () = stop.cancelled() => return,
            ended = listen_once(&config, tls.clone(), &doorbells) => ended,
        };
        match ended {
            Ok(()) => pause = FIRST_PAUSE,
            Err(error) => {
                tracing::warn!(
                    error,
                    "no notifications from the database: polling until they are back"
                );
            }
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
        pause = LONGEST_PAUSE.min(pause * 2);
    }
}

/// One connection's life: `Ok` where it had been listening.
async fn listen_once(
    config: &Config,
    tls: MakeRustlsConnect,
    doorbells: &Arc<Doorbells>,
) -> Result<(), String> {
    let connected = db::within_limit(config, config.connect(tls)).await;
    let (client, mut connection) = connected
        .map_err(|error| error.to_string())?
        .map_err(|error| describe(&error))?;
    let messages = async {
        loop {
            match poll_fn(|context| connection.poll_message(context)).await {
                Some(Ok(AsyncMessage::Notification(message))) => ring(doorbells, message.channel()),
                Some(Ok(_)) => {}
                Some(Err(error)) => {
                    tracing::warn!(
                        error = describe(&error),
                        "the connection for notifications was lost"
                    );
                    return;
                }
                None => return,
            }
        }
    };
    let listening = async {
        client.batch_execute(LISTEN).await?;
        // What was announced while nobody listened.
        ring(doorbells, CATALOG_CHANNEL);
        ring(doorbells, OUTBOX_CHANNEL);
        tracing::debug!("listening for notifications");
        std::future::pending::<Result<(), tokio_postgres::Error>>().await
    };
    tokio::select! {
        // The statement fails before the messages end where LISTEN is refused.
        biased;
        failed = listening => failed.map_err(|error| describe(&error)),
        () = messages => Ok(()),
    }
}

fn ring(doorbells: &Arc<Doorbells>, channel: &str) {
    match channel {
        CATALOG_CHANNEL => doorbells.catalog.notify_one(),
        OUTBOX_CHANNEL => {
            doorbells.ring_outbox();
            let doorbells = Arc::clone(doorbells);
            tokio::spawn(async move {
                for _ in 0..ECHOES {
                    tokio::time::sleep(ECHO_PAUSE).await;
                    doorbells.ring_outbox();
                }
            });
        }
        _ => {}
    }
}
