//! What the catalog of a migrated database says, on either kernel.

use affiliate_tests::cluster::Cluster;
use affiliate_tests::database::{Profile, TestDatabase};
use tokio::sync::OnceCell;

/// The product's own schemas; the extension's is its own affair.
const SCHEMAS: &str = "'affiliate', 'affiliate_api', 'affiliate_private', 'affiliate_kernel'";

static DATABASES: OnceCell<Vec<(Profile, TestDatabase)>> = OnceCell::const_new();

/// A migrated database per kernel, which no test changes.
async fn databases() -> &'static [(Profile, TestDatabase)] {
    let create = async || {
        let mut databases = Vec::new();
        for profile in Profile::KERNELS {
            let database = Cluster::shared().await.create_database(profile).await;
            databases.push((profile, database));
        }
        databases
    };
    DATABASES.get_or_init(create).await
}

/// What a query finds that breaks a rule: its first column, which must be text. `product` is a relation with the `oid`
/// and `name` of the product's schemas.
async fn offenders(query: &str) -> Vec<String> {
    let sql = format!(
        "WITH product AS (SELECT n.oid, n.nspname::text AS name FROM pg_namespace AS n WHERE n.nspname IN ({SCHEMAS})) {query}"
    );
    let mut found = Vec::new();
    for (profile, database) in databases().await {
        let rows = database.connect_superuser().await.query(&sql, &[]).await;
        let rows = rows.unwrap_or_else(|error| panic!("{error:?}: {sql}"));
        let words = rows.iter().map(|row| row.get::<_, String>(0));
        found.extend(words.map(|words| format!("{words} ({profile:?})")));
    }
    found
}

/// Fails where a query finds something.
pub(crate) async fn holds(rule: &str, query: &str) {
    crate::none(rule, &offenders(query).await);
}
