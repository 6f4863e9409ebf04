//! What the people who run the product do with it: back it up, put a pooler in front, watch it, take access away.

mod analysts;
mod doctor;
mod logs;
mod metrics;
mod pooler;
mod restore;
mod settings;
mod tls;
mod trouble;
mod upgrade;
mod warehouse;
