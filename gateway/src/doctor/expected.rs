//! What a whole installation has, read off the SQL that makes it: indexes, constraints with one, triggers, functions,
//! views.

use regex::Regex;
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use super::{Report, ask};
use crate::migrate::{Profile, SqlTree};

const AGAIN: &str =
    "Run the statement that creates it, as sql/ of this release has it, or restore from a backup";
const MIGRATE_AGAIN: &str = "affiliate migrate --reapply makes it again";

/// Names of what must be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// Indexes, those of primary and unique keys included.
    pub indexes: Vec<String>,
    /// Foreign keys and checks.
    pub constraints: Vec<String>,
    /// Triggers.
    pub triggers: Vec<String>,
    /// Functions with their schema, whatever their arguments.
    pub functions: Vec<String>,
    /// Views with their schema.
    pub views: Vec<String>,
}

impl Expected {
    /// Reads them off the product's SQL; what a later migration drops is not expected.
    pub fn of(tree: &SqlTree) -> Self {
        let migrations: String = tree
            .migrations
            .iter()
            .map(|migration| migration.file.body.as_str())
            .collect();
        let objects: String = tree
            .objects(Profile::Portable, true)
            .iter()
            .map(|file| file.body.as_str())
            .collect();
        let dropped = names(
            &migrations,
            r"(?i-u)\bDROP\s+(?:INDEX|CONSTRAINT)\s+(?:IF\s+EXISTS\s+)?(?:\w+\.)?(\w+)",
        );
        let made = |pattern: &str| {
            let mut found = names(&migrations, pattern);
            found.retain(|name| !dropped.contains(name));
            found
        };
        let mut indexes = made(r"(?i-u)\bCREATE\s+(?:UNIQUE\s+)?INDEX\s+(\w+)");
        indexes.extend(made(
            r"(?i-u)\bCONSTRAINT\s+(\w+)\s+(?:PRIMARY\s+KEY|UNIQUE)\b",
        ));
        Self {
            indexes,
            constraints: made(r"(?i-u)\bCONSTRAINT\s+(\w+)\s+(?:FOREIGN\s+KEY|CHECK)\b"),
            triggers: names(
                &objects,
                r"(?i-u)\bCREATE\s+OR\s+REPLACE\s+(?:CONSTRAINT\s+)?TRIGGER\s+(\w+)",
            ),
            functions: names(
                &objects,
                r"(?im-u)^CREATE\s+OR\s+REPLACE\s+FUNCTION\s+(\w+\.\w+)",
            ),
            views: names(
                &objects,
                r"(?im-u)^CREATE\s+OR\s+REPLACE\s+VIEW\s+(\w+\.\w+)",
            ),
        }
    }
}

fn names(sql: &str, pattern: &str) -> Vec<String> {
    // The patterns are the constants above, which a test compiles.
    let Ok(pattern) = Regex::new(pattern) else {
        return Vec::new();
    };
    pattern
        .captures_iter(sql)
        .map(|found| found[1].to_lowercase())
        .collect()
}

pub(super) async fn examine(client: &Client, expected: &Expected, report: &mut Report) {
    let kinds = [
        (
            "indexes",
            &expected.indexes,
            include_str!("sql/indexes.sql"),
            AGAIN,
        ),
        (
            "constraints",
            &expected.constraints,
            include_str!("sql/constraints.sql"),
            AGAIN,
        ),
        (
            "triggers",
            &expected.triggers,
            include_str!("sql/triggers.sql"),
            MIGRATE_AGAIN,
        ),
        (
            "functions",
            &expected.functions,
            include_str!("sql/functions.sql"),
            MIGRATE_AGAIN,
        ),
        (
            "views",
            &expected.views,
            include_str!("sql/views.sql"),
            MIGRATE_AGAIN,
        ),
    ];
    for (check, names, sql, advice) in kinds {
        match ask(client, sql, &[(names, Type::TEXT_ARRAY)]).await {
            Ok(rows) => {
                for row in rows {
                    report.found(check, row.get(0), row.get(1), advice);
                }
            }
            Err(error) => report.skipped.push((check, crate::error::describe(&error))),
        }
    }
}
