//! The private Postgres cluster: it starts, comes back after a crash, and never outlives its process.

use affiliate_tests::cluster::Cluster;
use affiliate_tests::database::{self, Profile};
use affiliate_tests::wait::until;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

#[tokio::test]
async fn databases_are_owned_by_somebody_who_is_no_superuser() {
    let database = Cluster::shared().await.create_database(Profile::None).await;
    let client = database.connect().await;
    let row = client
        .query_one(
            "SELECT rolsuper, rolcreaterole FROM pg_catalog.pg_roles WHERE rolname = current_user",
            &[],
        )
        .await
        .expect("the role");
    assert_eq!((row.get(0), row.get(1)), (false, true));
    drop(client);
    database.drop().await;
}

#[tokio::test]
async fn text_sorts_by_bytes_and_knows_the_case_of_letters() {
    let database = Cluster::shared().await.create_database(Profile::None).await;
    let row = database
        .connect()
        .await
        .query_one(
            "SELECT 'B' < 'a', lower('ÄÖ'), current_setting('server_encoding')",
            &[],
        )
        .await
        .expect("a row");
    assert!(row.get::<_, bool>(0));
    assert_eq!((row.get(1), row.get(2)), ("äö", "UTF8"));
}

#[tokio::test]
async fn a_killed_postmaster_is_started_again_on_its_port_with_its_data() {
    let cluster = Cluster::durable().await;
    let database = cluster.create_database(Profile::None).await;
    let client = database.connect().await;
    client
        .batch_execute("CREATE TABLE kept AS SELECT 1 AS n")
        .await
        .expect("a table");
    let killed = cluster.server().postmaster_pid().expect("a postmaster");
    kill(Pid::from_raw(killed), Signal::SIGKILL).expect("it is killed");
    until("Postgres to run again", async || {
        let (client, connection) =
            tokio_postgres::connect(database.direct_url(), tokio_postgres::NoTls)
                .await
                .ok()?;
        tokio::spawn(connection);
        client.query_one("SELECT n FROM kept", &[]).await.ok()
    })
    .await;
    assert_ne!(cluster.server().postmaster_pid(), Some(killed));
}

#[tokio::test]
async fn a_stopped_cluster_leaves_no_process_behind() {
    let cluster = Cluster::durable().await;
    let url = cluster.superuser_url("postgres");
    let pid = cluster.server().postmaster_pid().expect("a postmaster");
    database::connect(&url).await;
    tokio::task::spawn_blocking(move || drop(cluster))
        .await
        .expect("it stops");
    assert!(!std::path::Path::new(&format!("/proc/{pid}")).exists());
    assert!(
        tokio_postgres::connect(&url, tokio_postgres::NoTls)
            .await
            .is_err()
    );
}
