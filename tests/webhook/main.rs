//! Outbound webhooks at their limits: receivers that misbehave, gateways that die, order, retries and where requests may go.

mod fair;
mod support;
mod traps;
