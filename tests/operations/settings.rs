//! Settings come from the command line, the environment and a file, in this order, and wrong ones are refused at once.

use std::io::Write;

use affiliate_tests::binary;
use affiliate_tests::cluster::Cluster;
use affiliate_tests::database::Profile;
use affiliate_tests::gateway::Gateway;
use tempfile::NamedTempFile;

fn file(text: &str) -> NamedTempFile {
    let mut file = NamedTempFile::new().expect("a file");
    file.write_all(text.as_bytes()).expect("written");
    file
}

/// The exit code and the words of a start that fails.
async fn refused(arguments: &[&str], environment: &[(&str, &str)]) -> (Option<i32>, String) {
    let output = binary::run(arguments, environment).await;
    assert!(output.stdout.is_empty());
    (
        output.status.code(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

#[tokio::test]
async fn a_file_says_what_is_not_said_otherwise() {
    let database = Cluster::shared()
        .await
        .create_database(Profile::Portable)
        .await;
    let file = file(&format!(
        "# of a test\nDATABASE_URL={}\nAFFILIATE_LOG_FORMAT=text\nAFFILIATE_LISTEN=127.0.0.1:1\n",
        database.url()
    ));
    let path = file.path().display().to_string();
    let checked = binary::run(&["doctor", "--config", &path], &[]).await;
    assert_eq!(checked.status.code(), Some(0), "{checked:?}");
    let elsewhere = [("DATABASE_URL", "postgres://nobody@127.0.0.1:1/nothing")];
    let lost = binary::run(&["doctor", "--config", &path], &elsewhere).await;
    assert_eq!(
        lost.status.code(),
        Some(1),
        "the environment wins: {lost:?}"
    );
    let help = binary::run(&["doctor", "--help", "--config", &path], &[]).await;
    let help = String::from_utf8_lossy(&help.stdout).into_owned();
    assert!(help.contains("--database-url") && !help.contains("[default: postgres://"));
    // The gateway under test is given its address by the environment, which wins.
    let settings = [("AFFILIATE_CONFIG", path.as_str())];
    let gateway = Gateway::start_with(&database, &settings).await;
    assert!(!gateway.logs().starts_with('{'), "text is not JSON");
}

#[tokio::test]
async fn wrong_values_are_refused_with_what_is_allowed() {
    for (variable, value, allowed) in [
        ("AFFILIATE_POOL_SIZE", "1", "2..=1000"),
        ("AFFILIATE_POOL_SIZE", "many", "invalid digit"),
        ("AFFILIATE_LOG_FORMAT", "xml", "json, text"),
        ("AFFILIATE_POOLER", "session", "auto, none, transaction"),
        ("AFFILIATE_LISTEN", "localhost", "invalid socket address"),
        ("AFFILIATE_METRICS_LISTEN", "9187", "invalid socket address"),
        ("AFFILIATE_MAX_BODY_BYTES", "10", "1024..=1073741824"),
        ("AFFILIATE_WEBHOOK_CONCURRENCY", "0", "1..=10000"),
        ("AFFILIATE_POLL_INTERVAL_MS", "0", "10..=3600000"),
        ("AFFILIATE_PUBLIC_URL", "example", "relative URL"),
    ] {
        let (code, words) = refused(&["serve"], &[(variable, value)]).await;
        assert_eq!(code, Some(2), "{variable}: {words}");
        assert!(words.contains(allowed), "{variable}: {words}");
        let file = file(&format!("{variable}={value}\n"));
        let path = file.path().display().to_string();
        let (code, words) = refused(&["serve", "--config", &path], &[]).await;
        assert_eq!(code, Some(2), "{variable} in a file: {words}");
        assert!(words.contains(allowed), "{variable} in a file: {words}");
    }
}

#[tokio::test]
async fn what_is_no_setting_is_refused_with_its_line() {
    let file = file("\nAFFILIATE_POOLSIZE=3\n");
    let path = file.path().display().to_string();
    let (code, words) = refused(&["serve", "--config", &path], &[]).await;
    assert_eq!(code, Some(2));
    assert!(
        words.contains(":2: AFFILIATE_POOLSIZE is no setting"),
        "{words}"
    );
    assert!(words.contains("AFFILIATE_POOL_SIZE"), "{words}");
    let (code, words) = refused(&["serve", "--config", "/nowhere"], &[]).await;
    assert_eq!(code, Some(2));
    assert!(words.contains("/nowhere"), "{words}");
}

#[tokio::test]
async fn flags_can_stand_in_a_file() {
    let file = file(
        "AFFILIATE_ALLOW_HTTP_WEBHOOK_TARGETS=true\nDATABASE_URL=postgres://nobody@127.0.0.1:1/nothing\n",
    );
    let path = file.path().display().to_string();
    let (code, words) = refused(&["serve", "--config", &path], &[]).await;
    assert_eq!(code, Some(1), "{words}");
    assert!(words.contains("cannot connect"), "{words}");
}
