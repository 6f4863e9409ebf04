//! The bytes of a connection. What never becomes a request, broken or too large as it is, hyper answers by itself,
//! without a body; here its answers get the one that every refusal has.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::http::StatusCode;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::request::new_request_id;
use crate::error::ApiError;

/// What hyper answers by itself, and what to say then.
const REFUSALS: [(StatusCode, &str); 3] = [
    (StatusCode::BAD_REQUEST, "The request is not valid HTTP"),
    (StatusCode::URI_TOO_LONG, "The address is too long"),
    (
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        "The headers are too large or too many",
    ),
];
/// How much of a refused request is still read, and for how long: a connection closed before loses the answer.
const MAX_LINGER_BYTES: u64 = 1024 * 1024;
const LINGER: Duration = Duration::from_secs(2);

/// A client's connection.
pub(super) struct Wire {
    /// `None` only while it is dropped.
    stream: Option<TcpStream>,
    /// What is written in place of hyper's own answer, from `written` on; empty before.
    refusal: Vec<u8>,
    written: usize,
}

impl Wire {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self {
            stream: Some(stream),
            refusal: Vec::new(),
            written: 0,
        }
    }

    fn stream(&mut self) -> io::Result<Pin<&mut TcpStream>> {
        let stream = self.stream.as_mut().map(Pin::new);
        stream.ok_or_else(|| io::ErrorKind::NotConnected.into())
    }

    fn poll_refusal(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.written < self.refusal.len() {
            let Self {
                stream: Some(stream),
                refusal,
                written,
            } = self
            else {
                return Poll::Ready(Err(io::ErrorKind::NotConnected.into()));
            };
            let count = ready!(Pin::new(stream).poll_write(context, &refusal[*written..]))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            *written += count;
        }
        Poll::Ready(Ok(()))
    }
}

/// The whole answer to send in place of `head`, if that is one of hyper's own. The gateway's have a request id.
fn in_full(head: &[u8]) -> Option<Vec<u8>> {
    let code = head.strip_prefix(b"HTTP/1.1 ")?.get(..3)?;
    let (status, text) = REFUSALS
        .iter()
        .find(|(status, _)| status.as_str().as_bytes() == code)?;
    let head = std::str::from_utf8(head).ok()?.to_ascii_lowercase();
    let is_bare = head.ends_with("\r\n\r\n") && head.contains("\r\ncontent-length: 0\r\n");
    if !is_bare || head.contains("\r\nx-request-id:") {
        return None;
    }
    let body = ApiError::new(*status, *text).body();
    let id = new_request_id();
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nx-request-id: {}\r\n\
         connection: close\r\n\r\n{body}",
        body.len(),
        id.to_str().unwrap_or_default()
    );
    Some(answer.into_bytes())
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.stream()?.poll_read(context, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_refusal(context))?;
        match in_full(bytes) {
            Some(answer) => {
                self.refusal = answer;
                Poll::Ready(Ok(bytes.len()))
            }
            None => self.stream()?.poll_write(context, bytes),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        // hyper's own answers are heads without a body, so one slice.
        let mut filled = slices.iter().filter(|slice| !slice.is_empty());
        match (filled.next(), filled.next()) {
            (Some(only), None) => self.poll_write(context, only),
            _ => {
                ready!(self.poll_refusal(context))?;
                self.stream()?.poll_write_vectored(context, slices)
            }
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_refusal(context))?;
        self.stream()?.poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_refusal(context))?;
        self.stream()?.poll_shutdown(context)
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        if !self.refusal.is_empty()
            && let Some(stream) = self.stream.take()
        {
            tokio::spawn(linger(stream));
        }
    }
}

/// Reads what the client still sends, so that it gets to read the answer.
async fn linger(mut stream: TcpStream) {
    if stream.shutdown().await.is_ok() {
        let mut rest = stream.take(MAX_LINGER_BYTES);
        let mut nowhere = tokio::io::sink();
        // However it ends, the connection is over.
        let _ = timeout(LINGER, tokio::io::copy(&mut rest, &mut nowhere)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bare_refusals_get_a_body_and_other_answers_stay() {
        let bare = "HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
        let full = in_full(bare.as_bytes()).expect("an answer in full");
        let full = String::from_utf8(full).expect("text");
        let (head, body) = full.split_once("\r\n\r\n").expect("a body");
        assert!(head.starts_with("HTTP/1.1 431 Request Header Fields Too Large\r\n"));
        assert!(head.contains(&format!("content-length: {}\r\n", body.len())));
        let body: serde_json::Value = serde_json::from_str(body).expect("JSON");
        assert_eq!(body["error"], "The headers are too large or too many");
        for other in [
            "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 400 Bad Request\r\ncontent-length: 2\r\n\r\n{}",
            "HTTP/1.1 400 Bad Request\r\nx-request-id: 1\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 4",
            "",
        ] {
            assert_eq!(in_full(other.as_bytes()), None, "{other:?}");
        }
    }
}
