//! Erasing what people wrote of somebody, and leaving what is about others.

use affiliate_tests::books::{Books, assert_clean};
use affiliate_tests::database::Profile;
use affiliate_tests::shop::Shop;
use affiliate_tests::stripe::event::Event;
use serde_json::json;

use crate::import::{import, write};
use crate::privacy::{person, traces, without_names};

/// References of imported lines, notes and reasons are whatever somebody wrote.
#[tokio::test]
async fn words_that_somebody_wrote_are_erased_where_they_name_the_person() {
    let shop = Shop::open(Profile::Portable).await;
    let project = &shop.project;
    project.add_affiliate("ada@example.com", "ADA").await;
    let directory = tempfile::tempdir().expect("a directory");
    let lines = "occurred_at,email,affiliate_email,base_value,refunded,reference\n\
                 2024-01-05,zoe@example.com,ada@example.com,100,25,Order of Zoe@Example.com\n\
                 2024-01-06,yves@example.com,ada@example.com,100,,Order of Yves\n";
    let file = write(directory.path(), "sales.csv", lines);
    let (_, done) = import(&shop, "conversions", &file, &[]).await;
    assert_eq!(done["imported"], 2, "{done}");
    let preferences = json!({"method": "other", "other_details": "by hand"});
    let path = "/api/v1/affiliates/ada@example.com/payout-preferences";
    assert_eq!(project.put(path, &preferences).await.status, 200);
    let note = json!({"note": "for what zoe@example.com bought"});
    let batch = project.post("/api/v1/payout-batches", &note).await;
    assert_eq!(batch.status, 201, "{}", batch.text);
    let failed = json!({"reason": "Ada Lovelace has moved"});
    let failed = project.post("/api/v1/payouts/1/fail", &failed).await;
    assert_eq!(failed.status, 200, "{}", failed.text);

    let superuser = shop.database.connect_superuser().await;
    let before = without_names(Books::of(&shop.database, project.id).await).balances;
    for (email, words) in [
        ("zoe@example.com", "zoe@example.com"),
        ("ada@example.com", "ada lovelace"),
    ] {
        assert!(!traces(&superuser, words).await.is_empty());
        person(&shop, "erase", email).await;
        assert_eq!(traces(&superuser, words).await, Vec::<String>::new());
        assert_clean(&shop.database).await;
    }
    let after = without_names(Books::of(&shop.database, project.id).await).balances;
    assert_eq!(before, after);
    shop.close().await;
}

/// ann@example.com is a part of joann@example.com.
#[tokio::test]
async fn somebody_whose_address_holds_another_one_is_left_alone() {
    let shop = Shop::open(Profile::Portable).await;
    let project = &shop.project;
    project.add_affiliate("ada@example.com", "ADA").await;
    project
        .add_webhook(&shop.database, "https://hooks.example.com/", &[])
        .await;
    let directory = tempfile::tempdir().expect("a directory");
    let lines = "occurred_at,affiliate_email,email,base_value,sale_key,customer_key\n\
        2024-05-01,ada@example.com,joann@example.com,10,order-joann@example.com,joann@example.com\n\
        2024-05-01,ada@example.com,ann@example.com,20,Order-Ann@example.com,ann@example.com\n\
        2024-05-01,ada@example.com,ann@example.com,20,Order-ann@example.com,\n";
    let file = write(directory.path(), "sales.csv", lines);
    let (_, done) = import(&shop, "conversions", &file, &[]).await;
    assert_eq!(done["imported"], 3, "{done}");
    for name in ["joann", "ann"] {
        let email = format!("{name}@example.com");
        let sale = Event::sale(&format!("pi_{name}"), 1_000);
        let sale = sale.email(&email).currency("eur").code("ADA");
        assert_eq!(project.deliver(&sale).await, "parked");
    }
    let superuser = shop.database.connect_superuser().await;
    let before = traces(&superuser, "joann@example.com").await;
    let erased = person(&shop, "erase", "ann@example.com").await;
    assert_eq!(erased["events_erased"], 1, "{erased}");
    assert_eq!(traces(&superuser, "joann@example.com").await, before);
    assert_clean(&shop.database).await;
    let (_, again) = import(&shop, "conversions", &file, &[]).await;
    assert_eq!(again["known"], 1, "{again}");
    let rate = json!({"currency": "EUR", "rate": 1.1});
    let rate = project.post("/api/v1/exchange-rates", &rate).await;
    assert_eq!(rate.status, 201, "{}", rate.text);
    let replay = project.post("/api/v1/events/1/replay", &json!({})).await;
    assert_eq!(replay.status, 200, "{}", replay.text);

    // And away with the other one.
    person(&shop, "erase", "joann@example.com").await;
    assert_eq!(
        traces(&superuser, "joann@example.com").await,
        Vec::<String>::new()
    );
    assert_clean(&shop.database).await;
    shop.close().await;
}

#[tokio::test]
async fn who_comes_back_with_the_same_customer_id_can_leave_again_and_again() {
    let shop = Shop::open(Profile::Portable).await;
    let project = &shop.project;
    project.add_affiliate("ada@example.com", "ADA").await;
    let owner = shop.database.connect().await;
    let superuser = shop.database.connect_superuser().await;
    for n in 0..3 {
        let sale = Event::sale(&format!("pi_{n}"), 1_000).email("zoe@example.com");
        let sale = sale.customer("cus_1").code("ADA");
        assert_eq!(project.deliver(&sale).await, "applied");
        let signup = "SELECT affiliate.record_signup(1, 'zoe@example.com', 'ADA')";
        owner.execute(signup, &[]).await.expect("a sign-up");
        person(&shop, "erase", "zoe@example.com").await;
        assert_eq!(
            traces(&superuser, "zoe@example.com").await,
            Vec::<String>::new()
        );
        assert_clean(&shop.database).await;
    }
    shop.close().await;
}

#[tokio::test]
async fn ids_that_differ_only_in_capitals_of_the_address_stay_different() {
    let shop = Shop::open(Profile::Portable).await;
    let project = &shop.project;
    project.add_affiliate("ada@example.com", "ADA").await;
    let directory = tempfile::tempdir().expect("a directory");
    let lines = "occurred_at,affiliate_email,email,base_value,customer_key,sale_key\n\
        2024-05-01,ada@example.com,zoe@example.com,10,Zoe@example.com,A-zoe@example.com\n\
        2024-05-02,ada@example.com,zoe@example.com,20,zoe@example.com,A-Zoe@example.com\n\
        2024-05-03,ada@example.com,yves@example.com,30,ZOE@example.com,S-3\n";
    let file = write(directory.path(), "sales.csv", lines);
    let (_, done) = import(&shop, "conversions", &file, &[]).await;
    assert_eq!(done["imported"], 3, "{done}");
    let people = "email,customer_key,affiliate_email\n\
        zoe@example.com,zoe@example.com,ada@example.com\n\
        zoe@example.com,Zoe@example.com,ada@example.com\n";
    let file = write(directory.path(), "people.csv", people);
    let (_, done) = import(&shop, "referrals", &file, &[]).await;
    assert_eq!(done["failed"], 0, "{done}");
    // A body that jsonb cannot take as it is, with an address that only JSON reads.
    let event = Event::sale("pi_1", 1_000).email("somebody@example.com");
    let body = String::from_utf8(event.body()).expect("UTF-8");
    let note = "{\"note\":\"\\u0000\\u001fzoe\\u0040example.com\",";
    let body = body.replacen('{', note, 1);
    project.deliver_bytes(body.as_bytes()).await;
    let superuser = shop.database.connect_superuser().await;
    let erased = person(&shop, "erase", "zoe@example.com").await;
    assert_eq!(erased["events_erased"], 1, "{erased}");
    assert_eq!(
        traces(&superuser, "zoe@example.com").await,
        Vec::<String>::new()
    );
    let ids = "SELECT count(DISTINCT customer_key) FROM affiliate_private.sale WHERE customer_key IS NOT NULL";
    let row = superuser.query_one(ids, &[]).await.expect("a count");
    assert_eq!(row.get::<_, i64>(0), 3);
    assert_clean(&shop.database).await;
    shop.close().await;
}

#[tokio::test]
async fn what_cannot_be_stored_may_be_a_part_of_an_address_or_stand_beside_it() {
    let shop = Shop::open(Profile::Portable).await;
    let client = shop.database.connect_superuser().await;
    let mentions = "SELECT affiliate_private.mentions(convert_to($1, 'UTF8'), ARRAY[$2], '{}')";
    for (body, email, named) in [
        (
            r#"{"e":"bob\u0000by@c.example"}"#,
            "bob\u{fffd}by@c.example",
            true,
        ),
        (r#"{"e":"bob\u0000by@c.example"}"#, "by@c.example", true),
        (
            r#"{"e":"bob\u0000by\u0040c.example\ud83d"}"#,
            "by@c.example",
            true,
        ),
        (r#"{"e":"bobby@c.example\u0000"}"#, "by@c.example", false),
    ] {
        let row = client.query_one(mentions, &[&body, &email]).await;
        assert_eq!(row.expect("an answer").get::<_, bool>(0), named, "{body}");
    }
    shop.close().await;
}
