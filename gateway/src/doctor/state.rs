//! The server, and how its schema compares with this binary's.

use tokio_postgres::Client;

use super::{Report, ask};
use crate::error::describe;
use crate::migrate::{self, ProfileChoice, SqlTree, State};

const SERVER: &str = "
    SELECT pg_catalog.current_setting('server_version'), pg_catalog.current_database()::text, current_user::text,
           (SELECT r.rolsuper FROM pg_catalog.pg_roles AS r WHERE r.rolname = current_user),
           (SELECT e.extversion FROM pg_catalog.pg_extension AS e WHERE e.extname = 'pg_affiliate')";
const MIGRATE: &str = "Run affiliate migrate as its owner";

pub(super) async fn examine_server(client: &Client, report: &mut Report) {
    match ask(client, SERVER, &[]).await {
        Ok(rows) => {
            let row = &rows[0];
            report.fact("postgres", row.get::<_, String>(0));
            report.fact("database", row.get::<_, String>(1));
            let login: String = row.get(2);
            let superuser: Option<bool> = row.get(3);
            let note = if superuser == Some(true) {
                " (superuser)"
            } else {
                ""
            };
            report.fact("login", format!("{login}{note}"));
            let extension: Option<String> = row.get(4);
            report.fact("extension", extension.unwrap_or_else(|| "none".to_owned()));
        }
        Err(error) => report.skipped.push(("server", describe(&error))),
    }
}

/// Compares; `false` where there is no schema to look into any further.
pub(super) async fn examine_schema(client: &Client, tree: &SqlTree, report: &mut Report) -> bool {
    report.fact("schema version known", tree.schema_version());
    let installed = match migrate::state(client).await {
        Ok(State::Installed(installed)) => installed,
        Ok(State::Empty) => {
            report.found(
                "schema",
                "database",
                "there is no pg_affiliate schema".to_owned(),
                "Run affiliate migrate",
            );
            return false;
        }
        Ok(State::Hidden) => {
            let why = "this login may not read the tables: connect as the owner".to_owned();
            report.skipped.push(("schema", why));
            return false;
        }
        Err(error) => {
            report.found("schema", "database", error.to_string(), MIGRATE);
            return false;
        }
    };
    report.fact("schema version", installed.schema_version);
    report.fact("kernels", &installed.profile);
    if let Err(error) = installed.check_history(tree) {
        report.found(
            "schema",
            "migrations",
            error.to_string(),
            "Use the release of affiliate that this database belongs to, or a later one",
        );
    } else {
        compare(&installed, tree, report);
    }
    true
}

fn compare(installed: &migrate::Installed, tree: &SqlTree, report: &mut Report) {
    let missing = tree.schema_version() - installed.schema_version;
    if missing > 0 {
        let finding = format!("{missing} of this release have not been applied");
        report.found("schema", "migrations", finding, MIGRATE);
    } else if !installed.has_objects_of(tree, ProfileChoice::keep(installed)) {
        let finding = "they are not those of this release".to_owned();
        report.found(
            "schema",
            "functions, views, triggers and grants",
            finding,
            MIGRATE,
        );
    }
}
