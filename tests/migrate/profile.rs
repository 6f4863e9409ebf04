//! Choosing the kernels and changing them in place.

use affiliate_gateway::migrate::{Profile as Kernels, ProfileChoice};
use affiliate_tests::cluster::Cluster;
use affiliate_tests::database::Profile;

use crate::support::{migrate, one, product, run};

/// Schema of the function behind the first trigger that uses a kernel.
const TRIGGER_SCHEMA: &str = "
    SELECT n.nspname::text FROM pg_trigger AS t JOIN pg_proc AS p ON p.oid = t.tgfoid JOIN pg_namespace AS n ON n.oid = p.pronamespace
     WHERE p.proname LIKE 'tg\\_%\\_\\_stamp'";

#[tokio::test]
async fn where_the_extension_is_offered_auto_takes_it() {
    let database = Cluster::with_extension()
        .await
        .create_database(Profile::None)
        .await;
    let report = run(database.url(), &product(), ProfileChoice::Auto)
        .await
        .expect("migrated");
    assert_eq!(report.profile, Kernels::Native);
    let again = run(database.url(), &product(), ProfileChoice::Auto)
        .await
        .expect("migrated");
    assert!(!again.changed);
}

#[tokio::test]
async fn kernels_are_switched_in_place_in_both_directions() {
    let database = Cluster::with_extension()
        .await
        .create_database(Profile::None)
        .await;
    let client = database.connect().await;
    for (choice, schema) in [
        (ProfileChoice::Portable, "affiliate_kernel"),
        (ProfileChoice::Native, "affiliate_native"),
        (ProfileChoice::Portable, "affiliate_kernel"),
    ] {
        let report = run(database.url(), &product(), choice)
            .await
            .unwrap_or_else(|error| panic!("{error}"));
        assert!(report.changed);
        assert_eq!(one::<String>(&client, TRIGGER_SCHEMA).await, schema);
    }
}

#[tokio::test]
async fn on_portable_nothing_needs_the_extension() {
    let database = Cluster::with_extension()
        .await
        .create_database(Profile::None)
        .await;
    run(database.url(), &product(), ProfileChoice::Native)
        .await
        .expect("migrated");
    migrate(database.url(), &product()).await;
    // RESTRICT, the default, fails while anything of ours still uses it.
    database
        .connect()
        .await
        .batch_execute("DROP EXTENSION pg_affiliate")
        .await
        .expect("dropped");
}
