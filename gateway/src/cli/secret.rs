//! Secrets given as `-` are read from standard input, so that they show neither in the process list nor in a history.

use std::io::BufRead;

use super::CliError;

/// The secret itself, or the next line of `input` when the argument is `-`.
pub(super) fn resolve(
    argument: Option<String>,
    name: &str,
    input: &mut impl BufRead,
) -> Result<Option<String>, CliError> {
    if argument.as_deref() != Some("-") {
        return Ok(argument);
    }
    let mut line = String::new();
    input.read_line(&mut line)?;
    let secret = line.trim_end_matches(['\r', '\n']);
    if secret.is_empty() {
        return Err(CliError::Usage(format!(
            "{name} - expects the secret as a line on standard input"
        )));
    }
    Ok(Some(secret.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dash_takes_the_next_line() {
        let mut input = &b"whsec_a\r\nsk_b\n"[..];
        let mut next = || {
            resolve(Some("-".to_owned()), "--secret", &mut input)
                .ok()
                .flatten()
        };
        assert_eq!(next().as_deref(), Some("whsec_a"));
        assert_eq!(next().as_deref(), Some("sk_b"));
        assert_eq!(next(), None);
    }

    #[test]
    fn anything_else_is_the_secret() {
        let secret = resolve(Some("whsec_a".to_owned()), "--secret", &mut &b""[..])
            .ok()
            .flatten();
        assert_eq!(secret.as_deref(), Some("whsec_a"));
        assert!(matches!(resolve(None, "--secret", &mut &b""[..]), Ok(None)));
    }
}
