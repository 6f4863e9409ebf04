//! Results as psql prints them, held against what a query gives.
//!
//! The demo lies around the day it is made, so of a row with a date or time in it only the form is compared: which cells
//! are dates, numbers, words or empty. Any other row has to be there to the letter.

use tokio_postgres::SimpleQueryMessage;

/// The first line of a shown result that the query does not give.
pub(crate) fn missing(shown: &str, messages: &[SimpleQueryMessage]) -> Option<String> {
    let mut lines = shown.lines();
    let names = cells(lines.next().unwrap_or_default());
    let rows: Vec<Vec<String>> = messages.iter().filter_map(row).collect();
    if columns(messages) != names {
        return Some(format!("the columns are {:?}", columns(messages)));
    }
    lines
        .filter(|line| !line.starts_with("---"))
        .find(|line| {
            let expected = cells(line);
            !rows.iter().any(|row| same(row, &expected))
        })
        .map(str::to_owned)
}

fn same(row: &[String], shown: &[String]) -> bool {
    if shown.iter().any(|cell| form(cell) == Form::Date) {
        let forms = |cells: &[String]| cells.iter().map(|cell| form(cell)).collect::<Vec<_>>();
        return forms(row) == forms(shown);
    }
    row == shown
}

fn cells(line: &str) -> Vec<String> {
    line.split('|').map(|cell| cell.trim().to_owned()).collect()
}

fn columns(messages: &[SimpleQueryMessage]) -> Vec<String> {
    let first = messages.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    first.map_or_else(Vec::new, |row| {
        row.columns()
            .iter()
            .map(|column| column.name().to_owned())
            .collect()
    })
}

fn row(message: &SimpleQueryMessage) -> Option<Vec<String>> {
    let SimpleQueryMessage::Row(row) = message else {
        return None;
    };
    let cell = |n| row.get(n).unwrap_or_default().to_owned();
    Some((0..row.len()).map(cell).collect())
}

#[derive(Debug, PartialEq, Eq)]
enum Form {
    Date,
    Number,
    Word,
    Empty,
}

fn form(cell: &str) -> Form {
    let number = |text: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_digit() || ".-".contains(c))
    };
    match cell {
        "" => Form::Empty,
        _ if cell.len() >= 10 && cell.as_bytes()[4] == b'-' && number(&cell[..10]) => Form::Date,
        _ if number(cell) => Form::Number,
        _ => Form::Word,
    }
}

#[test]
fn a_row_without_a_date_is_compared_to_the_letter() {
    let row = |line: &str| cells(line);
    assert!(same(&row("ada | 1.50"), &row(" ada |  1.50")));
    assert!(!same(&row("ada | 1.51"), &row("ada | 1.50")));
    assert!(same(
        &row("2026-01-01 | 7 | USD"),
        &row("2025-02-03 | 9.00 | EUR")
    ));
    assert!(!same(
        &row("2026-01-01 |  | USD"),
        &row("2025-02-03 | 9.00 | EUR")
    ));
}
