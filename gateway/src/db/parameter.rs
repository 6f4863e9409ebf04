//! Parameters that know their SQL type. With the types given, a statement is parsed and executed in one message to the
//! server, as a pooler in transaction mode needs, or prepared once per connection; callers need not know which.

use tokio_postgres::types::{ToSql, Type};

/// A value and the type it has in SQL.
pub trait Parameter: ToSql + Sync {
    /// The type that the server is told.
    fn sql_type(&self) -> Type;

    /// The value as the driver takes it.
    fn as_sql(&self) -> &(dyn ToSql + Sync);
}

macro_rules! parameter {
    ($($rust:ty => $sql:ident),+ $(,)?) => {
        $(impl Parameter for $rust {
            fn sql_type(&self) -> Type {
                Type::$sql
            }

            fn as_sql(&self) -> &(dyn ToSql + Sync) {
                self
            }
        })+
    };
}

parameter! {
    i32 => INT4,
    i64 => INT8,
    Vec<i32> => INT4_ARRAY,
    Vec<i64> => INT8_ARRAY,
    String => TEXT,
    Option<String> => TEXT,
    &str => TEXT,
    Option<&str> => TEXT,
    &[u8] => BYTEA,
    Vec<Option<&str>> => TEXT_ARRAY,
    Vec<&[u8]> => BYTEA_ARRAY,
}
