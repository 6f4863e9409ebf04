//! The earnings aggregate: a `bigint[4]` state that is updated in place.
//!
//! The state is an ordinary array rather than `internal`, because only superusers may create an aggregate with an
//! `internal` state, and `affiliate_kernel.earnings` is created by the owner of the schema. Written against the C
//! calling convention, because an argument that may be modified in place cannot be said through `#[pg_extern]`.
//!
//! The name of the library has the version once more here, and in `stamp.rs`: the script runs as a superuser in a schema that
//! may have somebody else's functions in it, so that nothing in it is computed.

use crate::raise::or_out_of_range;
use affiliate_core::earnings::{Earnings, Entry};
use pgrx::fcinfo::{pg_arg_is_null, pg_getarg, pg_getarg_datum};
use pgrx::prelude::*;

const SUMS: usize = 4;

extension_sql!(
    r"
CREATE FUNCTION earnings_step(p_state bigint[], p_amount_minor bigint, p_is_payout boolean,
                              p_release_at timestamptz, p_at timestamptz)
RETURNS bigint[] LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'pg_affiliate-0.1.0', 'earnings_step';

CREATE FUNCTION earnings_combine(p_state bigint[], p_other bigint[])
RETURNS bigint[] LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'pg_affiliate-0.1.0', 'earnings_combine';

CREATE AGGREGATE earnings(p_amount_minor bigint, p_is_payout boolean, p_release_at timestamptz, p_at timestamptz) (
    SFUNC = earnings_step,
    STYPE = bigint[],
    INITCOND = '{0,0,0,0}',
    COMBINEFUNC = earnings_combine,
    PARALLEL = SAFE
);
",
    name = "earnings"
);

/// The calling convention record Postgres asks for before it calls `earnings_step`.
#[unsafe(no_mangle)]
pub extern "C" fn pg_finfo_earnings_step() -> &'static pg_sys::Pg_finfo_record {
    &pg_sys::Pg_finfo_record { api_version: 1 }
}

/// The calling convention record Postgres asks for before it calls `earnings_combine`.
#[unsafe(no_mangle)]
pub extern "C" fn pg_finfo_earnings_combine() -> &'static pg_sys::Pg_finfo_record {
    &pg_sys::Pg_finfo_record { api_version: 1 }
}

/// Adds one ledger entry to the state; an entry without amount or kind changes nothing.
///
/// # Safety
/// Called by Postgres with the five arguments declared above.
#[pg_guard]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn earnings_step(fcinfo: pg_sys::FunctionCallInfo) -> pg_sys::Datum {
    // SAFETY: the SQL declaration fixes number and types of the arguments.
    unsafe {
        let state = State::from_argument(fcinfo);
        let amount: Option<i64> = pg_getarg(fcinfo, 1);
        let is_payout: Option<bool> = pg_getarg(fcinfo, 2);
        if let (Some(amount_minor), Some(is_payout)) = (amount, is_payout) {
            let entry = Entry {
                amount_minor,
                is_payout,
                release_at: instant(fcinfo, 3),
            };
            state.write(or_out_of_range(state.read().add(entry, instant(fcinfo, 4))));
        }
        state.into_datum()
    }
}

/// Adds the partial sums of another worker to the state.
///
/// # Safety
/// Called by Postgres with two non-null arrays.
#[pg_guard]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn earnings_combine(
    fcinfo: pg_sys::FunctionCallInfo,
) -> pg_sys::Datum {
    // SAFETY: the SQL declaration fixes number and types of the arguments.
    unsafe {
        let state = State::from_argument(fcinfo);
        let other = State::checked(
            pg_getarg_datum(fcinfo, 1).map(|datum| pg_sys::pg_detoast_datum(datum.cast_mut_ptr())),
        );
        state.write(or_out_of_range(state.read().combine(other.read())));
        state.into_datum()
    }
}

/// A timestamp argument as Postgres keeps it; the infinities are the extremes and need no special case.
unsafe fn instant(fcinfo: pg_sys::FunctionCallInfo, argument: usize) -> Option<i64> {
    // SAFETY: asserted by the callers, which name a timestamptz argument.
    unsafe {
        if pg_arg_is_null(fcinfo, argument) {
            None
        } else {
            pg_getarg::<i64>(fcinfo, argument)
        }
    }
}

/// A valid `bigint[4]` without NULLs.
struct State(*mut pg_sys::ArrayType);

impl State {
    /// The state argument. Inside an aggregate it belongs to the aggregate and may be written to; a direct caller's
    /// array is somebody else's value and is copied first.
    unsafe fn from_argument(fcinfo: pg_sys::FunctionCallInfo) -> Self {
        // SAFETY: asserted by the callers.
        unsafe {
            let is_aggregate = pg_sys::AggCheckCallContext(fcinfo, std::ptr::null_mut()) != 0;
            Self::checked(pg_getarg_datum(fcinfo, 0).map(|datum| {
                if is_aggregate {
                    pg_sys::pg_detoast_datum(datum.cast_mut_ptr())
                } else {
                    pg_sys::pg_detoast_datum_copy(datum.cast_mut_ptr())
                }
            }))
        }
    }

    /// Anybody may call the support functions with any array, so its shape is checked before it is trusted.
    unsafe fn checked(array: Option<*mut pg_sys::varlena>) -> Self {
        let array: *mut pg_sys::ArrayType = array.map_or(std::ptr::null_mut(), <*mut _>::cast);
        // SAFETY: a detoasted bigint[]; its dimensions directly follow the header.
        let is_valid = unsafe {
            !array.is_null()
                && (*array).ndim == 1
                && (*array).dataoffset == 0
                && (*array).elemtype == pg_sys::INT8OID
                && *array.add(1).cast::<i32>() == SUMS as i32
        };
        if !is_valid {
            ereport!(
                ERROR,
                PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE,
                "the state of earnings must be an array of four bigint"
            );
        }
        Self(array)
    }

    fn sums(&self) -> *mut [i64; SUMS] {
        // The header, one dimension and one lower bound: 24 bytes, which keeps the elements aligned.
        // SAFETY: `checked` has verified that one dimension of four elements follows.
        unsafe { self.0.add(1).cast::<i32>().add(2).cast() }
    }

    fn read(&self) -> Earnings {
        // SAFETY: see `sums`.
        let [total, eligible, held, paid] = unsafe { *self.sums() };
        Earnings {
            total,
            eligible,
            held,
            paid,
        }
    }

    fn write(&self, sums: Earnings) {
        // SAFETY: see `sums`; `from_argument` has made sure that the array is ours to write to.
        unsafe { *self.sums() = [sums.total, sums.eligible, sums.held, sums.paid] }
    }

    fn into_datum(self) -> pg_sys::Datum {
        pg_sys::Datum::from(self.0)
    }
}
