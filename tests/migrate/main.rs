//! The migration runner on a real Postgres, as a database owner who is no superuser.

mod cluster_wide;
mod foreign;
mod print;
mod profile;
mod roles;
mod runner;
mod support;
