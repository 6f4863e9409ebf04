//! Outbound webhooks at their limits: receivers that misbehave, gateways that die, order, retries and where requests may go.

mod crash;
mod fair;
mod hold;
mod payload;
mod replay;
mod resolver;
mod signature;
mod support;
mod target;
mod traps;
