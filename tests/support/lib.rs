//! What the black-box tests stand on: a private Postgres, the real gateway as a child process, a receiver for its
//! webhooks, and the signatures of the providers.
//!
//! Nothing here sleeps for a fixed time: everything waits for a condition and fails with what it saw.

pub mod analyst;
pub mod binary;
pub mod books;
pub mod browser;
pub mod cluster;
pub mod database;
pub mod gateway;
pub mod intake;
pub mod lemonsqueezy;
pub mod mode;
pub mod node;
pub mod paddle;
pub mod polar;
pub mod pooler;
pub mod python;
pub mod random;
pub mod receiver;
pub mod shop;
pub mod signature;
pub mod snippet;
pub mod stripe;
pub mod trap;
pub mod wait;

/// An HTTP client for talking to the gateway under test.
pub fn http() -> reqwest::Client {
    // The second call of a process finds the first one's provider, which is the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .timeout(std::time::Duration::from_secs(60))
        .build()
        .expect("an HTTP client")
}

/// A port that nobody listens on.
pub fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.local_addr().expect("its address").port()
}

/// The same as `127.0.0.1:<port>`, for a program under test.
pub fn free_address() -> String {
    format!("127.0.0.1:{}", free_port())
}
