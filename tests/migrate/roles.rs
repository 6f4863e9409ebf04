//! Who owns what, for logins with more and with fewer rights.

use affiliate_tests::cluster::Cluster;
use affiliate_tests::database::{Profile, TestDatabase};

use crate::support::{migrate, one, product};

/// Owners of everything in the product's schemas, the extension's own functions left out.
const OWNERS: &str = "
    SELECT string_agg(DISTINCT pg_get_userbyid(o.owner)::text, ',' ORDER BY pg_get_userbyid(o.owner)::text)
      FROM (SELECT n.oid, n.nspowner AS owner FROM pg_namespace AS n
            UNION ALL SELECT c.relnamespace, c.relowner FROM pg_class AS c WHERE c.relkind <> 'v'
            UNION ALL SELECT p.pronamespace, p.proowner FROM pg_proc AS p) AS o
      JOIN pg_namespace AS n ON n.oid = o.oid
     WHERE n.nspname IN ('affiliate', 'affiliate_api', 'affiliate_private', 'affiliate_kernel')";

async fn login(database: &TestDatabase, name: &str, setup: &str) -> String {
    database.give_to_new_login(name).await;
    let superuser = database.connect_superuser().await;
    superuser.batch_execute(setup).await.expect("the set-up");
    Cluster::shared()
        .await
        .program_url(name, "test", database.name())
}

#[tokio::test]
async fn a_database_owner_needs_no_superuser() {
    let database = Cluster::shared().await.create_database(Profile::None).await;
    migrate(database.url(), &product()).await;
    let client = database.connect().await;
    assert!(
        !one::<bool>(
            &client,
            "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"
        )
        .await
    );
    assert_eq!(one::<String>(&client, OWNERS).await, "affiliate_owner");
}

#[tokio::test]
async fn a_superuser_leaves_the_same_owner_behind() {
    let database = Cluster::shared().await.create_database(Profile::None).await;
    migrate(database.superuser_url(), &product()).await;
    assert_eq!(
        one::<String>(&database.connect_superuser().await, OWNERS).await,
        "affiliate_owner"
    );
}

#[tokio::test]
async fn a_member_of_the_owner_needs_no_createrole() {
    let cluster = Cluster::shared().await;
    // Makes the roles of the cluster exist.
    cluster.create_database(Profile::Portable).await;
    let database = cluster.create_database(Profile::None).await;
    let url = login(
        &database,
        "migrate_member",
        "GRANT affiliate_owner TO migrate_member",
    )
    .await;
    migrate(&url, &product()).await;
    assert_eq!(
        one::<String>(&database.connect_superuser().await, OWNERS).await,
        "affiliate_owner"
    );
}

#[tokio::test]
async fn a_plain_login_owns_everything_itself() {
    let database = Cluster::shared().await.create_database(Profile::None).await;
    let url = login(&database, "migrate_plain", "").await;
    migrate(&url, &product()).await;
    assert!(!migrate(&url, &product()).await.changed);
    assert_eq!(
        one::<String>(&database.connect_superuser().await, OWNERS).await,
        "migrate_plain"
    );
}

#[tokio::test]
async fn without_a_public_schema_pgcrypto_is_in_ours_and_stays_as_it_is() {
    let database = Cluster::shared().await.create_database(Profile::None).await;
    let superuser = database.connect_superuser().await;
    let drop = superuser.batch_execute("DROP SCHEMA public").await;
    drop.expect("there is no public schema");
    assert!(migrate(database.url(), &product()).await.changed);
    assert!(!migrate(database.url(), &product()).await.changed);
}

#[tokio::test]
async fn what_a_plain_login_owns_is_handed_over_once_the_roles_are_its() {
    let cluster = Cluster::shared().await;
    let database = cluster.create_database(Profile::None).await;
    let url = login(&database, "migrate_later", "").await;
    migrate(&url, &product()).await;
    let superuser = database.connect_superuser().await;
    assert_eq!(one::<String>(&superuser, OWNERS).await, "migrate_later");
    // Makes the roles of the cluster exist.
    cluster.create_database(Profile::Portable).await;
    let grant = superuser.batch_execute("GRANT affiliate_owner TO migrate_later");
    grant.await.expect("membership");
    assert!(migrate(&url, &product()).await.changed);
    assert_eq!(one::<String>(&superuser, OWNERS).await, "affiliate_owner");
    assert!(!migrate(&url, &product()).await.changed);
}
