//! The API document as checked in is the one that the code makes.

use std::collections::BTreeSet;

use serde_json::Value;

const CHECKED_IN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");

#[test]
fn the_checked_in_document_is_current() {
    let made = format!("{}\n", serde_json::to_string_pretty(&jingui_server::document()).unwrap());
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(CHECKED_IN, &made).unwrap();
    }
    let found = std::fs::read_to_string(CHECKED_IN).unwrap_or_default();
    assert!(
        found == made,
        "docs/openapi.json isn't what the code makes; run `UPDATE=1 cargo test -p jingui-server openapi` and look at the difference"
    );
}

#[test]
fn every_reference_has_its_schema_and_every_operation_its_own_id() {
    let document = jingui_server::document();
    let mut references = BTreeSet::new();
    collect(&document, &mut references);
    assert!(references.len() > 20);
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
    let mut ids = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap();
            assert!(ids.insert(id.to_owned()), "{method} {path}: {id} is taken");
            assert!(operation["summary"].as_str().unwrap().contains(" · "), "{path}");
        }
    }
}

fn collect(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            for (name, inner) in object {
                if let (true, Some(path)) = (name == "$ref", inner.as_str()) {
                    into.insert(path.to_owned());
                }
                collect(inner, into);
            }
        }
        Value::Array(list) => list.iter().for_each(|inner| collect(inner, into)),
        _ => {}
    }
}

#[test]
fn every_documented_route_exists_and_wants_a_session() {
    let house = crate::harness::House::new();
    let client = house.client();
    let document = jingui_server::document();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let media = operation.pointer("/requestBody/content").and_then(Value::as_object);
            let media = media.map_or("application/json", |content| content.keys().next().unwrap().as_str());
            let address = path.replace(['{', '}'], "");
            let answer = client.with("content-type", media).send(&method.to_uppercase(), &address, b"{}");
            let open = operation["security"] == serde_json::json!([]);
            let expected =
                if open { answer.status != 404 && answer.status != 405 } else { answer.status == 401 };
            assert!(expected, "{method} {path}: {answer:?}");
        }
    }
}
