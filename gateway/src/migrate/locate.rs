//! Where in a file an error is. The server gives a position for what it cannot parse or resolve; for what fails while
//! running, the statements finished before it are counted and found again in the text.

use std::pin::pin;

use futures_util::TryStreamExt;
use tokio_postgres::error::ErrorPosition;
use tokio_postgres::{Client, Error, SimpleQueryMessage};

use super::{MigrateError, SqlFile};

/// Runs a whole file; a failure comes with the number of statements that had finished.
pub(super) async fn execute(client: &Client, sql: &str) -> Result<(), (usize, Error)> {
    let mut finished = 0;
    let messages = client
        .simple_query_raw(sql)
        .await
        .map_err(|error| (0, error))?;
    let mut messages = pin!(messages);
    loop {
        match messages.try_next().await {
            Ok(Some(SimpleQueryMessage::CommandComplete(_))) => finished += 1,
            Ok(Some(_)) => {}
            Ok(None) => return Ok(()),
            Err(error) => return Err((finished, error)),
        }
    }
}

/// The line of `sql` an error belongs to, after `finished` statements went well.
pub(super) fn failing_line(sql: &str, error: &Error, finished: usize) -> usize {
    let position = match error.as_db_error().and_then(|error| error.position()) {
        Some(ErrorPosition::Original(position)) => Some(*position),
        _ => None,
    };
    position.map_or_else(
        || {
            line_at(
                sql,
                statement_starts(sql).get(finished).copied().unwrap_or(0),
            )
        },
        |position| line_of_character(sql, position),
    )
}

/// The error of a function whose body does not hold, at the line that creates the function.
pub(super) fn invalid_body(files: &[SqlFile], source: Error) -> MigrateError {
    let name = source
        .as_db_error()
        .and_then(|error| error.message().split_once('('))
        .map(|(name, _)| name.to_ascii_lowercase());
    let found = name.and_then(|name| {
        files
            .iter()
            .find_map(|file| creation_line(&file.body, &name).map(|line| (file.path.clone(), line)))
    });
    match found {
        Some((path, line)) => MigrateError::File { path, line, source },
        None => MigrateError::Postgres(source),
    }
}

fn creation_line(sql: &str, name: &str) -> Option<usize> {
    sql.lines()
        .position(|line| {
            let line = line.to_ascii_lowercase();
            line.trim_start().starts_with("create") && line.contains(&format!("{name}("))
        })
        .map(|index| index + 1)
}

/// `position` counts characters from 1.
fn line_of_character(sql: &str, position: u32) -> usize {
    let before = usize::try_from(position)
        .unwrap_or(usize::MAX)
        .saturating_sub(1);
    1 + sql
        .chars()
        .take(before)
        .filter(|character| *character == '\n')
        .count()
}

fn line_at(sql: &str, offset: usize) -> usize {
    1 + sql.as_bytes()[..offset]
        .iter()
        .filter(|byte| **byte == b'\n')
        .count()
}

/// Whether the last statement of `sql` lacks its semicolon.
pub(super) fn is_open(sql: &str) -> bool {
    scan(sql).1
}

fn statement_starts(sql: &str) -> Vec<usize> {
    scan(sql).0
}

/// Byte offsets at which the statements of `sql` start, comments and empty statements left out, and whether the last
/// one is still open at the end.
fn scan(sql: &str) -> (Vec<usize>, bool) {
    let mut starts = Vec::new();
    let mut inside = false;
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let offset = sql.len() - rest.len();
        let length = token_length(rest).max(first.len_utf8());
        let comment = rest.starts_with("--") || rest.starts_with("/*");
        if first == ';' {
            inside = false;
        } else if !inside && !comment && !first.is_whitespace() {
            starts.push(offset);
            inside = true;
        }
        rest = &rest[length..];
    }
    (starts, inside)
}

/// Length of the comment, quoted text, word or single character `sql` starts with.
fn token_length(sql: &str) -> usize {
    let until = |start: usize, end: &str| {
        sql[start..]
            .find(end)
            .map_or(sql.len(), |at| start + at + end.len())
    };
    match sql.as_bytes() {
        [b'-', b'-', ..] => until(2, "\n"),
        [b'/', b'*', ..] => until(2, "*/"),
        [b'\'', ..] => until(1, "'"),
        [b'"', ..] => until(1, "\""),
        [b'E' | b'e', b'\'', ..] => escape_string_length(sql),
        [b'$', ..] => dollar_tag(sql).map_or(1, |tag| until(tag.len(), tag)),
        [first, ..] if is_word(*first) => sql.bytes().take_while(|byte| is_word(*byte)).count(),
        _ => 0,
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80
}

/// `E'…'`, where a backslash hides the character after it.
fn escape_string_length(sql: &str) -> usize {
    let mut hidden = false;
    for (offset, byte) in sql.bytes().enumerate().skip(2) {
        match byte {
            _ if hidden => hidden = false,
            b'\\' => hidden = true,
            b'\'' => return offset + 1,
            _ => {}
        }
    }
    sql.len()
}

/// The opening tag of a dollar-quoted text, both dollars included.
fn dollar_tag(sql: &str) -> Option<&str> {
    let end = 1 + sql[1..].find('$')?;
    let name = &sql.as_bytes()[1..end];
    let valid =
        name.iter().all(|byte| is_word(*byte)) && !name.first().is_some_and(u8::is_ascii_digit);
    valid.then(|| &sql[..=end])
}

#[cfg(test)]
mod tests;
