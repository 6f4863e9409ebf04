//! One declared parameter of an endpoint: what it accepts, and how to say so to someone who sent something else.

use regex::Regex;
use serde::Deserialize;
use serde_json::{Map, Number, Value};

use super::decimal::{Decimal, MAX_SAFE_INTEGER};
use super::format;
use super::json;

/// How much of a refused value an error message repeats.
const SHOWN_CHARS: usize = 64;

/// Where a parameter is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Location {
    /// A segment of the path.
    Path,
    /// The query string.
    Query,
    /// A member of the JSON body.
    Body,
}

/// The JSON type of a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Text.
    String,
    /// A whole number that every JSON reader holds exactly.
    Integer,
    /// A decimal number of any precision.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A JSON object.
    Object,
    /// A JSON array.
    Array,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Email,
    DateTime,
}

/// The declaration as the catalog has it; keys that only describe are ignored here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Declaration {
    r#in: Location,
    r#type: Kind,
    #[serde(default)]
    required: bool,
    #[serde(default)]
    nullable: bool,
    r#enum: Option<Vec<Value>>,
    minimum: Option<Number>,
    maximum: Option<Number>,
    min_length: Option<usize>,
    max_length: Option<usize>,
    pattern: Option<String>,
    format: Option<String>,
    default: Option<Value>,
    alias: Option<String>,
}

/// A declaration that cannot be enforced.
#[derive(Debug, thiserror::Error)]
pub enum DeclarationError {
    /// Not the documented shape.
    #[error("the declaration of {0} is malformed: {1}")]
    Malformed(String, serde_json::Error),
    /// `parameters` is not a JSON object.
    #[error("parameters must be a JSON object: {0}")]
    NotAnObject(serde_json::Error),
    /// A pattern that is no regular expression.
    #[error("the pattern of {0} is malformed: {1}")]
    Pattern(String, regex::Error),
}

/// A parameter, ready to check values.
#[derive(Debug)]
pub struct Parameter {
    /// Its name among the arguments of the database function.
    pub name: String,
    /// A second name under which requests may send it.
    pub alias: Option<String>,
    /// Where requests send it.
    pub location: Location,
    /// Whether a request without it is refused.
    pub required: bool,
    /// What an absent one becomes.
    pub default: Option<Value>,
    kind: Kind,
    nullable: bool,
    choices: Option<Vec<Value>>,
    minimum: Option<Decimal>,
    maximum: Option<Decimal>,
    min_length: Option<usize>,
    max_length: Option<usize>,
    pattern: Option<Regex>,
    format: Option<Format>,
    expectation: String,
}

/// Reads the `parameters` of a catalog row, in declaration order.
pub fn parse_all(text: &str) -> Result<Vec<Parameter>, DeclarationError> {
    let declared: Map<String, Value> =
        serde_json::from_str(text).map_err(DeclarationError::NotAnObject)?;
    declared
        .into_iter()
        .map(|(name, value)| Parameter::new(name, value))
        .collect()
}

impl Parameter {
    fn new(name: String, declaration: Value) -> Result<Self, DeclarationError> {
        let declared: Declaration = serde_json::from_value(declaration)
            .map_err(|e| DeclarationError::Malformed(name.clone(), e))?;
        let expectation = describe(&declared);
        let pattern = declared.pattern.as_deref().map(Regex::new).transpose();
        let bound = |number: Option<Number>| number.and_then(|n| Decimal::parse(&n.to_string()));
        Ok(Self {
            pattern: pattern.map_err(|e| DeclarationError::Pattern(name.clone(), e))?,
            name,
            alias: declared.alias,
            location: declared.r#in,
            required: declared.required,
            default: declared.default,
            kind: declared.r#type,
            nullable: declared.nullable,
            choices: declared.r#enum,
            minimum: bound(declared.minimum),
            maximum: bound(declared.maximum),
            min_length: declared.min_length,
            max_length: declared.max_length,
            format: match declared.format.as_deref() {
                Some("email") => Some(Format::Email),
                Some("date-time") => Some(Format::DateTime),
                _ => None,
            },
            expectation,
        })
    }

    /// The argument for a value of the JSON body, under the name `sent_as`.
    pub fn accept(&self, sent_as: &str, value: Value) -> Result<Value, String> {
        let accepted = match &value {
            Value::Null => self.nullable.then_some(Value::Null),
            Value::String(text) => {
                (self.kind == Kind::String && self.text_fits(text)).then(|| value.clone())
            }
            Value::Number(number) => self.accept_number(&number.to_string()),
            Value::Bool(_) => (self.kind == Kind::Boolean).then(|| value.clone()),
            Value::Object(_) => (self.kind == Kind::Object).then(|| value.clone()),
            Value::Array(_) => (self.kind == Kind::Array).then(|| value.clone()),
        };
        let chosen = accepted.filter(|v| v.is_null() || self.is_choice(v));
        chosen.ok_or_else(|| self.refusal(sent_as, &value))
    }

    /// The argument for a text of the path or the query string.
    pub fn accept_text(&self, sent_as: &str, text: String) -> Result<Value, String> {
        let value = match self.kind {
            Kind::String
                if self.format == Some(Format::DateTime) && self.location == Location::Query =>
            {
                Some(Value::String(format::restore_plus(&text)))
            }
            Kind::String => Some(Value::String(text.clone())),
            Kind::Integer | Kind::Number => self.accept_number(&text),
            Kind::Boolean => match text.as_str() {
                "true" => Some(Value::Bool(true)),
                "false" => Some(Value::Bool(false)),
                _ => None,
            },
            Kind::Object | Kind::Array => json::parse(text.as_bytes()).ok(),
        };
        let accepted = value.and_then(|v| self.accept(sent_as, v).ok());
        accepted.ok_or_else(|| self.refusal(sent_as, &Value::String(text)))
    }

    /// The message for a request that lacks this parameter.
    pub fn absence(&self) -> String {
        format!("{} is required and must be {}", self.name, self.expectation)
    }

    fn accept_number(&self, text: &str) -> Option<Value> {
        let decimal = Decimal::parse(text)?;
        let below = self
            .minimum
            .as_ref()
            .is_some_and(|minimum| decimal < *minimum);
        let above = self
            .maximum
            .as_ref()
            .is_some_and(|maximum| decimal > *maximum);
        if below || above {
            return None;
        }
        match self.kind {
            Kind::Integer => decimal.safe_integer().map(Value::from),
            Kind::Number => text.parse().ok().map(Value::Number),
            _ => None,
        }
    }

    fn text_fits(&self, text: &str) -> bool {
        let bounded = self.min_length.is_some() || self.max_length.is_some();
        let length = if bounded { text.chars().count() } else { 0 };
        self.min_length.is_none_or(|least| length >= least)
            && self.max_length.is_none_or(|most| length <= most)
            && self
                .pattern
                .as_ref()
                .is_none_or(|pattern| pattern.is_match(text))
            && match self.format {
                None => true,
                Some(Format::Email) => format::is_email(text),
                Some(Format::DateTime) => format::is_date_time(text),
            }
    }

    fn is_choice(&self, value: &Value) -> bool {
        self.choices
            .as_ref()
            .is_none_or(|choices| choices.contains(value))
    }

    fn refusal(&self, sent_as: &str, value: &Value) -> String {
        format!(
            "{sent_as} must be {}, got {}",
            self.expectation,
            shown(value)
        )
    }
}

/// What a parameter accepts, as the rest of a sentence that starts with "must be".
fn describe(declared: &Declaration) -> String {
    let mut text = describe_value(declared);
    if declared.nullable {
        text.push_str(" or null");
    }
    text
}

fn describe_value(declared: &Declaration) -> String {
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
        Kind::Array => "a JSON array".to_owned(),
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
fn shown(value: &Value) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn parameter(declaration: Value) -> Parameter {
        Parameter::new("x".to_owned(), declaration).expect("a valid declaration")
    }

    #[test]
    fn integers_of_a_query_are_strict() {
        let limit =
            parameter(json!({"in": "query", "type": "integer", "minimum": 1, "maximum": 500}));
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
        let error = id.accept_text("id", "9007199254740992".into()).unwrap_err();
        assert_eq!(
            error,
            "id must be an integer between 1 and 9007199254740991, got \"9007199254740992\""
        );
    }

    #[test]
    fn numbers_keep_every_digit() {
        let value = parameter(
            json!({"in": "body", "type": "number", "minimum": 0, "maximum": 90000000000.50}),
        );
        let sent: Value = serde_json::from_str("49.990000000000000000001").unwrap();
        assert_eq!(
            value.accept("v", sent).map(|v| v.to_string()),
            Ok("49.990000000000000000001".to_owned())
        );
        assert!(
            value
                .accept("v", serde_json::from_str("90000000000.51").unwrap())
                .is_err()
        );
        assert!(
            value
                .accept("v", serde_json::from_str("-0.01").unwrap())
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
        let code =
            parameter(json!({"in": "body", "type": "string", "nullable": true, "enum": ["a"]}));
        assert_eq!(code.accept("code", Value::Null), Ok(Value::Null));
    }

    #[test]
    fn texts_are_measured_in_characters_and_matched() {
        let code = parameter(
            json!({"in": "body", "type": "string", "minLength": 3, "maxLength": 5, "pattern": "^[a-zé]+$"}),
        );
        assert_eq!(code.accept("c", json!("éééé")), Ok(json!("éééé")));
        let error = code.accept("c", json!("AB")).unwrap_err();
        assert_eq!(
            error,
            "c must be a string of 3 to 5 characters that matches ^[a-zé]+$, got \"AB\""
        );
    }

    #[test]
    fn choices_booleans_and_containers() {
        let status =
            parameter(json!({"in": "query", "type": "string", "enum": ["active", "inactive"]}));
        let error = status.accept_text("status", "maybe".into()).unwrap_err();
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
        let error = email.accept("email", json!("é".repeat(1000))).unwrap_err();
        assert!(error.chars().count() < 120, "{error}");
    }

    #[test]
    fn malformed_declarations_are_errors() {
        assert!(parse_all("[]").is_err());
        assert!(parse_all(r#"{"a":{"in":"header","type":"string"}}"#).is_err());
        assert!(parse_all(r#"{"a":{"in":"body","type":"string","pattern":"("}}"#).is_err());
    }
}
