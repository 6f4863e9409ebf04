//! A row of the table a trigger fires on, read by column name with the column's type verified.
//!
//! Nothing binds a trigger function to the table it was written for, and a wrong type would be a wild pointer, so
//! every column is looked up and checked: 42703 where it is missing, 42804 where it has another type.

use pgrx::prelude::*;
use pgrx::tupdesc::PgTupleDesc;
use pgrx::varlena::varlena_to_byte_slice;
use std::ffi::CStr;

/// The shape of the rows of one table.
pub struct Shape {
    descriptor: pg_sys::TupleDesc,
    length: usize,
}

/// The place of a column in its rows.
#[derive(Clone, Copy)]
pub struct Column {
    /// Zero-based.
    index: usize,
    type_oid: pg_sys::Oid,
}

/// The values of one row.
pub struct Row {
    values: Vec<pg_sys::Datum>,
    nulls: Vec<bool>,
}

impl Shape {
    /// # Safety
    /// `descriptor` is that of the relation a trigger was called for.
    pub unsafe fn new(descriptor: pg_sys::TupleDesc) -> Self {
        // SAFETY: asserted by the caller.
        let length = unsafe { PgTupleDesc::from_pg_unchecked(descriptor) }.len();
        Self { descriptor, length }
    }

    /// The column of this name, which must be of this type.
    pub fn column(&self, name: &str, type_oid: pg_sys::Oid) -> Column {
        // SAFETY: `new` was given a valid descriptor.
        let descriptor = unsafe { PgTupleDesc::from_pg_unchecked(self.descriptor) };
        let found = descriptor.iter().position(|attribute| {
            // SAFETY: Postgres keeps names zero-terminated. They may be in any encoding, so bytes are compared.
            let attribute_name = unsafe { CStr::from_ptr(attribute.attname.data.as_ptr()) };
            !attribute.attisdropped && attribute_name.to_bytes() == name.as_bytes()
        });
        let Some(index) = found else {
            ereport!(
                ERROR,
                PgSqlErrorCode::ERRCODE_UNDEFINED_COLUMN,
                format!("record \"new\" has no field \"{name}\"")
            );
        };
        if descriptor
            .get(index)
            .is_none_or(|attribute| attribute.atttypid != type_oid)
        {
            ereport!(
                ERROR,
                PgSqlErrorCode::ERRCODE_DATATYPE_MISMATCH,
                format!("column \"{name}\" of a conversion has an unexpected type")
            );
        }
        Column { index, type_oid }
    }

    /// # Safety
    /// `tuple` is a row of this shape.
    pub unsafe fn read(&self, tuple: pg_sys::HeapTuple) -> Row {
        let mut row = Row {
            values: vec![pg_sys::Datum::null(); self.length],
            nulls: vec![true; self.length],
        };
        // SAFETY: asserted by the caller; both vectors have one entry per column.
        unsafe {
            pg_sys::heap_deform_tuple(
                tuple,
                self.descriptor,
                row.values.as_mut_ptr(),
                row.nulls.as_mut_ptr(),
            );
        }
        row
    }

    /// A copy of the row with two columns replaced, made in one step.
    ///
    /// # Safety
    /// `tuple` is a row of this shape, and both columns are eight bytes passed by value.
    pub unsafe fn with_two(
        &self,
        tuple: pg_sys::HeapTuple,
        first: (Column, i64),
        second: (Column, i64),
    ) -> pg_sys::HeapTuple {
        let attribute_number = |column: Column| {
            i32::try_from(column.index)
                .unwrap_or(i32::MAX)
                .saturating_add(1)
        };
        // Before Postgres 18 the arrays are declared mutable; none is written to.
        let mut columns = [attribute_number(first.0), attribute_number(second.0)];
        let mut values = [pg_sys::Datum::from(first.1), pg_sys::Datum::from(second.1)];
        let mut nulls = [false; 2];
        // SAFETY: asserted by the caller; three arrays of two.
        unsafe {
            pg_sys::heap_modify_tuple_by_cols(
                tuple,
                self.descriptor,
                2,
                columns.as_mut_ptr(),
                values.as_mut_ptr(),
                nulls.as_mut_ptr(),
            )
        }
    }
}

impl Row {
    fn datum(&self, column: Column) -> Option<pg_sys::Datum> {
        match (self.nulls.get(column.index), self.values.get(column.index)) {
            (Some(false), Some(value)) => Some(*value),
            _ => None,
        }
    }

    /// A `bigint`, `integer` or `timestamptz`, the latter as microseconds.
    pub fn integer(&self, column: Column) -> Option<i64> {
        self.datum(column).map(|datum| match column.type_oid {
            pg_sys::INT4OID => i64::from(datum.value() as i32),
            _ => datum.value() as i64,
        })
    }

    /// A `bigint[]`.
    pub fn array(&self, column: Column) -> Option<Array<'_, i64>> {
        if column.type_oid != pg_sys::INT8ARRAYOID {
            return None;
        }
        // SAFETY: the type has just been checked; the row outlives the array.
        self.datum(column)
            .and_then(|datum| unsafe { Array::from_datum(datum, false) })
    }

    /// `IS NOT DISTINCT FROM` between two rows of one shape.
    pub fn same(&self, other: &Self, column: Column) -> bool {
        match (self.datum(column), other.datum(column)) {
            (None, None) => true,
            (Some(one), Some(two)) => same_value(one, two, column.type_oid),
            _ => false,
        }
    }
}

fn same_value(one: pg_sys::Datum, two: pg_sys::Datum, type_oid: pg_sys::Oid) -> bool {
    match type_oid {
        pg_sys::INT8OID | pg_sys::INT4OID | pg_sys::TIMESTAMPTZOID => one == two,
        // SAFETY: the other columns a conversion has are text and bigint[], which are varlena.
        _ => unsafe {
            let bytes = |datum: pg_sys::Datum| {
                varlena_to_byte_slice(pg_sys::pg_detoast_datum_packed(datum.cast_mut_ptr()))
            };
            // Arrays with the same elements can differ in bytes (an unused null bitmap); text cannot.
            bytes(one) == bytes(two)
                || type_oid == pg_sys::INT8ARRAYOID
                    && pg_sys::OidFunctionCall2Coll(
                        pg_sys::Oid::from(pg_sys::F_ARRAY_EQ),
                        pg_sys::InvalidOid,
                        one,
                        two,
                    )
                    .value()
                        != 0
        },
    }
}
