//! The script for psql does what the runner does.

use affiliate_gateway::migrate::{Profile as Kernels, SqlTree, script};
use affiliate_tests::cluster::Cluster;
use affiliate_tests::database::{Profile, TestDatabase};

use crate::support::{CORE, MORE, client_program, dump, migrate, one, product, tree};

fn psql(cluster: &Cluster, database: &TestDatabase, tree: &SqlTree, kernels: Kernels) {
    let file = tempfile::Builder::new()
        .suffix(".sql")
        .tempfile()
        .expect("a file");
    std::fs::write(file.path(), script(tree, kernels)).expect("the script");
    let path = file.path().display().to_string();
    let shown = client_program(
        cluster,
        "psql",
        database.url(),
        &["--no-psqlrc", "--file", &path],
    );
    assert_eq!(shown, "", "the script is quiet");
}

#[tokio::test]
async fn the_script_and_the_runner_leave_the_same_schema() {
    let cluster = Cluster::shared().await;
    let by_script = cluster.create_database(Profile::None).await;
    let by_runner = cluster.create_database(Profile::None).await;
    psql(cluster, &by_script, &product(), Kernels::Portable);
    migrate(by_runner.url(), &product()).await;
    assert_eq!(
        dump(cluster, by_script.direct_url()),
        dump(cluster, by_runner.direct_url())
    );
}

#[tokio::test]
async fn after_the_script_the_runner_has_nothing_to_do() {
    let cluster = Cluster::shared().await;
    let database = cluster.create_database(Profile::None).await;
    psql(cluster, &database, &product(), Kernels::Portable);
    assert!(!migrate(database.url(), &product()).await.changed);
}

#[tokio::test]
async fn the_script_skips_what_is_applied() {
    let cluster = Cluster::shared().await;
    let database = cluster.create_database(Profile::None).await;
    migrate(database.url(), &tree(&[CORE])).await;
    let later = tree(&[CORE, MORE]);
    for _ in 0..2 {
        psql(cluster, &database, &later, Kernels::Portable);
    }
    assert!(!migrate(database.url(), &later).await.changed);
}

#[tokio::test]
#[should_panic(expected = "the database has schema version 2, this script knows 1")]
async fn the_script_refuses_a_newer_schema() {
    let cluster = Cluster::shared().await;
    let database = cluster.create_database(Profile::None).await;
    migrate(database.url(), &tree(&[CORE, MORE])).await;
    psql(cluster, &database, &tree(&[CORE]), Kernels::Portable);
}

#[tokio::test]
async fn a_native_script_installs_the_extension() {
    let cluster = Cluster::with_extension().await;
    let database = cluster.create_database(Profile::None).await;
    psql(cluster, &database, &product(), Kernels::Native);
    let client = database.connect().await;
    assert_eq!(
        one::<String>(&client, "SELECT profile FROM affiliate_private.install").await,
        "native"
    );
}
