//! Errors as Postgres reports them itself: same SQLSTATE, same text as the portable kernels.

use affiliate_core::Overflow;
use pgrx::prelude::*;

/// What a kernel computed, or 22003 as bigint arithmetic raises it.
pub fn or_out_of_range<T>(result: Result<T, Overflow>) -> T {
    match result {
        Ok(value) => value,
        Err(Overflow) => {
            ereport!(
                ERROR,
                PgSqlErrorCode::ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE,
                "bigint out of range"
            );
        }
    }
}

/// What a kernel computed, or 22008 as timestamp arithmetic raises it.
pub fn or_timestamp_out_of_range<T>(result: Result<T, Overflow>) -> T {
    match result {
        Ok(value) => value,
        Err(Overflow) => {
            ereport!(
                ERROR,
                PgSqlErrorCode::ERRCODE_DATETIME_FIELD_OVERFLOW,
                "timestamp out of range"
            );
        }
    }
}
