//! Reading request bodies without being held up or filled up by them.
//!
//! A client that is still sending when the connection closes never sees the answer, so a body that is too large, or
//! not wanted, is read to its end and thrown away, up to a bound. The answer does not wait for that.

use std::time::Duration;

use axum::body::{Body, BodyDataStream, Bytes, HttpBody as _};
use axum::http::header::{CONTENT_LENGTH, EXPECT};
use axum::http::{HeaderMap, StatusCode};
use futures_util::StreamExt;
use tokio::time::{Instant, timeout_at};

use crate::error::ApiError;

/// How much of an unwanted body is read before the connection is given up.
const MAX_DISCARDED_BYTES: usize = 64 * 1024 * 1024;
/// What is set aside at once for a body that declares a length, whatever length it declares.
const MAX_INITIAL_CAPACITY: usize = 64 * 1024;

/// A request body that has not been read to its end yet.
pub(crate) struct RequestBody {
    stream: BodyDataStream,
    declared: Option<u64>,
    /// The client waits for permission before it sends: not reading the body means it is never sent.
    expects_permission: bool,
    started: bool,
    ended: bool,
    limit: usize,
    deadline: Instant,
}

impl RequestBody {
    /// Takes over a body; reading accepts `limit` bytes and lasts at most `timeout`.
    pub(crate) fn new(body: Body, headers: &HeaderMap, limit: usize, timeout: Duration) -> Self {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        Self {
            ended: body.is_end_stream(),
            stream: body.into_data_stream(),
            declared: text(CONTENT_LENGTH).and_then(|length| length.parse().ok()),
            expects_permission: text(EXPECT)
                .is_some_and(|value| value.eq_ignore_ascii_case("100-continue")),
            started: false,
            limit,
            deadline: Instant::now() + timeout,
        }
    }

    /// The whole body.
    ///
    /// # Errors
    /// 413 where it is too large, 408 where it takes too long, 400 where it breaks off.
    pub(crate) async fn read(&mut self) -> Result<Bytes, ApiError> {
        let limit = self.limit;
        if self.declared.is_some_and(|length| length > limit as u64) {
            return Err(too_large(limit));
        }
        let Some(first) = self.next().await? else {
            return Ok(Bytes::new());
        };
        if first.len() > limit {
            return Err(too_large(limit));
        }
        // Most bodies arrive in one piece, which needs no copy.
        let Some(mut chunk) = self.next().await? else {
            return Ok(first);
        };
        let expected = self
            .declared
            .and_then(|length| usize::try_from(length).ok())
            .unwrap_or(0);
        let mut whole = Vec::with_capacity(
            expected
                .min(MAX_INITIAL_CAPACITY)
                .max(first.len() + chunk.len()),
        );
        whole.extend_from_slice(&first);
        loop {
            if whole.len() + chunk.len() > limit {
                return Err(too_large(limit));
            }
            whole.extend_from_slice(&chunk);
            match self.next().await? {
                Some(next) => chunk = next,
                None => return Ok(whole.into()),
            }
        }
    }

    /// Reads what is left while the client is answered, and throws it away.
    pub(crate) fn discard(self) {
        let never_sent = self.expects_permission && !self.started;
        if !self.ended && !never_sent {
            tokio::spawn(self.drain());
        }
    }

    async fn drain(mut self) {
        let mut discarded = 0;
        while !self.ended && discarded < MAX_DISCARDED_BYTES {
            match self.next().await {
                Ok(Some(chunk)) => discarded += chunk.len(),
                Ok(None) | Err(_) => return,
            }
        }
    }

    async fn next(&mut self) -> Result<Option<Bytes>, ApiError> {
        if self.ended {
            return Ok(None);
        }
        self.started = true;
        match timeout_at(self.deadline, self.stream.next()).await {
            Ok(Some(Ok(chunk))) => Ok(Some(chunk)),
            Ok(None) => {
                self.ended = true;
                Ok(None)
            }
            Ok(Some(Err(error))) => {
                self.ended = true;
                tracing::debug!(%error, "the request body broke off");
                Err(ApiError::bad_request("The request body is incomplete"))
            }
            Err(_) => {
                self.ended = true;
                Err(ApiError::new(
                    StatusCode::REQUEST_TIMEOUT,
                    "The request body took too long to arrive",
                ))
            }
        }
    }
}

fn too_large(limit: usize) -> ApiError {
    ApiError::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        format!("The request body is too large: at most {limit} bytes are accepted"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;

    fn chunked(sizes: &[usize]) -> RequestBody {
        let chunks: Vec<Result<Vec<u8>, std::io::Error>> =
            sizes.iter().map(|size| Ok(vec![b'x'; *size])).collect();
        let body = Body::from_stream(stream::iter(chunks));
        RequestBody::new(body, &HeaderMap::new(), 10, Duration::from_secs(5))
    }

    #[tokio::test]
    async fn bodies_up_to_the_limit_are_read_whole() {
        for sizes in [&[][..], &[10], &[5, 5], &[1, 2, 3, 4]] {
            let total: usize = sizes.iter().sum();
            assert_eq!(
                chunked(sizes).read().await.map(|body| body.len()),
                Ok(total)
            );
        }
    }

    #[tokio::test]
    async fn larger_ones_are_refused_whether_they_say_so_or_not() {
        for sizes in [&[11][..], &[5, 6], &[4, 4, 4]] {
            let refused = chunked(sizes).read().await.map_err(|error| error.status());
            assert_eq!(refused, Err(StatusCode::PAYLOAD_TOO_LARGE));
        }
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_LENGTH, "11".parse().expect("a number"));
        let mut body = RequestBody::new(Body::empty(), &headers, 10, Duration::from_secs(5));
        assert!(body.read().await.is_err());
    }

    #[tokio::test]
    async fn a_body_that_never_comes_is_given_up() {
        let body = Body::from_stream(stream::pending::<Result<Vec<u8>, std::io::Error>>());
        let mut body = RequestBody::new(body, &HeaderMap::new(), 10, Duration::from_millis(10));
        let refused = body.read().await.map_err(|error| error.status());
        assert_eq!(refused, Err(StatusCode::REQUEST_TIMEOUT));
    }
}
