//! Every field of every action with what doesn't belong there: never a failure of ours, and nothing changes.

use serde_json::{Map, Value, json};

use crate::harness::{Client, House};

/// Values that hardly any field takes, and none may stumble over. Raw JSON texts, since some have no `Value`.
fn bad() -> Vec<String> {
    let mut values: Vec<String> = [
        "null",
        "true",
        "-1",
        "1.5",
        "1e400",
        "99999999999999999999",
        "{}",
        "[]",
        "\"\"",
        "\" \"",
        "\"\\u0000\"",
        "\"a\\u0007b\"",
        "\"\\ud800\"",
        "\"\\udc00x\"",
        "\"１２３\"",
        "\"2025.13.2\"",
        "\"2025-02-30\"",
        "\"9999999-01-01\"",
        "\"00000000000000000000000000\"",
        "\"＝cmd|' /C calc'!A0\"",
        "\"\\u202e\"",
    ]
    .map(str::to_owned)
    .to_vec();
    values.push(format!("\"{}\"", "长".repeat(350_000)));
    values.push(format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000)));
    values.push(format!("{}1{}", "{\"a\":".repeat(100_000), "}".repeat(100_000)));
    values
}

/// An input that fits the schema: required fields with something of their type.
fn fitting(schema: &Value, document: &Value) -> Value {
    if let Some(path) = schema.get("$ref").and_then(Value::as_str) {
        return fitting(document.pointer(path.trim_start_matches('#')).unwrap(), document);
    }
    if let Some(first) = schema.get("enum").and_then(Value::as_array) {
        return first[0].clone();
    }
    if let Some(constant) = schema.get("const") {
        return constant.clone();
    }
    for choice in ["oneOf", "anyOf", "allOf"] {
        if let Some(first) = schema.get(choice).and_then(Value::as_array) {
            return fitting(&first[0], document);
        }
    }
    let kind = match &schema["type"] {
        Value::Array(kinds) => kinds[0].as_str().unwrap_or("null").to_owned(),
        kind => kind.as_str().unwrap_or("null").to_owned(),
    };
    match kind.as_str() {
        "object" => {
            let mut object = Map::new();
            for (name, field) in schema["properties"].as_object().into_iter().flatten() {
                object.insert(name.clone(), fitting(field, document));
            }
            Value::Object(object)
        }
        "array" => json!([]),
        "integer" | "number" => schema.get("minimum").cloned().unwrap_or(json!(1)),
        "boolean" => json!(true),
        "string" if schema.get("format").is_some_and(|format| format == "date") => json!("2026-11-23"),
        "string" if schema.get("pattern").is_some_and(|pattern| pattern.as_str().unwrap().contains("26")) => {
            json!("0".repeat(26))
        }
        "string" => json!("文字1"),
        _ => Value::Null,
    }
}

fn told(client: &Client, path: &str, body: &[u8], what: &str) -> u16 {
    let answer = client.raw(path, body);
    let shown = &body[..body.len().min(120)];
    assert!(
        answer.status < 500,
        "{what}: {} {}",
        String::from_utf8_lossy(shown),
        String::from_utf8_lossy(&answer.body)
    );
    if answer.status >= 400 {
        let problem = answer.json();
        assert_eq!(problem["status"], answer.status, "{what}");
        assert!(answer.body.len() < 20_000, "{what}: the answer repeats too much");
        if answer.status == 422 {
            assert!(problem["field"].is_string() && problem["expected"].is_string(), "{what}: {problem}");
        }
    }
    answer.status
}

#[test]
fn no_field_of_any_action_stumbles() {
    let house = House::new();
    let document = jingui_server::document();
    // Whoever may do it gets furthest into the action.
    let clients: Vec<Client> =
        ["security", "registrar", "head"].map(|account| house.signed_in(account)).to_vec();
    let bad = bad();
    let mut tried = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        let Some(action) = path.strip_prefix("/api/actions/") else { continue };
        let schema = &item["post"]["requestBody"]["content"]["application/json"]["schema"];
        let whole = fitting(schema, &document);
        let fields: Vec<String> = whole.as_object().unwrap().keys().cloned().collect();
        for (number, field) in fields.iter().enumerate() {
            for (turn, value) in bad.iter().enumerate() {
                let mut body = whole.clone();
                body[field] = json!("\u{1}here\u{1}");
                let body = body.to_string().replace("\"\\u0001here\\u0001\"", value);
                // Deep nesting and long text cost time; one client each will do.
                let client = &clients[(number + turn) % clients.len()];
                told(client, path, body.as_bytes(), &format!("{action}.{field}"));
                tried += 1;
            }
            let mut without = whole.clone();
            without.as_object_mut().unwrap().remove(field);
            told(&clients[0], path, without.to_string().as_bytes(), &format!("{action} without {field}"));
        }
        let mut more = whole.clone();
        more["unexpected"] = json!(1);
        // Sign-in again may have been needed: an action that ends sessions could have hit one of ours.
        let status = told(&clients[1], path, more.to_string().as_bytes(), &format!("{action} with more"));
        assert!(status == 422 || status == 429, "{action} takes what it doesn't know: {status}");
    }
    assert!(tried > 1_000, "{tried}");
    let verdict = house.office.store().verify(|_, _| {}).unwrap();
    assert_eq!(verdict.finding, None);
}

#[test]
fn what_is_no_json_is_told_so() {
    let house = House::new();
    let client = house.signed_in("registrar");
    for body in [
        &b""[..],
        b"{",
        b"{\"name\":}",
        b"\xff\xfe",
        b"{\"name\":\"\xed\xa0\x80\"}",
        b"nul",
        b"{} {}",
        b"'x'",
    ] {
        let answer = client.raw("/api/actions/room.add", body);
        assert_eq!(
            (answer.status, answer.json()["code"].as_str().unwrap()),
            (400, "body.not_json"),
            "{body:?}"
        );
    }
    for body in [&b"[]"[..], b"1", b"null", b"\"x\""] {
        assert_eq!(client.raw("/api/actions/room.add", body).status, 422, "{body:?}");
    }
    let large = client.raw("/api/actions/room.add", &vec![b' '; (2 << 20) + 1]);
    assert_eq!((large.status, large.json()["code"].as_str().unwrap()), (413, "body.too_large"));
}

#[test]
fn sign_in_takes_no_nonsense() {
    let house = House::new();
    let client = house.client();
    let before = house.entries();
    for body in [
        json!({}),
        json!([]),
        json!({"account": 1, "password": "x"}),
        json!({"account": "", "password": "x"}),
        json!({"account": "x".repeat(257), "password": "x"}),
        json!({"account": "x", "password": "x".repeat(1 << 20)}),
        json!({"account": "x", "password": "x", "more": 1}),
    ] {
        let answer = client.post("/api/sign-in", &body);
        assert_eq!(answer.status, 422, "{answer:?}");
        assert!(!String::from_utf8_lossy(&answer.body).contains("xxxx"), "a password isn't shown back");
    }
    assert_eq!(house.entries(), before);
}
