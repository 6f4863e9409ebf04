//! What a parameter accepts, and what was sent instead, in words.

use serde_json::{Number, Value};

use super::super::decimal::MAX_SAFE_INTEGER;
use super::{Declaration, Kind};

/// How much of a refused value an error message repeats.
const SHOWN_CHARS: usize = 64;

/// What a parameter accepts, as the rest of a sentence that starts with "must be".
pub(super) fn describe(declared: &Declaration) -> String {
    let mut text = describe_value(declared);
    if declared.nullable {
        text.push_str(" or null");
    }
    text
}

fn describe_value(declared: &Declaration) -> String {
    if let Some(words) = &declared.accepts {
        return words.clone();
    }
    if let Some(choices) = &declared.r#enum {
        let listed: Vec<String> = choices.iter().map(Value::to_string).collect();
        return match listed.as_slice() {
            [only] => only.clone(),
            _ => format!("one of {}", listed.join(", ")),
        };
    }
    let (minimum, maximum) = (&declared.minimum, &declared.maximum);
    match declared.r#type {
        Kind::Integer => {
            let limit = |bound: &Option<Number>, safe: i64| {
                bound
                    .as_ref()
                    .map_or_else(|| safe.to_string(), Number::to_string)
            };
            let (low, high) = (
                limit(minimum, -MAX_SAFE_INTEGER),
                limit(maximum, MAX_SAFE_INTEGER),
            );
            format!("an integer between {low} and {high}")
        }
        Kind::Number => match (minimum, maximum) {
            (None, None) => "a number".to_owned(),
            (Some(low), None) => format!("a number of at least {low}"),
            (None, Some(high)) => format!("a number of at most {high}"),
            (Some(low), Some(high)) => format!("a number between {low} and {high}"),
        },
        Kind::Boolean => "true or false".to_owned(),
        Kind::Object => "a JSON object".to_owned(),
        Kind::Array => match &declared.items {
            None => "a JSON array".to_owned(),
            Some(items) => format!("a JSON array of which each item is {}", describe(items)),
        },
        Kind::String => describe_text(declared),
    }
}

fn describe_text(declared: &Declaration) -> String {
    let mut text = match declared.format.as_deref() {
        Some("email") => "a valid email address".to_owned(),
        Some("date-time") => {
            "a date (2024-01-31) or a time with its offset (2024-01-31T10:00:00Z)".to_owned()
        }
        _ => "a string".to_owned(),
    };
    text.push_str(&match (declared.min_length, declared.max_length) {
        (None, None) => String::new(),
        (Some(1), None) => " that is not empty".to_owned(),
        (Some(least), None) => format!(" of at least {least} characters"),
        (None, Some(most)) => format!(" of at most {most} characters"),
        (Some(least), Some(most)) => format!(" of {least} to {most} characters"),
    });
    if let Some(pattern) = &declared.pattern {
        text.push_str(&format!(" that matches {pattern}"));
    }
    text
}

/// A refused value, short enough for a message.
pub(super) fn shown(value: &Value) -> String {
    let text = match value {
        Value::Object(_) => return "an object".to_owned(),
        Value::Array(_) => return "an array".to_owned(),
        other => other.to_string(),
    };
    match text.char_indices().nth(SHOWN_CHARS) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text,
    }
}
