//! The kernels exist natively and in SQL, and this is what keeps them the same: random cases on both and on the crate
//! behind the native ones, the trigger on two tables, and switching from one set to the other in place.
//!
//! `AFFILIATE_PARITY_CASES` sets how many cases each kernel gets, `AFFILIATE_PARITY_SEED` repeats a run.

mod database;
mod generate;
mod inlining;
mod parity;
mod schema;
mod stamp;
mod switching;
