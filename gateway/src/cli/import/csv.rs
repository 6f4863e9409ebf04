//! CSV as spreadsheets write it (RFC 4180): commas or semicolons, lines that end with or without a carriage return.

use std::collections::VecDeque;
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
            line: 1,
            in_line: false,
            begun: VecDeque::new(),
            ended: false,
        };
        let records = ReaderBuilder::new()
            .delimiter(separator)
            // The carriage return before it is taken away below: as an end of its own it would be a line of its own.
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

    /// What separates fields: a comma, or a semicolon as where decimals have a comma.
    pub fn separator(&self) -> u8 {
        self.separator
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
        let begun = loop {
            if !self.records.read_byte_record(&mut record)? {
                return Ok(None);
            }
            let begun = self.records.get_mut().begun.pop_front();
            if record.iter().any(|field| !field.trim_ascii().is_empty()) {
                break begun.unwrap_or_default();
            }
        };
        let text = |field| String::from_utf8_lossy(field).into_owned();
        let mut fields: Vec<String> = record.iter().map(text).collect();
        if let Some(last) = fields.last_mut().filter(|last| last.ends_with('\r')) {
            last.pop();
        }
        let width = *self.width.get_or_insert(fields.len());
        let problem = match self.swallowed(begun) {
            Some(problem) => {
                // Written down as it was read it would be a good line, and what it swallowed lost.
                fields.clear();
                Some(problem.to_owned())
            }
            None if record.iter().any(|field| str::from_utf8(field).is_err()) => {
                Some("this is not UTF-8".to_owned())
            }
            None if fields.len() < width || fields.iter().skip(width).any(|f| !f.is_empty()) => {
                let count = fields.len();
                Some(format!(
                    "there are {count} fields, and {width} in the first line"
                ))
            }
            None => None,
        };
        Ok(Some(Record {
            line: begun.line,
            fields,
            problem,
        }))
    }

    /// Why what has just been read may be more than one record.
    fn swallowed(&self, begun: Begun) -> Option<&'static str> {
        let quotes = self.records.get_ref();
        if quotes.ended && quotes.at == At::Quoted {
            Some(
                "a quote is not closed: mend it in the file itself, all that follows was taken for its text",
            )
        } else if begun.stray {
            Some(
                "there is text after a quote that closes: mend it in the file itself, lines may have been taken for the text before it",
            )
        } else {
            None
        }
    }
}

/// Watches the quotes that go by. The library takes nearly everything for CSV: a quote that somebody forgot to close
/// swallows lines, and it does not tell.
#[derive(Debug)]
struct Quotes<R> {
    input: BufReader<R>,
    separator: u8,
    at: At,
    line: u64,
    /// Whether there has been anything in this line.
    in_line: bool,
    /// The records that have gone by and not been asked for.
    begun: VecDeque<Begun>,
    ended: bool,
}

/// Where a record begins, and whether a quote in it is followed by what does not belong there.
#[derive(Debug, Clone, Copy, Default)]
struct Begun {
    line: u64,
    stray: bool,
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

impl<R> Quotes<R> {
    fn see(&mut self, byte: u8) {
        if !self.in_line && self.at != At::Quoted && byte != b'\n' {
            self.begun.push_back(Begun {
                line: self.line,
                stray: false,
            });
        }
        self.in_line = byte != b'\n';
        self.line += u64::from(byte == b'\n');
        self.at = match (self.at, byte) {
            (At::Start | At::Quote, b'"') => At::Quoted,
            (At::Quoted, b'"') => At::Quote,
            (At::Quoted, _) => At::Quoted,
            (_, byte) if byte == self.separator || byte == b'\n' => At::Start,
            (At::Quote, b'\r') => At::Quote,
            (At::Quote, _) => {
                if let Some(begun) = self.begun.back_mut() {
                    begun.stray = true;
                }
                At::Plain
            }
            _ => At::Plain,
        };
    }
}

impl<R: Read> Read for Quotes<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        for byte in &buffer[..read] {
            self.see(*byte);
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
        let stray = "there is text after a quote that closes: mend it in the file itself, lines may have been taken for the text before it";
        let open = "a quote is not closed: mend it in the file itself, all that follows was taken for its text";
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
            ("a,b\r\n1,2\r\n3,4,\r\n", 3, None),
            ("a,b\n\n\n1,2\n\n3,\"4\n\n\"\n", 6, None),
            ("a,b\r\n\r\n1,2\r\n3,\"4\"\r\n", 4, None),
            ("a,b\n1,2\n3,\"4\n5,6\n7,\"8\"\n", 3, Some(stray)),
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
