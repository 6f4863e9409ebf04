//! The gateway.
pub mod auth;
pub mod catalog;
pub mod cli;
pub mod db;
pub mod doctor;
pub mod embedded;
pub mod error;
pub mod ingress;
pub mod limit;
pub mod log;
pub mod mcp;
mod metrics;
pub mod migrate;
pub mod openapi;
mod outbound;
pub mod outbox;
mod provider_api;
pub mod server;
