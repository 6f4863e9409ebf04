//! Polar: its events, in [`event`].

pub mod event;
