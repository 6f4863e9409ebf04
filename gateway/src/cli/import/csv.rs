//! CSV as spreadsheets write it (RFC 4180): commas or semicolons, lines that end with or without a carriage return.

use std::io::{self, BufRead, BufReader, Read};

use csv::{ByteRecord, ReaderBuilder, Terminator};

/// One record, the line it starts on, and what keeps it from being read, if anything does.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub line: u64,
    pub fields: Vec<String>,
    pub problem: Option<String>,
}

/// Reads records one after the other.
#[derive(Debug)]
pub(super) struct Reader<R> {
    records: csv::Reader<Quotes<R>>,
    separator: u8,
    /// How many fields the first record has.
    width: Option<usize>,
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
            separator,
            at: At::Start,
            ended: false,
        };
        let records = ReaderBuilder::new()
            .delimiter(separator)
            // The carriage return before it is taken away below: as an end of its own it would count lines wrongly.
            .terminator(Terminator::Any(b'\n'))
            .has_headers(false)
            .flexible(true)
            .from_reader(quotes);
        Ok(Self {
            records,
            separator,
            width: None,
        })
    }

    /// Whether fields are separated by semicolons, as where decimals have a comma.
    pub fn has_semicolons(&self) -> bool {
        self.separator == b';'
    }

    /// How much of the input has been read.
    pub fn bytes(&self) -> u64 {
        self.records.position().byte()
    }

    /// The next record; lines without anything are skipped.
    ///
    /// # Errors
    /// When the input cannot be read.
    pub fn next_record(&mut self) -> io::Result<Option<Record>> {
        let mut record = ByteRecord::new();
        loop {
            if !self.records.read_byte_record(&mut record)? {
                return Ok(None);
            }
            if record.iter().any(|field| !field.trim_ascii().is_empty()) {
                break;
            }
        }
        let text = |field| String::from_utf8_lossy(field).into_owned();
        let mut fields: Vec<String> = record.iter().map(text).collect();
        if let Some(last) = fields.last_mut().filter(|last| last.ends_with('\r')) {
            last.pop();
        }
        let width = *self.width.get_or_insert(fields.len());
        Ok(Some(Record {
            line: record.position().map_or(0, csv::Position::line),
            problem: self.problem(&record, width),
            fields,
        }))
    }

    fn problem(&self, record: &ByteRecord, width: usize) -> Option<String> {
        let quotes = self.records.get_ref();
        if quotes.ended && quotes.at == At::Quoted {
            Some("a quote is not closed: all that follows was taken for its text".to_owned())
        } else if record.iter().any(|field| str::from_utf8(field).is_err()) {
            Some("this is not UTF-8".to_owned())
        } else if record.len() < width || record.iter().skip(width).any(|field| !field.is_empty()) {
            Some(format!(
                "there are {} fields, and {width} in the first line",
                record.len()
            ))
        } else {
            None
        }
    }
}

/// Watches the quotes that go by: a file that ends within some has swallowed what follows the first of them, and the
/// library does not tell.
#[derive(Debug)]
struct Quotes<R> {
    input: BufReader<R>,
    separator: u8,
    at: At,
    ended: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// A quote here opens.
    Start,
    /// In a field where quotes mean nothing.
    Plain,
    Quoted,
    /// After a quote among quoted text: its end, or the first half of a quote that is meant.
    Quote,
}

impl<R: Read> Read for Quotes<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        for byte in &buffer[..read] {
            self.at = match (self.at, *byte) {
                (At::Start | At::Quote, b'"') => At::Quoted,
                (At::Quoted, b'"') => At::Quote,
                (At::Quoted, _) => At::Quoted,
                (_, byte) if byte == self.separator || byte == b'\n' => At::Start,
                _ => At::Plain,
            };
        }
        self.ended = read == 0;
        Ok(read)
    }
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
    fn what_cannot_be_read_is_said_of_its_line() {
        let open = "a quote is not closed: all that follows was taken for its text";
        for (text, line, problem) in [
            ("a,b\n1,2\n3,\"4\n5,6\n", 3, Some(open)),
            ("a,b\n1,2\n\"3\",\"4", 3, Some(open)),
            (
                "a,b\n1,2\n3,1,500.00\n",
                3,
                Some("there are 3 fields, and 2 in the first line"),
            ),
            (
                "a,b\n1,2\n3\n",
                3,
                Some("there are 1 fields, and 2 in the first line"),
            ),
            ("a,b\n1,2\n3,4,,\n", 3, None),
            // Within a field they are inches.
            ("a,b\n5\" pipe,1\n6\" pipe,2\n", 3, None),
            ("a,b\n5\" pipe,1\n7,\"8\"\n", 3, None),
        ] {
            let records = read(text);
            let last = records.last().expect("a record");
            assert_eq!(
                (last.line, last.problem.as_deref()),
                (line, problem),
                "{text}"
            );
            assert_eq!(records.len(), 3, "{text}");
        }
        let mut reader = Reader::new(&b"a\nb\xff\nc\n"[..]).expect("a reader");
        let problems = std::iter::from_fn(|| reader.next_record().expect("CSV"));
        let problems: Vec<_> = problems.map(|record| record.problem).collect();
        assert_eq!(problems, [None, Some("this is not UTF-8".to_owned()), None]);
    }
}
