//! The gateway.
pub mod catalog;
pub mod error;
pub mod log;
