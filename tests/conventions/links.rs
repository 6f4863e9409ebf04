//! Documents that lead somewhere.

use std::path::{Component, Path, PathBuf};

use affiliate_tests::binary::workspace;

use crate::markdown::{Document, documents};
use crate::none;

#[test]
fn internal_links_resolve() {
    let documents = documents();
    let mut broken = Vec::new();
    for document in &documents {
        for (line, target) in document.links() {
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            if !resolves(document, &target, &documents) {
                broken.push(format!("{} -> {target}", document.at(line)));
            }
        }
    }
    none("every link to a file or heading leads there", &broken);
}

fn resolves(from: &Document, target: &str, documents: &[Document]) -> bool {
    let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
    let path = if file.is_empty() {
        from.path.clone()
    } else {
        normalized(&from.path.parent().unwrap_or(Path::new("")).join(file))
    };
    if !workspace().join(&path).exists() {
        return false;
    }
    let there = documents.iter().find(|document| document.path == path);
    anchor.is_empty() || there.is_some_and(|there| there.anchors().contains(&anchor.to_owned()))
}

/// Without `..`, and never outside of the workspace.
fn normalized(path: &Path) -> PathBuf {
    let mut whole = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => assert!(whole.pop(), "{} leaves the project", path.display()),
            Component::Normal(name) => whole.push(name),
            _ => {}
        }
    }
    whole
}

#[test]
fn the_index_lists_every_document() {
    let index = Document::read(Path::new("docs/README.md"));
    let linked: Vec<PathBuf> = index
        .links()
        .iter()
        .map(|(_, target)| {
            normalized(&Path::new("docs").join(target.split('#').next().unwrap_or_default()))
        })
        .collect();
    let missing: Vec<String> = documents()
        .iter()
        .filter(|document| document.path != index.path && !linked.contains(&document.path))
        .map(|document| document.path.display().to_string())
        .collect();
    none("docs/README.md links every document", &missing);
}
