//! `affiliate verify` finds what does not add up, and the ledger cannot be rewritten by whoever owns it.

use affiliate_tests::binary;
use affiliate_tests::books::verify;
use affiliate_tests::database::Profile;
use affiliate_tests::shop::Shop;
use affiliate_tests::stripe::event::Event;
use serde_json::{Value, json};

/// A shop with two sales of 100.00, of which one was half refunded: 20.00 and 10.00 are booked.
async fn shop_with_books(profile: Profile) -> Shop {
    let shop = Shop::open(profile).await;
    let project = &shop.project;
    project.add_affiliate("ada@example.com", "ADA").await;
    for payment in ["pi_1", "pi_2"] {
        let sale = Event::sale(payment, 10_000).email("bob@example.com");
        project.deliver(&sale.code("ADA").at(1_768_000_000)).await;
    }
    let refund = Event::refund("pi_2", 10_000, 5000);
    project.deliver(&refund.at(1_768_000_100)).await;
    shop
}

#[tokio::test]
async fn planted_damage_is_found_and_ends_with_1() {
    // What somebody did behind the product's back, and the checks that must notice.
    let cases = [
        (
            "a balance changed",
            "INSERT INTO affiliate_private.balance_delta (project_id, affiliate_id, total_minor)
             SELECT project_id, affiliate_id, 1 FROM affiliate_private.affiliate",
            "balance from ledger",
        ),
        (
            "a commission entry deleted",
            "DELETE FROM affiliate_private.ledger_entry WHERE kind = 'commission'
             AND entry_id = (SELECT min(entry_id) FROM affiliate_private.ledger_entry)",
            "ledger from conversion",
        ),
        (
            "an entry booked twice",
            "INSERT INTO affiliate_private.ledger_entry (project_id, affiliate_id, conversion_id, kind, amount_minor, currency, release_at)
             SELECT project_id, affiliate_id, conversion_id, kind, amount_minor, currency, release_at
             FROM affiliate_private.ledger_entry WHERE kind = 'refund'",
            "ledger from conversion",
        ),
        (
            "a commission raised",
            "UPDATE affiliate_private.conversion SET commission_minor = commission_minor + 1
             WHERE conversion_id = (SELECT min(conversion_id) FROM affiliate_private.conversion)",
            "commission from stamp",
        ),
        (
            "a sale made bigger",
            "UPDATE affiliate_private.sale SET line_base_minor = '{20000}', gross_minor = 20000 WHERE sale_key = 'pi_1'",
            "conversion from facts",
        ),
        (
            "a refund forgotten",
            "DELETE FROM affiliate_private.refund",
            "conversion from facts",
        ),
        (
            "a hold that ends later",
            "INSERT INTO affiliate_private.balance_delta (project_id, affiliate_id, total_minor, release_at)
             SELECT project_id, affiliate_id, d.minor, now() + make_interval(days => d.days)
             FROM affiliate_private.affiliate, (VALUES (-5, 10), (5, 20)) AS d (minor, days)",
            "hold from ledger",
        ),
        (
            "an entry in another currency",
            "UPDATE affiliate_private.ledger_entry SET currency = 'EUR' WHERE kind = 'refund'",
            "currency of project",
        ),
        (
            "a sale that belongs to nobody",
            "UPDATE affiliate_private.conversion SET referred_user_id = NULL",
            "referred user of sale",
        ),
    ];
    for profile in Profile::KERNELS {
        let shop = shop_with_books(profile).await;
        let superuser = shop.database.connect_superuser().await;
        let project = shop.project.id.to_string();
        for (what, damage, check) in &cases {
            assert_eq!(verify(&shop.database, &[]).await.0, 0, "before {what}");
            // Triggers are off, as for somebody who may do anything; and everything is put back afterwards.
            let plant = format!(
                "CREATE SCHEMA backup; SET session_replication_role = replica; {COPY} {damage};"
            );
            let planted = superuser.batch_execute(&plant).await;
            planted.unwrap_or_else(|error| panic!("{what}: {error:?}"));
            let (code, found) = verify(&shop.database, &["--project", &project]).await;
            assert_eq!((code, &found["clean"]), (1, &json!(false)), "{what}");
            let noticed = found["differences"].as_array().expect("a list");
            let noticed = noticed
                .iter()
                .any(|difference| difference["check_name"] == *check);
            assert!(noticed, "{what}: {found:#}");
            let restored = superuser.batch_execute(RESTORE).await;
            restored.unwrap_or_else(|error| panic!("{what}: {error:?}"));
        }
        shop.close().await;
    }
}

const COPY: &str = "
    CREATE TABLE backup.balance_delta AS TABLE affiliate_private.balance_delta;
    CREATE TABLE backup.ledger_entry AS TABLE affiliate_private.ledger_entry;
    CREATE TABLE backup.conversion AS TABLE affiliate_private.conversion;
    CREATE TABLE backup.sale AS TABLE affiliate_private.sale;
    CREATE TABLE backup.refund AS TABLE affiliate_private.refund;";

const RESTORE: &str = "
    DELETE FROM affiliate_private.balance_delta;
    INSERT INTO affiliate_private.balance_delta OVERRIDING SYSTEM VALUE TABLE backup.balance_delta;
    DELETE FROM affiliate_private.ledger_entry;
    INSERT INTO affiliate_private.ledger_entry OVERRIDING SYSTEM VALUE TABLE backup.ledger_entry;
    DELETE FROM affiliate_private.conversion;
    INSERT INTO affiliate_private.conversion OVERRIDING SYSTEM VALUE TABLE backup.conversion;
    DELETE FROM affiliate_private.sale;
    INSERT INTO affiliate_private.sale OVERRIDING SYSTEM VALUE TABLE backup.sale;
    DELETE FROM affiliate_private.refund;
    INSERT INTO affiliate_private.refund OVERRIDING SYSTEM VALUE TABLE backup.refund;
    DROP SCHEMA backup CASCADE;
    RESET session_replication_role;";

#[tokio::test]
async fn an_unknown_project_is_an_error_and_not_clean() {
    let shop = Shop::open(Profile::Portable).await;
    let arguments = ["verify", "--project", "99", "--json"];
    let settings = [("DATABASE_URL", shop.database.url())];
    let output = binary::run(&arguments, &settings).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    let error: Value = serde_json::from_slice(&output.stderr).expect("JSON");
    assert_eq!(error["error"], "There is no project 99");
    shop.close().await;
}

#[tokio::test]
async fn the_kernels_in_use_are_shown() {
    for profile in Profile::KERNELS {
        let name = profile.name().expect("kernels have a name");
        let shop = Shop::open(profile).await;
        let (_, verified) = verify(&shop.database, &[]).await;
        assert_eq!(verified["profile"], name);
        let ready = shop.project.get("/readyz").await;
        assert_eq!(
            (ready.status, ready.json()["profile"].take()),
            (200, json!(name))
        );
        shop.close().await;
    }
}

#[tokio::test]
async fn booked_entries_cannot_be_changed_or_removed() {
    for profile in Profile::KERNELS {
        let shop = shop_with_books(profile).await;
        for client in [
            shop.database.connect().await,
            shop.database.connect_superuser().await,
        ] {
            for statement in [
                "UPDATE affiliate_private.ledger_entry SET amount_minor = 1",
                "DELETE FROM affiliate_private.ledger_entry",
                "TRUNCATE affiliate_private.ledger_entry",
                "TRUNCATE affiliate_private.ledger_entry CASCADE",
            ] {
                let refused = client.batch_execute(statement).await;
                assert!(refused.is_err(), "{statement}");
            }
        }
        let (code, found) = verify(&shop.database, &[]).await;
        assert_eq!(code, 0, "{found:#}");
        shop.close().await;
    }
}

#[tokio::test]
async fn what_was_stamped_at_the_sale_cannot_be_edited_in_place() {
    for profile in Profile::KERNELS {
        let shop = shop_with_books(profile).await;
        let owner = shop.database.connect().await;
        for change in [
            "commission_minor = commission_minor + 1",
            "release_at = now()",
            "affiliate_id = NULL",
            "line_rate_ppm = '{900000}'",
            "hold_days = 0",
            "fx_ppb = 2000000000",
        ] {
            let update = format!("UPDATE affiliate_private.conversion SET {change}");
            let error = owner.batch_execute(&update).await.expect_err(change);
            let state = error.code().map(|state| state.code().to_owned());
            assert_eq!(state.as_deref(), Some("55000"), "{change}");
        }
        shop.close().await;
    }
}
