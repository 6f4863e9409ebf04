//! From a request to the arguments of its endpoint: one JSON object with every declared parameter that was sent or
//! has a default. Anything not declared is ignored.

use serde_json::{Map, Value};

use super::Endpoint;
use super::parameter::{Location, Parameter};
use super::urlencoded::{self, Plus};
use crate::error::ApiError;

/// The parts of a request that carry arguments, still as they were sent.
pub struct Sent<'a> {
    /// The path's segments that stand for parameters, in order, percent-encoded.
    pub path: &'a [&'a str],
    /// The query string, percent-encoded.
    pub query: &'a str,
    /// The members of the JSON body; empty where there was none.
    pub body: Map<String, Value>,
}

/// Checks what was sent against the declarations of `endpoint` and returns its arguments.
pub fn collect(endpoint: &Endpoint, sent: Sent<'_>) -> Result<Map<String, Value>, ApiError> {
    let query = urlencoded::parse_query(sent.query)
        .map_err(|reason| ApiError::bad_request(format!("The query string {reason}")))?;
    let mut body = sent.body;
    let mut arguments = Map::with_capacity(endpoint.parameters.len());
    for parameter in &endpoint.parameters {
        let value = match parameter.location {
            Location::Path => from_path(endpoint, parameter, sent.path)?,
            Location::Query => from_query(parameter, &query)?,
            Location::Body => from_body(parameter, &mut body)?,
        };
        match value.or_else(|| parameter.default.clone()) {
            Some(value) => {
                arguments.insert(parameter.name.clone(), value);
            }
            None if parameter.required => return Err(ApiError::bad_request(parameter.absence())),
            None => {}
        }
    }
    Ok(arguments)
}

fn from_path(
    endpoint: &Endpoint,
    parameter: &Parameter,
    segments: &[&str],
) -> Result<Option<Value>, ApiError> {
    let position = endpoint
        .path_names
        .iter()
        .position(|name| *name == parameter.name);
    let Some(segment) = position.and_then(|index| segments.get(index)) else {
        return Ok(None);
    };
    let text = urlencoded::decode(segment, Plus::Literal).map_err(|reason| {
        ApiError::bad_request(format!("{} in the path {reason}", parameter.name))
    })?;
    accepted(parameter.accept_text(&parameter.name, text))
}

fn from_query(
    parameter: &Parameter,
    query: &[(String, String)],
) -> Result<Option<Value>, ApiError> {
    let mut sent = query.iter().filter(|(name, _)| names(parameter, name));
    let Some((name, text)) = sent.next() else {
        return Ok(None);
    };
    if sent.next().is_some() {
        return Err(ApiError::bad_request(format!(
            "{name} is given more than once; send it once"
        )));
    }
    accepted(parameter.accept_text(name, text.clone()))
}

fn from_body(
    parameter: &Parameter,
    body: &mut Map<String, Value>,
) -> Result<Option<Value>, ApiError> {
    let sent_as = [Some(&parameter.name), parameter.alias.as_ref()];
    let mut argument: Option<Value> = None;
    // The name wins over the alias unless it is null, but what stands under either has to be acceptable.
    for name in sent_as.into_iter().flatten() {
        if let Some(value) = body.get_mut(name).map(Value::take) {
            let value = accepted(parameter.accept(name, value))?;
            argument = argument.filter(|value| !value.is_null()).or(value);
        }
    }
    Ok(argument)
}

fn names(parameter: &Parameter, name: &str) -> bool {
    parameter.name == name || parameter.alias.as_deref() == Some(name)
}

fn accepted(value: Result<Value, String>) -> Result<Option<Value>, ApiError> {
    value.map(Some).map_err(ApiError::bad_request)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Declared;
    use serde_json::json;

    fn endpoint(path: &str, parameters: Value) -> Endpoint {
        Endpoint::new(Declared {
            function_name: "f".into(),
            method: "PUT".into(),
            path: path.into(),
            success_status: 200,
            scope: "write".into(),
            parameters: parameters.to_string(),
            ..Declared::default()
        })
        .expect("a valid endpoint")
    }

    fn update_affiliate() -> Endpoint {
        endpoint(
            "/api/v1/affiliates/:email",
            json!({
                "email": {"in": "path", "type": "string", "required": true, "format": "email"},
                "new_email": {"in": "body", "type": "string", "format": "email", "alias": "email"},
                "limit": {"in": "query", "type": "integer", "minimum": 1, "maximum": 500, "default": 20},
                "status": {"in": "body", "type": "string", "enum": ["active", "inactive"]},
            }),
        )
    }

    fn put(path: &str, query: &str, body: Value) -> Result<String, String> {
        let Value::Object(body) = body else {
            panic!("an object")
        };
        let sent = Sent {
            path: &[path],
            query,
            body,
        };
        let collected = collect(&update_affiliate(), sent);
        collected
            .map(|arguments| Value::Object(arguments).to_string())
            .map_err(|e| e.message().to_owned())
    }

    #[test]
    fn path_query_body_defaults_and_aliases_merge() {
        let arguments = put(
            "a+b%40c.de",
            "",
            json!({"email": "n@c.de", "unknown": [1], "status": "active"}),
        );
        let expected = r#"{"email":"a+b@c.de","new_email":"n@c.de","limit":20,"status":"active"}"#;
        assert_eq!(arguments.as_deref(), Ok(expected));
    }

    #[test]
    fn messages_name_the_field_as_it_was_sent() {
        assert_eq!(
            put("a@b.de", "", json!({"email": 5})).expect_err("a refusal"),
            "email must be a valid email address, got 5"
        );
        assert_eq!(
            put("a@b.de", "limit=1&limit=2", json!({})).expect_err("a refusal"),
            "limit is given more than once; send it once"
        );
        assert!(
            put("%zz", "", json!({}))
                .expect_err("a refusal")
                .starts_with("email in the path holds a %")
        );
        assert!(
            put("a@b.de", "x=%f", json!({}))
                .expect_err("a refusal")
                .starts_with("The query string holds a %")
        );
    }

    #[test]
    fn a_name_wins_over_its_alias_and_both_are_checked() {
        let both = put(
            "a@b.de",
            "",
            json!({"email": "alias@c.de", "new_email": "name@c.de"}),
        );
        assert!(both.is_ok_and(|arguments| arguments.contains(r#""new_email":"name@c.de""#)));
        let bad_alias = put("a@b.de", "", json!({"email": 5, "new_email": "name@c.de"}));
        assert_eq!(
            bad_alias.expect_err("a refusal"),
            "email must be a valid email address, got 5"
        );
    }

    #[test]
    fn a_missing_required_parameter_is_named() {
        let endpoint = endpoint(
            "/x",
            json!({"email": {"in": "body", "type": "string", "required": true, "format": "email"}}),
        );
        let error = collect(
            &endpoint,
            Sent {
                path: &[],
                query: "",
                body: Map::new(),
            },
        )
        .expect_err("a refusal");
        assert_eq!(
            error.message(),
            "email is required and must be a valid email address"
        );
    }
}
