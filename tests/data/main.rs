//! What is kept of what happened, for whom, and how long: the analysts' views, earnings of the past, visits, retention,
//! privacy and imports.

mod analysts;
mod earnings;
mod import;
mod import_history;
mod import_lines;
mod jobs;
mod privacy;
mod privacy_words;
mod visits;
