//! LemonSqueezy: its events, in [`event`].

pub mod event;
