//! An HTTP server on loopback that keeps what it is sent: the customer's endpoint of an outbound webhook.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::wait::PATIENCE;

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// Path and query.
    pub uri: Uri,
    /// Every header.
    pub headers: HeaderMap,
    /// The bytes that were signed.
    pub body: Bytes,
}

impl Request {
    /// A header that is there once and is text.
    pub fn header(&self, name: &str) -> &str {
        let value = self
            .headers
            .get(name)
            .unwrap_or_else(|| panic!("no header {name} in {:?}", self.headers));
        value.to_str().expect("a header of visible characters")
    }

    /// Whether the documented signature is the one this secret makes of the body.
    pub fn is_signed_with(&self, secret: &str) -> bool {
        let key = secret.as_bytes();
        let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length is a key");
        mac.update(&self.body);
        let digest = hex::encode(mac.finalize().into_bytes());
        self.header("x-refgrow-signature") == format!("sha256={digest}")
    }

    /// The body as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {:?}", self.body))
    }
}

/// What the receiver says to one request.
#[derive(Debug, Clone)]
pub struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
    delay: Duration,
}

impl Answer {
    /// An answer with a status and no body.
    pub fn status(code: u16) -> Self {
        let status = StatusCode::from_u16(code).expect("an HTTP status");
        Self {
            status,
            headers: HeaderMap::new(),
            body: String::new(),
            delay: Duration::ZERO,
        }
    }

    /// With a header.
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers
            .insert(name, value.parse().expect("a header value"));
        self
    }

    /// With a body.
    pub fn body(mut self, body: impl Into<String>) -> Self {
        self.body = body.into();
        self
    }

    /// Sent only after a while, for time-outs.
    pub fn delayed(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }
}

#[derive(Debug, Default)]
struct Shared {
    requests: Mutex<Vec<Request>>,
    answers: Mutex<VecDeque<Answer>>,
    arrived: Notify,
}

/// A running receiver; it answers 200 unless told otherwise.
#[derive(Debug)]
pub struct Receiver {
    url: String,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl Receiver {
    /// Starts one on a free port.
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
            .await
            .expect("a free port");
        let url = format!(
            "http://{}/hook",
            listener.local_addr().expect("its address")
        );
        let shared = Arc::new(Shared::default());
        let app = Router::new()
            .fallback(receive)
            .with_state(Arc::clone(&shared));
        let task = tokio::spawn(async move {
            axum::serve(listener, app)
                .await
                .expect("the receiver serves")
        });
        Self { url, shared, task }
    }

    /// Where to send webhooks.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Answers for the next requests, in order; after them it is 200 again.
    pub fn answer(&self, answers: impl IntoIterator<Item = Answer>) {
        lock(&self.shared.answers).extend(answers);
    }

    /// What has come so far.
    pub fn requests(&self) -> Vec<Request> {
        lock(&self.shared.requests).clone()
    }

    /// Waits until at least `count` requests have come and gives all of them.
    pub async fn wait_for(&self, count: usize) -> Vec<Request> {
        let enough = async {
            loop {
                let arrived = self.shared.arrived.notified();
                let requests = self.requests();
                if requests.len() >= count {
                    return requests;
                }
                arrived.await;
            }
        };
        let waited = tokio::time::timeout(PATIENCE, enough).await;
        waited.unwrap_or_else(|_| panic!("{count} requests expected, got {:#?}", self.requests()))
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn receive(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    lock(&shared.requests).push(Request {
        method,
        uri,
        headers,
        body,
    });
    shared.arrived.notify_waiters();
    let answer = lock(&shared.answers)
        .pop_front()
        .unwrap_or_else(|| Answer::status(200));
    tokio::time::sleep(answer.delay).await;
    (answer.status, answer.headers, answer.body).into_response()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
