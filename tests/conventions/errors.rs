//! One table of errors, in the gateway, in its reference and in what SQL raises.

use std::path::Path;

use affiliate_gateway::error::RULES;

use crate::markdown::Document;
use crate::{none, sources};

/// What the reference says instead of a text where the database's message is shown.
const OWN_MESSAGE: &str = "its own";

#[test]
fn the_reference_has_the_gateways_table() {
    let document = Document::read(Path::new("docs/errors.md"));
    let rows = document.prose.iter().filter_map(|(_, line)| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let code = cells.first()?.strip_prefix('`')?.strip_suffix('`')?;
        Some(format!("{code} {} {}", cells.get(1)?, cells.get(2)?))
    });
    let rules = RULES
        .iter()
        .map(|(code, status, text)| format!("{code} {status} {}", text.unwrap_or(OWN_MESSAGE)));
    assert_eq!(rows.collect::<Vec<_>>(), rules.collect::<Vec<_>>());
}

#[test]
fn sql_raises_only_own_codes_that_are_in_the_table() {
    let mut unknown = Vec::new();
    for (path, text) in sources::texts("sql") {
        for rest in text.split("ERRCODE = 'RF").skip(1) {
            let code = format!("RF{}", rest.split('\'').next().unwrap_or_default());
            if !RULES.iter().any(|(known, ..)| *known == code) {
                unknown.push(format!("{code} in {path}"));
            }
        }
    }
    none(
        "the gateway knows every code of class RF that SQL raises",
        &unknown,
    );
}
