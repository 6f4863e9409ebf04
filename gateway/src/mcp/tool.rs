//! Tools made of the operations of the OpenAPI document.

use std::sync::Arc;

use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use serde_json::{Value, json};

use crate::openapi::{ALIAS_OF, ARGUMENT, STORABLE, TOOL};

/// Longer lists of choices are left out of a tool; its description says what they are.
const LONGEST_LIST: usize = 30;

/// Where the REST API takes an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Path,
    Query,
    Body,
}

/// An argument of a tool.
#[derive(Debug)]
pub(super) struct Argument {
    /// What the tool calls it.
    pub(super) name: String,
    /// What the REST API calls it.
    pub(super) sent_as: String,
    pub(super) place: Place,
    pub(super) nullable: bool,
    /// Whether it is a text, which in a URL everything could be.
    pub(super) is_text: bool,
}

/// A tool, and the request that it makes.
#[derive(Debug)]
pub struct ApiTool {
    pub(super) description: Tool,
    pub(super) method: String,
    /// The path, parameters as `{name}`.
    pub(super) path: String,
    pub(super) arguments: Vec<Argument>,
}

/// The tools of a document.
#[derive(Debug, Default)]
pub struct ToolSet(Vec<ApiTool>);

impl ToolSet {
    /// Makes the tools of an OpenAPI document; what is no such document has none.
    pub fn of(document: &Value) -> Self {
        let paths = document["paths"].as_object().into_iter().flatten();
        let operations = paths.flat_map(|(path, item)| {
            let item = item.as_object().into_iter().flatten();
            item.map(move |(method, operation)| (path, method, operation))
        });
        let tools = operations.filter_map(|(path, method, operation)| {
            let name = operation[TOOL].as_str()?;
            Some(ApiTool::new(name, method, path, operation, document))
        });
        Self(tools.collect())
    }

    /// The tools as they are listed.
    pub fn list(&self) -> Vec<Tool> {
        self.0.iter().map(|tool| tool.description.clone()).collect()
    }

    /// The tool of this name.
    pub fn find(&self, name: &str) -> Option<&ApiTool> {
        self.0.iter().find(|tool| tool.description.name == name)
    }
}

/// What an argument looks like to the tool's caller.
struct Input {
    argument: Argument,
    schema: JsonObject,
    required: bool,
}

impl ApiTool {
    fn new(name: &str, method: &str, path: &str, operation: &Value, document: &Value) -> Self {
        let mut inputs: Vec<Input> = parameters(operation).chain(properties(operation)).collect();
        for input in &mut inputs {
            simplify(&mut input.schema, document);
            input.argument.is_text = input.schema.get("type") == Some(&json!("string"));
        }
        let required: Vec<&str> = inputs
            .iter()
            .filter(|input| input.required)
            .map(|input| input.argument.name.as_str())
            .collect();
        let properties: JsonObject = inputs
            .iter()
            .map(|input| {
                let schema = Value::Object(input.schema.clone());
                (input.argument.name.clone(), schema)
            })
            .collect();
        let mut schema = JsonObject::new();
        schema.insert("type".to_owned(), json!("object"));
        schema.insert("properties".to_owned(), Value::Object(properties));
        if !required.is_empty() {
            schema.insert("required".to_owned(), json!(required));
        }
        schema.insert("additionalProperties".to_owned(), json!(false));
        let text = |key: &str| operation[key].as_str().map(str::to_owned);
        let description = text("description").or_else(|| text("summary"));
        let mut tool = Tool::new_with_raw(
            name.to_owned(),
            description.map(Into::into),
            Arc::new(schema),
        );
        tool.title = text("summary");
        tool.annotations = Some(annotations(method));
        Self {
            description: tool,
            method: method.to_ascii_uppercase(),
            path: path.to_owned(),
            arguments: inputs.into_iter().map(|input| input.argument).collect(),
        }
    }
}

/// Hints for the assistant's host: what may be called without asking.
fn annotations(method: &str) -> ToolAnnotations {
    let mut hints = ToolAnnotations::new()
        .read_only(method == "get")
        .open_world(false);
    if method != "get" {
        hints = hints
            .destructive(method == "delete")
            .idempotent(method != "post");
    }
    hints
}

/// The parameters of path and query.
fn parameters(operation: &Value) -> impl Iterator<Item = Input> {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    parameters.filter_map(|parameter| {
        let sent_as = parameter["name"].as_str()?;
        let place = match parameter["in"].as_str()? {
            "path" => Place::Path,
            "query" => Place::Query,
            _ => return None,
        };
        let mut schema = parameter["schema"].as_object().cloned().unwrap_or_default();
        if let Some(description) = parameter.get("description") {
            schema.insert("description".to_owned(), description.clone());
        }
        let required = parameter["required"] == true;
        Some(input(place, sent_as, parameter, schema, required))
    })
}

/// The properties of the JSON body; those with two names under one of them.
fn properties(operation: &Value) -> impl Iterator<Item = Input> {
    let body = &operation["requestBody"]["content"]["application/json"]["schema"];
    let required = body["required"].as_array().into_iter().flatten();
    let required: Vec<&str> = required.filter_map(Value::as_str).collect();
    let properties = body["properties"].as_object().into_iter().flatten();
    properties
        .filter(|(_, property)| property.get(ALIAS_OF).is_none())
        .map(move |(name, property)| {
            let schema = property.as_object().cloned().unwrap_or_default();
            let is_required = required.contains(&name.as_str());
            input(Place::Body, name, property, schema, is_required)
        })
}

fn input(
    place: Place,
    sent_as: &str,
    documented: &Value,
    mut schema: JsonObject,
    required: bool,
) -> Input {
    let is_null = |choice: &Value| choice["type"] == "null";
    let choices = schema.get("anyOf").and_then(Value::as_array);
    let nullable = choices.is_some_and(|choices| choices.iter().any(is_null));
    schema.shift_remove(ARGUMENT);
    Input {
        argument: Argument {
            name: documented[ARGUMENT].as_str().unwrap_or(sent_as).to_owned(),
            sent_as: sent_as.to_owned(),
            place,
            nullable,
            is_text: false,
        },
        schema,
        required,
    }
}

/// Puts what a reference leads to in its place, since a tool stands alone, and takes out what helps no assistant: what is
/// true of every text, and lists too long to read.
fn simplify(schema: &mut JsonObject, document: &Value) {
    let reference = schema.shift_remove("$ref");
    let pointer = reference.as_ref().and_then(Value::as_str);
    let found = pointer.and_then(|pointer| document.pointer(pointer.strip_prefix('#')?));
    for (key, value) in found.and_then(Value::as_object).into_iter().flatten() {
        schema.entry(key).or_insert_with(|| value.clone());
    }
    for (key, noise) in [
        ("pattern", json!(STORABLE)),
        ("allOf", json!([{"pattern": STORABLE}])),
    ] {
        if schema.get(key) == Some(&noise) {
            schema.shift_remove(key);
        }
    }
    let choices = schema.get("enum").and_then(Value::as_array);
    if choices.is_some_and(|choices| choices.len() > LONGEST_LIST) {
        schema.shift_remove("enum");
    }
    let choices = schema.get_mut("anyOf").and_then(Value::as_array_mut);
    for choice in choices.into_iter().flatten() {
        if let Value::Object(choice) = choice {
            simplify(choice, document);
        }
    }
}
