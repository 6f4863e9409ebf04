//! JSON as the gateway accepts it: what Postgres can store and what two readers understand alike.
//!
//! A duplicate key means different things to different readers, and `jsonb` stores no lone surrogate, so both are
//! refused here, where the message can say so. U+0000 cannot be stored either, but matters only in what an endpoint
//! takes: see [`holds_nul`]. Numbers keep their text: money never passes through a float.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// With `arbitrary_precision`, serde_json hands a number that is no 64-bit integer over as a map with this one key.
const NUMBER_TOKEN: &str = "$serde_json::private::Number";

/// Parses one JSON document, refusing duplicate keys; the error says what is wrong and where.
pub fn parse(bytes: &[u8]) -> Result<Value, String> {
    let text = std::str::from_utf8(bytes)
        .map_err(|error| format!("it is not valid UTF-8 at byte {}", error.valid_up_to()))?;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Strict
        .deserialize(&mut deserializer)
        .map_err(|e| e.to_string())?;
    deserializer.end().map_err(|e| e.to_string())?;
    Ok(value)
}

#[derive(Clone, Copy)]
struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = sequence.next_element_seed(Strict)? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            if key == NUMBER_TOKEN {
                let text = entries.next_value::<String>()?;
                let number: Number = text.parse().map_err(A::Error::custom)?;
                return Ok(Value::Number(number));
            }
            if object.contains_key(&key) {
                return Err(A::Error::custom(format_args!(
                    "the key {key:?} is given twice"
                )));
            }
            let value = entries.next_value_seed(Strict)?;
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}

/// Whether a text or a key anywhere in the value holds the character U+0000.
pub fn holds_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(holds_nul),
        Value::Object(members) => members
            .iter()
            .any(|(key, value)| key.contains('\0') || holds_nul(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_text() {
        let text = r#"{"a":[0.10,1e2,12345678901234567890.000000000000000001],"b":{"c":-0}}"#;
        assert_eq!(
            parse(text.as_bytes()).map(|v| v.to_string()),
            Ok(text.replace("1e2", "1e+2"))
        );
    }

    #[test]
    fn duplicate_keys_are_refused_at_any_depth_and_named() {
        let error = parse(br#"{"a":1,"b":[{"x":1,"x":2}]}"#).expect_err("a refusal");
        assert!(error.contains(r#"the key "x" is given twice"#), "{error}");
        assert!(parse(br#"{"email":1,"\u0065mail":2}"#).is_err());
    }

    #[test]
    fn lone_surrogates_and_bad_utf8_are_refused() {
        for bad in [&br#"["\ud800"]"#[..], b"\"\xff\"", b"{\"a\":\"\x00\"}"] {
            assert!(parse(bad).is_err(), "{bad:?}");
        }
        assert_eq!(
            parse(b"\"\xff\""),
            Err("it is not valid UTF-8 at byte 1".to_owned())
        );
    }

    #[test]
    fn nul_is_found_at_any_depth() {
        let nul = |text: &str| parse(text.as_bytes()).map(|value| holds_nul(&value));
        for text in [
            r#"{"a":"x\u0000y"}"#,
            r#"{"x\u0000":1}"#,
            r#"[{"a":["\u0000"]}]"#,
        ] {
            assert_eq!(nul(text), Ok(true), "{text}");
        }
        assert_eq!(nul(r#"{"a":["\u0001",1,null,true]}"#), Ok(false));
    }

    #[test]
    fn depth_is_bounded_and_trailing_text_refused() {
        assert!(parse("[".repeat(100_000).as_bytes()).is_err());
        assert!(parse(b"{} {}").is_err());
        assert!(parse(b"").is_err());
    }

    #[test]
    fn an_object_that_looks_like_the_number_token_is_a_number_or_an_error() {
        assert!(parse(br#"{"$serde_json::private::Number":"x"}"#).is_err());
        assert!(parse(br#"{"$serde_json::private::Number":"1","y":2}"#).is_err());
    }
}
