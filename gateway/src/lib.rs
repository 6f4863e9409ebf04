//! The gateway.
pub mod auth;
pub mod catalog;
pub mod error;
pub mod ingress;
pub mod log;
pub mod outbox;
pub mod server;
