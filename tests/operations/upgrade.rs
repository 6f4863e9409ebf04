//! Other versions and other kernels, with data and a gateway that runs.

use std::path::Path;
use std::process::Command;

use affiliate_tests::binary;
use affiliate_tests::books::assert_clean;
use affiliate_tests::cluster::Cluster;
use affiliate_tests::database::{Profile, TestDatabase};
use affiliate_tests::mode::Mode;
use affiliate_tests::shop::Shop;
use affiliate_tests::stripe::event::Event;
use tokio_postgres::Client;

async fn refused(url: &str, arguments: &[&str]) -> String {
    let settings = [("DATABASE_URL", url), ("AFFILIATE_LISTEN", "127.0.0.1:0")];
    let output = binary::run(arguments, &settings).await;
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

async fn run(client: &Client, sql: &str) {
    let done = client.batch_execute(sql).await;
    done.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
}

#[tokio::test]
async fn kernels_are_switched_under_a_running_gateway_and_nothing_changes() {
    let cluster = Cluster::with_extension().await;
    let database = cluster.create_database(Profile::Native).await;
    let shop = Shop::open_on(database, &[]).await;
    shop.project.add_affiliate("ada@example.com", "ADA").await;
    for (number, kernels) in ["native", "portable", "native"].into_iter().enumerate() {
        shop.database
            .affiliate(&["migrate", "--profile", kernels])
            .await;
        let sale = Event::sale(&format!("pi_{number}"), 4999).code("ADA");
        assert_eq!(shop.project.deliver(&sale).await, "applied");
        let ready = shop.project.get("/readyz").await.json();
        assert_eq!(ready["profile"], kernels);
        assert_clean(&shop.database).await;
    }
    let earned = shop.project.affiliate("ada@example.com").await;
    assert_eq!(earned["total_earnings"], "30.00");
}

#[tokio::test]
async fn a_gateway_does_not_start_on_a_schema_it_does_not_know() {
    let database = Cluster::shared()
        .await
        .create_database(Profile::Portable)
        .await;
    let superuser = database.connect_superuser().await;
    run(
        &superuser,
        "INSERT INTO affiliate_private.schema_migration (version, name, checksum) VALUES (9999, '9999_later', '');
         UPDATE affiliate_private.install SET schema_version = 9999",
    )
    .await;
    for url in [database.url(), database.gateway_url()] {
        for arguments in [&["serve"][..], &["serve", "--no-migrate"]] {
            let words = refused(url, arguments).await;
            assert!(words.contains("has schema version 9999"), "{words}");
        }
    }
    let words = refused(database.url(), &["migrate"]).await;
    assert!(words.contains("use a newer affiliate"), "{words}");

    run(
        &superuser,
        "DELETE FROM affiliate_private.schema_migration WHERE version > 1;
         UPDATE affiliate_private.install SET schema_version = 1",
    )
    .await;
    let words = refused(database.gateway_url(), &["serve"]).await;
    assert!(
        words.contains("has schema version 1") && words.contains("run affiliate migrate"),
        "{words}"
    );
    let words = refused(database.url(), &["serve", "--no-migrate"]).await;
    assert!(words.contains("run affiliate migrate"), "{words}");
}

/// Puts the extension, and a way to its version from an earlier one, where the server finds them first.
async fn offer_update(cluster: &Cluster, database: &TestDatabase, directory: &Path) {
    let pg_config = Command::new(cluster.server().tree().program("pg_config"))
        .arg("--sharedir")
        .output()
        .expect("pg_config");
    let shared = String::from_utf8(pg_config.stdout).expect("a path");
    let from = Path::new(shared.trim()).join("extension");
    let to = directory.join("extension");
    std::fs::create_dir(&to).expect("a directory");
    for entry in std::fs::read_dir(from).expect("extensions").flatten() {
        if entry
            .file_name()
            .to_string_lossy()
            .starts_with("pg_affiliate")
        {
            std::fs::copy(entry.path(), to.join(entry.file_name())).expect("a copy");
        }
    }
    let update = format!("pg_affiliate--0.0.9--{}.sql", env!("CARGO_PKG_VERSION"));
    let added =
        "CREATE FUNCTION affiliate_native.updated() RETURNS boolean LANGUAGE sql AS 'SELECT true';";
    std::fs::write(to.join(update), added).expect("a script");
    use std::os::unix::fs::PermissionsExt;
    let readable = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(directory, readable).expect("permissions");
    let superuser = database.connect_superuser().await;
    let path = format!(
        "ALTER SYSTEM SET extension_control_path = '{}:$system'",
        directory.display()
    );
    run(&superuser, &path).await;
    run(&superuser, "SELECT pg_reload_conf()").await;
    run(
        &superuser,
        "UPDATE pg_extension SET extversion = '0.0.9' WHERE extname = 'pg_affiliate'",
    )
    .await;
}

#[tokio::test]
async fn migrate_updates_the_extension_while_its_kernels_are_in_use() {
    let cluster = Cluster::in_mode(Mode::Native).await;
    if cluster.server().tree().major() < 18 {
        // Without extension_control_path the update would have to be put into the server's own tree.
        return;
    }
    let directory = tempfile::tempdir().expect("a directory");
    let database = cluster.create_database(Profile::Native).await;
    let shop = Shop::open_on(database, &[]).await;
    shop.project.add_affiliate("ada@example.com", "ADA").await;
    offer_update(&cluster, &shop.database, directory.path()).await;

    let migrated = shop.database.affiliate(&["migrate", "--json"]).await;
    assert!(migrated.contains(r#""profile":"native""#), "{migrated}");
    let client = shop.database.connect().await;
    let version = "SELECT extversion FROM pg_extension WHERE extname = 'pg_affiliate' AND affiliate_native.updated()";
    let row = client.query_one(version, &[]).await.expect("it is updated");
    assert_eq!(row.get::<_, String>(0), env!("CARGO_PKG_VERSION"));
    let sale = Event::sale("pi_1", 4999).code("ADA");
    assert_eq!(shop.project.deliver(&sale).await, "applied");
    assert_clean(&shop.database).await;
}

#[tokio::test]
async fn each_version_of_the_extension_has_a_library_of_its_own() {
    // Else a new version's library would be under the functions of the one in use as soon as it is installed.
    let cluster = Cluster::with_extension().await;
    let database = cluster.create_database(Profile::Native).await;
    let libraries = "
        SELECT array_agg(DISTINCT p.probin) FROM pg_proc AS p JOIN pg_language AS l ON l.oid = p.prolang
        WHERE p.pronamespace = 'affiliate_native'::regnamespace AND l.lanname = 'c'";
    let client = database.connect().await;
    let row = client.query_one(libraries, &[]).await.expect("a row");
    let own = concat!("pg_affiliate-", env!("CARGO_PKG_VERSION"));
    assert_eq!(row.get::<_, Vec<String>>(0), [own]);
}
