//! The house style, as far as a machine can tell: of the schema, of the sources and of the documents.

mod catalog;
mod cli_reference;
mod configuration;
mod database;
mod errors;
mod examples;
mod links;
mod markdown;
mod result;
mod rights;
mod sources;

/// Fails with every offender under the rule they break.
fn none(rule: &str, offenders: &[String]) {
    assert!(
        offenders.is_empty(),
        "{rule}, but:\n  {}",
        offenders.join("\n  ")
    );
}
