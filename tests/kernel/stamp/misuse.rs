//! What the trigger says, and what it does where it does not belong.

use super::create_tables;
use crate::database::empty_database;
use tokio_postgres::Client;

async fn error_of(client: &Client, statement: &str) -> (String, String) {
    let error = client
        .batch_execute(statement)
        .await
        .expect_err("a refusal");
    let error = error.as_db_error().expect("an error of the database");
    (error.code().code().to_owned(), error.message().to_owned())
}

fn insert(table: &str) -> String {
    format!(
        "INSERT INTO parity.{table} (id, affiliate_id, currency, line_base_minor, line_rate_ppm, line_fixed_minor, fx_ppb,
             occurred_at, hold_days, stamp_version)
         VALUES (1, 7, 'USD', '{{9999,4999}}', '{{200000,200000}}', '{{0,50}}', 1000000000, '2026-01-01 00:00:00+00', 30, 1)"
    )
}

#[tokio::test]
async fn a_sale_is_stamped_once_and_settled_under_a_new_version() {
    let client = empty_database().await;
    create_tables(&client).await;
    for table in ["native", "portable"] {
        client
            .batch_execute(&insert(table))
            .await
            .expect("a conversion");
        let stamped = format!(
            "SELECT commission_minor, release_at = timestamptz '2026-01-31 00:00:00+00' FROM parity.{table}"
        );
        let row = client.query_one(&stamped, &[]).await.expect("the row");
        assert_eq!((row.get(0), row.get(1)), (3_050_i64, true), "{table}");

        let change = format!("UPDATE parity.{table} SET hold_days = 0, currency = 'EUR'");
        let message = "column \"currency\" of a conversion is stamped at the sale; settle it with a new stamp_version";
        assert_eq!(
            error_of(&client, &change).await,
            ("55000".to_owned(), message.to_owned()),
            "{table}"
        );

        let free = format!("UPDATE parity.{table} SET note = 'paid'");
        client
            .batch_execute(&free)
            .await
            .expect("other columns are free");
        let settle =
            format!("UPDATE parity.{table} SET hold_days = 0, currency = 'EUR', stamp_version = 2");
        client.batch_execute(&settle).await.expect("a new version");
        let back = format!("UPDATE parity.{table} SET stamp_version = 1");
        assert_eq!(error_of(&client, &back).await.0, "55000", "{table}");
    }
}

#[tokio::test]
async fn misuse_is_an_error_and_never_a_crash() {
    let client = empty_database().await;
    create_tables(&client).await;
    for implementation in ["affiliate_native", crate::schema::PORTABLE_COPY] {
        for timing in [
            "AFTER INSERT ON parity.bare FOR EACH ROW",
            "BEFORE DELETE ON parity.bare FOR EACH ROW",
        ] {
            client
                .batch_execute(&format!(
                    "DROP TABLE IF EXISTS parity.bare; CREATE TABLE parity.bare (stamp_version integer);
                     INSERT INTO parity.bare VALUES (1);
                     CREATE TRIGGER t {timing} EXECUTE FUNCTION {implementation}.tg_conversion__stamp()"
                ))
                .await
                .expect("a trigger");
            let misfire = "INSERT INTO parity.bare VALUES (1); DELETE FROM parity.bare";
            assert_eq!(
                error_of(&client, misfire).await.0,
                "39P01",
                "{implementation} {timing}"
            );
        }
    }
    // Only the native trigger can be given columns of another type; the portable one would convert them.
    for (columns, state) in [
        ("other integer", "42703"),
        ("stamp_version text", "42804"),
        (
            "stamp_version integer, value_override_minor bigint, line_base_minor text",
            "42804",
        ),
    ] {
        client
            .batch_execute(&format!(
                "DROP TABLE IF EXISTS parity.bare; CREATE TABLE parity.bare ({columns});
                 CREATE TRIGGER t BEFORE INSERT ON parity.bare
                     FOR EACH ROW EXECUTE FUNCTION affiliate_native.tg_conversion__stamp()"
            ))
            .await
            .expect("a trigger");
        assert_eq!(
            error_of(&client, "INSERT INTO parity.bare VALUES (1)")
                .await
                .0,
            state,
            "{columns}"
        );
    }
    for state in [
        "NULL",
        "'{}'",
        "'{1,2,3}'",
        "'{1,2,3,NULL}'",
        "'{{1,2},{3,4}}'",
    ] {
        let step = format!("SELECT affiliate_native.earnings_step({state}, 1, false, NULL, NULL)");
        assert_eq!(error_of(&client, &step).await.0, "22023", "{state}");
    }
    for implementation in ["affiliate_native", crate::schema::PORTABLE_COPY] {
        let combine = format!(
            "SELECT {implementation}.earnings_combine('{{9223372036854775807,0,0,0}}', '{{1,0,0,0}}')"
        );
        assert_eq!(
            error_of(&client, &combine).await.0,
            "22003",
            "{implementation}"
        );
    }
}
