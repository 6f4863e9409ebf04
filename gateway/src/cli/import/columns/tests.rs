use serde_json::json;

use super::*;

fn strings(values: &[&str]) -> Vec<String> {
    values.iter().map(|value| (*value).to_owned()).collect()
}

#[test]
fn documented_names_come_before_others() {
    let header = strings(&[
        "Date",
        "occurred_at",
        "Base Value",
        "Paid At",
        "nonsense",
        "Affiliate Email",
    ]);
    let columns = of(Kind::Conversions, &header, false).expect("columns");
    let line = strings(&[
        "2020-01-01",
        "2021-01-01",
        "9.99",
        "",
        "x",
        " ada@example.com ",
    ]);
    let expected = json!({"occurred_at": "2021-01-01", "base_value": "9.99", "paid": "false", "affiliate_email": "ada@example.com"});
    assert_eq!(Value::Object(columns.object(&line)), expected);
}

#[test]
fn a_commission_of_rewardful_is_read_as_it_comes() {
    let header = strings(&[
        "id",
        "amount_cents",
        "currency",
        "state",
        "paid_at",
        "sale.charged_at",
        "sale.sale_amount_cents",
        "sale.refund_amount_cents",
        "sale.stripe_charge_id",
        "sale.referral.customer.email",
        "sale.affiliate.email",
    ]);
    let columns = of(Kind::Conversions, &header, false).expect("columns");
    let line = strings(&[
        "39e68c88",
        "3000",
        "USD",
        "paid",
        "2020-10-01T00:00:00Z",
        "2020-08-19T16:28:25.000Z",
        "10000",
        "0",
        "ch_1",
        "fred@example.com",
        "ada@example.com",
    ]);
    let expected = json!({
        "value": "3000c", "currency": "USD", "paid": "true", "occurred_at": "2020-08-19T16:28:25.000Z", "base_value": "10000c",
        "refunded": "0c", "sale_key": "ch_1", "email": "fred@example.com", "affiliate_email": "ada@example.com"
    });
    assert_eq!(Value::Object(columns.object(&line)), expected);
}

#[test]
fn where_the_best_named_is_empty_the_next_one_counts() {
    let header = strings(&["Imported ID", "email", "stripe_customer_id"]);
    let columns = of(Kind::Referrals, &header, false).expect("columns");
    for (fields, expected) in [
        (["i_1", "zoe@example.com", "cus_1"], "cus_1"),
        (["i_1", "zoe@example.com", " "], "i_1"),
    ] {
        let object = columns.object(&strings(&fields));
        assert_eq!(object["customer_key"], json!(expected));
    }
}

#[test]
fn one_column_twice_is_refused() {
    let header = strings(&["occurred_at", "Base Value", "email", "base_value"]);
    let error = of(Kind::Conversions, &header, false).expect_err("two amounts");
    assert!(
        error.contains("\"Base Value\" and \"base_value\""),
        "{error}"
    );
}

#[test]
fn what_paid_says_is_not_guessed() {
    let header = strings(&["Occurred-At", "E-Mail", "BaseValueCents", "paid"]);
    let columns = of(Kind::Conversions, &header, false).expect("columns");
    for (paid, expected) in [
        ("", "false"),
        ("N", "false"),
        ("Yes", "true"),
        ("2024-05-01T10:00:00Z", "true"),
        ("0000-00-00 00:00:00", "0000-00-00 00:00:00"),
        ("12345678", "12345678"),
        ("pending", "pending"),
        ("-", "-"),
    ] {
        let object = columns.object(&strings(&["2024-01-01", "a@b.example", "999", paid]));
        let expected = json!({"occurred_at": "2024-01-01", "email": "a@b.example", "base_value": "999c", "paid": expected});
        assert_eq!(Value::Object(object), expected);
    }
}

#[test]
fn decimals_have_a_comma_where_fields_have_semicolons() {
    let header = strings(&["occurred_at", "base_value"]);
    for (text, with_semicolons, with_commas) in [
        ("1,5", "1.5", "1,5"),
        ("1.234,56", "1234.56", "1.234,56"),
        ("1.23,56", "1.23,56", "1.23,56"),
        ("1,234,567", "1,234,567", "1,234,567"),
        ("12.50", "12.50", "12.50"),
        ("$1,500", "$1.500", "$1,500"),
        ("€1.234,56", "€1234.56", "€1.234,56"),
        ("1.500", "1.500 (thousands or decimals?)", "1.500"),
    ] {
        for (semicolons, expected) in [(true, with_semicolons), (false, with_commas)] {
            let columns = of(Kind::Conversions, &header, semicolons).expect("columns");
            let object = columns.object(&strings(&["2024-01-01", text]));
            assert_eq!(object["base_value"], json!(expected));
        }
    }
}

#[test]
fn a_missing_column_is_named() {
    let error = of(
        Kind::Conversions,
        &strings(&["occurred_at", "email"]),
        false,
    )
    .expect_err("no amount");
    assert!(error.contains("base_value or value"), "{error}");
}
