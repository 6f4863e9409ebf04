//! One declared parameter of an endpoint: what it accepts, and how to say so to someone who sent something else.

mod wording;

use regex::Regex;
use serde::Deserialize;
use serde_json::{Map, Number, Value};

use super::decimal::Decimal;
use super::format;
use super::json;

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

impl Location {
    fn body() -> Self {
        Self::Body
    }
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
    /// Where items of an array are goes without saying.
    #[serde(default = "Location::body")]
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
    /// What the pattern accepts, in words.
    accepts: Option<String>,
    format: Option<String>,
    default: Option<Value>,
    alias: Option<String>,
    items: Option<Box<Declaration>>,
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
    items: Option<Box<Parameter>>,
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
        Self::declared(name, declared)
    }

    fn declared(name: String, declared: Declaration) -> Result<Self, DeclarationError> {
        let expectation = wording::describe(&declared);
        let pattern = declared.pattern.as_deref().map(Regex::new).transpose();
        let bound = |number: Option<Number>| number.and_then(|n| Decimal::parse(&n.to_string()));
        let items = declared.items;
        Ok(Self {
            items: items
                .map(|items| Self::declared(name.clone(), *items).map(Box::new))
                .transpose()?,
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
        if json::holds_nul(&value) {
            return Err(nul_refusal(sent_as));
        }
        let accepted = match &value {
            Value::Null => self.nullable.then_some(Value::Null),
            Value::String(text) => {
                (self.kind == Kind::String && self.text_fits(text)).then(|| value.clone())
            }
            Value::Number(number) => self.accept_number(&number.to_string()),
            Value::Bool(_) => (self.kind == Kind::Boolean).then(|| value.clone()),
            Value::Object(_) => (self.kind == Kind::Object).then(|| value.clone()),
            Value::Array(items) if self.kind == Kind::Array => {
                Some(self.accept_items(sent_as, items)?)
            }
            Value::Array(_) => None,
        };
        let chosen = accepted.filter(|v| v.is_null() || self.is_choice(v));
        chosen.ok_or_else(|| self.refusal(sent_as, &value))
    }

    fn accept_items(&self, sent_as: &str, items: &[Value]) -> Result<Value, String> {
        let accept = |item: &Value| match &self.items {
            Some(expected) => {
                let accepted = expected.accept(sent_as, item.clone());
                accepted.map_err(|_| {
                    let shown = wording::shown(item);
                    let expectation = &self.expectation;
                    format!("{sent_as} must be {expectation}, got one with {shown}")
                })
            }
            None => Ok(item.clone()),
        };
        items.iter().map(accept).collect()
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
        // Refused as the text it was sent as, whatever it was taken for.
        accepted.ok_or_else(|| match Value::String(text) {
            nul if json::holds_nul(&nul) => nul_refusal(sent_as),
            text => self.refusal(sent_as, &text),
        })
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
            wording::shown(value)
        )
    }
}

/// `jsonb` and `text` hold every character but this one.
fn nul_refusal(sent_as: &str) -> String {
    format!("{sent_as} holds the character U+0000, which cannot be stored")
}

#[cfg(test)]
mod tests;
