//! Logins that see projects through the analyst views, as a data team has them.

use std::sync::atomic::{AtomicU32, Ordering};

use tokio_postgres::Client;

use crate::cluster::{Cluster, PASSWORD};
use crate::database::{self, TestDatabase};

static NUMBER: AtomicU32 = AtomicU32::new(1);

/// A connection of a new login of the shared cluster to which these projects are granted.
pub async fn connect(database: &TestDatabase, projects: &[i64]) -> Client {
    let role = format!("analyst_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    let create = format!("CREATE ROLE {role} LOGIN PASSWORD '{PASSWORD}'");
    let superuser = database.connect_superuser().await;
    superuser.batch_execute(&create).await.expect("a login");
    let owner = database.connect().await;
    for project in projects {
        let grant = "SELECT affiliate.grant_analyst($1, $2)";
        let granted = owner.execute(grant, &[&role, project]).await;
        granted.unwrap_or_else(|error| panic!("{error:?}"));
    }
    let cluster = Cluster::shared().await;
    database::connect(&cluster.url(&role, PASSWORD, database.name())).await
}
