//! `affiliate import affiliates|referrals|conversions`: history from CSV files.
//!
//! Lines stream in batches: each is put into a staging table and imported by one call of a SQL function, in one
//! transaction. What is there already is known and left alone, so that a file that was interrupted is simply given again.

mod columns;
mod csv;
mod load;

use std::fs::{self, File};
use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::json;
use tokio_postgres::types::Type;

use super::{CliError, Global, output};
use columns::Kind;
use load::Load;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Affiliates: email, referral_code, partner_slug, status, created_at, names, payout emails
    Affiliates(Options),
    /// Referred users: email or Stripe customer, affiliate, status, created_at
    Referrals(Options),
    /// Sales and sign-ups: time, amounts, customer, affiliate, paid, refunded
    Conversions(Options),
}

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Project id
    #[arg(long, value_name = "ID")]
    project: i64,
    /// The file, with a line of column names first
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Where lines that cannot be imported go, with the reason [default: the file's name with .errors.csv]
    #[arg(long, value_name = "FILE")]
    errors: Option<PathBuf>,
    /// Import nothing unless every line is good
    #[arg(long)]
    all_or_nothing: bool,
    /// Lines in one transaction
    #[arg(long, value_name = "N", default_value_t = 2000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    batch: u32,
}

pub(super) async fn run(command: Command, global: &Global) -> Result<(), CliError> {
    let (kind, options) = match command {
        Command::Affiliates(options) => (Kind::Affiliates, options),
        Command::Referrals(options) => (Kind::Referrals, options),
        Command::Conversions(options) => (Kind::Conversions, options),
    };
    let file = File::open(&options.file)
        .map_err(|error| CliError::Usage(format!("{}: {error}", options.file.display())))?;
    let size = file.metadata()?.len();
    let mut reader = csv::Reader::new(file)?;
    let header = reader
        .next_record()?
        .ok_or_else(|| CliError::Usage("the file is empty".to_owned()))?;
    if let Some(problem) = header.problem {
        return Err(CliError::Usage(format!("the first line: {problem}")));
    }
    let columns = columns::of(kind, &header.fields, reader.separator() == b';');
    let columns = columns.map_err(CliError::Usage)?;
    let errors_path = options
        .errors
        .unwrap_or_else(|| options.file.with_extension("errors.csv"));
    if fs::canonicalize(&errors_path)
        .is_ok_and(|path| Some(path) == fs::canonicalize(&options.file).ok())
    {
        let text = "the file with the errors cannot be the one that is imported".to_owned();
        return Err(CliError::Usage(text));
    }
    let client = global.connect().await?;
    // Once, and not for every line.
    let known = "SELECT p.project_id FROM affiliate_private.check_project($1) AS p";
    client
        .query_typed_one(known, &[(&options.project, Type::INT8)])
        .await?;
    let mut load = Load {
        client,
        kind,
        project: options.project,
        columns,
        batch: options.batch as usize,
        all_or_nothing: options.all_or_nothing,
        size,
        quiet: global.json,
        errors_path,
        separator: reader.separator(),
        header: header.fields,
    };
    let done = load.run(&mut reader).await?;
    let errors_file = (done.failed > 0).then(|| load.errors_path.display().to_string());
    let rolled_back = load.all_or_nothing && done.failed > 0;
    output::print(
        global.json,
        &json!({
            "imported": if rolled_back { 0 } else { done.imported },
            "known": done.known,
            "failed": done.failed,
            "errors_file": errors_file,
        }),
    );
    if done.failed > 0 {
        return Err(CliError::Differences);
    }
    Ok(())
}
