//! The OpenAPI document and the page that shows it: right in form, true of the running gateway, and complete.

mod browser;
mod document;
mod isolation;
mod page;
mod schemathesis;
