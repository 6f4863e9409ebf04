//! Roles belong to the cluster: the first migrations of several databases meet there.

use affiliate_tests::cluster::Cluster;
use affiliate_tests::database::Profile;

use crate::support::{migrate, product};

#[tokio::test(flavor = "multi_thread")]
async fn several_databases_of_a_fresh_cluster_migrate_at_once() {
    let cluster = Cluster::durable().await;
    let mut databases = Vec::new();
    for _ in 0..5 {
        databases.push(cluster.create_database(Profile::None).await);
    }
    let runs: Vec<_> = databases
        .iter()
        .cycle()
        .take(20)
        .map(|database| {
            let url = database.url().to_owned();
            tokio::spawn(async move { migrate(&url, &product()).await })
        })
        .collect();
    let mut changed = 0;
    for run in runs {
        changed += usize::from(run.await.expect("no panic").changed);
    }
    assert_eq!(changed, databases.len());
}
