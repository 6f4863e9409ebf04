//! The reference of settings against the program's own help.

use std::collections::BTreeSet;
use std::path::Path;

use affiliate_tests::binary;

use crate::markdown::Document;
use crate::none;

const PAGE: &str = "docs/configuration.md";

#[tokio::test]
async fn every_setting_is_documented_and_every_documented_one_exists() {
    let mut known = BTreeSet::new();
    for command in ["serve", "dev", "mcp", "doctor"] {
        let output = binary::run(&[command, "--help"], &[]).await;
        let help = String::from_utf8(output.stdout).expect("help is UTF-8");
        known.extend(help.split("[env: ").skip(1).filter_map(|rest| {
            let end = rest.find(['=', ']'])?;
            Some(rest[..end].to_owned())
        }));
    }
    assert!(known.contains("AFFILIATE_POOL_SIZE"), "{known:?}");
    let document = Document::read(Path::new(PAGE));
    let documented: BTreeSet<String> = document
        .prose
        .iter()
        .filter(|(_, text)| text.starts_with('|'))
        .filter_map(|(_, text)| text.split('`').nth(3).or_else(|| text.split('`').nth(1)))
        .filter(|name| {
            name.contains('_') && name.chars().all(|c| c.is_ascii_uppercase() || c == '_')
        })
        .map(str::to_owned)
        .collect();
    let missing: Vec<String> = known.difference(&documented).cloned().collect();
    none(&format!("{PAGE} has every setting"), &missing);
    let unknown: Vec<String> = documented
        .difference(&known)
        .filter(|name| *name != "RUST_LOG")
        .cloned()
        .collect();
    none(
        &format!("{PAGE} has no setting that there is not"),
        &unknown,
    );
}
