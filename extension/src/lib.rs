//! pg_affiliate: the kernels as native Postgres functions.
//!
//! Everything worth knowing about them is in `affiliate-core`; this crate only moves arguments in and results out.
//! It owns no tables, uses no SPI and touches nothing but its arguments, so that it stays optional: the same
//! functions exist in `sql/portable/` for servers that load no native code. Errors are standard SQLSTATEs only,
//! because others do not survive pgrx, and because both sets must raise the same ones.

mod comments;
mod decisions;
mod earnings;
mod money;
mod raise;
mod row;
mod stamp;

::pgrx::pg_module_magic!();
