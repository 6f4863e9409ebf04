//! TLS to Postgres, with a certificate authority of the test's own.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use affiliate_gateway::db::DbConfig;
use affiliate_tests::cluster::Cluster;
use affiliate_tests::database::{Profile, TestDatabase};
use affiliate_tests::gateway::Gateway;
use affiliate_tests::mode::Mode;
use affiliate_tests::wait::until;
use tempfile::TempDir;

/// An authority and a server certificate for `localhost` signed by it.
struct Authority {
    directory: TempDir,
}

impl Authority {
    fn new() -> Self {
        let authority = Self {
            directory: tempfile::tempdir().expect("a directory"),
        };
        let names = authority.path("names");
        std::fs::write(&names, "subjectAltName=DNS:localhost\n").expect("a file");
        for line in [
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout ca.key -out ca.crt -days 2 -subj /CN=Test",
            "req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout server.key -out server.csr -subj /CN=localhost",
            "x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out server.crt -days 2 -extfile names",
        ] {
            let output = Command::new("openssl")
                .args(line.split(' '))
                .current_dir(authority.directory.path())
                .output()
                .expect("openssl starts");
            let words = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{words}");
        }
        authority
    }

    fn path(&self, name: &str) -> PathBuf {
        Path::join(self.directory.path(), name)
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).expect("a file")
    }

    /// Lets the server write its certificate and key itself, so that they are its own.
    async fn install(&self, database: &TestDatabase) {
        let superuser = database.connect_superuser().await;
        let row = superuser.query_one("SHOW data_directory", &[]).await;
        let data: String = row.expect("a directory").get(0);
        for name in ["server.crt", "server.key"] {
            let copy = format!(
                "COPY (SELECT unnest(string_to_array('{}', chr(10)))) TO '{data}/{name}'",
                self.read(name).trim()
            );
            superuser.batch_execute(&copy).await.expect("it is written");
        }
        // A key that others can read is refused.
        let key = Path::new(&data).join("server.key");
        std::fs::set_permissions(key, Permissions::from_mode(0o600)).expect("permissions");
        for statement in ["ALTER SYSTEM SET ssl = on", "SELECT pg_reload_conf()"] {
            superuser.batch_execute(statement).await.expect("TLS is on");
        }
        until("TLS to be on", async || {
            let client = database.connect_superuser().await;
            let row = client.query_one("SHOW ssl", &[]).await.ok()?;
            (row.get::<_, String>(0) == "on").then_some(())
        })
        .await;
    }
}

/// Whether a connection was encrypted, or why there was none.
async fn connect(url: &str) -> Result<bool, String> {
    let client = DbConfig::new(url)
        .connect_one()
        .await
        .map_err(|error| error.to_string())?;
    let sql = "SELECT s.ssl FROM pg_stat_ssl AS s WHERE s.pid = pg_backend_pid()";
    Ok(client.query_one(sql, &[]).await.expect("a row").get(0))
}

#[tokio::test]
async fn certificate_and_name_are_checked_as_far_as_sslmode_says() {
    let cluster = Cluster::in_mode(Mode::Portable).await;
    let database = cluster.create_database(Profile::Portable).await;
    let authority = Authority::new();
    let stranger = Authority::new();
    authority.install(&database).await;

    let by_address = database.direct_url();
    let by_name = by_address.replace("127.0.0.1", "localhost");
    let ca = |authority: &Authority| format!("sslrootcert={}", authority.path("ca.crt").display());
    let (known, unknown) = (ca(&authority), ca(&stranger));

    let full = format!("{by_name}?sslmode=verify-full&{known}");
    assert_eq!(connect(&full).await, Ok(true));
    for good in [
        format!("{by_address}?sslmode=verify-ca&{known}"),
        format!("{by_address}?sslmode=require&{known}"),
        format!("{by_address}?sslmode=require"),
        by_address.to_owned(),
    ] {
        assert_eq!(connect(&good).await, Ok(true), "{good}");
    }
    assert_eq!(
        connect(&format!("{by_address}?sslmode=disable")).await,
        Ok(false)
    );
    for (bad, why) in [
        (
            format!("{by_address}?sslmode=verify-full&{known}"),
            "not valid for name",
        ),
        (
            format!("{by_name}?sslmode=verify-full&{unknown}"),
            "invalid peer certificate",
        ),
        (
            format!("{by_address}?sslmode=verify-ca&{unknown}"),
            "invalid peer certificate",
        ),
        (
            format!("{by_address}?sslmode=require&{unknown}"),
            "invalid peer certificate",
        ),
    ] {
        let words = connect(&bad).await.expect_err(&bad);
        assert!(words.contains(why), "{bad}: {words}");
    }

    // The pool, and the connection for notifications.
    let settings = [("DATABASE_URL", full.as_str()), ("RUST_LOG", "debug")];
    let gateway = Gateway::start_with(&database, &settings).await;
    until("the gateway to listen", async || {
        let logs = gateway.logs();
        logs.contains("listening for notifications").then_some(())
    })
    .await;
    let superuser = database.connect_superuser().await;
    let plain = "SELECT count(*) FROM pg_stat_ssl AS s JOIN pg_stat_activity AS a USING (pid)
                  WHERE a.application_name LIKE 'affiliate%' AND NOT s.ssl";
    let row = superuser.query_one(plain, &[]).await.expect("a count");
    assert_eq!(row.get::<_, i64>(0), 0);
}
