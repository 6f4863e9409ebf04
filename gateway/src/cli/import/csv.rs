//! CSV as spreadsheets write it (RFC 4180): commas or semicolons, quotes doubled inside of quotes, any line ending.

use std::io::{self, BufRead, BufReader, Read};

/// One record and the line it starts on.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub line: u64,
    pub fields: Vec<String>,
}

/// Reads records one after the other.
#[derive(Debug)]
pub(super) struct Reader<R> {
    input: BufReader<R>,
    line: u64,
    bytes: u64,
    separator: Option<u8>,
}

impl<R: Read> Reader<R> {
    pub fn new(input: R) -> Self {
        Self {
            input: BufReader::with_capacity(1 << 16, input),
            line: 0,
            bytes: 0,
            separator: None,
        }
    }

    /// How much of the input has been read.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The next record; empty lines are skipped.
    ///
    /// # Errors
    /// When the input cannot be read, is not UTF-8, or ends within quotes.
    pub fn next_record(&mut self) -> io::Result<Option<Record>> {
        loop {
            let start = self.line + 1;
            let Some(text) = self.read_record()? else {
                return Ok(None);
            };
            let text = text.trim_start_matches('\u{feff}');
            if text.trim().is_empty() {
                continue;
            }
            // The first line decides: names hold neither.
            let separator = *self.separator.get_or_insert_with(|| {
                let count = |wanted| text.chars().filter(|c| *c == wanted).count();
                if count(';') > count(',') { b';' } else { b',' }
            });
            return Ok(Some(Record {
                line: start,
                fields: split(text, char::from(separator)),
            }));
        }
    }

    /// The lines of one record: a quote that is open at the end of a line goes on in the next one.
    fn read_record(&mut self) -> io::Result<Option<String>> {
        let mut bytes = Vec::new();
        loop {
            let read = self.input.read_until(b'\n', &mut bytes)?;
            self.bytes += read as u64;
            if read == 0 && bytes.is_empty() {
                return Ok(None);
            }
            let open = bytes.iter().filter(|byte| **byte == b'"').count() % 2 == 1;
            if read > 0 {
                self.line += 1;
            } else if open {
                return Err(invalid(format!(
                    "line {}: a quote is not closed",
                    self.line
                )));
            }
            if !open || read == 0 {
                break;
            }
        }
        while matches!(bytes.last(), Some(b'\n' | b'\r')) {
            bytes.pop();
        }
        String::from_utf8(bytes)
            .map(Some)
            .map_err(|_| invalid(format!("line {} is not UTF-8", self.line)))
    }
}

fn invalid(message: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message)
}

fn split(text: &str, separator: char) -> Vec<String> {
    let mut fields = Vec::new();
    let mut field = String::new();
    let mut quoted = false;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' if quoted && characters.peek() == Some(&'"') => {
                field.push('"');
                characters.next();
            }
            '"' => quoted = !quoted,
            _ if character == separator && !quoted => fields.push(std::mem::take(&mut field)),
            _ => field.push(character),
        }
    }
    fields.push(field);
    fields
}

/// A record as it is written.
pub(super) fn write(fields: &[String]) -> String {
    let quoted = fields.iter().map(|field| {
        if field.contains(['"', ',', ';', '\n', '\r']) {
            format!("\"{}\"", field.replace('"', "\"\""))
        } else {
            field.clone()
        }
    });
    quoted.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Record> {
        let mut reader = Reader::new(text.as_bytes());
        std::iter::from_fn(|| reader.next_record().expect("CSV")).collect()
    }

    #[test]
    fn records_are_what_spreadsheets_mean() {
        let records = read("\u{feff}a,b\r\n\"x, \"\"y\"\"\",\"two\nlines\"\r\n\r\n1,\n");
        let fields: Vec<_> = records
            .iter()
            .map(|record| (record.line, &record.fields[..]))
            .collect();
        assert_eq!(fields[0], (1, &["a".to_owned(), "b".to_owned()][..]));
        assert_eq!(
            fields[1],
            (2, &["x, \"y\"".to_owned(), "two\nlines".to_owned()][..])
        );
        assert_eq!(fields[2], (5, &["1".to_owned(), String::new()][..]));
        assert_eq!(read("a;b\n1,5;2\n")[1].fields, ["1,5", "2"]);
    }

    #[test]
    fn what_is_written_is_read_again() {
        let fields = ["plain", "a,b", "\"q\"", "two\nlines", ""].map(str::to_owned);
        let text = format!("a,b,c,d,e\n{}\n", write(&fields));
        assert_eq!(read(&text)[1].fields, fields);
    }

    #[test]
    fn an_open_quote_is_an_error() {
        let mut reader = Reader::new(&b"a\n\"b\n"[..]);
        reader.next_record().expect("the header");
        assert!(reader.next_record().is_err());
    }
}
