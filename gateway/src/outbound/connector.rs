//! Connections whose other end cannot keep the gateway busy.
//!
//! The HTTP parser goes on as long as there is something to read, so that an endless row of interim answers (1xx) or of
//! headers would hold its thread. These connections pause for others every so often, and end where nobody wants more.

use std::collections::HashMap;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::http::Uri;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tower::{BoxError, Service};

use super::resolver::PolicyResolver;

/// Bytes read without a pause.
const IN_A_ROW: usize = 64 << 10;
/// Bytes read in answer to what was last written: more than anyone here wants to read, heads and framing included.
const AN_ANSWER: usize = 2 << 20;

/// How long connecting may take, TLS included, also where the request that wanted it got another connection meanwhile.
/// What is sent then was asked for so long ago.
const CONNECTING: Duration = Duration::from_secs(5);
/// How long until an address is given up for the next of the same name, times their number.
const DIALLING: Duration = Duration::from_secs(4);
/// Connections to one host and port that are being made at once: one that answers the first and lets the others hang must
/// not take all there are.
const MOST_CONNECTING: usize = 32;
/// Hosts known before those that nobody connects to are looked for.
const MANY: usize = 1024;

type Stream = TokioIo<MaybeHttpsStream<TokioIo<TcpStream>>>;

/// Connects where the resolver permits, with TLS for https.
#[derive(Clone)]
pub(super) struct Connector {
    https: HttpsConnector<HttpConnector<PolicyResolver>>,
    limit: Duration,
    hosts: Arc<Mutex<HashMap<String, Weak<Semaphore>>>>,
}

impl Connector {
    pub(super) fn new(resolver: PolicyResolver, tls: ClientConfig) -> Self {
        let mut http = HttpConnector::new_with_resolver(resolver);
        http.enforce_http(false);
        http.set_nodelay(true);
        http.set_connect_timeout(Some(DIALLING));
        let https = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .wrap_connector(http);
        Self {
            https,
            limit: CONNECTING,
            hosts: Arc::default(),
        }
    }

    fn places(&self, uri: &Uri) -> Arc<Semaphore> {
        let host = uri.authority().map(ToString::to_string).unwrap_or_default();
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if hosts.len() >= MANY {
            hosts.retain(|_, places| places.strong_count() > 0);
        }
        let known = hosts.get(&host).and_then(Weak::upgrade);
        known.unwrap_or_else(|| {
            let places = Arc::new(Semaphore::new(MOST_CONNECTING));
            hosts.insert(host, Arc::downgrade(&places));
            places
        })
    }
}

impl Service<Uri> for Connector {
    type Response = TokioIo<Metered<Stream>>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.https.poll_ready(context)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let places = self.places(&uri);
        let (connecting, limit) = (self.https.call(uri), self.limit);
        async move {
            let connected = async {
                let _place = places.acquire().await?;
                connecting.await
            };
            let stream = timeout(limit, connected).await;
            let stream =
                stream.map_err(|_| format!("no connection within {} ms", limit.as_millis()))??;
            Ok(TokioIo::new(Metered::new(TokioIo::new(stream))))
        }
        .boxed()
    }
}

/// A stream that is read in portions.
#[derive(Debug)]
pub(super) struct Metered<S> {
    stream: S,
    in_a_row: usize,
    answer: usize,
}

impl<S> Metered<S> {
    fn new(stream: S) -> Self {
        Self {
            stream,
            in_a_row: 0,
            answer: 0,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Metered<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.answer >= AN_ANSWER {
            let text = format!("the answer goes on after {} MiB", AN_ANSWER >> 20);
            return Poll::Ready(Err(io::Error::other(text)));
        }
        if self.in_a_row >= IN_A_ROW {
            self.in_a_row = 0;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if read.is_pending() {
            self.in_a_row = 0;
        }
        ready!(read)?;
        let count = buffer.filled().len() - before;
        self.in_a_row += count;
        self.answer += count;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Metered<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.answer = 0;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl<S: Connection> Connection for Metered<S> {
    fn connected(&self) -> Connected {
        self.stream.connected()
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::net::TcpListener;

    use super::super::target::Policy;
    use super::*;
    use crate::server::tls::client_config;

    /// They take connections and never say a word of TLS.
    #[tokio::test]
    async fn connections_that_come_to_nothing_are_few_and_end() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let uri = format!("https://{}/", listener.local_addr().expect("it"));
        let policy = Policy {
            allow_loopback: true,
            allow_private: false,
            allow_http: false,
        };
        let tls = client_config().expect("TLS");
        let mut connector = Connector::new(PolicyResolver::new(policy), tls);
        connector.limit = Duration::from_secs(3);
        let mut connecting = Vec::new();
        for _ in 0..MOST_CONNECTING + 8 {
            connecting.push(tokio::spawn(connector.call(uri.parse().expect("a URI"))));
        }
        let mut taken = Vec::new();
        for _ in 0..MOST_CONNECTING {
            taken.push(listener.accept().await.expect("a connection"));
        }
        assert!(listener.accept().now_or_never().is_none(), "one more");
        for ended in connecting {
            let error = ended.await.expect("an end").expect_err("no TLS");
            assert_eq!(error.to_string(), "no connection within 3000 ms");
        }
    }

    #[tokio::test]
    async fn an_endless_answer_pauses_for_others_and_ends() {
        let mut endless = Metered::new(tokio::io::repeat(b'x'));
        let mut pauses = 0;
        let error = poll_fn(|context| {
            loop {
                let mut nowhere = [0; 16 << 10];
                let read =
                    Pin::new(&mut endless).poll_read(context, &mut ReadBuf::new(&mut nowhere));
                match read {
                    Poll::Ready(Ok(())) => {}
                    Poll::Ready(Err(error)) => return Poll::Ready(error.to_string()),
                    Poll::Pending => {
                        pauses += 1;
                        return Poll::Pending;
                    }
                }
            }
        });
        assert_eq!(error.await, "the answer goes on after 2 MiB");
        assert_eq!(pauses, AN_ANSWER / IN_A_ROW - 1);
    }
}
