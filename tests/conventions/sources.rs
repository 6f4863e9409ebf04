//! The sources: where they are, how long they are, and what they do not mention.

use std::fs;
use std::path::Path;

use affiliate_tests::binary::workspace;

use crate::none;

/// What the top level holds, files that start with a dot aside. `docker` may be missing.
const TOP_LEVEL: [&str; 12] = [
    "CHANGELOG.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "Makefile",
    "README.md",
    "docker",
    "docs",
    "extension",
    "gateway",
    "sql",
    "tests",
];
/// About 300, with room for tests that belong together.
const LONGEST_FILE: usize = 320;

/// In pieces, so that this file does not hold them itself. Hosts of package registries, paths of the machine the project
/// was written on, and promises.
const FORBIDDEN: [[&str; 2]; 9] = [
    ["crates", ".io"],
    ["pypi", ".org"],
    ["pythonhosted", ".org"],
    ["npmjs", ".org"],
    ["npmjs", ".com"],
    ["/wo", "rk/"],
    ["/tm", "p/wo"],
    ["TO", "DO"],
    ["FIX", "ME"],
];

/// Every text below a directory of the workspace: its path and what is in it.
pub(crate) fn texts(directory: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    collect(&workspace().join(directory), &mut found);
    found.sort();
    found
}

fn collect(directory: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(directory).expect("a directory").flatten() {
        let path = entry.path();
        let name = entry.file_name();
        if [".git", ".local", "target"]
            .iter()
            .any(|skipped| name == *skipped)
        {
            continue;
        }
        if path.is_dir() {
            collect(&path, found);
        } else if let Ok(text) = fs::read_to_string(&path) {
            let relative = path.strip_prefix(workspace()).expect("below the workspace");
            found.push((relative.display().to_string(), text));
        }
    }
}

#[test]
fn the_top_level_stays_as_it_is() {
    let entries = fs::read_dir(workspace()).expect("the workspace").flatten();
    let mut names: Vec<String> = entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| !name.starts_with('.') && name != "target")
        .collect();
    names.sort();
    let unknown: Vec<String> = names
        .iter()
        .filter(|name| !TOP_LEVEL.contains(&name.as_str()))
        .cloned()
        .collect();
    none("nothing new stands at the top level", &unknown);
    let missing: Vec<String> = TOP_LEVEL
        .iter()
        .filter(|name| **name != "docker" && !names.iter().any(|there| there == *name))
        .map(ToString::to_string)
        .collect();
    none("the top level is complete", &missing);
}

#[test]
fn files_are_short() {
    let mut long = Vec::new();
    for directory in ["extension", "gateway", "sql", "tests"] {
        for (path, text) in texts(directory) {
            let lines = text.lines().count();
            if lines > LONGEST_FILE && !path.contains("/fixtures/") && !path.ends_with(".lock") {
                long.push(format!("{path}: {lines}"));
            }
        }
    }
    none(
        &format!("no source has more than {LONGEST_FILE} lines"),
        &long,
    );
}

#[test]
fn nothing_speaks_of_registries_or_of_a_machine() {
    let mut found = Vec::new();
    for (path, text) in texts("") {
        // The lock file names its registry, as cargo writes it.
        if path == "Cargo.lock" {
            continue;
        }
        for word in FORBIDDEN.map(|pieces| pieces.concat()) {
            found.extend(text.contains(&word).then(|| format!("{word} in {path}")));
        }
    }
    none("the project speaks of itself", &found);
}

#[test]
fn documents_that_sources_point_to_exist() {
    let mut missing = Vec::new();
    for directory in ["extension", "gateway", "sql", "tests"] {
        for (path, text) in texts(directory) {
            for rest in text.split("docs/").skip(1) {
                let name: String = rest
                    .chars()
                    .take_while(|c| c.is_ascii_alphanumeric() || "-_./".contains(*c))
                    .collect();
                let document = format!("docs/{}", name.trim_end_matches('.'));
                if document.ends_with(".md") && !workspace().join(&document).is_file() {
                    missing.push(format!("{document} in {path}"));
                }
            }
        }
    }
    none("a document that a source names exists", &missing);
}
