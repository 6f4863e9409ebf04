use super::tls::{Tls, TlsMode};
use super::url::ConnectionString;
use super::*;

fn parsed(text: &str) -> ConnectionString {
    ConnectionString::parse(text).expect("valid")
}

#[test]
fn tls_options_are_taken_out_of_a_url() {
    let got = parsed(
        "postgres://u:p@h/d?sslmode=verify-ca&connect_timeout=3&sslrootcert=/etc/ca%20file.pem",
    );
    assert_eq!(got.rest, "postgres://u:p@h/d?connect_timeout=3");
    assert_eq!(
        got.tls,
        Tls {
            mode: TlsMode::VerifyCa,
            root_cert: Some("/etc/ca file.pem".into())
        }
    );
}

#[test]
fn tls_options_are_taken_out_of_pairs() {
    let got = parsed(
        r"host=h password='a b\' sslmode=x' sslmode = verify-full sslrootcert='/a b' dbname=d",
    );
    assert_eq!(got.rest, r"host=h password='a b\' sslmode=x' dbname=d");
    assert_eq!(
        got.tls,
        Tls {
            mode: TlsMode::VerifyFull,
            root_cert: Some("/a b".into())
        }
    );
}

#[test]
fn without_options_tls_is_preferred() {
    assert_eq!(
        parsed("postgres://h/d"),
        ConnectionString {
            rest: "postgres://h/d".into(),
            tls: Tls::default()
        }
    );
    assert_eq!(
        parsed("postgres://h/d?sslrootcert=system").tls.mode,
        TlsMode::VerifyFull
    );
}

#[test]
fn a_wrong_mode_names_the_right_ones() {
    let error = ConnectionString::parse("postgres://h/d?sslmode=yes")
        .expect_err("invalid")
        .to_string();
    assert!(
        error.contains("verify-full") && error.contains("\"yes\""),
        "{error}"
    );
}

#[test]
fn an_empty_url_says_what_to_set() {
    assert!(
        ConnectionString::parse(" ")
            .expect_err("empty")
            .to_string()
            .contains("DATABASE_URL")
    );
}

#[tokio::test]
async fn a_failed_connection_says_where_and_hides_the_password() {
    let config = DbConfig::new("postgres://me:hunter2@127.0.0.1:1/shop");
    let error = config
        .connect_one()
        .await
        .expect_err("nothing listens there")
        .to_string();
    assert!(
        error.starts_with("cannot connect to postgres at 127.0.0.1:1/shop as me: "),
        "{error}"
    );
    assert!(
        error.contains("refused") && !error.contains("hunter2"),
        "{error}"
    );
    assert!(!format!("{config:?}").contains("hunter2"));
}

#[tokio::test]
async fn a_missing_root_certificate_is_named() {
    let config = DbConfig::new(
        "postgres://me@127.0.0.1:1/shop?sslmode=verify-full&sslrootcert=/nowhere/ca.pem",
    );
    let error = config.connect_one().await.expect_err("no file").to_string();
    assert!(error.contains("/nowhere/ca.pem"), "{error}");
}

#[test]
fn a_question_mark_in_a_password_does_not_hide_the_options() {
    let got = parsed("postgres://u:x?y@h/d?sslmode=require&connect_timeout=3");
    assert_eq!(got.rest, "postgres://u:x?y@h/d?connect_timeout=3");
    assert_eq!(got.tls.mode, TlsMode::Require);
}

#[test]
fn a_password_that_is_not_encoded_is_not_taken_for_a_host_and_shown() {
    for url in [
        "postgres://u:Top@S3cret@h/d",
        "postgres://u:Top@S3/cret@h/d",
        "postgres://h/d?user=u&password=S3cre@t&sslmode=verify-full",
    ] {
        let error = ConnectionString::parse(url).expect_err(url).to_string();
        assert!(error.contains("%40") && !error.contains("S3"), "{error}");
    }
}
