//! One person's data: told in full, then gone, while the money stays.

use affiliate_tests::books::{Books, assert_clean};
use affiliate_tests::database::Profile;
use affiliate_tests::shop::Shop;
use affiliate_tests::stripe::event::Event;
use serde_json::{Value, json};
use tokio_postgres::Client;

/// Every table, searched for a word in any column, bodies as text.
pub(crate) async fn traces(superuser: &Client, word: &str) -> Vec<String> {
    let tables = "SELECT c.oid::regclass::text FROM pg_class AS c WHERE c.relnamespace = 'affiliate_private'::regnamespace AND c.relkind = 'r' ORDER BY 1";
    let mut found = Vec::new();
    for table in superuser.query(tables, &[]).await.expect("the tables") {
        let table: String = table.get(0);
        let text = match table.as_str() {
            "affiliate_private.provider_event" => "t::text || encode(t.body, 'escape')",
            _ => "t::text",
        };
        let sql =
            format!("SELECT count(*) FROM {table} AS t WHERE lower({text}) LIKE '%' || $1 || '%'");
        let count = superuser.query_one(&sql, &[&word]).await.expect("a count");
        if count.get::<_, i64>(0) > 0 {
            found.push(table);
        }
    }
    found
}

pub(crate) fn without_names(mut books: Books) -> Books {
    let blank = |lines: &mut Vec<String>| {
        for line in lines.iter_mut() {
            let words = line
                .split(' ')
                .map(|word| if word.contains('@') { "somebody" } else { word });
            *line = words.collect::<Vec<_>>().join(" ");
        }
        lines.sort();
    };
    blank(&mut books.conversions);
    blank(&mut books.ledger);
    blank(&mut books.balances);
    books
}

pub(crate) async fn person(shop: &Shop, what: &str, email: &str) -> Value {
    let id = shop.project.id.to_string();
    let text = shop
        .database
        .affiliate(&["person", what, "--project", &id, email, "--json"])
        .await;
    serde_json::from_str(&text).expect("JSON")
}

#[tokio::test]
async fn an_erased_customer_is_nowhere_and_the_books_are_the_same() {
    for profile in Profile::KERNELS {
        let shop = Shop::open(profile).await;
        let project = &shop.project;
        project.add_affiliate("ada@example.com", "ADA").await;
        project
            .add_webhook(&shop.database, "https://hooks.example.com/", &[])
            .await;
        let owner = shop.database.connect().await;
        let signup = "SELECT affiliate.record_signup(1, 'Zoe@Example.com', 'ADA', '203.0.113.9', 'Mozilla/5.0')";
        owner.execute(signup, &[]).await.expect("a sign-up");
        let bought = Event::sale("pi_zoe", 10_000)
            .email("zoe@example.com")
            .customer("cus_of_zoe_1")
            .code("ADA");
        assert_eq!(project.deliver(&bought).await, "applied");
        assert_eq!(
            project
                .deliver(&Event::refund("pi_zoe", 10_000, 2_500))
                .await,
            "applied"
        );
        let other = Event::sale("pi_other", 5_000)
            .email("yves@example.com")
            .code("ADA");
        assert_eq!(project.deliver(&other).await, "applied");
        let linked = json!({"email": "zoe@example.com", "referral_code": "ADA"});
        assert_eq!(
            project.post("/api/store-attribution", &linked).await.status,
            200
        );

        let told = person(&shop, "export", "ZOE@example.com").await;
        assert_eq!(told["sales"].as_array().map(Vec::len), Some(2), "{told:#}");
        assert_eq!(
            told["provider_events"].as_array().map(Vec::len),
            Some(2),
            "{told:#}"
        );
        assert!(
            told["webhook_events"]
                .as_array()
                .is_some_and(|events| events.len() >= 2),
            "{told:#}"
        );
        assert_eq!(told["referred_users"][0]["email"], "Zoe@Example.com");

        let superuser = shop.database.connect_superuser().await;
        assert!(traces(&superuser, "zoe@example.com").await.len() > 4);
        let before = without_names(Books::of(&shop.database, project.id).await);
        let erased = person(&shop, "erase", "zoe@example.com").await;
        assert_eq!(erased["events_erased"], 2, "{erased}");
        assert_eq!(
            traces(&superuser, "zoe@example.com").await,
            Vec::<String>::new()
        );
        assert_eq!(
            traces(&superuser, "203.0.113.9").await,
            Vec::<String>::new()
        );
        assert!(!traces(&superuser, "yves@example.com").await.is_empty());
        before.assert_same(
            &without_names(Books::of(&shop.database, project.id).await),
            "erased",
        );
        assert_clean(&shop.database).await;

        let replay = project.post("/api/v1/events/1/replay", &json!({})).await;
        assert_eq!(replay.status, 409, "{}", replay.text);
        assert!(replay.error().contains("erased"), "{}", replay.text);
        let again = project.deliver_bytes(&bought.body()).await.json();
        assert_eq!(
            again["status"], "duplicate",
            "an erased event is not let in again"
        );
        assert_eq!(
            traces(&superuser, "zoe@example.com").await,
            Vec::<String>::new()
        );

        // Who comes back is a new person, and may leave again.
        let back = Event::sale("pi_back", 1_000)
            .email("zoe@example.com")
            .customer("cus_of_zoe_2")
            .code("ADA");
        assert_eq!(project.deliver(&back).await, "applied");
        person(&shop, "erase", "zoe@example.com").await;
        assert_eq!(
            traces(&superuser, "zoe@example.com").await,
            Vec::<String>::new()
        );
        assert_clean(&shop.database).await;
        shop.close().await;
    }
}

#[tokio::test]
async fn an_erased_affiliate_keeps_the_earnings_and_nothing_else() {
    for profile in Profile::KERNELS {
        let shop = Shop::open(profile).await;
        let project = &shop.project;
        project
            .add_affiliate("ada@example.com", "ADALOVELACE")
            .await;
        let sale = Event::sale("pi_1", 10_000)
            .email("zoe@example.com")
            .code("ADALOVELACE");
        assert_eq!(project.deliver(&sale).await, "applied");
        // Her own purchase pays nothing, and must go on paying nothing.
        let own = Event::sale("pi_own", 10_000)
            .email("ada@example.com")
            .code("ADALOVELACE");
        assert_eq!(project.deliver(&own).await, "applied");
        let superuser = shop.database.connect_superuser().await;
        let preference = "INSERT INTO affiliate_private.payout_preference (project_id, affiliate_id, method, paypal_email)
                          SELECT a.project_id, a.affiliate_id, 'paypal', 'ada@example.com' FROM affiliate_private.affiliate AS a";
        superuser
            .execute(preference, &[])
            .await
            .expect("a preference");
        let before = without_names(Books::of(&shop.database, project.id).await);
        let erased = person(&shop, "erase", "ada@example.com").await;
        assert_eq!(erased["affiliates_erased"], 1, "{erased}");
        for word in ["ada@example.com", "adalovelace"] {
            let found = traces(&superuser, word).await;
            let bodies = ["affiliate_private.provider_event".to_owned()];
            // The customer's own event names the code she followed.
            assert!(
                found.is_empty() || word == "adalovelace" && found == bodies,
                "{word}: {found:?}"
            );
        }
        before.assert_same(
            &without_names(Books::of(&shop.database, project.id).await),
            "erased",
        );
        assert_clean(&shop.database).await;
        let late = Event::sale("pi_late", 1_000)
            .email("late@example.com")
            .code("ADALOVELACE");
        assert_eq!(project.deliver(&late).await, "applied");
        let late = project.conversions().await;
        assert!(
            late.iter()
                .any(|one| one["reference"] == "pi_late" && one["affiliate_id"].is_null()),
            "{late:?}"
        );
        shop.close().await;
    }
}

#[tokio::test]
async fn nobody_is_not_found() {
    let shop = Shop::open(Profile::Portable).await;
    let owner = shop.database.connect().await;
    for (sql, state) in [
        (
            "SELECT affiliate.export_person(1, 'nobody@example.com')",
            "RF404",
        ),
        (
            "SELECT affiliate.erase_person(1, 'nobody@example.com')",
            "RF404",
        ),
        ("SELECT affiliate.erase_person(1, 'no email')", "RF400"),
        (
            "SELECT affiliate.erase_person(99, 'nobody@example.com')",
            "RF404",
        ),
    ] {
        let refused = owner.query(sql, &[]).await.expect_err(sql);
        assert_eq!(refused.code().map(|code| code.code()), Some(state), "{sql}");
    }
    shop.close().await;
}

/// Only the letters A to Z have two forms in an address; a body has them as they were sent.
#[tokio::test]
async fn an_address_with_other_capitals_is_found_in_bodies_as_well() {
    let shop = Shop::open(Profile::Portable).await;
    shop.project.add_affiliate("ada@example.com", "ADA").await;
    let sale = Event::sale("pi_1", 1000)
        .email("Änne@Example.com")
        .code("ADA");
    assert_eq!(shop.project.deliver(&sale).await, "applied");
    let erased = person(&shop, "erase", "Änne@example.COM").await;
    assert_eq!(erased["events_erased"], 1, "{erased}");
    shop.close().await;
}
