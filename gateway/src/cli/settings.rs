//! Settings from a file, for options that neither the command line nor the environment gives.
//!
//! The file has lines of `NAME=value` with the names of the environment variables, so that there is one name for a
//! setting wherever it stands, and the same file serves a service manager. A value from it goes the way of a default:
//! it is checked as any other, and anything given explicitly wins.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{Arg, Command};

const OPTION: &str = "--config";
const VARIABLE: &str = "AFFILIATE_CONFIG";
const DATABASE: &str = "DATABASE_URL";

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// It cannot be read.
    #[error("{path}: {source}", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A line is not a setting.
    #[error("{path}:{line}: {reason}", path = path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong and what is allowed.
        reason: String,
    },
}

/// The file that the command line or the environment names. Looked for before the command line is parsed, since what it
/// says is part of how that is done.
pub(super) fn file(
    arguments: impl IntoIterator<Item = OsString>,
    variable: Option<OsString>,
) -> Option<PathBuf> {
    let mut arguments = arguments
        .into_iter()
        .take_while(|argument| argument != "--");
    while let Some(argument) = arguments.next() {
        if argument == OPTION {
            return arguments.next().map(PathBuf::from);
        }
        let given = argument
            .to_str()
            .and_then(|text| text.strip_prefix(OPTION)?.strip_prefix('='));
        if let Some(path) = given {
            return Some(PathBuf::from(path));
        }
    }
    variable.filter(|path| !path.is_empty()).map(PathBuf::from)
}

/// The file that this process was told of, if any.
pub(super) fn given() -> Option<PathBuf> {
    file(std::env::args_os().skip(1), std::env::var_os(VARIABLE))
}

/// Reads a file and puts what it says into the defaults of `command`.
///
/// # Errors
/// When the file cannot be read, or says something that is no setting.
pub(super) fn apply(command: Command, path: &Path) -> Result<Command, SettingsError> {
    let text = std::fs::read_to_string(path).map_err(|source| SettingsError::Read {
        path: path.to_owned(),
        source,
    })?;
    let known = names(&command);
    let values = parse(&text, &known).map_err(|(line, reason)| SettingsError::Line {
        path: path.to_owned(),
        line,
        reason,
    })?;
    Ok(with_defaults(command, &values))
}

/// The name under which a file and the environment set an option. The environment's address of a database is read by
/// [`Global::database`](super::Global::database), so clap knows of none.
fn setting(argument: &Arg) -> Option<&str> {
    match argument.get_id().as_str() {
        "database_url" => Some(DATABASE),
        _ => argument.get_env()?.to_str(),
    }
}

fn names(command: &Command) -> Vec<String> {
    let own = command.get_arguments().filter_map(setting);
    let mut names: Vec<String> = own.map(str::to_owned).collect();
    names.extend(command.get_subcommands().flat_map(self::names));
    names.retain(|name| name != VARIABLE);
    names.sort();
    names.dedup();
    names
}

fn parse(text: &str, known: &[String]) -> Result<BTreeMap<String, String>, (usize, String)> {
    let mut values = BTreeMap::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let number = index + 1;
        let Some((name, value)) = line.split_once('=') else {
            return Err((number, "a setting is written NAME=value".to_owned()));
        };
        let (name, value) = (name.trim(), unquoted(value.trim()));
        if !known.iter().any(|other| other == name) {
            let reason = format!("{name} is no setting; there are {}", known.join(", "));
            return Err((number, reason));
        }
        if values.insert(name.to_owned(), value.to_owned()).is_some() {
            return Err((number, format!("{name} is given twice")));
        }
    }
    Ok(values)
}

fn unquoted(value: &str) -> &str {
    let inner = |quote| value.strip_prefix(quote)?.strip_suffix(quote);
    inner('"').or_else(|| inner('\'')).unwrap_or(value)
}

fn with_defaults(command: Command, values: &BTreeMap<String, String>) -> Command {
    let command = command.mut_args(|argument| {
        let value = setting(&argument)
            .filter(|name| *name != DATABASE || std::env::var_os(DATABASE).is_none())
            .and_then(|name| values.get(name));
        match value {
            // Kept for the life of the process, as the command itself is. Help does not print it: it may be a secret. A flag has
            // no value to print, and clap does not let it be hidden.
            Some(value) => {
                let takes_value = argument.get_action().takes_values();
                let argument = argument.default_value(value.clone().leak() as &str);
                if takes_value {
                    argument.hide_default_value(true)
                } else {
                    argument
                }
            }
            None => argument,
        }
    });
    command.mut_subcommands(|subcommand| with_defaults(subcommand, values))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<OsString> {
        text.split(' ').map(OsString::from).collect()
    }

    #[test]
    fn the_file_is_named_by_the_command_line_before_the_environment() {
        let other = || Some(OsString::from("/other"));
        let named = |text: &str, variable| file(words(text), variable);
        assert_eq!(named("serve --config /a", other()), Some("/a".into()));
        assert_eq!(named("--config=/a serve", None), Some("/a".into()));
        assert_eq!(named("serve", other()), Some("/other".into()));
        assert_eq!(named("serve -- --config /a", None), None);
    }

    #[test]
    fn lines_are_names_and_values_and_nothing_else() {
        let known = ["A_B".to_owned(), "C".to_owned()];
        let read = |text: &str| parse(text, &known);
        let values = read("# note\n\nA_B = 'x=y'\nC=\"z\"").expect("valid");
        assert_eq!((values["A_B"].as_str(), values["C"].as_str()), ("x=y", "z"));
        for (text, line, reason) in [
            ("A_B", 1, "NAME=value"),
            ("\nD=1", 2, "there are A_B, C"),
            ("C=1\nC=2", 2, "given twice"),
        ] {
            let (number, words) = read(text).expect_err("refused");
            assert_eq!(number, line);
            assert!(words.contains(reason), "{words}");
        }
    }
}
