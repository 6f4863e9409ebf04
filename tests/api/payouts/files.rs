//! Batches as files for payment providers.

use affiliate_tests::database::Profile;
use affiliate_tests::shop::{Project, Shop};
use affiliate_tests::stripe::event::Event;
use serde_json::{Value, json};

use super::{BATCHES, LONG_AGO, affiliate, batch, end, payouts, preferences_of, sell};
use crate::support::{assert_refused, data};

async fn export(project: &Project, batch: &Value, query: &str) -> Value {
    let path = format!("{BATCHES}/{}/export?{query}", batch["id"]);
    data(&project.get(&path).await, 200)
}

async fn content(project: &Project, batch: &Value, query: &str) -> String {
    let file = export(project, batch, query).await;
    file["content"].as_str().expect("a text").to_owned()
}

/// A batch with a payout to each of these affiliates, and their references.
async fn batch_to(project: &Project, all: &[(&str, Value)]) -> (Value, Vec<String>) {
    for (number, (name, preferences)) in all.iter().enumerate() {
        affiliate(project, name).await;
        data(&project.put(&preferences_of(name), preferences).await, 200);
        let amount = 10_000 + 5 * i64::try_from(number).expect("a few");
        sell(project, &format!("pi_{name}"), amount, name).await;
    }
    let made = batch(project).await;
    let found = payouts(project, &made).await;
    let reference = |payout: &Value| payout["reference"].as_str().expect("a text").to_owned();
    (made, found.iter().map(reference).collect())
}

#[tokio::test]
async fn each_method_has_its_file() {
    let shop = Shop::open_with(Profile::Portable, &["--currency", "EUR"]).await;
    let project = &shop.project;
    let rate = json!({"currency": "USD", "rate": 1});
    data(&project.post("/api/v1/exchange-rates", &rate).await, 201);
    let (made, reference) = batch_to(
        project,
        &[
            ("ann", json!({"method": "paypal", "paypal_email": "ann@paypal.example"})),
            ("ben", json!({"method": "wise", "recipient_name": "Ben \"B\" Bell, Jr", "wise_email": "ben@wise.example"})),
            ("cem", json!({"method": "wise", "recipient_name": "Cem GmbH", "recipient_type": "business", "wise_account_id": "98765"})),
            ("dora", json!({"method": "bank_transfer", "recipient_name": "Dora Dent", "iban": "DE89370400440532013000"})),
        ],
    )
    .await;
    let [ann, ben, cem, dora] = &reference[..] else {
        panic!("{reference:?}")
    };
    assert!(reference.iter().all(|reference| reference.len() == 10));
    assert_eq!(
        content(project, &made, "format=paypal").await,
        format!("ann@paypal.example,20.00,EUR,{ann},\"Affiliate earnings, Shop\",PAYPAL\r\n")
    );
    let comma = content(project, &made, "format=paypal&decimal_comma=true").await;
    assert!(
        comma.starts_with("ann@paypal.example,\"20,00\",EUR,"),
        "{comma}"
    );
    assert_eq!(
        content(project, &made, "format=wise").await,
        format!(
            "name,recipientEmail,paymentReference,receiverType,amountCurrency,amount,sourceCurrency,targetCurrency\r\n\
             \"Ben \"\"B\"\" Bell, Jr\",ben@wise.example,{ben},PERSON,target,20.01,EUR,EUR\r\n"
        )
    );
    assert_eq!(
        content(project, &made, "format=wise_saved").await,
        format!(
            "recipientId,name,recipientEmail,recipientDetail,sourceCurrency,targetCurrency,amountCurrency,amount,paymentReference,referenceNumber,receiverType\r\n\
             98765,Cem GmbH,,,EUR,EUR,target,20.02,{cem},,BUSINESS\r\n"
        )
    );
    assert_eq!(
        content(project, &made, "format=wise_iban").await,
        format!(
            "name,recipientEmail,paymentReference,referenceNumber,receiverType,amountCurrency,amount,sourceCurrency,targetCurrency,IBAN\r\n\
             Dora Dent,,{dora},,PERSON,target,20.03,EUR,EUR,DE89370400440532013000\r\n"
        )
    );
    let file = export(project, &made, "format=csv").await;
    assert_eq!(
        (
            &file["file_name"],
            &file["payouts"],
            &file["amount"],
            &file["parts"]
        ),
        (
            &json!(format!("payouts-{}-csv.csv", made["id"])),
            &json!(4),
            &json!("80.06"),
            &json!(1)
        )
    );
    shop.close().await;
}

#[tokio::test]
async fn providers_get_only_what_is_still_to_be_paid() {
    let shop = Shop::open(Profile::Portable).await;
    let project = &shop.project;
    let paypal = |email: &str| json!({"method": "paypal", "paypal_email": email});
    let (made, _) = batch_to(
        project,
        &[
            ("ann", paypal("ann@paypal.example")),
            ("ben", paypal("ben@paypal.example")),
        ],
    )
    .await;
    end(project, &payouts(project, &made).await[0], "confirm").await;
    let left = content(project, &made, "format=paypal").await;
    assert!(
        left.starts_with("ben@paypal.example,20.01,USD,") && left.lines().count() == 1,
        "{left}"
    );
    let all = content(project, &made, "").await;
    assert_eq!(all.lines().count(), 3, "{all}");
    let empty = content(project, &made, "format=wise_iban").await;
    assert_eq!(empty.lines().count(), 1, "{empty}");
    let part = format!("{BATCHES}/{}/export?part=2", made["id"]);
    assert_refused(&project.get(&part).await, 404, "1 part");
    let format = format!("{BATCHES}/{}/export?format=xml", made["id"]);
    assert_refused(&project.get(&format).await, 400, "format");
    shop.close().await;
}

#[tokio::test]
async fn no_cell_is_taken_for_a_formula() {
    let shop = Shop::open(Profile::Portable).await;
    let project = &shop.project;
    let email = "=cmd|calc@example.com";
    project.add_affiliate(email, "EVIL").await;
    let path = "/api/v1/affiliates/=cmd%7Ccalc@example.com/payout-preferences";
    let details = "see\u{2028}; =HYPERLINK(\"x\",\"+1\")";
    let other =
        json!({"method": "other", "other_details": details, "recipient_name": "O'Neil;@SUM(A1)"});
    data(&project.put(path, &other).await, 200);
    sell(project, "pi_1", 10_000, "evil").await;
    let made = batch(project).await;
    let file = content(project, &made, "format=csv").await;
    for cell in [
        ",'=cmd|calc@example.com,",
        ",\"O'Neil;'@SUM(A1)\",",
        ",\"see\u{2028};' =HYPERLINK(\"\"x\"\",\"\"'+1\"\")\",",
    ] {
        assert!(file.contains(cell), "{cell} in {file}");
    }
    shop.close().await;
}

#[tokio::test]
async fn a_large_batch_leaves_in_parts() {
    let shop = Shop::open(Profile::Portable).await;
    let project = &shop.project;
    affiliate(project, "ann").await;
    sell(project, "pi_1", 10_000, "ann").await;
    let made = batch(project).await;
    // As if 5,500 more had been in it.
    let more = "WITH a AS (INSERT INTO affiliate_private.affiliate (project_id, email, email_key, referral_code, referral_code_key)
                  SELECT $1, n || '@example.com', n || '@example.com', 'N' || n, 'n' || n FROM generate_series(1, 5500) AS n RETURNING affiliate_id)
                INSERT INTO affiliate_private.payout (project_id, batch_id, affiliate_id, reference, amount_minor, currency, method, destination)
                SELECT $1, $2, affiliate_id, 'R' || affiliate_id, 100, 'USD', 'paypal', '{\"paypal_email\": \"x@paypal.example\"}' FROM a";
    let owner = shop.database.connect().await;
    let id = made["id"].as_i64().expect("an id");
    owner
        .execute(more, &[&project.id, &id])
        .await
        .expect("many");
    let mut rows = Vec::new();
    for part in 1..=2 {
        let file = export(project, &made, &format!("format=paypal&part={part}")).await;
        assert_eq!(file["parts"], json!(2));
        let text = file["content"].as_str().expect("a text");
        rows.push(text.lines().count());
    }
    assert_eq!(rows, [5000, 501]);
    shop.close().await;
}

#[tokio::test]
async fn paypal_takes_some_currencies_in_whole_units_only() {
    let shop = Shop::open_with(Profile::Portable, &["--currency", "HUF"]).await;
    let project = &shop.project;
    let huf = |payment: &str, amount: i64, code: &str| {
        let sale = Event::sale(payment, amount).code(code).at(LONG_AGO);
        sale.currency("huf")
            .customer(payment)
            .email(&format!("{payment}@buyers.example"))
    };
    affiliate(project, "ann").await;
    project.deliver(&huf("pi_1", 1_000_000, "ANN")).await;
    let made = batch(project).await;
    let file = content(project, &made, "format=paypal").await;
    assert!(file.starts_with("ann@paypal.example,2000,HUF,"), "{file}");
    affiliate(project, "ben").await;
    project.deliver(&huf("pi_2", 1_000_005, "BEN")).await;
    let made = batch(project).await;
    let path = format!("{BATCHES}/{}/export?format=paypal", made["id"]);
    let refused = project.get(&path).await;
    assert_refused(&refused, 409, "PayPal takes HUF without decimals");
    shop.close().await;
}
