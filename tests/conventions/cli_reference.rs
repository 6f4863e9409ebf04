//! The reference of the command line against the program's own help.

use std::path::Path;

use affiliate_tests::binary;

use crate::markdown::Document;
use crate::none;

#[tokio::test]
async fn every_documented_command_and_option_exists() {
    let document = Document::read(Path::new("docs/cli.md"));
    let mut command: Vec<String> = Vec::new();
    let mut help = help(&command).await;
    let mut unknown = Vec::new();
    for (line, text) in &document.prose {
        if let Some(name) = text.strip_prefix("## affiliate ") {
            command = name.split(' ').map(str::to_owned).collect();
            help = self::help(&command).await;
        }
        for name in text
            .starts_with('|')
            .then(|| mentioned(text))
            .into_iter()
            .flatten()
        {
            if !help.contains(&name) {
                unknown.push(format!(
                    "{}: {name} of affiliate {}",
                    document.at(*line),
                    command.join(" ")
                ));
            }
        }
    }
    none("docs/cli.md documents what there is", &unknown);
}

async fn help(command: &[String]) -> String {
    let arguments: Vec<&str> = command
        .iter()
        .map(String::as_str)
        .chain(["--help"])
        .collect();
    let output = binary::run(&arguments, &[]).await;
    assert!(
        output.status.success(),
        "affiliate {arguments:?}: {output:?}"
    );
    String::from_utf8(output.stdout).expect("help is UTF-8")
}

/// The options and environment variables that stand at the start of code in a row of a table.
fn mentioned(row: &str) -> Vec<String> {
    let code = row.split('`').skip(1).step_by(2);
    let names = code.filter_map(|code| code.split([' ', '=']).next());
    names
        .filter(|name| {
            name.starts_with("--") || name.starts_with("AFFILIATE_") || *name == "DATABASE_URL"
        })
        .map(str::to_owned)
        .collect()
}
