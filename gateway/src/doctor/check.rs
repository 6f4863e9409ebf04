//! The checks that are one query each: a row is a finding.

use tokio_postgres::Client;
use tokio_postgres::types::Type;

use super::{Limits, Report, ask};
use crate::error::describe;

struct Check {
    name: &'static str,
    sql: &'static str,
    /// What `$1` is, where the query has one.
    limit: Option<fn(&Limits) -> i64>,
    advice: &'static str,
}

const CHECKS: [Check; 10] = [
    Check {
        name: "parked_events",
        sql: include_str!("sql/parked_events.sql"),
        limit: None,
        advice: "affiliate event list --status parked says why; replay them once the cause is gone",
    },
    Check {
        name: "outbox_lag",
        sql: include_str!("sql/outbox_lag.sql"),
        limit: Some(|limits| limits.lag_seconds),
        advice: "Is a gateway running that can reach the receivers? Its log says what fails",
    },
    Check {
        name: "given_up",
        sql: include_str!("sql/given_up.sql"),
        limit: None,
        advice: "Repair the receiver, enable its endpoint again if it is disabled, and replay its deliveries; for a provider's API give its key again",
    },
    Check {
        name: "long_transaction",
        sql: include_str!("sql/long_transaction.sql"),
        limit: Some(|limits| limits.transaction_seconds),
        advice: "End it: as long as it lasts nothing that was updated or deleted can be cleaned up",
    },
    Check {
        name: "extension",
        sql: include_str!("sql/extension.sql"),
        limit: None,
        advice: "Create or update it (CREATE EXTENSION, ALTER EXTENSION … UPDATE), then affiliate migrate --reapply; or affiliate migrate --profile portable",
    },
    Check {
        name: "ownership",
        sql: include_str!("sql/ownership.sql"),
        limit: None,
        advice: "Run affiliate migrate as the login that restored the database, or as a superuser",
    },
    Check {
        name: "rights",
        sql: include_str!("sql/rights.sql"),
        limit: None,
        advice: "affiliate migrate --reapply grants them again; revoke what is too much",
    },
    Check {
        name: "roles",
        sql: include_str!("sql/roles.sql"),
        limit: None,
        advice: "ALTER ROLE … NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE: logins are members of these roles",
    },
    Check {
        name: "analysts",
        sql: include_str!("sql/analysts.sql"),
        limit: None,
        advice: "affiliate analyst grant it again, or revoke it",
    },
    Check {
        name: "server",
        sql: include_str!("sql/server.sql"),
        limit: None,
        advice: "See docs/operations.md, what to watch",
    },
];

pub(super) async fn examine(client: &Client, limits: &Limits, report: &mut Report) {
    for check in CHECKS {
        let limit = check.limit.map(|limit| limit(limits));
        let found = match &limit {
            Some(limit) => ask(client, check.sql, &[(limit, Type::INT8)]).await,
            None => ask(client, check.sql, &[]).await,
        };
        match found {
            Ok(rows) => {
                for row in rows {
                    report.found(check.name, row.get(0), row.get(1), check.advice);
                }
            }
            Err(error) => report.skipped.push((check.name, describe(&error))),
        }
    }
}
