//! Connections whose other end cannot keep the gateway busy.
//!
//! The HTTP parser goes on as long as there is something to read, so that an endless row of interim answers (1xx) or of
//! headers would hold its thread. These connections pause for others every so often, and end where nobody wants more.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tower::util::MapResponse;

use super::resolver::PolicyResolver;

/// Bytes read without a pause.
const IN_A_ROW: usize = 64 << 10;
/// Bytes read in answer to what was last written: more than anyone here wants to read, heads and framing included.
const AN_ANSWER: usize = 2 << 20;

type Stream = TokioIo<MaybeHttpsStream<TokioIo<TcpStream>>>;
type Map = fn(MaybeHttpsStream<TokioIo<TcpStream>>) -> TokioIo<Metered<Stream>>;
pub(super) type Connector = MapResponse<HttpsConnector<HttpConnector<PolicyResolver>>, Map>;

/// Connects where the resolver permits, with TLS for https.
pub(super) fn connector(resolver: PolicyResolver, tls: ClientConfig) -> Connector {
    let mut http = HttpConnector::new_with_resolver(resolver);
    http.enforce_http(false);
    http.set_nodelay(true);
    let https = HttpsConnectorBuilder::new()
        .with_tls_config(tls)
        .https_or_http()
        .enable_http1()
        .wrap_connector(http);
    MapResponse::new(https, |stream| {
        TokioIo::new(Metered::new(TokioIo::new(stream)))
    })
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

    use super::*;

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
