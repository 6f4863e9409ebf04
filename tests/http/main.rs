//! What the gateway makes of a request before and around its endpoint: keys, limits, tokens, and every kind of request
//! that is not quite right.

mod escalation;
mod flood;
mod last_use;
mod limit;
mod request;
mod shop;
mod token;
