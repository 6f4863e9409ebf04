//! The OpenAPI 3.1 document of the REST API, generated from the catalog.
//!
//! It is what `/docs` renders and what the MCP tools are made of, so everything a client needs to know about an
//! endpoint has to be in here; what the gateway enforces and what it documents come from the same declarations.

mod components;
mod operation;
mod schema;

use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use axum::http::HeaderValue;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::catalog::{Catalog, Endpoint, Resource};
pub use schema::STORABLE;

/// Marks the operations that are MCP tools, with the tool's name.
pub const TOOL: &str = "x-mcp-tool";
/// The argument of the MCP tool that stands for a parameter, where it is not called the same.
pub const ARGUMENT: &str = "x-mcp-argument";
/// Marks a second name of a property of the body.
pub const ALIAS_OF: &str = "x-alias-of";

const DESCRIPTION: &str = "\
Affiliates, the people they refer, the conversions those bring and the coupons that credit them.

Every request carries an API key as `Authorization: Bearer rgk_…`. Amounts are decimals in the project's currency. \
Fields that an endpoint does not know are ignored. Every refusal is `{\"success\": false, \"error\": \"…\"}` with the \
status that fits.";

/// The document of one catalog, ready to be sent.
#[derive(Debug)]
pub struct Document {
    /// The document.
    pub value: Value,
    /// Its text.
    pub body: Bytes,
    /// Changes whenever the text does, and is the same on every gateway.
    pub etag: HeaderValue,
}

impl Document {
    /// Generates the document.
    pub fn new(catalog: &Catalog) -> Self {
        let value = generate(catalog);
        let body = Bytes::from(value.to_string());
        Self {
            value,
            etag: etag(&body),
            body,
        }
    }
}

/// A validator for content that is the same for everyone.
pub fn etag(content: &[u8]) -> HeaderValue {
    let digest = hex::encode(&Sha256::digest(content)[..12]);
    HeaderValue::try_from(format!("\"{digest}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}

/// Keeps the document of the catalog in force.
#[derive(Debug, Default)]
pub struct Cache(Mutex<Option<(Arc<Catalog>, Arc<Document>)>>);

impl Cache {
    /// The document of this catalog, generated where it is another one than last time.
    pub fn of(&self, catalog: &Arc<Catalog>) -> Arc<Document> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*kept {
            Some((of, document)) if Arc::ptr_eq(of, catalog) => Arc::clone(document),
            _ => {
                let document = Arc::new(Document::new(catalog));
                *kept = Some((Arc::clone(catalog), Arc::clone(&document)));
                document
            }
        }
    }
}

fn generate(catalog: &Catalog) -> Value {
    let schemas = components::schemas(catalog.schemas());
    let mut paths = Map::new();
    for resource in catalog.resources() {
        if let Some(first) = resource.first() {
            paths.insert(path(first), path_item(resource, first, &schemas));
        }
    }
    paths.sort_keys();
    let mut tags: Vec<&str> = paths
        .values()
        .filter_map(|item| item.as_object()?.values().next()?["tags"][0].as_str())
        .collect();
    tags.dedup();
    let tags: Vec<Value> = tags.iter().map(|name| json!({"name": name})).collect();
    let tags = [tags, vec![json!({"name": components::SERVICE_TAG})]].concat();
    paths.append(&mut components::service_paths());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "pg_affiliate",
            "version": env!("CARGO_PKG_VERSION"),
            "description": DESCRIPTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/", "description": "This gateway"}],
        "security": [{components::SECURITY_SCHEME: []}],
        "tags": tags,
        "paths": paths,
        "components": components::components(schemas),
    })
}

/// `/affiliates/:email` as OpenAPI writes it.
fn path(endpoint: &Endpoint) -> String {
    let segments = endpoint
        .template
        .split('/')
        .map(|segment| match segment.strip_prefix(':') {
            Some(name) => format!("{{{name}}}"),
            None => segment.to_owned(),
        });
    segments.collect::<Vec<_>>().join("/")
}

fn path_item(resource: &Resource, first: &Endpoint, schemas: &Map<String, Value>) -> Value {
    let operations = resource.iter().map(|endpoint| {
        let method = endpoint.method.as_str().to_ascii_lowercase();
        let operation = operation::describe(endpoint, &first.path_names, schemas);
        (method, operation)
    });
    Value::Object(operations.collect())
}

#[cfg(test)]
mod tests;
