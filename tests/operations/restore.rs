//! A dump is restored on another cluster, with other kernels and by a login that is no superuser, and serves there.

use std::path::Path;
use std::process::{Command, Output};

use affiliate_tests::books::assert_clean;
use affiliate_tests::cluster::Cluster;
use affiliate_tests::database::{Profile, TestDatabase};
use affiliate_tests::gateway::Gateway;
use affiliate_tests::mode::Mode;
use affiliate_tests::shop::{Project, Shop};
use affiliate_tests::stripe::event::Event;
use serde_json::Value;
use tempfile::TempDir;

/// Owners of what is in the product's schemas.
const OWNERS: &str = "
    SELECT string_agg(DISTINCT pg_get_userbyid(o.owner)::text, ',' ORDER BY pg_get_userbyid(o.owner)::text)
      FROM (SELECT n.oid, n.nspowner AS owner FROM pg_namespace AS n
            UNION ALL SELECT c.relnamespace, c.relowner FROM pg_class AS c
            UNION ALL SELECT p.pronamespace, p.proowner FROM pg_proc AS p) AS o
      JOIN pg_namespace AS n ON n.oid = o.oid
     WHERE n.nspname IN ('affiliate', 'affiliate_api', 'affiliate_private', 'affiliate_kernel')";

/// The entries of a dump that only a server with the extension can restore; `affiliate migrate` makes them anew. The
/// functions of `affiliate_kernel` stay: views use them, and their bodies are not looked at before they are replaced.
const NATIVE: [&str; 4] = [
    "EXTENSION - pg_affiliate",
    "EXTENSION pg_affiliate",
    "AGGREGATE",
    "conversion__stamp",
];

fn program(cluster: &Cluster, name: &str, arguments: &[&str]) -> Output {
    Command::new(cluster.server().tree().program(name))
        .args(arguments)
        .output()
        .expect("the program starts")
}

fn succeeds(output: &Output) -> String {
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A database on its way from one cluster to another.
struct Dump {
    directory: TempDir,
}

impl Dump {
    fn of(cluster: &Cluster, database: &TestDatabase) -> Self {
        let dump = Self {
            directory: tempfile::tempdir().expect("a directory"),
        };
        let to = dump.file("affiliate.dump");
        let arguments = ["-Fc", "-f", &to, "-d", database.direct_url()];
        succeeds(&program(cluster, "pg_dump", &arguments));
        dump
    }

    fn file(&self, name: &str) -> String {
        Path::join(self.directory.path(), name)
            .display()
            .to_string()
    }

    fn restore(&self, cluster: &Cluster, url: &str, options: &[&str]) -> Output {
        let from = self.file("affiliate.dump");
        let arguments = [&["-d", url], options, &[&from]].concat();
        program(cluster, "pg_restore", &arguments)
    }

    /// Leaves out what needs the extension.
    fn restore_portable(&self, cluster: &Cluster, url: &str) {
        let listed = program(cluster, "pg_restore", &["-l", &self.file("affiliate.dump")]);
        let kept: String = succeeds(&listed)
            .lines()
            .filter(|line| !NATIVE.iter().any(|native| line.contains(native)))
            .map(|line| format!("{line}\n"))
            .collect();
        let list = self.file("affiliate.list");
        std::fs::write(&list, kept).expect("the list");
        let options = ["--no-owner", "--no-acl", "--exit-on-error", "-L", &list];
        succeeds(&self.restore(cluster, url, &options));
    }
}

async fn shop_with_history(cluster: &Cluster, profile: Profile) -> (Shop, Vec<Value>) {
    let shop = Shop::open_on(cluster.create_database(profile).await, &[]).await;
    shop.project.add_affiliate("ada@example.com", "ADA").await;
    for number in 1..=5 {
        let sale = Event::sale(&format!("pi_{number}"), 1000 * number).code("ADA");
        assert_eq!(shop.project.deliver(&sale).await, "applied");
    }
    let conversions = shop.project.conversions().await;
    assert_eq!(conversions.len(), 5);
    (shop, conversions)
}

async fn owners(database: &TestDatabase) -> String {
    let superuser = database.connect_superuser().await;
    superuser
        .query_one(OWNERS, &[])
        .await
        .expect("owners")
        .get(0)
}

/// What was restored is what there was, clean, owned as it should be, and takes the next sale.
async fn serves(database: &TestDatabase, project: &Project, before: &[Value], kernels: &str) {
    let report = database
        .affiliate(&["migrate", "--profile", kernels, "--json"])
        .await;
    assert!(report.contains("\"changed\":true"), "{report}");
    let again = database
        .affiliate(&["migrate", "--profile", kernels, "--json"])
        .await;
    assert!(again.contains("\"changed\":false"), "{again}");
    assert_eq!(owners(database).await, "affiliate_owner,affiliate_report");
    let superuser = database.connect_superuser().await;
    let grant = "GRANT affiliate_gateway TO test_gateway";
    superuser.batch_execute(grant).await.expect("the grant");
    assert_clean(database).await;

    let gateway = Gateway::start(database).await;
    let project = project.at(&gateway);
    assert_eq!(project.conversions().await, before);
    let sale = Event::sale("pi_after", 100).code("ADA");
    assert_eq!(project.deliver(&sale).await, "applied");
    assert_eq!(project.conversions().await.len(), before.len() + 1);
    assert_clean(database).await;
}

#[tokio::test]
async fn a_native_dump_serves_on_a_server_without_the_extension_and_back() {
    let native = Cluster::with_extension().await;
    let portable = Cluster::in_mode(Mode::Portable).await;
    let (shop, before) = shop_with_history(native, Profile::Native).await;

    let there = portable.create_database(Profile::None).await;
    Dump::of(native, &shop.database).restore_portable(&portable, there.direct_url());
    serves(&there, &shop.project, &before, "portable").await;

    let back = native.create_database(Profile::None).await;
    let dump = Dump::of(&portable, &there);
    let options = ["--no-owner", "--no-acl", "--exit-on-error"];
    succeeds(&dump.restore(native, back.direct_url(), &options));
    let gateway = Gateway::start(&shop.database).await;
    drop(gateway);
    let conversions = conversions_of(&there, &shop.project).await;
    serves_again(&back, &shop.project, &conversions).await;
}

async fn conversions_of(database: &TestDatabase, project: &Project) -> Vec<Value> {
    let gateway = Gateway::start(database).await;
    project.at(&gateway).conversions().await
}

/// The way back, where the sale after the first restore is history already.
async fn serves_again(database: &TestDatabase, project: &Project, before: &[Value]) {
    database
        .affiliate(&["migrate", "--profile", "native", "--json"])
        .await;
    assert_eq!(owners(database).await, "affiliate_owner,affiliate_report");
    assert_clean(database).await;
    assert_eq!(conversions_of(database, project).await, before);
}

#[tokio::test]
async fn a_restore_with_owners_by_a_login_that_is_no_superuser_is_put_right_by_the_next_migrate() {
    let cluster = Cluster::in_mode(Mode::Portable).await;
    let (shop, before) = shop_with_history(&cluster, Profile::Portable).await;
    let dump = Dump::of(&cluster, &shop.database);
    let database = cluster.create_database(Profile::None).await;
    // The views cannot be given to their owner before rights on their schema are restored; pg_restore goes on.
    let output = dump.restore(&cluster, database.direct_url(), &[]);
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(
        words.contains("permission denied for schema affiliate"),
        "{words}"
    );
    assert_ne!(owners(&database).await, "affiliate_owner,affiliate_report");
    serves(&database, &shop.project, &before, "portable").await;
}

#[tokio::test]
async fn a_login_that_may_not_create_roles_restores_and_serves_what_belongs_to_it() {
    let source = Cluster::in_mode(Mode::Portable).await;
    let (shop, before) = shop_with_history(&source, Profile::Portable).await;
    let dump = Dump::of(&source, &shop.database);
    let target = Cluster::in_mode(Mode::Portable).await;
    let database = target.create_database(Profile::None).await;
    database.give_to_new_login("plain").await;
    let url = target.url("plain", "test", database.name());
    let options = ["--no-owner", "--no-acl", "--exit-on-error"];
    succeeds(&dump.restore(&target, &url, &options));

    let settings = [("DATABASE_URL", url.as_str())];
    let gateway = Gateway::start_with(&database, &settings).await;
    assert_eq!(owners(&database).await, "plain");
    assert_eq!(shop.project.at(&gateway).conversions().await, before);
}
