//! affiliate.
fn main() {}
