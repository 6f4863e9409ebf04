//! As much of Markdown as the documents use: headings, fenced blocks and links.

use std::fs;
use std::path::{Path, PathBuf};

use affiliate_tests::binary::workspace;

/// A fenced block.
#[derive(Debug)]
pub(crate) struct Block {
    /// What stands after the opening fence, such as `sql owner`.
    pub(crate) info: String,
    pub(crate) text: String,
    pub(crate) line: usize,
}

/// A document, taken apart.
#[derive(Debug)]
pub(crate) struct Document {
    /// Its path below the workspace.
    pub(crate) path: PathBuf,
    pub(crate) blocks: Vec<Block>,
    /// The lines outside of blocks with their numbers.
    pub(crate) prose: Vec<(usize, String)>,
}

impl Document {
    /// Reads a document of the workspace.
    pub(crate) fn read(path: &Path) -> Self {
        let text = fs::read_to_string(workspace().join(path))
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let (mut blocks, mut prose) = (Vec::new(), Vec::new());
        let mut open: Option<Block> = None;
        for (line, content) in (1..).zip(text.lines()) {
            let fence = content.trim_start().strip_prefix("```");
            match (fence, &mut open) {
                (Some(info), None) => {
                    let (info, text) = (info.trim().to_owned(), String::new());
                    open = Some(Block { info, text, line });
                }
                (Some(_), Some(_)) => blocks.extend(open.take()),
                (None, Some(block)) => {
                    block.text.push_str(content);
                    block.text.push('\n');
                }
                (None, None) => prose.push((line, content.to_owned())),
            }
        }
        assert!(open.is_none(), "{}: a block is not closed", path.display());
        let path = path.to_owned();
        Self {
            path,
            blocks,
            prose,
        }
    }

    /// Where a line is, for messages.
    pub(crate) fn at(&self, line: usize) -> String {
        format!("{}:{line}", self.path.display())
    }

    /// The anchors of the headings, as code hosts make them.
    pub(crate) fn anchors(&self) -> Vec<String> {
        let headings = self.prose.iter().filter(|(_, line)| line.starts_with('#'));
        headings
            .map(|(_, line)| anchor(line.trim_start_matches('#').trim()))
            .collect()
    }

    /// The targets of inline links with their lines.
    pub(crate) fn links(&self) -> Vec<(usize, String)> {
        let mut found = Vec::new();
        for (line, content) in &self.prose {
            // Text between backticks is code.
            let visible: String = content.split('`').step_by(2).collect();
            let targets = visible.split("](").skip(1);
            found.extend(
                targets.filter_map(|rest| Some((*line, rest.split_once(')')?.0.to_owned()))),
            );
        }
        found
    }
}

fn anchor(heading: &str) -> String {
    let kept = heading
        .to_lowercase()
        .chars()
        .filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c))
        .collect::<String>();
    kept.replace(' ', "-")
}

/// Every document of the project.
pub(crate) fn documents() -> Vec<Document> {
    let mut paths = vec![PathBuf::from("README.md"), PathBuf::from("CHANGELOG.md")];
    for directory in ["docs", "docs/decisions"] {
        let entries = fs::read_dir(workspace().join(directory)).expect("a directory of documents");
        let names = entries
            .flatten()
            .map(|entry| Path::new(directory).join(entry.file_name()));
        paths.extend(names.filter(|path| path.extension().is_some_and(|e| e == "md")));
    }
    paths.sort();
    paths.iter().map(|path| Document::read(path)).collect()
}
