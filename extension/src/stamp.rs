//! The BEFORE trigger that stamps a conversion with its commission and release time.
//!
//! It computes both from the rule already in the row and afterwards refuses to let a stamped column change, unless
//! the row is settled again under a higher `stamp_version`. The row is copied once, whatever is written.

use crate::money::commission_of_lines;
use crate::raise::or_timestamp_out_of_range;
use crate::row::{Column, Row, Shape};
use affiliate_core::hold;
use pgrx::prelude::*;
use pgrx::trigger_support::{
    called_as_trigger, trigger_fired_before, trigger_fired_by_insert, trigger_fired_by_update,
    trigger_fired_for_row,
};

extension_sql!(
    r"
CREATE FUNCTION tg_conversion__stamp() RETURNS trigger
LANGUAGE c PARALLEL SAFE AS 'pg_affiliate-0.1.0', 'tg_conversion_stamp';
",
    name = "tg_conversion__stamp"
);

/// In the order in which a change is reported.
const STAMPED: [(&str, pg_sys::Oid); 19] = [
    ("affiliate_id", pg_sys::INT8OID),
    ("attribution_source", pg_sys::TEXTOID),
    ("rule_source", pg_sys::TEXTOID),
    ("currency", pg_sys::TEXTOID),
    ("base_minor", pg_sys::INT8OID),
    ("line_base_minor", pg_sys::INT8ARRAYOID),
    ("line_rate_ppm", pg_sys::INT8ARRAYOID),
    ("line_fixed_minor", pg_sys::INT8ARRAYOID),
    ("fx_ppb", pg_sys::INT8OID),
    ("value_override_minor", pg_sys::INT8OID),
    ("occurred_at", pg_sys::TIMESTAMPTZOID),
    ("hold_days", pg_sys::INT4OID),
    ("level_id", pg_sys::INT8OID),
    ("parent_affiliate_id", pg_sys::INT8OID),
    ("tier_rate_ppm", pg_sys::INT8OID),
    ("tier_fixed_minor", pg_sys::INT8OID),
    ("tier_minor", pg_sys::INT8OID),
    ("commission_minor", pg_sys::INT8OID),
    ("release_at", pg_sys::TIMESTAMPTZOID),
];

/// The calling convention record Postgres asks for before it calls the trigger.
#[unsafe(no_mangle)]
pub extern "C" fn pg_finfo_tg_conversion_stamp() -> &'static pg_sys::Pg_finfo_record {
    &pg_sys::Pg_finfo_record { api_version: 1 }
}

/// # Safety
/// Called by Postgres; anything but a trigger call is refused.
#[pg_guard]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn tg_conversion_stamp(
    fcinfo: pg_sys::FunctionCallInfo,
) -> pg_sys::Datum {
    // SAFETY: Postgres passes valid call and trigger data, and tuples of the relation's shape.
    unsafe {
        let trigger = trigger_data(fcinfo);
        let shape = Shape::new((*trigger.tg_relation).rd_att);
        let tuple = if trigger_fired_by_insert(trigger.tg_event) {
            stamp(&shape, trigger.tg_trigtuple)
        } else {
            update(&shape, trigger.tg_trigtuple, trigger.tg_newtuple)
        };
        pg_sys::Datum::from(tuple)
    }
}

unsafe fn trigger_data<'call>(fcinfo: pg_sys::FunctionCallInfo) -> &'call pg_sys::TriggerData {
    // SAFETY: the context is looked at only after its node tag says that it is trigger data.
    unsafe {
        let trigger =
            called_as_trigger(fcinfo).then(|| &*(*fcinfo).context.cast::<pg_sys::TriggerData>());
        match trigger {
            Some(trigger) if fires_before_row_write(trigger.tg_event) => trigger,
            _ => {
                ereport!(
                    ERROR,
                    PgSqlErrorCode::ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED,
                    "tg_conversion__stamp must be fired before insert or update for each row"
                );
            }
        }
    }
}

fn fires_before_row_write(event: u32) -> bool {
    trigger_fired_before(event)
        && trigger_fired_for_row(event)
        && (trigger_fired_by_insert(event) || trigger_fired_by_update(event))
}

unsafe fn update(
    shape: &Shape,
    old_tuple: pg_sys::HeapTuple,
    new_tuple: pg_sys::HeapTuple,
) -> pg_sys::HeapTuple {
    // SAFETY: asserted by the caller: both are rows of this shape.
    let (old, new) = unsafe { (shape.read(old_tuple), shape.read(new_tuple)) };
    let version = shape.column("stamp_version", pg_sys::INT4OID);
    let Some(new_version) = new.integer(version) else {
        missing("stamp_version of a conversion must not be null");
    };
    match old.integer(version) {
        Some(old_version) if new_version < old_version => {
            refuse("stamp_version of a conversion cannot go back".to_owned());
        }
        Some(old_version) if new_version == old_version => {
            refuse_changes(shape, &old, &new);
            new_tuple
        }
        // SAFETY: as above.
        _ => unsafe { stamp(shape, new_tuple) },
    }
}

fn refuse_changes(shape: &Shape, old: &Row, new: &Row) {
    for (name, type_oid) in STAMPED {
        if !old.same(new, shape.column(name, type_oid)) {
            refuse(format!(
                "column \"{name}\" of a conversion is stamped at the sale; settle it with a new stamp_version"
            ));
        }
    }
}

unsafe fn stamp(shape: &Shape, tuple: pg_sys::HeapTuple) -> pg_sys::HeapTuple {
    // SAFETY: asserted by the caller.
    let row = unsafe { shape.read(tuple) };
    if row
        .integer(shape.column("stamp_version", pg_sys::INT4OID))
        .is_none()
    {
        missing("stamp_version of a conversion must not be null");
    }
    let Some(commission) = commission(shape, &row) else {
        missing(
            "commission of a conversion cannot be computed: a line value or fx_ppb is null, or the lines differ in length",
        );
    };
    let Some(released) = release(shape, &row) else {
        missing(
            "release time of a conversion cannot be computed: occurred_at or hold_days is null",
        );
    };
    let commission_column = shape.column("commission_minor", pg_sys::INT8OID);
    let release_column = shape.column("release_at", pg_sys::TIMESTAMPTZOID);
    // SAFETY: the tuple has this shape; bigint and timestamptz are eight bytes passed by value.
    unsafe {
        shape.with_two(
            tuple,
            (commission_column, commission),
            (release_column, released),
        )
    }
}

fn commission(shape: &Shape, row: &Row) -> Option<i64> {
    let value = row.integer(shape.column("value_override_minor", pg_sys::INT8OID));
    if value.is_some() {
        return value;
    }
    let lines = |name| row.array(shape.column(name, pg_sys::INT8ARRAYOID));
    let (base, rate, fixed) = (
        lines("line_base_minor")?,
        lines("line_rate_ppm")?,
        lines("line_fixed_minor")?,
    );
    let fx_ppb: Column = shape.column("fx_ppb", pg_sys::INT8OID);
    commission_of_lines(&base, &rate, &fixed, row.integer(fx_ppb)?)
}

fn release(shape: &Shape, row: &Row) -> Option<i64> {
    let occurred_at = row.integer(shape.column("occurred_at", pg_sys::TIMESTAMPTZOID))?;
    let hold_days = row.integer(shape.column("hold_days", pg_sys::INT4OID))?;
    Some(or_timestamp_out_of_range(hold::release_at(
        occurred_at,
        i32::try_from(hold_days).ok()?,
    )))
}

fn missing(message: &'static str) -> ! {
    ereport!(ERROR, PgSqlErrorCode::ERRCODE_NOT_NULL_VIOLATION, message);
}

fn refuse(message: String) -> ! {
    ereport!(
        ERROR,
        PgSqlErrorCode::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
        message
    );
}
