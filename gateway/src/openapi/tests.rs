use super::*;
use crate::catalog::{Declarations, Declared};

fn declared(method: &str, path: &str, parameters: Value) -> Declared {
    let status = if method == "DELETE" { 204 } else { 200 };
    Declared {
        function_name: format!("{}_it", method.to_lowercase()),
        method: method.into(),
        path: path.into(),
        success_status: status,
        scope: "write".into(),
        parameters: parameters.to_string(),
        summary: Some("Does it".into()),
        tool_name: Some("the_tool".into()),
        response: Some("Thing".into()),
        ..Declared::default()
    }
}

fn document(endpoints: Vec<Declared>) -> Value {
    let schemas = vec![
        ("Thing".to_owned(), r#"{"type":"object"}"#.to_owned()),
        ("Broken".to_owned(), "{".to_owned()),
    ];
    Document::new(&Catalog::new(Declarations { endpoints, schemas })).value
}

fn body_schema(operation: &Value) -> &Value {
    &operation["requestBody"]["content"]["application/json"]["schema"]
}

#[test]
fn an_endpoint_becomes_an_operation() {
    let parameters = json!({
        "id": {"in": "path", "type": "integer", "required": true, "minimum": 1},
        "limit": {"in": "query", "type": "integer", "minimum": 1, "maximum": 500, "default": 20, "description": "How many"},
    });
    let document = document(vec![declared("GET", "/api/v1/things/:id", parameters)]);
    let operation = &document["paths"]["/api/v1/things/{id}"]["get"];
    assert_eq!(operation["operationId"], "get_it");
    assert_eq!(operation["tags"], json!(["Things"]));
    assert_eq!(operation[TOOL], "the_tool");
    assert_eq!(operation["parameters"][0]["in"], "path");
    assert_eq!(operation["parameters"][1]["schema"]["default"], 20);
    assert_eq!(operation["parameters"][1]["description"], "How many");
    assert!(operation.get("requestBody").is_none());
    assert!(operation["responses"].get("413").is_none());
    let answer = &operation["responses"]["200"]["content"]["application/json"]["schema"];
    assert_eq!(
        answer["properties"]["data"]["$ref"],
        "#/components/schemas/Thing"
    );
}

#[test]
fn a_page_and_an_unknown_schema() {
    let mut page = declared("GET", "/api/v1/things", json!({}));
    page.response = Some("Thing[]".into());
    let mut unknown = declared("GET", "/api/v1/others", json!({}));
    unknown.response = Some("Broken".into());
    let document = document(vec![page, unknown]);
    let answer = |path: &str| {
        document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
            ["properties"]
            .clone()
    };
    assert_eq!(
        answer("/api/v1/things")["data"]["items"]["$ref"],
        "#/components/schemas/Thing"
    );
    assert_eq!(
        answer("/api/v1/things")["pagination"]["$ref"],
        "#/components/schemas/Pagination"
    );
    assert_eq!(answer("/api/v1/others")["data"], json!({}));
}

#[test]
fn a_body_that_renames_what_the_path_names_documents_the_wire_name() {
    let parameters = json!({
        "email": {"in": "path", "type": "string", "required": true},
        "new_email": {"in": "body", "type": "string", "alias": "email"},
        "status": {"in": "body", "type": "string"},
    });
    let document = document(vec![declared("PUT", "/affiliates/:email", parameters)]);
    let operation = &document["paths"]["/affiliates/{email}"]["put"];
    let schema = body_schema(operation);
    assert_eq!(schema["properties"]["email"][ARGUMENT], "new_email");
    assert!(schema["properties"].get("new_email").is_none());
    assert_eq!(
        schema["allOf"],
        json!([{"anyOf": [{"required": ["email"]}, {"required": ["status"]}]}])
    );
    assert_eq!(operation["requestBody"]["required"], true);
}

#[test]
fn an_alias_is_a_property_of_its_own() {
    let parameters = json!({
        "email": {"in": "body", "type": "string", "required": true, "alias": "customer_email"},
        "amount": {"in": "body", "type": "number"},
    });
    let document = document(vec![declared("POST", "/sales", parameters)]);
    let schema = body_schema(&document["paths"]["/sales"]["post"]);
    assert_eq!(schema["properties"]["customer_email"][ALIAS_OF], "email");
    assert!(schema.get("required").is_none());
    assert_eq!(
        schema["allOf"],
        json!([{"anyOf": [{"required": ["email"]}, {"required": ["customer_email"]}]}])
    );
}

#[test]
fn paths_that_differ_in_names_alone_are_one() {
    let by_id = json!({"id": {"in": "path", "type": "integer", "required": true}});
    let by_key = json!({"key": {"in": "path", "type": "integer", "required": true}});
    let document = document(vec![
        declared("GET", "/things/:id", by_id),
        declared("DELETE", "/things/:key", by_key),
    ]);
    let item = &document["paths"]["/things/{id}"];
    let renamed = &item["delete"]["parameters"][0];
    assert_eq!(
        (renamed["name"].as_str(), renamed[ARGUMENT].as_str()),
        (Some("id"), Some("key"))
    );
    assert!(item["delete"]["responses"]["204"].get("content").is_none());
}

#[test]
fn the_document_is_generated_once_for_each_catalog() {
    let (cache, first) = (Cache::default(), Arc::new(Catalog::default()));
    let document = cache.of(&first);
    assert!(Arc::ptr_eq(&document, &cache.of(&first)));
    let endpoints = vec![declared("GET", "/things", json!({}))];
    let other = Catalog::new(Declarations {
        endpoints,
        ..Declarations::default()
    });
    assert_ne!(document.etag, cache.of(&Arc::new(other)).etag);
}
