//! Databases for tests, copied from one that was migrated once per profile.

use std::sync::atomic::{AtomicU32, Ordering};

use tokio_postgres::{Client, NoTls};

use crate::binary;
use crate::cluster::{Cluster, GATEWAY, OWNER, PASSWORD};
use crate::mode::Mode;

/// How many entries of the indexes of these tables the transaction of this client has read.
pub async fn looked_at(client: &Client, tables: &[&str]) -> i64 {
    // What has not been handed to the collector yet counts too.
    let read = "SELECT coalesce(sum(pg_stat_get_xact_tuples_returned(i.indexrelid)), 0)::bigint FROM pg_index AS i
                WHERE i.indrelid::regclass::text = ANY ($1)";
    let row = client.query_one(read, &[&tables]).await;
    row.expect("a count").get(0)
}

/// Which kernels a database has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// Those of the extension.
    Native,
    /// Those in SQL and PL/pgSQL.
    Portable,
    /// Not migrated: an empty database.
    None,
}

impl Profile {
    /// Both kernels, for tests that run on each; those that this run has.
    pub const KERNELS: Kernels = Kernels;

    /// The same, or the portable kernels where the servers of this run have no others.
    fn available(self, cluster: &Cluster) -> Self {
        if self == Self::Native && !cluster.has_extension() {
            Self::Portable
        } else {
            self
        }
    }

    /// The name of the kernels; `None` where there are none.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::Native => Some("native"),
            Self::Portable => Some("portable"),
            Self::None => None,
        }
    }
}

/// See [`Profile::KERNELS`].
#[derive(Debug, Clone, Copy)]
pub struct Kernels;

impl Kernels {
    fn of_this_run(self) -> &'static [Profile] {
        if Mode::current().has_extension() {
            &[Profile::Native, Profile::Portable]
        } else {
            &[Profile::Portable]
        }
    }
}

impl IntoIterator for Kernels {
    type Item = Profile;
    type IntoIter = std::iter::Copied<std::slice::Iter<'static, Profile>>;

    fn into_iter(self) -> Self::IntoIter {
        self.of_this_run().iter().copied()
    }
}

/// In turns, for tests that use one of the two.
impl std::ops::Index<usize> for Kernels {
    type Output = Profile;

    fn index(&self, index: usize) -> &Profile {
        let kernels = self.of_this_run();
        &kernels[index % kernels.len()]
    }
}

/// A database of a test's own.
#[derive(Debug)]
pub struct TestDatabase {
    name: String,
    url: String,
    direct_url: String,
    gateway_url: String,
    direct_gateway_url: String,
    superuser_url: String,
    maintenance_url: String,
}

impl TestDatabase {
    /// As its owner, who may create roles but is no superuser; for the program under test, through a pooler in a run
    /// that has one.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// As its owner, straight to the server.
    pub fn direct_url(&self) -> &str {
        &self.direct_url
    }

    /// As a login that is only a member of `affiliate_gateway`, for the program under test.
    pub fn gateway_url(&self) -> &str {
        &self.gateway_url
    }

    /// As that login, straight to the server.
    pub(crate) fn direct_gateway_url(&self) -> &str {
        &self.direct_gateway_url
    }

    /// As the superuser.
    pub fn superuser_url(&self) -> &str {
        &self.superuser_url
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Makes a login that may do nothing but log in, and has it own this database.
    pub async fn give_to_new_login(&self, name: &str) {
        let login = format!(
            "CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}'; ALTER DATABASE {} OWNER TO {name}",
            self.name
        );
        let superuser = self.connect_superuser().await;
        superuser.batch_execute(&login).await.expect("a login");
    }

    /// A connection as its owner.
    pub async fn connect(&self) -> Client {
        connect(&self.direct_url).await
    }

    /// A connection of the gateway's login, straight to the server: this client prepares statements, which a pooler may
    /// look for on another connection.
    pub async fn connect_gateway(&self) -> Client {
        connect(&self.direct_gateway_url).await
    }

    /// A connection as the superuser.
    pub async fn connect_superuser(&self) -> Client {
        connect(&self.superuser_url).await
    }

    /// Runs `affiliate` on it as its owner and gives its standard output, which must be a success.
    pub async fn affiliate(&self, arguments: &[&str]) -> String {
        affiliate(&self.url, arguments).await
    }

    /// Drops the database, throwing everybody out of it. Without this it lasts as long as its cluster.
    pub async fn drop(self) {
        let statement = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        let maintenance = connect(&self.maintenance_url).await;
        maintenance
            .batch_execute(&statement)
            .await
            .expect("the database is dropped");
    }
}

/// A connection that is driven until it is dropped.
pub async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls)
        .await
        .unwrap_or_else(|error| panic!("{url}: {error}"));
    tokio::spawn(connection);
    client
}

static NUMBER: AtomicU32 = AtomicU32::new(1);

pub(crate) async fn create(cluster: &Cluster, profile: Profile) -> TestDatabase {
    let profile = profile.available(cluster);
    let template = match profile.name() {
        Some(name) => migrated_template(cluster, profile, name).await,
        None => "template1".to_owned(),
    };
    let name = format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    create_from(cluster, &name, &template).await;
    TestDatabase {
        url: cluster.program_url(OWNER, PASSWORD, &name),
        direct_url: cluster.url(OWNER, PASSWORD, &name),
        gateway_url: cluster.program_url(GATEWAY, PASSWORD, &name),
        direct_gateway_url: cluster.url(GATEWAY, PASSWORD, &name),
        superuser_url: cluster.superuser_url(&name),
        maintenance_url: cluster.superuser_url("postgres"),
        name,
    }
}

async fn create_from(cluster: &Cluster, name: &str, template: &str) {
    let superuser = connect(&cluster.superuser_url("postgres")).await;
    let statement = format!("CREATE DATABASE {name} OWNER {OWNER} TEMPLATE {template}");
    superuser
        .batch_execute(&statement)
        .await
        .unwrap_or_else(|error| panic!("{statement}: {error:?}"));
}

/// The template of a profile, made by the first test that asks for it.
async fn migrated_template(cluster: &Cluster, profile: Profile, name: &str) -> String {
    let template = format!("template_{name}");
    let mut templates = cluster.templates.lock().await;
    if !templates.contains(&profile) {
        create_from(cluster, &template, "template1").await;
        affiliate(
            &cluster.url(OWNER, PASSWORD, &template),
            &["migrate", "--profile", name],
        )
        .await;
        let superuser = connect(&cluster.superuser_url("postgres")).await;
        let grant = format!("GRANT affiliate_gateway TO {GATEWAY}");
        superuser
            .batch_execute(&grant)
            .await
            .expect("the gateway's login is a member of affiliate_gateway");
        templates.push(profile);
    }
    template
}

async fn affiliate(url: &str, arguments: &[&str]) -> String {
    let output = binary::run(arguments, &[("DATABASE_URL", url)]).await;
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "affiliate {arguments:?}: {}\n{words}",
        output.status
    );
    String::from_utf8(output.stdout).expect("its output is UTF-8")
}
