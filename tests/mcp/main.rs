//! The MCP tools, used by the official SDK's client: over standard input and output, and over HTTP.

mod client;
mod demo_endpoint;
mod documented;
mod refusals;
mod tools;
mod vendor;
