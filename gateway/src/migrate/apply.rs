//! The one transaction that changes a database.

use tokio_postgres::Client;
use tokio_postgres::types::Type;

use super::locate::{self, failing_line};
use super::state;
use super::tree::{self, SqlFile};
use super::{MigrateError, Migration, Profile, ProfileChoice, Report, SqlTree};

/// Key of the advisory lock: one migration of a database at a time. The letters "affiliat".
pub(super) const LOCK_KEY: i64 = 0x6166_6669_6c69_6174;

/// Settings of the transaction. Bodies are checked at the end, see `validate.sql`.
pub(super) const SETTINGS: &str = "\
SET LOCAL client_min_messages = warning;
SET LOCAL standard_conforming_strings = on;
SET LOCAL statement_timeout = 0;
SET LOCAL lock_timeout = 0;
SET LOCAL idle_in_transaction_session_timeout = 0;
SET LOCAL check_function_bodies = off;
SET LOCAL search_path = pg_catalog, pg_temp;
";

const OWNER: &str = "SELECT pg_catalog.current_setting('affiliate_migrate.shared_roles') = 'on'";
const HANDED_OVER: &str =
    "SELECT pg_catalog.current_setting('affiliate_migrate.handed_over') = 'on'";
const AVAILABLE: &str = "SELECT EXISTS (SELECT FROM pg_catalog.pg_available_extensions AS e WHERE e.name = 'pg_affiliate')";
const RECORD_MIGRATION: &str =
    "INSERT INTO affiliate_private.schema_migration (version, name, checksum) VALUES ($1, $2, $3)";
const RECORD_INSTALL: &str = "
    INSERT INTO affiliate_private.install (schema_version, profile, objects_checksum) VALUES ($1, $2, $3)
    ON CONFLICT (singleton) DO UPDATE
       SET schema_version = excluded.schema_version, profile = excluded.profile,
           objects_checksum = excluded.objects_checksum, migrated_at = excluded.migrated_at";

pub(super) async fn run(
    client: &Client,
    tree: &SqlTree,
    choice: ProfileChoice,
    again: bool,
) -> Result<Report, MigrateError> {
    client.batch_execute("BEGIN").await?;
    match in_transaction(client, tree, choice, again).await {
        Ok(report) => {
            client.batch_execute("COMMIT").await?;
            Ok(report)
        }
        Err(error) => {
            // The first error is the one worth telling; a rollback fails only when the connection is gone.
            client.batch_execute("ROLLBACK").await.ok();
            Err(error)
        }
    }
}

async fn in_transaction(
    client: &Client,
    tree: &SqlTree,
    choice: ProfileChoice,
    again: bool,
) -> Result<Report, MigrateError> {
    client.batch_execute(SETTINGS).await?;
    client
        .execute_typed(
            "SELECT pg_catalog.pg_advisory_xact_lock($1)",
            &[(&LOCK_KEY, Type::INT8)],
        )
        .await?;
    client.batch_execute(tree::ROLES).await?;
    let shared_roles = flag(client, OWNER).await?;
    let profile = ensure_profile(client, choice).await?;
    client.batch_execute(tree::HANDOVER).await?;
    let handed_over = flag(client, HANDED_OVER).await?;
    client.batch_execute(tree::SCHEMAS).await?;

    // Only now that the lock is held is what was applied final.
    let installed = state::read_installed(client).await?;
    installed.check_history(tree)?;
    let mut applied = Vec::new();
    for migration in tree
        .migrations
        .iter()
        .filter(|migration| !installed.has(migration.version))
    {
        apply_migration(client, migration).await?;
        applied.push(migration.name.clone());
    }
    let checksum = tree.objects_checksum(profile, shared_roles);
    let changed = again || !applied.is_empty() || !installed.has_objects(&checksum) || handed_over;
    if changed {
        apply_objects(client, &tree.objects(profile, shared_roles)).await?;
        client
            .execute_typed(
                RECORD_INSTALL,
                &[
                    (&tree.schema_version(), Type::INT4),
                    (&profile.name(), Type::TEXT),
                    (&checksum, Type::TEXT),
                ],
            )
            .await?;
    }
    Ok(Report {
        schema_version: tree.schema_version(),
        profile,
        applied,
        changed,
    })
}

async fn flag(client: &Client, sql: &str) -> Result<bool, tokio_postgres::Error> {
    client.query_typed_one(sql, &[]).await?.try_get(0)
}

/// Settles which kernels this database will use; the extension is there afterwards if they are the native ones.
async fn ensure_profile(client: &Client, choice: ProfileChoice) -> Result<Profile, MigrateError> {
    let available = flag(client, AVAILABLE).await?;
    let profile = choice.resolve(available);
    if profile == Profile::Portable {
        return Ok(profile);
    }
    client.batch_execute("SAVEPOINT native").await?;
    match client.batch_execute(tree::NATIVE).await {
        Ok(()) => {
            client.batch_execute("RELEASE SAVEPOINT native").await?;
            Ok(Profile::Native)
        }
        Err(error) if choice == ProfileChoice::Auto => {
            client.batch_execute("ROLLBACK TO SAVEPOINT native").await?;
            let error = MigrateError::Native(error);
            tracing::warn!(%error, "using the portable kernels instead");
            Ok(Profile::Portable)
        }
        Err(error) => Err(MigrateError::Native(error)),
    }
}

async fn apply_migration(client: &Client, migration: &Migration) -> Result<(), MigrateError> {
    apply_file(client, &migration.file).await?;
    client
        .execute_typed(
            RECORD_MIGRATION,
            &[
                (&migration.version, Type::INT4),
                (&migration.name, Type::TEXT),
                (&migration.checksum, Type::TEXT),
            ],
        )
        .await?;
    Ok(())
}

async fn apply_objects(client: &Client, files: &[SqlFile]) -> Result<(), MigrateError> {
    for file in files {
        apply_file(client, file).await?;
    }
    client
        .batch_execute(tree::VALIDATE)
        .await
        .map_err(|source| locate::invalid_body(files, source))
}

async fn apply_file(client: &Client, file: &SqlFile) -> Result<(), MigrateError> {
    locate::execute(client, &file.body)
        .await
        .map_err(|(finished, source)| MigrateError::File {
            path: file.path.clone(),
            line: failing_line(&file.body, &source, finished),
            source,
        })
}
