//! CSV as spreadsheets write it (RFC 4180): commas or semicolons, lines that end with or without a carriage return.

use std::io::{self, BufRead, BufReader, Read};

use csv::{ErrorKind, ReaderBuilder, StringRecord, Terminator};

/// One record and the line it starts on.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub line: u64,
    pub fields: Vec<String>,
}

/// Reads records one after the other.
#[derive(Debug)]
pub(super) struct Reader<R> {
    records: csv::Reader<Quotes<R>>,
}

impl<R: Read> Reader<R> {
    /// Looks at the first line to see what separates its fields: the names in it hold neither.
    ///
    /// # Errors
    /// When the input cannot be read.
    pub fn new(input: R) -> io::Result<Self> {
        let mut input = BufReader::with_capacity(1 << 16, input);
        let start = input.fill_buf()?;
        let first = start.split(|byte| *byte == b'\n').next().unwrap_or(start);
        let count = |wanted| first.iter().filter(|byte| **byte == wanted).count();
        let separator = if count(b';') > count(b',') {
            b';'
        } else {
            b','
        };
        let quotes = Quotes {
            input,
            open: false,
            ended: false,
        };
        let records = ReaderBuilder::new()
            .delimiter(separator)
            // The carriage return before it is taken away below: as an end of its own it would count lines wrongly.
            .terminator(Terminator::Any(b'\n'))
            .has_headers(false)
            .flexible(true)
            .from_reader(quotes);
        Ok(Self { records })
    }

    /// How much of the input has been read.
    pub fn bytes(&self) -> u64 {
        self.records.position().byte()
    }

    /// The next record; lines without anything are skipped.
    ///
    /// # Errors
    /// When the input cannot be read, is not UTF-8, or ends within quotes.
    pub fn next_record(&mut self) -> io::Result<Option<Record>> {
        let mut record = StringRecord::new();
        loop {
            if !self.records.read_record(&mut record).map_err(described)? {
                return Ok(None);
            }
            if record.iter().any(|field| !field.trim().is_empty()) {
                break;
            }
        }
        let line = record.position().map_or(0, csv::Position::line);
        let quotes = self.records.get_ref();
        if quotes.ended && quotes.open {
            return Err(invalid(format!("line {line}: a quote is not closed")));
        }
        let mut fields: Vec<String> = record.iter().map(str::to_owned).collect();
        if let Some(last) = fields.last_mut().filter(|last| last.ends_with('\r')) {
            last.pop();
        }
        Ok(Some(Record { line, fields }))
    }
}

/// Counts the quotes that go by: a file that ends within some has swallowed what follows the first of them.
#[derive(Debug)]
struct Quotes<R> {
    input: BufReader<R>,
    open: bool,
    ended: bool,
}

impl<R: Read> Read for Quotes<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        let quotes = buffer[..read].iter().filter(|byte| **byte == b'"').count();
        self.open ^= quotes % 2 == 1;
        self.ended = read == 0;
        Ok(read)
    }
}

fn described(error: csv::Error) -> io::Error {
    match error.kind() {
        ErrorKind::Utf8 { pos, .. } => {
            let line = pos.as_ref().map_or(0, csv::Position::line);
            invalid(format!("line {line} is not UTF-8"))
        }
        _ => error.into(),
    }
}

fn invalid(message: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Record> {
        let mut reader = Reader::new(text.as_bytes()).expect("a reader");
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
    fn an_open_quote_and_other_encodings_are_errors() {
        for (text, words) in [
            (&b"a\n\"b\n"[..], "line 2: a quote is not closed"),
            (&b"a\nb\xff\n"[..], "line 2 is not UTF-8"),
        ] {
            let mut reader = Reader::new(text).expect("a reader");
            reader.next_record().expect("the header");
            let error = reader.next_record().expect_err(words);
            assert_eq!(error.to_string(), words);
        }
    }
}
