//! What parameters accept, and what they say otherwise.

use super::*;
use serde_json::json;

fn parameter(declaration: Value) -> Parameter {
    Parameter::new("x".to_owned(), declaration).expect("a valid declaration")
}

#[test]
fn integers_of_a_query_are_strict() {
    let limit = parameter(json!({"in": "query", "type": "integer", "minimum": 1, "maximum": 500}));
    assert_eq!(limit.accept_text("limit", "500".into()), Ok(json!(500)));
    for bad in [
        "-1",
        "0",
        "501",
        "",
        "1e99",
        "abc",
        "+5",
        " 5",
        "5 ",
        "0x1",
        "99999999999999999999",
    ] {
        let message = format!(
            "limit must be an integer between 1 and 500, got {}",
            json!(bad)
        );
        assert_eq!(limit.accept_text("limit", bad.into()), Err(message));
    }
}

#[test]
fn ids_beyond_what_json_readers_hold_are_refused() {
    let id = parameter(json!({"in": "path", "type": "integer", "minimum": 1}));
    assert!(id.accept_text("id", "9007199254740991".into()).is_ok());
    let error = id
        .accept_text("id", "9007199254740992".into())
        .expect_err("a refusal");
    assert_eq!(
        error,
        "id must be an integer between 1 and 9007199254740991, got \"9007199254740992\""
    );
}

#[test]
fn numbers_keep_every_digit() {
    let value =
        parameter(json!({"in": "body", "type": "number", "minimum": 0, "maximum": 90000000000.50}));
    let sent: Value = serde_json::from_str("49.990000000000000000001").expect("a value");
    assert_eq!(
        value.accept("v", sent).map(|v| v.to_string()),
        Ok("49.990000000000000000001".to_owned())
    );
    assert!(
        value
            .accept(
                "v",
                serde_json::from_str("90000000000.51").expect("a value")
            )
            .is_err()
    );
    assert!(
        value
            .accept("v", serde_json::from_str("-0.01").expect("a value"))
            .is_err()
    );
    assert!(value.accept("v", json!("49.99")).is_err());
}

#[test]
fn null_needs_a_nullable_parameter() {
    let code = parameter(json!({"in": "body", "type": "string"}));
    assert_eq!(
        code.accept("code", Value::Null),
        Err("code must be a string, got null".to_owned())
    );
    let code = parameter(json!({"in": "body", "type": "string", "nullable": true, "enum": ["a"]}));
    assert_eq!(code.accept("code", Value::Null), Ok(Value::Null));
}

#[test]
fn texts_are_measured_in_characters_and_matched() {
    let code = parameter(
        json!({"in": "body", "type": "string", "minLength": 3, "maxLength": 5, "pattern": "^[a-zé]+$"}),
    );
    assert_eq!(code.accept("c", json!("éééé")), Ok(json!("éééé")));
    let error = code.accept("c", json!("AB")).expect_err("a refusal");
    assert_eq!(
        error,
        "c must be a string of 3 to 5 characters that matches ^[a-zé]+$, got \"AB\""
    );
    let code = parameter(
        json!({"in": "body", "type": "string", "pattern": "^[a-z]+$", "accepts": "small letters", "nullable": true}),
    );
    let error = code.accept("c", json!("AB")).expect_err("a refusal");
    assert_eq!(error, "c must be small letters or null, got \"AB\"");
}

#[test]
fn choices_booleans_and_containers() {
    let status =
        parameter(json!({"in": "query", "type": "string", "enum": ["active", "inactive"]}));
    let error = status
        .accept_text("status", "maybe".into())
        .expect_err("a refusal");
    assert_eq!(
        error,
        "status must be one of \"active\", \"inactive\", got \"maybe\""
    );
    let paid = parameter(json!({"in": "query", "type": "boolean"}));
    assert_eq!(paid.accept_text("paid", "true".into()), Ok(json!(true)));
    assert!(paid.accept_text("paid", "1".into()).is_err());
    let meta = parameter(json!({"in": "body", "type": "object"}));
    assert_eq!(
        meta.accept("meta", json!([])),
        Err("meta must be a JSON object, got an array".to_owned())
    );
}

#[test]
fn long_values_are_cut_in_messages() {
    let email = parameter(json!({"in": "body", "type": "string", "format": "email"}));
    let error = email
        .accept("email", json!("é".repeat(1000)))
        .expect_err("a refusal");
    assert!(error.chars().count() < 120, "{error}");
}

#[test]
fn malformed_declarations_are_errors() {
    assert!(parse_all("[]").is_err());
    assert!(parse_all(r#"{"a":{"in":"header","type":"string"}}"#).is_err());
    assert!(parse_all(r#"{"a":{"in":"body","type":"string","pattern":"("}}"#).is_err());
}

#[test]
fn u0000_cannot_be_stored_and_the_message_says_so() {
    let message = Err("x holds the character U+0000, which cannot be stored".to_owned());
    let text = parameter(json!({"in": "query", "type": "string"}));
    assert_eq!(text.accept_text("x", "a\0".into()), message);
    let object = parameter(json!({"in": "body", "type": "object"}));
    assert_eq!(object.accept("x", json!({"a": ["\0"]})), message);
}

#[test]
fn items_of_an_array_are_checked_and_whole_ones_written_as_such() {
    let items = json!({"type": "integer", "minimum": 1, "maximum": 60});
    let pauses =
        parameter(json!({"in": "body", "type": "array", "items": items, "nullable": true}));
    assert_eq!(
        pauses.accept("pauses", json!([1.0, 2, 6e1])),
        Ok(json!([1, 2, 60]))
    );
    assert_eq!(pauses.accept("pauses", json!([])), Ok(json!([])));
    let expected =
        "pauses must be a JSON array of which each item is an integer between 1 and 60 or null";
    for (bad, got) in [
        (json!([1, 1.5]), "one with 1.5"),
        (json!([61]), "one with 61"),
        (json!([null]), "one with null"),
        (json!([[1]]), "one with an array"),
        (json!({}), "an object"),
    ] {
        let refusal = pauses.accept("pauses", bad).expect_err("a refusal");
        assert_eq!(refusal, format!("{expected}, got {got}"));
    }
}
