//! The same run as one script for `psql -f`, for people who may not or would not let a program change their schema.

use std::fmt::Write;

use super::apply::{LOCK_KEY, SETTINGS};
use super::locate::is_open;
use super::tree::{HANDOVER, NATIVE, ROLES, SCHEMAS, VALIDATE};
use super::{Migration, Profile, SqlFile, SqlTree};

/// The script that brings an empty or an older database to what `tree` describes and leaves the same records behind.
#[must_use]
pub fn script(tree: &SqlTree, profile: Profile) -> String {
    let mut out = String::new();
    out.push_str(&head(tree, profile));
    out.push_str(ROLES);
    if profile == Profile::Native {
        out.push_str(NATIVE);
    }
    out.push_str(HANDOVER);
    out.push_str(SCHEMAS);
    out.push_str(&refuse_newer(tree));
    for migration in &tree.migrations {
        out.push_str(&guarded_migration(migration));
    }
    out.push_str(&guarded_objects(tree, profile));
    out.push_str("COMMIT;\n\\o\n");
    out
}

fn head(tree: &SqlTree, profile: Profile) -> String {
    format!(
        "-- pg_affiliate schema version {version}, {profile} kernels. Run with psql: psql -d DATABASE -f THIS_FILE\n\
         -- It does what `affiliate migrate --profile {profile}` does, skips what is already applied, and changes\n\
         -- nothing if a statement fails.\n\
         \\set ON_ERROR_STOP on\n\
         \\set QUIET on\n\
         \\o /dev/null\n\
         \\encoding UTF8\n\
         BEGIN;\n\
         {SETTINGS}\
         DO $lock$ BEGIN PERFORM pg_catalog.pg_advisory_xact_lock({LOCK_KEY}); END $lock$;\n",
        version = tree.schema_version(),
        profile = profile.name(),
    )
}

fn refuse_newer(tree: &SqlTree) -> String {
    format!(
        "DO $newer$
DECLARE
  v_version CONSTANT integer := (SELECT max(m.version) FROM affiliate_private.schema_migration AS m);
BEGIN
  IF v_version > {known} THEN
    RAISE EXCEPTION 'the database has schema version %, this script knows {known}: use a newer affiliate', v_version;
  END IF;
END
$newer$;
",
        known = tree.schema_version(),
    )
}

fn guarded_migration(migration: &Migration) -> String {
    let Migration {
        version,
        name,
        checksum,
        file,
    } = migration;
    format!(
        "
SELECT NOT EXISTS (SELECT FROM affiliate_private.schema_migration AS m WHERE m.version = {version}) AS affiliate_todo \\gset
\\if :affiliate_todo
{body}INSERT INTO affiliate_private.schema_migration (version, name, checksum) VALUES ({version}, {name_literal}, '{checksum}');
\\else
DO $edited$
BEGIN
  IF NOT EXISTS (SELECT FROM affiliate_private.schema_migration AS m WHERE m.version = {version} AND m.checksum = '{checksum}') THEN
    RAISE EXCEPTION 'migration {version} was applied to this database with other content than this script has';
  END IF;
END
$edited$;
\\endif
",
        body = file_text(file),
        name_literal = literal(name),
    )
}

fn guarded_objects(tree: &SqlTree, profile: Profile) -> String {
    let [shared, own] =
        [true, false].map(|shared_roles| tree.objects_checksum(profile, shared_roles));
    let always = tree.objects(profile, false);
    let with_grants = tree.objects(profile, true);
    let mut out = format!(
        "
SELECT pg_catalog.current_setting('affiliate_migrate.shared_roles') = 'on' AS affiliate_shared_roles \\gset
\\if :affiliate_shared_roles
\\set affiliate_checksum '{shared}'
\\else
\\set affiliate_checksum '{own}'
\\endif
SELECT NOT EXISTS (SELECT FROM affiliate_private.install AS i WHERE i.schema_version = {version} AND i.objects_checksum = :'affiliate_checksum')
       OR pg_catalog.current_setting('affiliate_migrate.handed_over') = 'on' AS affiliate_todo \\gset
\\if :affiliate_todo
",
        version = tree.schema_version(),
    );
    always
        .iter()
        .for_each(|file| out.push_str(&file_text(file)));
    out.push_str("\\if :affiliate_shared_roles\n");
    with_grants[always.len()..]
        .iter()
        .for_each(|file| out.push_str(&file_text(file)));
    out.push_str("\\endif\n");
    out.push_str(VALIDATE);
    let _ = write!(
        out,
        "INSERT INTO affiliate_private.install (schema_version, profile, objects_checksum)
VALUES ({version}, '{profile}', :'affiliate_checksum')
ON CONFLICT (singleton) DO UPDATE
   SET schema_version = excluded.schema_version, profile = excluded.profile,
       objects_checksum = excluded.objects_checksum, migrated_at = excluded.migrated_at;
\\endif
",
        version = tree.schema_version(),
        profile = profile.name(),
    );
    out
}

/// A file with its name above it, ended so that the next one starts a new statement.
fn file_text(file: &SqlFile) -> String {
    let end = if is_open(&file.body) { "\n;\n" } else { "\n" };
    format!("\n-- {}\n{}{end}", file.path, file.body.trim_end())
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests;
