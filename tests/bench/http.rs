//! A load generator that costs little: keep-alive connections that send one request after the other.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// Builds the n-th request.
pub type Build = dyn Fn(u64) -> Request<Full<Bytes>> + Send + Sync;

/// Requests answered per second, all with the expected status.
pub async fn rate(
    address: &str,
    build: Arc<Build>,
    expected: StatusCode,
    connections: u32,
    duration: Duration,
) -> f64 {
    let sent = Arc::new(AtomicU64::new(0));
    let start = Instant::now();
    let workers: Vec<_> = (0..connections)
        .map(|_| {
            let (address, build, sent) =
                (address.to_owned(), Arc::clone(&build), Arc::clone(&sent));
            tokio::spawn(async move {
                let stream = TcpStream::connect(address).await.expect("a connection");
                stream.set_nodelay(true).expect("no delay");
                let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
                    .await
                    .expect("HTTP/1.1");
                let requests = async {
                    let mut answered = 0_u64;
                    while start.elapsed() < duration {
                        let request = build(sent.fetch_add(1, Ordering::Relaxed));
                        let response = sender.send_request(request).await.expect("an answer");
                        let status = response.status();
                        let body = response.into_body().collect().await.expect("a body");
                        let body = body.to_bytes();
                        assert_eq!(status, expected, "{}", String::from_utf8_lossy(&body));
                        answered += 1;
                    }
                    answered
                };
                // In one task with its connection: waking another for each request would cost as much as the request.
                tokio::select! {
                    answered = requests => answered,
                    closed = connection => panic!("the connection was closed: {closed:?}"),
                }
            })
        })
        .collect();
    let mut answered = 0;
    for worker in workers {
        answered += worker.await.expect("a worker");
    }
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53 requests")]
    let rate = answered as f64 / start.elapsed().as_secs_f64();
    rate
}
