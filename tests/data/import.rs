//! History from CSV files.

use std::fs;
use std::path::Path;

use affiliate_tests::binary;
use affiliate_tests::books::{Books, assert_clean};
use affiliate_tests::database::Profile;
use affiliate_tests::shop::Shop;
use affiliate_tests::stripe;
use affiliate_tests::stripe::event::Event;
use serde_json::{Value, json};

/// Runs an import and gives its exit code and what it printed.
pub(crate) async fn import(shop: &Shop, kind: &str, file: &Path, options: &[&str]) -> (i32, Value) {
    let path = file.to_str().expect("a path");
    let arguments = [
        &["import", kind, "--project", "1", path, "--json"][..],
        options,
    ]
    .concat();
    let output = binary::run(&arguments, &[("DATABASE_URL", shop.database.url())]).await;
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let words = String::from_utf8_lossy(&output.stderr);
    let printed = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {words}"));
    (output.status.code().expect("no signal"), printed)
}

pub(crate) fn write(directory: &Path, name: &str, text: &str) -> std::path::PathBuf {
    let path = directory.join(name);
    fs::write(&path, text).expect("a file");
    path
}

const AFFILIATES: &str = "\
email,referral_code,created_at,status,paypal_email,first_name
ada@example.com,ADA,2023-01-01,active,ada@pay.example,Ada
ben@example.com,BEN,2023-02-01T10:00:00Z,inactive,,
no email,X,,,,
ada@example.com,OTHER,,,,
";

const CONVERSIONS: &str = "\
occurred_at,email,affiliate_email,base_value,currency,value,paid,refunded,reference
2024-01-05T10:00:00Z,zoe@example.com,ada@example.com,100.00,USD,,true,,R-1
2024-02-05T10:00:00Z,zoe@example.com,ada@example.com,\"1,000.00\",USD,,no,500,R-2
2024-03-05,yves@example.com,ben@example.com,50,,12.34,false,,R-3
2024-03-06,yves@example.com,nobody@example.com,50,,,,,R-4
someday,yves@example.com,ada@example.com,50,,,,,R-5
2024-03-07,,,19.99,,,,,R-6
2024-03-08,yves@example.com,ada@example.com,50,EUR,,,,R-7
";

#[tokio::test]
async fn history_is_settled_as_if_it_had_been_told_then() {
    for profile in Profile::KERNELS {
        let shop = Shop::open(profile).await;
        shop.project
            .add_webhook(&shop.database, "https://hooks.example.com/", &[])
            .await;
        let directory = tempfile::tempdir().expect("a directory");
        let affiliates = write(directory.path(), "affiliates.csv", AFFILIATES);
        let (code, done) = import(&shop, "affiliates", &affiliates, &[]).await;
        assert_eq!(
            (code, &done["imported"], &done["known"], &done["failed"]),
            (1, &json!(2), &json!(1), &json!(1)),
            "{done}"
        );

        let conversions = write(directory.path(), "conversions.csv", CONVERSIONS);
        let (code, done) = import(&shop, "conversions", &conversions, &["--batch", "2"]).await;
        assert_eq!(
            (code, &done["imported"], &done["failed"]),
            (1, &json!(4), &json!(3)),
            "{done}"
        );
        let errors = fs::read_to_string(directory.path().join("conversions.errors.csv"))
            .expect("the errors");
        let lines: Vec<&str> = errors.lines().collect();
        assert!(
            lines[0].starts_with("import_line,import_error,occurred_at,"),
            "{errors}"
        );
        assert!(
            lines[1].starts_with("5,") && lines[1].contains("nobody@example.com"),
            "{errors}"
        );
        assert!(
            lines[2].starts_with("6,") && lines[2].contains("occurred_at must be"),
            "{errors}"
        );
        assert!(
            lines[3].starts_with("8,") && lines[3].contains("exchange rate"),
            "{errors}"
        );

        // 20 % of 100 paid out; 20 % of 1000 less half of it; Ben got what the file says.
        let ada = shop.project.affiliate("ada@example.com").await;
        assert_eq!(
            (
                &ada["total_earnings"],
                &ada["unpaid_earnings"],
                &ada["purchases"]
            ),
            (&json!("120.00"), &json!("100.00"), &json!(2)),
            "{ada}"
        );
        assert_eq!(
            shop.project.affiliate("ben@example.com").await["total_earnings"],
            "12.34"
        );
        assert_clean(&shop.database).await;
        let superuser = shop.database.connect_superuser().await;
        let told = superuser
            .query("SELECT 1 FROM affiliate_private.webhook_event", &[])
            .await;
        assert!(told.expect("the outbox").is_empty(), "history is no news");

        // The same file again changes nothing, so an interrupted one is simply given again.
        let before = Books::of(&shop.database, 1).await;
        let (_, again) = import(&shop, "conversions", &conversions, &[]).await;
        assert_eq!(
            (&again["imported"], &again["known"]),
            (&json!(0), &json!(4)),
            "{again}"
        );
        before.assert_same(&Books::of(&shop.database, 1).await, "imported again");
        shop.close().await;
    }
}

#[tokio::test]
async fn the_order_of_lines_does_not_matter() {
    let mut books = Vec::new();
    for reversed in [false, true] {
        let shop = Shop::open(Profile::Portable).await;
        shop.project.add_affiliate("ada@example.com", "ADA").await;
        shop.project.add_affiliate("ben@example.com", "BEN").await;
        let mut lines: Vec<String> = (1..=40)
            .map(|n| {
                let affiliate = ["ada@example.com", "", "ben@example.com"][n % 3];
                format!(
                    "2024-01-{:02}T{:02}:00:00Z,c{}@example.com,{affiliate},{n}.50,r{n}",
                    1 + n % 28,
                    n % 24,
                    n % 5
                )
            })
            .collect();
        if reversed {
            lines.reverse();
        }
        let directory = tempfile::tempdir().expect("a directory");
        let text = format!(
            "occurred_at,email,affiliate_email,base_value,reference\n{}\n",
            lines.join("\n")
        );
        let file = write(directory.path(), "conversions.csv", &text);
        let (code, done) = import(&shop, "conversions", &file, &["--batch", "7"]).await;
        assert_eq!((code, &done["imported"]), (0, &json!(40)), "{done}");
        assert_clean(&shop.database).await;
        books.push(Books::of(&shop.database, 1).await);
        shop.close().await;
    }
    books[0].assert_same(&books[1], "in reverse");
}

#[tokio::test]
async fn all_or_nothing_is_nothing_where_one_line_is_bad() {
    let shop = Shop::open(Profile::Portable).await;
    let directory = tempfile::tempdir().expect("a directory");
    let affiliates = write(directory.path(), "affiliates.csv", AFFILIATES);
    let (code, done) = import(&shop, "affiliates", &affiliates, &["--all-or-nothing"]).await;
    assert_eq!(
        (code, &done["imported"], &done["failed"]),
        (1, &json!(0), &json!(1)),
        "{done}"
    );
    let listed = shop.project.get("/api/v1/affiliates").await.json();
    assert_eq!(listed["pagination"]["total"], 0);
    shop.close().await;
}

#[tokio::test]
async fn a_rewardful_file_works_as_it_comes() {
    let shop = Shop::open(Profile::Portable).await;
    let directory = tempfile::tempdir().expect("a directory");
    let people = "stripe_customer_id,first_name,last_name,email,paypal_email,wise_email,token\ncus_ABC123,Ada,Byron,ada@example.com,,,adab\n";
    let people = write(directory.path(), "people.csv", people);
    let (code, done) = import(&shop, "affiliates", &people, &[]).await;
    assert_eq!((code, &done["imported"]), (0, &json!(1)), "{done}");
    let (code, done) = import(&shop, "referrals", &people, &[]).await;
    assert_eq!((code, &done["imported"]), (0, &json!(1)), "{done}");
    let commissions = "id,amount_cents,currency,state,due_at,paid_at,sale.charged_at,sale.sale_amount_cents,sale.refund_amount_cents,sale.stripe_charge_id,\
sale.referral.customer.email,sale.affiliate.email\n\
1,3000,USD,paid,2020-09-18T16:28:25.000Z,2020-10-01T00:00:00.000Z,2020-08-19T16:28:25.000Z,10000,0,ch_1,fred@example.com,ada@example.com\n\
2,3000,USD,due,2020-09-19T16:28:25.000Z,,2020-08-20 16:28:25 UTC,10000,0,ch_2,fred@example.com,ada@example.com\n\
3,3000,USD,voided,,,2020-08-21T16:28:25.000Z,10000,10000,ch_3,fred@example.com,ada@example.com\n";
    let commissions = write(directory.path(), "commissions.csv", commissions);
    let (code, done) = import(&shop, "conversions", &commissions, &[]).await;
    assert_eq!((code, &done["imported"]), (0, &json!(3)), "{done}");
    let ada = shop.project.affiliate("ada@example.com").await;
    assert_eq!(
        (&ada["total_earnings"], &ada["eligible_earnings"]),
        (&json!("60.00"), &json!("30.00")),
        "{ada}"
    );
    // A customer of hers pays again, without a word of her.
    let again = Event::sale("pi_9", 10_000).customer("cus_ABC123");
    let again = again.email("kim@example.com").at(stripe::now());
    assert_eq!(shop.project.deliver(&again).await, "applied");
    let ada = shop.project.affiliate("ada@example.com").await;
    assert_eq!(ada["total_earnings"], json!("80.00"), "{ada}");
    assert_clean(&shop.database).await;
    shop.close().await;
}

#[tokio::test]
async fn a_referral_credits_what_comes_after_it() {
    let shop = Shop::open(Profile::Portable).await;
    let ada = shop.project.add_affiliate("ada@example.com", "ADA").await;
    let directory = tempfile::tempdir().expect("a directory");
    let referrals =
        "email,referral_code,created_at,status\nzoe@example.com,ADA,2024-01-01,pending\n";
    let referrals = write(directory.path(), "referrals.csv", referrals);
    let (code, done) = import(&shop, "referrals", &referrals, &[]).await;
    assert_eq!((code, &done["imported"]), (0, &json!(1)), "{done}");
    let bought = json!({"email": "zoe@example.com", "base_value": 100});
    let bought = shop
        .project
        .post("/api/v1/conversions", &bought)
        .await
        .json();
    assert_eq!(bought["data"]["affiliate_id"], ada, "{bought}");
    assert_clean(&shop.database).await;
    shop.close().await;
}
