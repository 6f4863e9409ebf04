//! Batches of lines into the database, and the lines that it does not take into a file.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use csv::{Writer, WriterBuilder};
use serde_json::Value;
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use super::super::CliError;
use super::columns::{Columns, Kind};
use super::csv::{Reader, Record};

/// Plans made for empty tables are poor ones: statistics are taken after so many batches, then after ten times as many.
const FIRST_ANALYZE: u64 = 1;
const ANALYZE: &str = "SELECT affiliate_private.take_statistics()";
/// Not COPY, which the driver prepares by name: that is lost behind a pooler in transaction mode.
const STAGE: &str =
    "INSERT INTO affiliate_private.import_line (project_id, import_id, line_no, fields)
     SELECT $1, $2, l.line_no, l.fields::jsonb FROM unnest($3::bigint[], $4::text[]) AS l (line_no, fields)";
/// How often progress is shown.
const PROGRESS: Duration = Duration::from_millis(500);

/// What became of the lines.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Done {
    pub imported: u64,
    pub known: u64,
    pub failed: u64,
}

/// A file on its way into a project.
pub(super) struct Load {
    pub client: Client,
    pub kind: Kind,
    pub project: i64,
    pub columns: Columns,
    pub batch: usize,
    pub all_or_nothing: bool,
    pub size: u64,
    pub quiet: bool,
    pub errors_path: PathBuf,
    pub separator: u8,
    pub header: Vec<String>,
}

impl Load {
    /// Imports every record, in one transaction if all of them have to be good.
    pub async fn run(&mut self, reader: &mut Reader<File>) -> Result<Done, CliError> {
        let mut done = Done::default();
        let mut errors = None;
        let mut progress = Progress::new(self.size, self.quiet);
        let (mut batches, mut analyze_at) = (0, FIRST_ANALYZE);
        if self.all_or_nothing {
            self.client.batch_execute("BEGIN").await?;
        }
        loop {
            let mut records = Vec::with_capacity(self.batch);
            let mut ended = false;
            while records.len() < self.batch && !ended {
                match reader.next_record()? {
                    Some(record) => match &record.problem {
                        None => records.push(record),
                        Some(problem) => {
                            done.failed += 1;
                            self.report(&record, problem, &mut errors)?;
                        }
                    },
                    None => ended = true,
                }
            }
            if !records.is_empty() {
                self.import(&records, &mut done, &mut errors).await?;
            }
            if ended {
                break;
            }
            batches += 1;
            if batches == analyze_at {
                self.client.batch_execute(ANALYZE).await?;
                analyze_at *= 10;
            }
            progress.show(reader.bytes(), &done);
        }
        if self.all_or_nothing {
            let end = if done.failed == 0 {
                "COMMIT"
            } else {
                "ROLLBACK"
            };
            self.client.batch_execute(end).await?;
        }
        progress.finish();
        Ok(done)
    }

    /// One batch. Where the database refuses it as a whole, its halves are tried, down to the line that is to blame.
    async fn import(
        &self,
        records: &[Record],
        done: &mut Done,
        errors: &mut Option<Writer<File>>,
    ) -> Result<(), CliError> {
        let mut waiting = vec![records];
        while let Some(part) = waiting.pop() {
            match self.try_import(part).await {
                Ok(result) => self.count(part, &result, done, errors)?,
                Err(error) if error.as_db_error().is_none() => return Err(error.into()),
                Err(error) if part.len() == 1 => {
                    done.failed += 1;
                    let reason = error
                        .as_db_error()
                        .map_or("refused", |error| error.message());
                    self.report(&part[0], reason, errors)?;
                }
                Err(_) => {
                    let (first, second) = part.split_at(part.len() / 2);
                    waiting.extend([second, first]);
                }
            }
        }
        Ok(())
    }

    async fn try_import(&self, records: &[Record]) -> Result<Value, tokio_postgres::Error> {
        let (begin, end, undo) = if self.all_or_nothing {
            ("SAVEPOINT batch", "RELEASE batch", "ROLLBACK TO batch")
        } else {
            ("BEGIN", "COMMIT", "ROLLBACK")
        };
        self.client.batch_execute(begin).await?;
        let result = self.stage_and_import(records).await;
        let last = if result.is_ok() { end } else { undo };
        match self.client.batch_execute(last).await {
            Ok(()) => result,
            Err(error) => Err(error),
        }
    }

    async fn stage_and_import(&self, records: &[Record]) -> Result<Value, tokio_postgres::Error> {
        let import_id = i64::from(std::process::id());
        let lines: Vec<i64> = records.iter().map(|record| record.line as i64).collect();
        let fields: Vec<String> = records
            .iter()
            .map(|record| Value::Object(self.columns.object(&record.fields)).to_string())
            .collect();
        let staged: [(&(dyn tokio_postgres::types::ToSql + Sync), Type); 4] = [
            (&self.project, Type::INT8),
            (&import_id, Type::INT8),
            (&lines, Type::INT8_ARRAY),
            (&fields, Type::TEXT_ARRAY),
        ];
        self.client.query_typed(STAGE, &staged).await?;
        let sql = format!("SELECT affiliate.{}($1, $2)::text", self.kind.function());
        let parameters: [(&(dyn tokio_postgres::types::ToSql + Sync), Type); 2] =
            [(&self.project, Type::INT8), (&import_id, Type::INT8)];
        let rows = self.client.query_typed(&sql, &parameters).await?;
        let text: &str = rows[0].try_get(0)?;
        Ok(serde_json::from_str(text).unwrap_or(Value::Null))
    }

    fn count(
        &self,
        records: &[Record],
        result: &Value,
        done: &mut Done,
        errors: &mut Option<Writer<File>>,
    ) -> Result<(), CliError> {
        let number = |name: &str| result[name].as_u64().unwrap_or_default();
        done.imported += number("imported");
        done.known += number("known");
        for error in result["errors"].as_array().into_iter().flatten() {
            done.failed += 1;
            let record = records
                .iter()
                .find(|record| Some(record.line) == error["line"].as_u64());
            if let Some(record) = record {
                self.report(record, error["error"].as_str().unwrap_or_default(), errors)?;
            }
        }
        Ok(())
    }

    /// The line as it stood in the file, with its number and what is wrong: to be mended and given again.
    fn report(
        &self,
        record: &Record,
        reason: &str,
        errors: &mut Option<Writer<File>>,
    ) -> Result<(), CliError> {
        let file = match errors {
            Some(file) => file,
            None => {
                let file = WriterBuilder::new()
                    .flexible(true)
                    // To be mended and imported as the file itself was.
                    .delimiter(self.separator)
                    .from_path(&self.errors_path)
                    .map_err(io::Error::from)?;
                let file = errors.insert(file);
                let own = ["import_line", "import_error"];
                let names = own
                    .into_iter()
                    .chain(self.header.iter().map(String::as_str));
                file.write_record(names).map_err(io::Error::from)?;
                file
            }
        };
        let own = [&record.line.to_string(), reason];
        let fields = own
            .into_iter()
            .chain(record.fields.iter().map(String::as_str));
        file.write_record(fields).map_err(io::Error::from)?;
        file.flush()?;
        Ok(())
    }
}

/// A bar on stderr, where somebody looks.
struct Progress {
    size: u64,
    start: Instant,
    shown: Option<Instant>,
    silent: bool,
}

impl Progress {
    fn new(size: u64, quiet: bool) -> Self {
        Self {
            size: size.max(1),
            start: Instant::now(),
            shown: None,
            silent: quiet || !std::io::stderr().is_terminal(),
        }
    }

    fn show(&mut self, bytes: u64, done: &Done) {
        if self.silent || self.shown.is_some_and(|shown| shown.elapsed() < PROGRESS) {
            return;
        }
        self.shown = Some(Instant::now());
        let percent = (bytes * 100 / self.size).min(100);
        let filled = usize::try_from(percent / 4).unwrap_or_default();
        let lines = done.imported + done.known + done.failed;
        let rate = u128::from(lines) * 1000 / self.start.elapsed().as_millis().max(1);
        let _ = write!(
            std::io::stderr(),
            "\r[{}{}] {percent:3} %  {lines} lines  {rate}/s  {} failed ",
            "#".repeat(filled),
            " ".repeat(25 - filled.min(25)),
            done.failed
        );
    }

    fn finish(&self) {
        if self.shown.is_some() {
            let _ = writeln!(std::io::stderr());
        }
    }
}
