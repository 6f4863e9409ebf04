//! What somebody else has put where the product will be: none of it may become the owner's code, or a superuser's.

use affiliate_gateway::migrate::ProfileChoice;
use affiliate_tests::cluster::Cluster;
use affiliate_tests::database::{Profile, TestDatabase};
use tokio_postgres::Client;

use crate::support::{one, product, refusal, run};

/// A database in which another login may create schemas, and that login.
async fn with_somebody(cluster: &Cluster, name: &str) -> (TestDatabase, Client) {
    let database = cluster.create_database(Profile::None).await;
    let login = format!(
        "CREATE ROLE {name} LOGIN PASSWORD 'test'; GRANT CREATE ON DATABASE {} TO {name}",
        database.name()
    );
    let superuser = database.connect_superuser().await;
    superuser.batch_execute(&login).await.expect("a login");
    let url = cluster.url(name, "test", database.name());
    let somebody = affiliate_tests::database::connect(&url).await;
    (database, somebody)
}

async fn plants(somebody: &Client, sql: &str) {
    let planted = somebody.batch_execute(sql).await;
    planted.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
}

#[tokio::test]
async fn the_script_of_the_extension_runs_nobodys_code() {
    let cluster = Cluster::with_extension().await;
    let (database, somebody) = with_somebody(cluster, "planter").await;
    // The schema of the extension is on the script's path, and exact types win over any that have to be converted.
    plants(
        &somebody,
        "CREATE SCHEMA affiliate_native;
         CREATE FUNCTION affiliate_native.trap() RETURNS text LANGUAGE plpgsql AS $$
         BEGIN RAISE EXCEPTION 'planted code runs as %', current_user; END $$;
         CREATE FUNCTION affiliate_native.format(text, text, text) RETURNS text LANGUAGE sql AS 'SELECT affiliate_native.trap()';
         CREATE FUNCTION affiliate_native.format(text, text) RETURNS text LANGUAGE sql AS 'SELECT affiliate_native.trap()';
         CREATE FUNCTION affiliate_native.both(text, text) RETURNS text LANGUAGE sql AS 'SELECT affiliate_native.trap()';
         CREATE FUNCTION affiliate_native.same(name, text) RETURNS boolean LANGUAGE sql AS 'SELECT affiliate_native.trap() IS NULL';
         CREATE OPERATOR affiliate_native.|| (LEFTARG = text, RIGHTARG = text, FUNCTION = affiliate_native.both);
         CREATE OPERATOR affiliate_native.= (LEFTARG = name, RIGHTARG = text, FUNCTION = affiliate_native.same);",
    )
    .await;
    plants(&somebody, "CREATE EXTENSION pg_affiliate").await;
    let superuser = "SELECT rolsuper FROM pg_roles WHERE rolname = 'planter'";
    assert!(!one::<bool>(&somebody, superuser).await);

    // Theirs is no schema to call native kernels from.
    let native = run(database.url(), &product(), ProfileChoice::Native).await;
    let words = native.expect_err("a refusal").to_string();
    assert!(
        words.contains("schema affiliate_native, or the extension in it, belongs to planter"),
        "{words}"
    );
}

#[tokio::test]
async fn schemas_of_somebody_else_are_not_taken_over() {
    let cluster = Cluster::shared().await;
    let (database, somebody) = with_somebody(cluster, "squatter").await;
    plants(
        &somebody,
        "CREATE SCHEMA affiliate;
         CREATE FUNCTION affiliate.evil() RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT current_user::text';",
    )
    .await;
    for url in [database.superuser_url(), database.url()] {
        let words = refusal(url, &product()).await;
        assert!(words.contains("affiliate belongs to squatter"), "{words}");
    }
    // Nor is what somebody has put into a schema of ours.
    plants(&somebody, "DROP SCHEMA affiliate CASCADE").await;
    let owner = database.connect().await;
    plants(
        &owner,
        "CREATE SCHEMA affiliate; GRANT USAGE, CREATE ON SCHEMA affiliate TO squatter",
    )
    .await;
    let evil = "CREATE FUNCTION affiliate.evil() RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT current_user::text'";
    plants(&somebody, evil).await;
    let words = refusal(database.url(), &product()).await;
    assert!(
        words.contains("function affiliate.evil belongs to squatter"),
        "{words}"
    );
}

#[tokio::test]
async fn keys_are_not_drawn_from_a_schema_of_somebody_else() {
    let cluster = Cluster::shared().await;
    let (database, somebody) = with_somebody(cluster, "drawer").await;
    let theirs = "CREATE SCHEMA crypto; CREATE EXTENSION pgcrypto SCHEMA crypto";
    plants(&somebody, theirs).await;
    let words = refusal(database.url(), &product()).await;
    assert!(
        words.contains("pgcrypto is in schema crypto, which belongs to drawer"),
        "{words}"
    );
}

#[tokio::test]
async fn an_encoding_that_cannot_hold_names_is_refused_at_once() {
    let cluster = Cluster::shared().await;
    let database = cluster.create_database(Profile::None).await;
    let superuser = database.connect_superuser().await;
    let latin = format!(
        "CREATE DATABASE {}_latin OWNER test_owner ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C' TEMPLATE template0",
        database.name()
    );
    plants(&superuser, &latin).await;
    let url = cluster.program_url("test_owner", "test", &format!("{}_latin", database.name()));
    let words = refusal(&url, &product()).await;
    assert!(words.contains("is LATIN1, and has to be UTF8"), "{words}");
}
