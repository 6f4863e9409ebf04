//! Where these tests get their databases: the only place that knows.

use affiliate_tests::{cluster::Cluster, database::Profile};
use tokio_postgres::Client;

/// A connection to a new, empty database, as its owner, who is no superuser.
pub async fn empty_database() -> Client {
    let database = Cluster::with_extension()
        .await
        .create_database(Profile::None)
        .await;
    database.connect().await
}
