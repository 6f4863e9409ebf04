//! Provider events over HTTP: who may send them, how a provider is connected, and what is kept of them.

mod connect;
mod environment;
mod events;
mod official;
mod rotation;
mod signature;
mod stripe_api;
mod support;
mod together;
mod vectors;
