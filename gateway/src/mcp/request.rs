//! From the arguments of a tool to a request of the REST API.
//!
//! Whether the values are acceptable is for the API to say: its messages are the better ones, and there is one
//! validation only. What is checked here is what would lead to another endpoint, or be lost on the way.

use std::fmt::Write as _;

use rmcp::model::JsonObject;
use serde_json::Value;

use super::tool::{ApiTool, Argument, Place};

/// A request of the REST API.
#[derive(Debug, PartialEq, Eq)]
pub struct ApiRequest {
    /// The HTTP method.
    pub method: String,
    /// Path and query, percent-encoded.
    pub target: String,
    /// The JSON body.
    pub body: Option<String>,
}

impl ApiTool {
    /// The request that these arguments stand for.
    ///
    /// # Errors
    /// In words for the assistant, where an argument is unknown or a part of the path is missing.
    pub fn request(&self, mut given: JsonObject) -> Result<ApiRequest, String> {
        let mut target = self.path.clone();
        let mut query = String::new();
        let mut body = JsonObject::new();
        for argument in &self.arguments {
            // Assistants send null for what they leave out.
            let value = given
                .shift_remove(&argument.name)
                .filter(|value| argument.nullable || !value.is_null());
            let in_url = argument.place != Place::Body;
            if in_url && argument.is_text && value.as_ref().is_some_and(|value| !value.is_string())
            {
                return Err(format!("{} must be a string", argument.name));
            }
            match (argument.place, value) {
                (Place::Path, value) => {
                    let segment = segment(argument, value.as_ref())?;
                    target = target.replace(&format!("{{{}}}", argument.sent_as), &segment);
                }
                (Place::Query, Some(value)) => {
                    query.push(if query.is_empty() { '?' } else { '&' });
                    query.push_str(&percent_encode(&argument.sent_as));
                    query.push('=');
                    query.push_str(&percent_encode(&as_text(&value)));
                }
                (Place::Body, Some(value)) => {
                    body.insert(argument.sent_as.clone(), value);
                }
                (Place::Query | Place::Body, None) => {}
            }
        }
        if let Some(unknown) = given.keys().next() {
            return Err(self.unknown_argument(unknown));
        }
        let takes_body = self.arguments.iter().any(|a| a.place == Place::Body);
        Ok(ApiRequest {
            method: self.method.clone(),
            target: target + &query,
            body: takes_body.then(|| Value::Object(body).to_string()),
        })
    }

    fn unknown_argument(&self, name: &str) -> String {
        let known: Vec<&str> = self.arguments.iter().map(|a| a.name.as_str()).collect();
        match known.as_slice() {
            [] => format!("There is no argument {name}; this tool has none"),
            known => format!(
                "There is no argument {name}; this tool has {}",
                known.join(", ")
            ),
        }
    }
}

/// A value as a segment of the path. An empty one, and those that URLs read as steps, would lead elsewhere.
fn segment(argument: &Argument, value: Option<&Value>) -> Result<String, String> {
    let text = value.map(as_text).unwrap_or_default();
    match text.as_str() {
        "" => Err(format!("{} is required", argument.name)),
        "." | ".." => Err(format!("{} must not be {text:?}", argument.name)),
        text => Ok(percent_encode(text)),
    }
}

fn as_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Encodes everything but the characters that mean nothing anywhere in a URL.
fn percent_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a String does not fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}
