//! The JSON schema of a declared parameter: what the gateway accepts, said so that a generator can produce it.

use regex::Regex;
use serde_json::{Map, Value, json};

use crate::catalog::MAX_SAFE_INTEGER;

/// Keys of a declaration that are no JSON schema, or stand elsewhere in the document.
const NOT_SCHEMA: [&str; 7] = [
    "in",
    "required",
    "nullable",
    "alias",
    "accepts",
    "description",
    "schema",
];

/// What `catalog::format` takes as a date beyond what JSON schema does: there is no year 0.
const DATE: &str = "^(000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})-";
/// The same for a time, whose offset must be one that Postgres knows.
const DATE_TIME: &str = "^(000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})-.*([Zz]|[+-](0[0-9]|1[0-5]):[0-5][0-9])$";

/// Any text that Postgres can store.
pub const STORABLE: &str = "^[^\\u0000]*$";

/// The schema of the values a parameter accepts.
pub(super) fn of_parameter(declaration: &Map<String, Value>) -> Map<String, Value> {
    let mut schema: Map<String, Value> = declaration
        .iter()
        .filter(|(key, _)| !NOT_SCHEMA.contains(&key.as_str()))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    if let Some(Value::String(name)) = declaration.get("schema") {
        schema = Map::from_iter([(
            "$ref".to_owned(),
            json!(format!("#/components/schemas/{name}")),
        )]);
    }
    if schema.get("type") == Some(&json!("integer")) {
        // Larger ones are refused: not every reader of JSON holds them exactly.
        for (bound, value) in [
            ("minimum", -MAX_SAFE_INTEGER),
            ("maximum", MAX_SAFE_INTEGER),
        ] {
            schema.entry(bound).or_insert(json!(value));
        }
    }
    if schema.get("format") == Some(&json!("date-time")) {
        schema.shift_remove("format");
        schema.insert(
            "anyOf".to_owned(),
            json!([{"format": "date", "pattern": DATE}, {"format": "date-time", "pattern": DATE_TIME}]),
        );
    }
    if schema.get("type") == Some(&json!("string")) {
        keep_storable(&mut schema);
    }
    if declaration.get("nullable") == Some(&Value::Bool(true)) {
        // Not `"type": [.., "null"]`: the other keywords are about the type alone.
        let choices = json!([schema, {"type": "null"}]);
        return Map::from_iter([("anyOf".to_owned(), choices)]);
    }
    schema
}

/// Says of a text that it must not hold U+0000, where nothing else does.
fn keep_storable(schema: &mut Map<String, Value>) {
    let admits_nul = |pattern: &str| {
        let pattern = Regex::new(pattern);
        ["\0", "\0aaaa", "aa\0aa", "aaaa\0"]
            .iter()
            .any(|text| pattern.as_ref().is_ok_and(|pattern| pattern.is_match(text)))
    };
    match schema.get("pattern").and_then(Value::as_str) {
        Some(pattern) if admits_nul(pattern) => {
            schema.insert("allOf".to_owned(), json!([{"pattern": STORABLE}]));
        }
        None if !["format", "enum", "anyOf"]
            .iter()
            .any(|key| schema.contains_key(*key)) =>
        {
            schema.insert("pattern".to_owned(), json!(STORABLE));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(declaration: Value) -> Value {
        Value::Object(of_parameter(
            declaration.as_object().expect("a declaration"),
        ))
    }

    #[test]
    fn what_is_no_schema_is_left_out() {
        let declaration = json!({"in": "body", "type": "string", "required": true, "alias": "x", "description": "d",
                                 "minLength": 3, "format": "email", "default": "a@b.co"});
        let expected =
            json!({"type": "string", "minLength": 3, "format": "email", "default": "a@b.co"});
        assert_eq!(schema(declaration), expected);
    }

    #[test]
    fn null_is_a_value_where_it_is_accepted() {
        let declaration =
            json!({"in": "body", "type": "string", "nullable": true, "format": "email"});
        let expected = json!({"anyOf": [{"type": "string", "format": "email"}, {"type": "null"}]});
        assert_eq!(schema(declaration), expected);
    }

    #[test]
    fn integers_end_where_readers_become_inexact() {
        let expected =
            json!({"type": "integer", "minimum": 1, "maximum": 9_007_199_254_740_991_i64});
        assert_eq!(
            schema(json!({"in": "query", "type": "integer", "minimum": 1})),
            expected
        );
    }

    #[test]
    fn free_text_is_what_can_be_stored() {
        let free = json!({"in": "body", "type": "string", "maxLength": 9});
        let expected = json!({"type": "string", "maxLength": 9, "pattern": STORABLE});
        assert_eq!(schema(free), expected);
        let not_blank = schema(json!({"in": "body", "type": "string", "pattern": "\\S"}));
        assert_eq!(not_blank["allOf"], json!([{"pattern": STORABLE}]));
        let code = schema(json!({"in": "body", "type": "string", "pattern": "^[a-z]+$"}));
        assert!(code.get("allOf").is_none());
    }

    #[test]
    fn a_time_may_be_a_date() {
        let times = schema(json!({"in": "query", "type": "string", "format": "date-time"}));
        assert_eq!(times["anyOf"][0]["format"], "date");
        assert_eq!(times["anyOf"][1]["format"], "date-time");
        assert!(times.get("format").is_none());
    }
}
