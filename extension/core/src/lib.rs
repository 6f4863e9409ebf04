//! The money arithmetic and the decisions of pg_affiliate, without Postgres and without I/O.
//!
//! The native extension wraps these functions; `sql/portable/` says the same in SQL. Keeping the arithmetic in a
//! crate of its own means that it can be tested in milliseconds and that every law is stated once, in a place
//! where it can be proved on random input.
//!
//! Units: amounts are minor units (cents), rates are parts per million, exchange rates parts per billion, instants
//! are microseconds since 2000-01-01 UTC as Postgres keeps them. No floating point anywhere. Nothing here panics:
//! whatever does not fit is [`Overflow`].
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

pub mod attribution;
pub mod commission;
pub mod earnings;
pub mod hold;
pub mod refund;
pub mod rounding;

use core::fmt;

/// A result left the range of its type. Postgres reports it as `numeric_value_out_of_range` (22003), or as
/// `datetime_field_overflow` (22008) where the result is an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overflow;

impl fmt::Display for Overflow {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("value out of range")
    }
}

impl core::error::Error for Overflow {}
