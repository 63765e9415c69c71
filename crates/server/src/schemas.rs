//! Reshaping of JSON schemas for the API document.

use std::collections::{BTreeMap, BTreeSet};

use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::Value;

/// Where named schemas stand.
pub(crate) const SCHEMAS: &str = "/components/schemas";

/// The object with this member.
pub(crate) fn with(mut object: Value, name: &str, value: Value) -> Value {
    if let Some(members) = object.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
    object
}

/// What the document says about the size of a query field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bound {
    name: String,
    longest: Option<u64>,
    least: Option<i64>,
    most: Option<i64>,
}

/// The bounds of a query struct's fields, so that what the document states is also held.
pub(crate) fn bounds(query: fn(&mut SchemaGenerator) -> Schema) -> Vec<Bound> {
    let mut settings = SchemaSettings::draft2020_12();
    settings.inline_subschemas = true;
    let schema = query(&mut settings.for_deserialize().into_generator()).to_value();
    let bound = |(name, field): (&String, &Value)| Bound {
        name: name.clone(),
        longest: field.get("maxLength").and_then(Value::as_u64),
        least: field.get("minimum").and_then(Value::as_i64),
        most: field.get("maximum").and_then(Value::as_i64),
    };
    schema.get("properties").and_then(Value::as_object).into_iter().flatten().map(bound).collect()
}

impl Bound {
    /// What the field takes, if `value` given for `name` is out of it.
    pub(crate) fn broken_by(&self, name: &str, value: &str) -> Option<String> {
        if name != self.name {
            return None;
        }
        if let Some(longest) = self.longest
            && value.chars().count() as u64 > longest
        {
            return Some(format!("at most {longest} characters"));
        }
        let (least, most) = (self.least?, self.most?);
        let number: i64 = value.parse().ok()?;
        (number < least || number > most).then(|| format!("{least} to {most}"))
    }
}

/// With its keys in order, so that the checked-in document is the same whoever builds it.
pub(crate) fn sorted(value: Value) -> Value {
    match value {
        Value::Object(object) => {
            let ordered: BTreeMap<String, Value> =
                object.into_iter().map(|(name, inner)| (name, sorted(inner))).collect();
            Value::Object(ordered.into_iter().collect())
        }
        Value::Array(list) => Value::Array(list.into_iter().map(sorted).collect()),
        other => other,
    }
}

/// Points references at the schemas of what is sent, which carry a name of their own.
pub(crate) fn mark(mut value: Value) -> Value {
    match &mut value {
        Value::Object(object) => {
            for (name, inner) in object.iter_mut() {
                *inner = match inner.take() {
                    Value::String(path) if name == "$ref" && !path.ends_with("Input") => {
                        Value::String(format!("{path}Input"))
                    }
                    other => mark(other),
                };
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|inner| *inner = mark(inner.take())),
        _ => {}
    }
    value
}

/// A parameter that isn't there isn't null either.
pub(crate) fn not_null(mut schema: Value) -> Value {
    if let Some(kinds) = schema.get_mut("type").and_then(Value::as_array_mut) {
        kinds.retain(|kind| kind != "null");
        if let [kind] = kinds.as_slice() {
            let kind = kind.clone();
            schema = with(schema, "type", kind);
        }
    }
    if let Some(choices) = schema.get_mut("anyOf").and_then(Value::as_array_mut) {
        choices.retain(|choice| choice.get("type").is_none_or(|kind| kind != "null"));
        if let [choice] = choices.as_slice() {
            return choice.clone();
        }
    }
    if let Some(values) = schema.get_mut("enum").and_then(Value::as_array_mut) {
        values.retain(|value| !value.is_null());
    }
    schema
}

/// Drops schemas that nothing refers to, such as those of query structs, until none is left.
pub(crate) fn keep_used(document: &mut Value) {
    loop {
        let mut used = BTreeSet::new();
        references(document, &mut used);
        let Some(schemas) = document.pointer_mut(SCHEMAS).and_then(Value::as_object_mut) else { return };
        let before = schemas.len();
        schemas.retain(|name, _| used.contains(name));
        if schemas.len() == before {
            return;
        }
    }
}

fn references(value: &Value, used: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            for (name, inner) in object {
                match inner {
                    Value::String(path) if name == "$ref" => {
                        used.extend(path.rsplit('/').next().map(str::to_owned));
                    }
                    inner => references(inner, used),
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|inner| references(inner, used)),
        _ => {}
    }
}
