//! Printing results. A reader that went away (`| head`) is not an error, so nothing here panics on a closed pipe. Output that
//! could not be written for another reason is told of when the command ends ([`lost`]): a key is shown only once.

use std::io::{self, ErrorKind, Write, stderr, stdout};
use std::sync::OnceLock;

use serde_json::{Value, json};

/// Prints a result: as it is with `--json`, else as lines of `name: value`.
pub(super) fn print(json: bool, value: &Value) {
    let text = if json {
        value.to_string()
    } else {
        lines(value)
    };
    print_text(&text);
}

/// Prints a list: under `name` in an object with `--json`, else as a table, or `none` where it is empty.
pub(super) fn print_list(json: bool, name: &str, list: &Value, none: &str) {
    let rows = list.as_array().map(Vec::as_slice).unwrap_or_default();
    match rows {
        _ if json => print_text(&json!({ name: rows }).to_string()),
        [] => print_text(none),
        rows => print_text(&table(rows)),
    }
}

/// Prints text on stdout, ended by one newline.
pub(super) fn print_text(text: &str) {
    let mut out = stdout().lock();
    note(writeln!(out, "{}", text.trim_end_matches('\n')).and_then(|()| out.flush()));
}

/// Prints a file on stdout, byte by byte.
pub(super) fn print_exactly(text: &str) {
    let mut out = stdout().lock();
    note(out.write_all(text.as_bytes()).and_then(|()| out.flush()));
}

static LOST: OnceLock<io::Error> = OnceLock::new();

fn note(written: io::Result<()>) {
    if let Err(error) = written
        && error.kind() != ErrorKind::BrokenPipe
    {
        // The first is the one to tell of.
        let _ = LOST.set(error);
    }
}

/// Why output was lost, if it was.
pub(super) fn lost() -> Option<&'static io::Error> {
    LOST.get()
}

/// Prints an error on stderr.
pub(super) fn print_error(json: bool, message: &str) {
    let text = if json {
        json!({"success": false, "error": message}).to_string()
    } else {
        format!("affiliate: {message}")
    };
    let _ = writeln!(stderr(), "{text}");
}

/// An object as aligned lines of `name: value`.
pub(super) fn lines(value: &Value) -> String {
    let Value::Object(fields) = value else {
        return plain(value);
    };
    let width = fields
        .keys()
        .map(|name| name.len() + 1)
        .max()
        .unwrap_or_default();
    fields
        .iter()
        .map(|(name, value)| format!("{:width$}  {}\n", format!("{name}:"), plain(value)))
        .collect()
}

/// Objects as a table with the columns of the first one.
pub(super) fn table(rows: &[Value]) -> String {
    let Some(Value::Object(first)) = rows.first() else {
        return String::new();
    };
    let names: Vec<&String> = first.keys().collect();
    let mut cells = vec![names.iter().map(ToString::to_string).collect::<Vec<_>>()];
    cells.extend(rows.iter().map(|row| {
        names
            .iter()
            .map(|name| plain(&row[name.as_str()]))
            .collect()
    }));
    let width = |column: usize| {
        cells
            .iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or_default()
    };
    let widths: Vec<usize> = (0..names.len()).map(width).collect();
    cells
        .iter()
        .map(|row| {
            let line: Vec<String> = row
                .iter()
                .zip(&widths)
                .map(|(cell, width)| format!("{cell:width$}", width = *width))
                .collect();
            format!("{}\n", line.join("  ").trim_end())
        })
        .collect()
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_aligned_lines() {
        let value = json!({"project_id": 1, "api_key": "rgk_1_x", "note": null});
        assert_eq!(
            lines(&value),
            "project_id:  1\napi_key:     rgk_1_x\nnote:        -\n"
        );
    }

    #[test]
    fn a_list_is_a_table_in_the_order_of_its_fields() {
        let rows = [
            json!({"id": 7, "name": "CI"}),
            json!({"id": 10, "name": null}),
        ];
        assert_eq!(table(&rows), "id  name\n7   CI\n10  -\n");
        assert_eq!(table(&[]), "");
    }
}
