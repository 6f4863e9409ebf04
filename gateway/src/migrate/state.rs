//! What a database says about itself.

use tokio_postgres::{Client, error::SqlState};

use super::{MigrateError, ProfileChoice, Report, SqlTree};
use crate::db::LOOK;

/// The state of a database, as far as the connected role may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// The product is not there.
    Empty,
    /// It is there.
    Installed(Installed),
    /// It is there, but this role may not read what was applied: a gateway's login, which may only call functions.
    Hidden,
}

/// The records of earlier runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed {
    /// Number of the newest migration applied.
    pub schema_version: i32,
    /// `native` or `portable`; empty when no run has finished yet.
    pub profile: String,
    objects_checksum: String,
    migrations: Vec<(i32, String, String)>,
    extension_available: bool,
    shared_roles: bool,
    in_place: bool,
}

const TABLES: &str = "
    SELECT count(*) = 2 FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
     WHERE n.nspname = 'affiliate_private' AND c.relname IN ('install', 'schema_migration')";

/// What a restore by a login that is no superuser leaves behind counts as something to do, see `handover.sql`, and so
/// does a newer version of the extension.
const INSTALL: &str = "
    WITH product AS (
      SELECT n.oid, n.nspname, n.nspowner, (SELECT s.nspowner FROM pg_catalog.pg_namespace AS s WHERE s.nspname = 'affiliate_private') AS owner
        FROM pg_catalog.pg_namespace AS n WHERE n.nspname IN ('affiliate', 'affiliate_api', 'affiliate_private', 'affiliate_kernel')
    ), role AS (
      SELECT r.oid, r.rolname FROM pg_catalog.pg_roles AS r WHERE r.rolname IN ('affiliate_owner', 'affiliate_gateway', 'affiliate_report')
    ), misplaced AS (
      SELECT FROM product AS s WHERE s.nspowner <> s.owner
      UNION ALL
      SELECT FROM pg_catalog.pg_class AS c JOIN product AS s ON s.oid = c.relnamespace
       WHERE c.relowner <> s.owner AND NOT (c.relkind = 'v' AND c.relowner IN (SELECT r.oid FROM role AS r WHERE r.rolname = 'affiliate_report'))
      UNION ALL
      SELECT FROM pg_catalog.pg_proc AS p JOIN product AS s ON s.oid = p.pronamespace
       WHERE p.proowner <> s.owner
         AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
                          WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = p.oid AND d.deptype = 'e')
      UNION ALL
      SELECT FROM product AS s JOIN role AS r ON r.rolname = 'affiliate_gateway'
       WHERE s.nspname = 'affiliate_api' AND EXISTS (SELECT FROM role AS o WHERE o.rolname = 'affiliate_owner' AND o.oid = s.owner)
         AND pg_catalog.to_regprocedure('affiliate_api.readiness()') IS NOT NULL
         AND NOT pg_catalog.has_schema_privilege(r.oid, s.oid, 'USAGE')
      UNION ALL
      SELECT FROM product AS s JOIN role AS r ON r.rolname = 'affiliate_owner'
       WHERE s.owner <> r.oid AND pg_catalog.pg_get_userbyid(s.owner) = current_user AND pg_catalog.pg_has_role(r.oid, 'MEMBER')
    )
    SELECT i.profile, i.objects_checksum,
           EXISTS (SELECT FROM pg_catalog.pg_available_extensions AS e WHERE e.name = 'pg_affiliate'),
           (SELECT pg_catalog.pg_get_userbyid(n.nspowner) = 'affiliate_owner'
              FROM pg_catalog.pg_namespace AS n WHERE n.nspname = 'affiliate_private'),
           NOT EXISTS (SELECT FROM misplaced)
             AND NOT (i.profile = 'native' AND EXISTS (
               SELECT FROM pg_catalog.pg_extension AS e JOIN pg_catalog.pg_available_extensions AS a ON a.name = e.extname
                WHERE e.extname = 'pg_affiliate' AND a.default_version <> e.extversion))
      FROM affiliate_private.install AS i";

const MIGRATIONS: &str = "SELECT m.version, m.name, m.checksum FROM affiliate_private.schema_migration AS m ORDER BY m.version";

pub(super) async fn read(client: &Client) -> Result<State, MigrateError> {
    client.batch_execute(LOOK).await?;
    let state = look(client).await;
    client.batch_execute("ROLLBACK").await?;
    state
}

async fn look(client: &Client) -> Result<State, MigrateError> {
    if !client.query_typed_one(TABLES, &[]).await?.get::<_, bool>(0) {
        return Ok(State::Empty);
    }
    match read_installed(client).await {
        Ok(installed) => Ok(State::Installed(installed)),
        Err(error) if error.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE) => Ok(State::Hidden),
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn read_installed(client: &Client) -> Result<Installed, tokio_postgres::Error> {
    let migrations: Vec<(i32, String, String)> = client
        .query_typed(MIGRATIONS, &[])
        .await?
        .iter()
        .map(|row| (row.get(0), row.get(1), row.get(2)))
        .collect();
    let install = client.query_typed_opt(INSTALL, &[]).await?;
    let text = |column| {
        install
            .as_ref()
            .map(|row| row.get::<_, String>(column))
            .unwrap_or_default()
    };
    let flag = |column| {
        install
            .as_ref()
            .is_some_and(|row| row.get::<_, bool>(column))
    };
    Ok(Installed {
        schema_version: migrations.last().map_or(0, |(version, ..)| *version),
        profile: text(0),
        objects_checksum: text(1),
        migrations,
        extension_available: flag(2),
        shared_roles: flag(3),
        in_place: flag(4),
    })
}

impl Installed {
    /// Refuses a database that is newer than `tree`, or whose past `tree` tells differently.
    ///
    /// # Errors
    /// [`MigrateError::Newer`] and [`MigrateError::Edited`].
    pub fn check_history(&self, tree: &SqlTree) -> Result<(), MigrateError> {
        if self.schema_version > tree.schema_version() {
            return Err(MigrateError::Newer {
                database: self.schema_version,
                binary: tree.schema_version(),
            });
        }
        for (version, name, checksum) in &self.migrations {
            let known = tree
                .migrations
                .iter()
                .find(|migration| migration.version == *version);
            if known.is_none_or(|migration| migration.checksum != *checksum) {
                return Err(MigrateError::Edited {
                    version: *version,
                    name: name.clone(),
                });
            }
        }
        Ok(())
    }

    pub(super) fn has(&self, version: i32) -> bool {
        self.migrations
            .iter()
            .any(|(applied, ..)| *applied == version)
    }

    pub(super) fn has_objects(&self, checksum: &str) -> bool {
        self.objects_checksum == checksum
    }

    /// Whether functions, views, triggers, grants and kernels are those of `tree`.
    #[must_use]
    pub fn has_objects_of(&self, tree: &SqlTree, choice: ProfileChoice) -> bool {
        let profile = choice.resolve(self.extension_available);
        self.has_objects(&tree.objects_checksum(profile, self.shared_roles))
    }

    /// The report of a run that has nothing to do, or `None` when there is something.
    #[must_use]
    pub fn up_to_date(&self, tree: &SqlTree, choice: ProfileChoice) -> Option<Report> {
        let profile = choice.resolve(self.extension_available);
        let same = self.in_place
            && self.schema_version == tree.schema_version()
            && self.has_objects_of(tree, choice);
        same.then(|| Report {
            schema_version: self.schema_version,
            profile,
            applied: Vec::new(),
            changed: false,
        })
    }
}
