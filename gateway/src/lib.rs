//! The gateway.
pub mod cli;
pub mod db;
pub mod embedded;
pub mod migrate;
pub mod server;
