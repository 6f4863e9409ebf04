//! The document itself.

use std::collections::BTreeSet;

use affiliate_tests::binary::words;
use affiliate_tests::database::Profile;
use affiliate_tests::python;
use affiliate_tests::shop::{Answer, Shop};
use serde_json::Value;

#[tokio::test]
async fn it_is_valid_openapi_3_1() {
    let shop = Shop::open(Profile::Portable).await;
    let document = shop.project.get("/openapi.json").await;
    assert_eq!(document.headers["content-type"], "application/json");
    assert!(
        document.json()["openapi"]
            .as_str()
            .is_some_and(|v| v.starts_with("3.1."))
    );
    let file = tempfile::NamedTempFile::with_suffix(".json").expect("a file");
    std::fs::write(file.path(), &document.text).expect("the document is written");
    let path = file.path().to_str().expect("a path");
    let checked = python::run("openapi-spec-validator", &["--schema", "3.1", path]).await;
    assert!(checked.status.success(), "{}", words(&checked));
    shop.close().await;
}

#[tokio::test]
async fn it_has_every_endpoint_of_the_catalog_and_what_each_answers() {
    let shop = Shop::open(Profile::Portable).await;
    let document = shop.project.get("/openapi.json").await.json();
    let rows = shop
        .database
        .connect()
        .await
        .query("SELECT e.method, e.path, e.function_name, e.success_status FROM affiliate_api.endpoints() AS e", &[])
        .await
        .expect("the catalog");
    assert!(!rows.is_empty());
    for row in rows {
        let (method, path): (String, String) = (row.get(0), row.get(1));
        let named = |part: &str| match part.strip_prefix(':') {
            Some(name) => format!("{{{name}}}"),
            None => part.to_owned(),
        };
        let path: Vec<String> = path.split('/').map(named).collect();
        let operation = &document["paths"][path.join("/")][method.to_lowercase()];
        assert_eq!(operation["operationId"], row.get::<_, String>(2));
        let status: i32 = row.get(3);
        let success = &operation["responses"][status.to_string()];
        let data = &success["content"]["application/json"]["schema"]["properties"]["data"];
        // A schema that no file declares leaves an empty one.
        let says_nothing = data.as_object().is_some_and(serde_json::Map::is_empty);
        assert!(
            !says_nothing,
            "{} answers with an unknown schema",
            row.get::<_, String>(2)
        );
        assert_eq!(status == 204, success.get("content").is_none());
    }
    shop.close().await;
}

#[tokio::test]
async fn every_reference_leads_somewhere_and_every_schema_is_used() {
    let shop = Shop::open(Profile::Portable).await;
    let document = shop.project.get("/openapi.json").await.json();
    let mut references = BTreeSet::new();
    collect(&document, &mut references);
    for reference in &references {
        let pointer = reference.strip_prefix('#').expect("a local reference");
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
    let schemas = document["components"]["schemas"]
        .as_object()
        .expect("schemas");
    for name in schemas.keys() {
        let reference = format!("#/components/schemas/{name}");
        assert!(
            references.contains(&reference),
            "nothing answers with {name}"
        );
    }
    shop.close().await;
}

fn collect(value: &Value, references: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get("$ref") {
                references.insert(reference.clone());
            }
            members
                .values()
                .for_each(|member| collect(member, references));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, references)),
        _ => {}
    }
}

#[tokio::test]
async fn it_is_sent_once_to_those_who_keep_it() {
    let shop = Shop::open(Profile::Portable).await;
    let first = shop.project.get("/openapi.json").await;
    let request = affiliate_tests::http()
        .get(format!("{}/openapi.json", shop.gateway.base_url()))
        .header("if-none-match", first.headers["etag"].clone());
    let again = Answer::of(request).await.expect("an answer");
    assert_eq!((again.status, again.text.as_str()), (304, ""));
    assert_eq!(again.headers["etag"], first.headers["etag"]);
    shop.close().await;
}
