//! The document of the API (`OpenAPI` 3.1), made from the registered actions and the tables of routes; nothing in it is
//! written twice.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use axum::http::header;
use axum::response::IntoResponse;
use jingui_office::Registration;
use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::actions::INTERNAL;
use crate::as_of;
use crate::problem::Told;
use crate::routes::{self, Answered, Route, Sent};
use crate::schemas::{SCHEMAS, keep_used, mark, not_null, sorted, with};
use crate::view::XLSX;
use crate::views;

/// Problems that every route may answer, then those of routes behind a session, those with a body, those of actions.
const ANY: &[u16] = &[400, 404, 405, 421, 500, 503];
const SIGNED: &[u16] = &[401];
const BODY: &[u16] = &[403, 408, 413, 415, 422];
pub(crate) const ACTION: &[u16] = &[409, 412, 429];

/// The API document.
pub fn document() -> Value {
    let mut book = Book::new();
    for route in routes::all() {
        book.route(&route);
    }
    for view in views::all() {
        let answer = view.answer.map_or(Answered::Any(XLSX), Answered::Json);
        let mut parameters = book.query(view.query);
        parameters.extend(in_path(view.path));
        if view.past {
            parameters.push(json!({
                "name": as_of::FIELD, "in": "query", "required": false, "schema": { "type": "string", "maxLength": 40 },
                "description": "以往某日（当日终）或某一时刻的台账。The register as it stood at the end of a past day, or at a moment.",
            }));
        }
        let operation = Operation {
            name: view.path,
            title: view.title,
            parameters,
            body: None,
            status: 200,
            content: book.content(&answer),
            problems: &[ANY, SIGNED, &[422]].concat(),
        }
        .value();
        book.put(view.path, "get", operation);
    }
    for action in jingui_office::actions().iter().filter(|action| !INTERNAL.contains(&action.name)) {
        book.action(action);
    }
    book.finish()
}

/// Two generators, for what is sent and what is answered: a field with a default may be left out of the one and is
/// always there in the other.
struct Book {
    sent: SchemaGenerator,
    answered: SchemaGenerator,
    paths: Map<String, Value>,
}

fn settings() -> SchemaSettings {
    let mut settings = SchemaSettings::draft2020_12();
    settings.definitions_path = SCHEMAS.into();
    settings.meta_schema = None;
    settings
}

impl Book {
    fn new() -> Self {
        Self {
            sent: settings().for_deserialize().into_generator(),
            answered: settings().for_serialize().into_generator(),
            paths: Map::new(),
        }
    }

    fn put(&mut self, path: &str, method: &str, operation: Value) {
        let path = self.paths.entry(path).or_insert_with(|| json!({}));
        if let Some(path) = path.as_object_mut() {
            path.insert(method.to_owned(), operation);
        }
    }

    fn route(&mut self, route: &Route) {
        let body = match route.sent {
            Sent::Nothing if route.method == "get" => None,
            Sent::Nothing => {
                let empty = json!({ "type": "object", "additionalProperties": false });
                Some(with(body_of("application/json", empty), "required", json!(false)))
            }
            Sent::Json(schema) => Some(body_of("application/json", mark(schema(&mut self.sent).to_value()))),
            Sent::Form(schema) => {
                Some(body_of("multipart/form-data", mark(schema(&mut self.sent).to_value())))
            }
            Sent::File | Sent::Bytes => Some(body_of("application/octet-stream", json!({}))),
        };
        let mut problems = ANY.to_vec();
        problems.extend(route.problems);
        if route.signed {
            problems.extend(SIGNED);
        }
        if route.method != "get" {
            problems.extend(BODY);
        }
        let mut parameters = route.query.map(|query| self.query(query)).unwrap_or_default();
        parameters.extend(in_path(route.path));
        if matches!(route.sent, Sent::File) {
            parameters.push(json!({
                "name": "x-file-name", "in": "header", "required": true, "schema": { "type": "string", "pattern": "^[!-~]{1,600}$" },
                "description": "文件名，百分号编码。The file's name, percent-encoded.",
            }));
        }
        let (status, answer) = &route.answer;
        let mut operation = Operation {
            name: &format!("{}{}", route.method, route.path),
            title: route.title,
            parameters,
            body,
            status: *status,
            content: self.content(answer),
            problems: &problems,
        }
        .value();
        if !route.signed {
            operation = with(operation, "security", json!([]));
        }
        self.put(route.path, route.method, operation);
    }

    fn action(&mut self, action: &Registration) {
        let path = format!("/api/actions/{}", action.name);
        let body = body_of("application/json", mark((action.input)(&mut self.sent).to_value()));
        let outcome = (action.outcome)(&mut self.answered).to_value();
        let parameters = vec![json!({
            "name": "If-Match", "in": "header", "required": false, "schema": { "type": "string", "pattern": "^\"[0-9]{1,18}\"$" },
            "description": "看到的版本号，带引号。The version that was seen, in quotes.",
        })];
        let operation = Operation {
            name: action.name,
            title: action.title,
            parameters,
            body: Some(body),
            status: 200,
            content: Some(json_of(json!({
                "type": "object",
                "required": ["entry", "outcome"],
                "properties": { "entry": { "type": "integer", "minimum": 1 }, "outcome": outcome },
            }))),
            problems: &[ANY, SIGNED, BODY, ACTION].concat(),
        }
        .value();
        let operation = with(operation, "tags", json!(["actions"]));
        let operation = with(operation, "x-clauses", json!(action.clauses));
        self.put(&path, "post", operation);
    }

    /// The fields of a query struct as parameters.
    fn query(&mut self, query: fn(&mut SchemaGenerator) -> Schema) -> Vec<Value> {
        let schema = query(&mut self.sent).to_value();
        // The struct itself needs no name of its own in the document, but the types of its fields do.
        let name = schema
            .get("$ref")
            .and_then(Value::as_str)
            .and_then(|path| path.rsplit('/').next())
            .map(str::to_owned);
        let schema = match name {
            Some(name) => self.sent.definitions().get(&name).cloned().unwrap_or_default(),
            None => schema,
        };
        let required: BTreeSet<&str> = schema
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let fields = schema.get("properties").and_then(Value::as_object);
        let fields: BTreeMap<_, _> = fields.into_iter().flatten().collect();
        fields
            .into_iter()
            .map(|(name, field)| {
                let description = field.get("description").cloned().unwrap_or_default();
                let mut parameter = json!({
                    "name": name, "in": "query", "required": required.contains(name.as_str()), "schema": mark(not_null(field.clone())),
                });
                if !description.is_null() {
                    parameter = with(parameter, "description", description);
                }
                parameter
            })
            .collect()
    }

    fn content(&mut self, answer: &Answered) -> Option<Value> {
        match answer {
            Answered::Nothing => None,
            Answered::Json(schema) => Some(json_of(schema(&mut self.answered).to_value())),
            Answered::Any(media) => Some(json!({ *media: { "schema": {} } })),
        }
    }

    fn finish(mut self) -> Value {
        let problem = self.answered.subschema_for::<Told>().to_value();
        let mut schemas = self.answered.take_definitions(true);
        for (name, schema) in self.sent.take_definitions(true) {
            schemas.insert(format!("{name}Input"), mark(schema));
        }
        let mut document = json!({
            "openapi": "3.1.0",
            "info": {
                "title": "金匮 · Jingui",
                "version": env!("CARGO_PKG_VERSION"),
                "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
                "description": "保密文件登记与流转的接口。更改类请求须带 `Content-Type: application/json`，并带 `Sec-Fetch-Site: same-origin`（或 `none`），或与访问地址一致的 `Origin`。\n\n\
                    The interface of the secrecy office's registers. Requests that change anything carry `Content-Type: application/json` and either `Sec-Fetch-Site: same-origin` (or `none`) or an `Origin` equal to the address served.",
            },
            "servers": [{ "url": "/" }],
            "security": [{ "session": [] }],
            "paths": self.paths,
            "components": {
                "schemas": schemas,
                "securitySchemes": { "session": { "type": "apiKey", "in": "cookie", "name": "jingui", "description": "TLS: `__Host-jingui`" } },
                "responses": { "Problem": {
                    "description": "未办理 · Not done",
                    "content": { "application/problem+json": { "schema": problem } },
                } },
            },
        });
        keep_used(&mut document);
        sorted(document)
    }
}

/// One operation of the document.
struct Operation<'a> {
    name: &'a str,
    title: (&'a str, &'a str),
    parameters: Vec<Value>,
    body: Option<Value>,
    status: u16,
    content: Option<Value>,
    problems: &'a [u16],
}

impl Operation<'_> {
    fn value(self) -> Value {
        let mut done = json!({ "description": "成功 · Done" });
        if let Some(content) = self.content {
            done = with(done, "content", content);
        }
        let mut responses = Map::new();
        responses.insert(self.status.to_string(), done);
        for status in self.problems {
            responses.insert(status.to_string(), json!({ "$ref": "#/components/responses/Problem" }));
        }
        let mut operation = json!({
            "operationId": operation_id(self.name),
            "summary": format!("{} · {}", self.title.0, self.title.1),
            "responses": responses,
        });
        if !self.parameters.is_empty() {
            operation = with(operation, "parameters", Value::Array(self.parameters));
        }
        if let Some(body) = self.body {
            operation = with(operation, "requestBody", body);
        }
        operation
    }
}

fn json_of(schema: Value) -> Value {
    json!({ "application/json": { "schema": schema } })
}

fn body_of(media: &str, schema: Value) -> Value {
    json!({ "required": true, "content": { media: { "schema": schema } } })
}

/// The parameters in braces.
fn in_path(path: &str) -> Vec<Value> {
    path.split('/')
        .filter_map(|part| part.strip_prefix('{')?.split('}').next())
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string", "minLength": 1 } }))
        .collect()
}

/// `post/api/sign-in` becomes `postSignIn`, `loan.hand_over` becomes `loanHandOver`.
fn operation_id(name: &str) -> String {
    let mut out = String::new();
    for part in
        name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty() && *part != "api")
    {
        let (first, rest) = part.split_at(1);
        if out.is_empty() {
            out.push_str(first);
        } else {
            out.push_str(&first.to_ascii_uppercase());
        }
        out.push_str(rest);
    }
    out
}

/// `GET /api/openapi.json`.
pub(crate) async fn serve() -> impl IntoResponse {
    static TEXT: OnceLock<String> = OnceLock::new();
    let text = TEXT.get_or_init(|| document().to_string());
    ([(header::CONTENT_TYPE, "application/json")], text.as_str())
}
