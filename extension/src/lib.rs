//! pg_affiliate.
::pgrx::pg_module_magic!();
