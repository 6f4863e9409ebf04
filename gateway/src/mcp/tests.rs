use rmcp::model::JsonObject;
use serde_json::json;

use super::*;
use crate::catalog::{Catalog, Declarations, Declared};
use crate::openapi::Document;

fn tools() -> ToolSet {
    let endpoint = |method: &str, tool: Option<&str>, parameters: Value| Declared {
        function_name: method.to_lowercase(),
        method: method.into(),
        path: "/api/v1/affiliates/:email".into(),
        success_status: 200,
        scope: "write".into(),
        parameters: parameters.to_string(),
        description: Some(format!("{method} one.")),
        tool_name: tool.map(str::to_owned),
        ..Declared::default()
    };
    let path = json!({"in": "path", "type": "string", "format": "email", "required": true, "description": "Who"});
    let update = json!({
        "email": path,
        "notify": {"in": "query", "type": "boolean"},
        "new_email": {"in": "body", "type": "string", "alias": "email"},
        "slug": {"in": "body", "type": "string", "nullable": true},
        "base_value": {"in": "body", "type": "number", "alias": "amount"},
    });
    let endpoints = vec![
        endpoint("PUT", Some("update_affiliate"), update),
        endpoint("GET", Some("get_affiliate"), json!({"email": path})),
        endpoint("DELETE", None, json!({"email": path})),
    ];
    let catalog = Catalog::new(Declarations {
        endpoints,
        ..Declarations::default()
    });
    ToolSet::of(&Document::new(&catalog).value)
}

fn request(tool: &str, arguments: Value) -> Result<ApiRequest, String> {
    let arguments: JsonObject = serde_json::from_value(arguments).expect("an object");
    tools().find(tool).expect("the tool").request(arguments)
}

#[test]
fn endpoints_that_name_a_tool_are_tools() {
    let listed = tools().list();
    let names: Vec<&str> = listed.iter().map(|tool| &*tool.name).collect();
    assert_eq!(names, ["update_affiliate", "get_affiliate"]);
    let update = Value::Object((*listed[0].input_schema).clone());
    let expected = json!({
        "type": "object",
        "properties": {
            "email": {"type": "string", "format": "email", "description": "Who"},
            "notify": {"type": "boolean"},
            "new_email": {"type": "string"},
            "slug": {"anyOf": [{"type": "string"}, {"type": "null"}]},
            "base_value": {"type": "number"},
        },
        "required": ["email"],
        "additionalProperties": false,
    });
    assert_eq!(update, expected);
    assert_eq!(listed[1].description.as_deref(), Some("GET one."));
    let read_only = |index: usize| listed[index].annotations.as_ref()?.read_only_hint;
    assert_eq!((read_only(0), read_only(1)), (Some(false), Some(true)));
}

#[test]
fn arguments_go_where_the_api_takes_them() {
    let arguments = json!({"email": "a+b/c@d.de", "notify": true, "new_email": "n@d.de", "slug": null, "base_value": 49.9});
    let expected = ApiRequest {
        method: "PUT".into(),
        target: "/api/v1/affiliates/a%2Bb%2Fc%40d.de?notify=true".into(),
        body: Some(r#"{"email":"n@d.de","slug":null,"base_value":49.9}"#.into()),
    };
    assert_eq!(request("update_affiliate", arguments), Ok(expected));
}

#[test]
fn null_leaves_an_argument_out_that_cannot_be_null() {
    let arguments = json!({"email": "a@d.de", "notify": null, "new_email": null});
    let sent = request("update_affiliate", arguments).expect("a request");
    assert_eq!(sent.body.as_deref(), Some("{}"));
    assert_eq!(sent.target, "/api/v1/affiliates/a%40d.de");
}

#[test]
fn what_would_lead_elsewhere_or_get_lost_is_refused() {
    for (email, message) in [
        (json!(""), "email is required"),
        (json!(null), "email is required"),
        (json!(".."), "email must not be \"..\""),
        (json!(["a@b.de"]), "email must be a string"),
        (json!(1), "email must be a string"),
    ] {
        let refused = request("get_affiliate", json!({"email": email}));
        assert_eq!(refused, Err(message.to_owned()));
    }
    assert_eq!(
        request("get_affiliate", json!({"email": "a@b.de", "mail": 1})),
        Err("There is no argument mail; this tool has email".to_owned())
    );
}

#[test]
fn answers_are_shown_as_they_are_and_errors_by_their_message() {
    let shown = |status, body: &str| {
        let result = present(Answer {
            status,
            body: body.into(),
        });
        let text = result.content[0].as_text().map(|text| text.text.clone());
        (result.is_error, text.unwrap_or_default())
    };
    let body = r#"{"success":true,"data":{"value":49.90}}"#;
    assert_eq!(shown(201, body), (Some(false), body.to_owned()));
    assert_eq!(shown(204, ""), (Some(false), DONE.to_owned()));
    let not_found = r#"{"success":false,"error":"Affiliate not found"}"#;
    assert_eq!(
        shown(404, not_found),
        (Some(true), "Affiliate not found".to_owned())
    );
    assert_eq!(
        shown(502, "<html>"),
        (Some(true), "The API answered with status 502".to_owned())
    );
}
