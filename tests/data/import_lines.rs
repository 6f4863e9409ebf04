//! Lines as people write them: read right, or refused with the reason, never guessed.

use std::fs;

use affiliate_tests::binary;
use affiliate_tests::books::assert_clean;
use affiliate_tests::database::Profile;
use affiliate_tests::shop::Shop;
use serde_json::{Value, json};

use crate::import::{import, write};

/// Imports a file of conversions; gives what came of it, and the errors with their lines.
async fn conversions(shop: &Shop, text: &str) -> (Value, Vec<String>) {
    let directory = tempfile::tempdir().expect("a directory");
    let file = write(directory.path(), "lines.csv", text);
    let (_, done) = import(shop, "conversions", &file, &[]).await;
    let errors = fs::read_to_string(directory.path().join("lines.errors.csv"));
    let errors = errors.unwrap_or_default();
    let errors = errors.lines().skip(1).map(str::to_owned).collect();
    (done, errors)
}

async fn shop_with_ada() -> Shop {
    let shop = Shop::open(Profile::Portable).await;
    shop.project.add_affiliate("ada@example.com", "ADA").await;
    shop
}

#[tokio::test]
async fn times_may_have_any_offset() {
    let shop = shop_with_ada().await;
    let times = [
        "2024-05-01T10:00:00+02:00",
        "2024-05-01T10:00+02:00",
        "2024-05-01 10:00:00.000+0200",
        "2024-05-01T10:00:00+02",
        "2024-05-01T08:00:00Z",
        "2024-05-01T08:00:00",
        "2024-05-01 08:00",
        "2024-05-01 08:00:00 UTC",
        "2024-05-01 10:00:00 +0200",
        "2024-05-01 08:00:00 +0000 UTC",
        "2024-05-01 08:00:00 GMT",
        "2024-05-01T03:00:00-05:00",
    ];
    let mut text = "occurred_at,email,affiliate_email,base_value,reference\n".to_owned();
    for (n, time) in times.iter().enumerate() {
        text += &format!("{time},c{n}@example.com,ada@example.com,10,R-{n}\n");
    }
    let (done, errors) = conversions(&shop, &text).await;
    assert_eq!(done["imported"], times.len(), "{errors:?}");
    let client = shop.database.connect().await;
    let distinct = "SELECT DISTINCT occurred_at = timestamptz '2024-05-01 08:00Z' FROM affiliate_private.conversion";
    let rows = client.query(distinct, &[]).await.expect("the times");
    assert_eq!(rows.len(), 1);
    assert!(rows[0].get::<_, bool>(0));
    shop.close().await;
}

#[tokio::test]
async fn what_is_not_clear_is_refused_with_its_line() {
    let shop = shop_with_ada().await;
    let text = "occurred_at,affiliate_email,E-Mail,base_value,paid,reference,note\n\
        2024-05-01,ada@example.com,a@example.com,\"1,500.00\",no,R-1,5\" pipe\n\
        2024-05-01,ada@example.com,a@example.com,1,500.00,no,R-2,cut in two\n\
        2024-05-01,ada@example.com,a@example.com,\"1,2345\",no,R-3,\n\
        2024-05-01,ada@example.com,a@example.com,€10,no,R-4,\n\
        2024-05-01,ada@example.com,a@example.com,$10,pending,R-5,\n\
        2024-05-01,ada@example.com,a@example.com,$10,Y,R-6,6\" pipe\n\
        2024-05-01,ada@example.com,a@example.com,10,no,R-7,\"never closed\n\
        2024-05-01,ada@example.com,a@example.com,10,no,R-8,\n";
    let (done, errors) = conversions(&shop, text).await;
    assert_eq!(
        (&done["imported"], &done["failed"]),
        (&json!(2), &json!(5)),
        "{errors:?}"
    );
    for (line, words) in [
        (3, "there are 8 fields, and 7 in the first line"),
        (4, "base_value must be a decimal number"),
        (5, "base_value must be a decimal number"),
        (6, "paid must be"),
        (8, "a quote is not closed"),
    ] {
        let start = format!("{line},");
        let found = errors
            .iter()
            .any(|error| error.starts_with(&start) && error.contains(words));
        assert!(found, "{line}: {words}: {errors:#?}");
    }
    let ada = shop.project.affiliate("ada@example.com").await;
    assert_eq!(
        (&ada["total_earnings"], &ada["unpaid_earnings"]),
        (&json!("302.00"), &json!("300.00"))
    );
    assert_clean(&shop.database).await;
    shop.close().await;
}

#[tokio::test]
async fn a_reference_is_known_whoever_brought_it_and_belongs_to_one() {
    let shop = shop_with_ada().await;
    let sale = json!({"type": "purchase", "base_value": 10, "referral_code": "ADA", "email": "a@example.com", "reference": "R-1"});
    let answer = shop.project.post("/api/v1/conversions", &sale).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let text = "occurred_at,affiliate_email,email,base_value,sale_key,reference\n\
        2024-05-01,ada@example.com,a@example.com,10,,R-1\n\
        2024-05-01,ada@example.com,a@example.com,10,S-2,R-2\n\
        2024-05-01,ada@example.com,a@example.com,10,S-3,R-2\n\
        2024-05-01,ada@example.com,a@example.com,10,,R-2\n";
    let (done, errors) = conversions(&shop, text).await;
    assert_eq!(
        (&done["imported"], &done["known"], &done["failed"]),
        (&json!(1), &json!(2), &json!(1)),
        "{errors:?}"
    );
    assert!(
        errors[0].starts_with("4,") && errors[0].contains("another conversion has the reference"),
        "{errors:?}"
    );
    assert_eq!(shop.project.conversions().await.len(), 2);
    shop.close().await;
}

/// What a line means must not depend on how many are imported at once.
#[tokio::test]
async fn lines_that_share_a_name_keep_their_order_in_any_batch() {
    let shop = shop_with_ada().await;
    let lines = "occurred_at,affiliate_email,email,customer_key,base_value,sale_key,reference\n\
        2024-05-01,ada@example.com,a@example.com,,10,A,\n\
        2024-05-01,ada@example.com,b@example.com,,20,B,A\n\
        2024-05-01,ada@example.com,c@example.com,cus_1,30,,R\n\
        2024-05-01,ada@example.com,d@example.com,,40,,R\n\
        2024-05-01,ada@example.com,e@example.com,,50,,\n\
        2024-05-01,ada@example.com,e@example.com,,50,,\n";
    let directory = tempfile::tempdir().expect("a directory");
    let file = write(directory.path(), "lines.csv", lines);
    for batch in ["1", "2000"] {
        let other = shop.add_project(&[]).await;
        other.add_affiliate("ada@example.com", "ADA").await;
        let project = other.id.to_string();
        let path = file.to_str().expect("a path");
        let arguments = [
            "import",
            "conversions",
            "--project",
            &project,
            path,
            "--batch",
            batch,
            "--json",
        ];
        let settings = [("DATABASE_URL", shop.database.url())];
        let output = binary::run(&arguments, &settings).await;
        let done: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(
            (&done["imported"], &done["known"], &done["failed"]),
            (&json!(3), &json!(2), &json!(1)),
            "{done}"
        );
        // 20 % of 10, 30 and 50.
        let ada = other.affiliate("ada@example.com").await;
        assert_eq!(ada["total_earnings"], "18.00", "{batch}");
    }
    shop.close().await;
}

#[tokio::test]
async fn what_was_refused_is_mended_and_imported_as_the_file_was() {
    let shop = shop_with_ada().await;
    let directory = tempfile::tempdir().expect("a directory");
    let lines = "occurred_at;affiliate_email;email;base_value;note\n\
        2024-05-01;ada@example.com;a@example.com;$1.012,50;\"closed\"\n\
        2024-05-01;nobody@example.com;a@example.com;12,50;\n\
        2024-05-01;ada@example.com;a@example.com;1.500;\n\
        2024-05-01;ada@example.com;a@example.com;20;\"not closed\n\
        2024-05-01;ada@example.com;a@example.com;30;\n\
        2024-05-01;ada@example.com;a@example.com;40;\"closed\"\n\
        \n\
        2024-05-01;ada@example.com;a@example.com;50;last\n";
    let file = write(directory.path(), "lines.csv", lines);
    let (_, done) = import(&shop, "conversions", &file, &[]).await;
    assert_eq!(
        (&done["imported"], &done["failed"]),
        (&json!(2), &json!(3)),
        "{done}"
    );
    let errors = directory.path().join("lines.errors.csv");
    let text = fs::read_to_string(&errors).expect("the errors");
    for (line, words) in [
        (3, "there is no affiliate"),
        (4, "thousands or decimals?"),
        (5, "text after a quote that closes"),
    ] {
        let start = format!("{line};");
        let found = |error: &str| error.starts_with(&start) && error.contains(words);
        assert!(text.lines().any(found), "{line}: {words}: {text}");
    }
    let mended = text.replace("nobody@", "ada@");
    let file = write(directory.path(), "mended.csv", &mended);
    let (_, done) = import(&shop, "conversions", &file, &[]).await;
    assert_eq!(done["imported"], 1, "{done}");
    // 20 % of 1012.50, 50 and 12.50.
    let ada = shop.project.affiliate("ada@example.com").await;
    assert_eq!(ada["total_earnings"], "215.00");
    let path = file.to_str().expect("a path");
    let arguments = [
        "import",
        "conversions",
        "--project",
        "1",
        path,
        "--errors",
        path,
        "--json",
    ];
    let settings = [("DATABASE_URL", shop.database.url())];
    let output = binary::run(&arguments, &settings).await;
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(fs::read_to_string(&file).expect("the file"), mended);
    shop.close().await;
}

#[tokio::test]
async fn payment_details_are_checked_as_by_the_api() {
    let shop = Shop::open(Profile::Portable).await;
    let directory = tempfile::tempdir().expect("a directory");
    let lines = "email,first_name,paypal_email,wise_email\n\
        ada@example.com,\"=HYPERLINK(\"\"http://evil.example\"\")\",ada@pay.example,\n\
        ben@example.com,Ben,=cmd@pay.example,\n\
        cyd@example.com,Cyd,,cyd@pay.example\n";
    let file = write(directory.path(), "affiliates.csv", lines);
    let (_, done) = import(&shop, "affiliates", &file, &[]).await;
    assert_eq!(
        (&done["imported"], &done["failed"]),
        (&json!(1), &json!(2)),
        "{done}"
    );
    let path = "/api/v1/affiliates/cyd@example.com/payout-preferences";
    let preferences = shop.project.get(path).await.json()["data"].take();
    assert_eq!(
        (
            &preferences["method"],
            &preferences["wise_email"],
            &preferences["recipient_name"]
        ),
        (&json!("wise"), &json!("cyd@pay.example"), &json!("Cyd"))
    );
    // What was read can be written back.
    let answer = shop.project.put(path, &preferences).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    shop.close().await;
}
