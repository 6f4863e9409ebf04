//! One endpoint as an OpenAPI operation.

use axum::http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use super::components::{self, reference};
use super::{ALIAS_OF, ARGUMENT, TOOL, schema};
use crate::catalog::Endpoint;

type Object = Map<String, Value>;

/// Describes an endpoint. `path_names` are the names of its path's parameters in the document, by position: endpoints
/// that share a path share them, whatever they declare.
pub(super) fn describe(endpoint: &Endpoint, path_names: &[String], schemas: &Object) -> Value {
    let declared = &endpoint.declared;
    // It was parsed once to build the endpoint.
    let declarations: Object = serde_json::from_str(&declared.parameters).unwrap_or_default();
    let mut operation = Object::new();
    let mut set = |key: &str, value: Value| operation.insert(key.to_owned(), value);
    set("operationId", json!(declared.function_name));
    if let Some(summary) = &declared.summary {
        set("summary", json!(summary));
    }
    if let Some(description) = &declared.description {
        set("description", json!(description));
    }
    set("tags", json!([tag(&endpoint.template)]));
    set("x-required-scope", json!(declared.scope));
    if let Some(tool) = &declared.tool_name {
        set(TOOL, json!(tool));
    }
    let parameters = parameters(endpoint, path_names, &declarations);
    if !parameters.is_empty() {
        set("parameters", Value::Array(parameters));
    }
    if endpoint.takes_body {
        set("requestBody", request_body(endpoint, &declarations));
    }
    set("responses", responses(endpoint, schemas));
    Value::Object(operation)
}

/// What the endpoint is about: the first part of the path that is neither `api` nor a version.
fn tag(template: &str) -> String {
    let is_version = |part: &str| part.starts_with('v') && part[1..].parse::<u8>().is_ok();
    let topic = template
        .split('/')
        .find(|part| !part.is_empty() && *part != "api" && !is_version(part))
        .unwrap_or("api");
    let mut letters = topic.replace(['-', '_'], " ");
    if let Some(first) = letters.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    letters
}

fn parameters(endpoint: &Endpoint, path_names: &[String], declarations: &Object) -> Vec<Value> {
    let in_path = endpoint
        .path_names
        .iter()
        .zip(path_names)
        .map(|(name, sent_as)| {
            let declaration = declarations.get(name).and_then(Value::as_object);
            parameter("path", name, sent_as, declaration)
        });
    let in_query = located(declarations, "query")
        .map(|(name, declaration)| parameter("query", name, name, Some(declaration)));
    in_path.chain(in_query).collect()
}

/// The declarations of the parameters of one location.
fn located<'a>(
    declarations: &'a Object,
    location: &'static str,
) -> impl Iterator<Item = (&'a String, &'a Object)> {
    declarations
        .iter()
        .filter_map(|(name, declaration)| Some((name, declaration.as_object()?)))
        .filter(move |(_, declaration)| {
            declaration.get("in").and_then(Value::as_str) == Some(location)
        })
}

fn parameter(location: &str, name: &str, sent_as: &str, declaration: Option<&Object>) -> Value {
    let mut object = Object::new();
    object.insert("name".to_owned(), json!(sent_as));
    object.insert("in".to_owned(), json!(location));
    let required = location == "path" || declaration.is_some_and(is_required);
    object.insert("required".to_owned(), json!(required));
    if let Some(description) = declaration.and_then(described) {
        object.insert("description".to_owned(), json!(description));
    }
    if name != sent_as {
        object.insert(ARGUMENT.to_owned(), json!(name));
    }
    let schema = match declaration {
        Some(declaration) => schema::of_parameter(declaration),
        None => Object::from_iter([("type".to_owned(), json!("string"))]),
    };
    object.insert("schema".to_owned(), Value::Object(schema));
    Value::Object(object)
}

fn is_required(declaration: &Object) -> bool {
    declaration.get("required") == Some(&Value::Bool(true))
}

/// The description, with the second name of a parameter that has one.
fn described(declaration: &Object) -> Option<String> {
    let text = declaration.get("description").and_then(Value::as_str);
    let is_in_query = declaration.get("in").and_then(Value::as_str) == Some("query");
    let alias = declaration.get("alias").and_then(Value::as_str);
    match (text, alias.filter(|_| is_in_query)) {
        (Some(text), Some(alias)) => Some(format!("{text}. Also accepted as `{alias}`.")),
        (None, Some(alias)) => Some(format!("Also accepted as `{alias}`.")),
        (text, None) => text.map(str::to_owned),
    }
}

/// The names under which a body may hold a parameter. A parameter of the path of the same name leaves the alias only
/// (`PUT /affiliates/:email` with a new `email`): what is declared is then what the argument is called elsewhere.
struct BodyNames<'a> {
    documented: &'a str,
    alias: Option<&'a str>,
}

impl<'a> BodyNames<'a> {
    fn of(endpoint: &Endpoint, name: &'a str, declaration: &'a Object) -> Self {
        let alias = declaration.get("alias").and_then(Value::as_str);
        match alias {
            Some(alias) if endpoint.path_names.iter().any(|taken| taken == alias) => Self {
                documented: alias,
                alias: None,
            },
            _ => Self {
                documented: name,
                alias,
            },
        }
    }

    fn all(&self) -> impl Iterator<Item = &'a str> {
        [Some(self.documented), self.alias].into_iter().flatten()
    }
}

fn request_body(endpoint: &Endpoint, declarations: &Object) -> Value {
    let mut properties = Object::new();
    let mut required = Vec::new();
    let mut choices = Vec::new();
    let mut every_name = Vec::new();
    for (name, declaration) in located(declarations, "body") {
        let names = BodyNames::of(endpoint, name, declaration);
        let mut property = schema::of_parameter(declaration);
        if let Some(alias) = names.alias {
            let mut alias_property = property.clone();
            let text = format!("Another name for `{name}`");
            alias_property.insert("description".to_owned(), json!(text));
            alias_property.insert(ALIAS_OF.to_owned(), json!(name));
            properties.insert(alias.to_owned(), Value::Object(alias_property));
        }
        if let Some(description) = described(declaration) {
            property.insert("description".to_owned(), json!(description));
        }
        if names.documented != name {
            property.insert(ARGUMENT.to_owned(), json!(name));
        }
        properties.insert(names.documented.to_owned(), Value::Object(property));
        match names.alias {
            _ if !is_required(declaration) => {}
            None => required.push(names.documented),
            Some(_) => choices.push(one_of_names(names.all())),
        }
        every_name.extend(names.all());
    }
    let needs_something = matches!(endpoint.method, Method::PUT | Method::PATCH)
        && required.is_empty()
        && choices.is_empty();
    if needs_something {
        // An update that changes nothing is refused.
        choices.push(one_of_names(every_name));
    }
    let mut schema = json!({"type": "object", "properties": properties});
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    choices.extend(body_rule(endpoint));
    let is_required = !required.is_empty() || !choices.is_empty();
    if !choices.is_empty() {
        schema["allOf"] = Value::Array(choices);
    }
    json!({"required": is_required, "content": {"application/json": {"schema": schema}}})
}

/// What the declaration says about the body as a whole.
fn body_rule(endpoint: &Endpoint) -> Option<Value> {
    let rule = serde_json::from_str(endpoint.declared.body_schema.as_deref()?);
    rule.inspect_err(|error| {
        tracing::error!(path = endpoint.template, %error, "the rule about the body is left out");
    })
    .ok()
}

fn one_of_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Value {
    let alternatives = names.into_iter().map(|name| json!({"required": [name]}));
    json!({"anyOf": alternatives.collect::<Vec<_>>()})
}

fn responses(endpoint: &Endpoint, schemas: &Object) -> Value {
    let mut responses = Object::new();
    let success = endpoint.success_status;
    responses.insert(
        success.as_u16().to_string(),
        success_response(endpoint, schemas),
    );
    let is_possible = |status: u16| match status {
        409 => !endpoint.read_only,
        408 | 413 | 415 => endpoint.takes_body,
        _ => true,
    };
    for status in components::error_statuses().filter(|status| is_possible(*status)) {
        responses.insert(
            status.to_string(),
            reference("responses", &components::response_name(status)),
        );
    }
    Value::Object(responses)
}

fn success_response(endpoint: &Endpoint, schemas: &Object) -> Value {
    let status = endpoint.success_status;
    let description = match status {
        StatusCode::CREATED => "Created",
        StatusCode::NO_CONTENT => "Done; there is no body",
        _ => "Success",
    };
    let mut response = json!({"description": description, "headers": components::common_headers()});
    if status != StatusCode::NO_CONTENT {
        let schema = answer(endpoint.declared.response.as_deref(), schemas);
        response["content"] = json!({"application/json": {"schema": schema}});
    }
    response
}

/// The envelope of a success: one thing, or a page of them.
fn answer(response: Option<&str>, schemas: &Object) -> Value {
    let known = |name: &str| match schemas.contains_key(name) {
        true => reference("schemas", name),
        false => json!({}),
    };
    let success = json!({"const": true});
    match response.map(|name| (name, name.strip_suffix("[]"))) {
        Some((_, Some(item))) => json!({
            "type": "object", "required": ["success", "data", "pagination"],
            "properties": {
                "success": success,
                "data": {"type": "array", "items": known(item)},
                "pagination": reference("schemas", "Pagination"),
            },
        }),
        name => json!({
            "type": "object", "required": ["success", "data"],
            "properties": {"success": success, "data": name.map_or(json!({}), |(name, _)| known(name))},
        }),
    }
}
