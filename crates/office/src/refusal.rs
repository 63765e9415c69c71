//! Refusals: results, not failures. A refusal carries a code, the clauses it rests on, the facts, and who can cure
//! it; its wording stands in `regulation/refusals.toml` and is chosen at the edge.

use std::collections::BTreeMap;

use jingui_regulation::Role;
use serde::Serialize;
use serde_json::{Map, Value};

/// An action that isn't carried out, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Stable code, such as `loan.too_long`.
    pub code: &'static str,
    /// Clauses it rests on.
    pub clauses: Vec<String>,
    /// What was found and what is allowed.
    pub facts: Map<String, Value>,
    /// Roles that can cure it.
    pub cure: Vec<Role>,
    /// What the asker sees of it.
    pub status: Status,
}

/// How a refusal looks from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// The state of things or a rule doesn't allow it.
    Rule,
    /// The asker isn't entitled.
    Access,
    /// There is nothing there, or nothing the asker may know of: both look the same.
    Absent,
    /// The record has changed since the asker saw it.
    Stale,
    /// A field holds what it can't.
    Field,
}

impl Refusal {
    /// Refused by a rule.
    pub fn new(code: &'static str, clauses: &[&str]) -> Self {
        Self {
            code,
            clauses: clauses.iter().map(|&clause| clause.to_owned()).collect(),
            facts: Map::new(),
            cure: Vec::new(),
            status: Status::Rule,
        }
    }

    /// There is nothing of that name that the asker may know of.
    pub fn absent() -> Self {
        Self { status: Status::Absent, ..Self::new("absent", &[]) }
    }

    /// A field holds what it can't; `expected` is a code of the texts, not a sentence.
    pub fn field(field: &str, expected: &'static str) -> Self {
        Self { status: Status::Field, ..Self::new(expected, &[]) }.fact("field", field)
    }

    /// Adds a fact.
    #[must_use]
    pub fn fact(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.facts.insert(name.to_owned(), value.into());
        self
    }

    /// Names who can cure it.
    #[must_use]
    pub fn cured_by(mut self, role: Role) -> Self {
        self.cure.push(role);
        self
    }
}

/// The wording of refusals.
#[derive(Debug, Clone)]
pub struct Texts(BTreeMap<String, Text>);

/// Wording of one refusal; `{name}` stands for a fact.
#[derive(Debug, Clone, Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// What was refused and why, Chinese.
    pub zh: String,
    /// The same in English.
    pub en: String,
    /// How to cure it, Chinese.
    pub cure_zh: String,
    /// The same in English.
    pub cure_en: String,
}

impl Texts {
    /// The wording that ships with the product.
    pub fn embedded() -> Result<Self, toml::de::Error> {
        toml::from_str(include_str!("../../../regulation/refusals.toml")).map(Self)
    }

    /// The wording for a code.
    pub fn get(&self, code: &str) -> Option<&Text> {
        self.0.get(code)
    }

    /// All codes with a wording.
    pub fn codes(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// Puts facts in the place of `{name}`.
pub fn fill(template: &str, facts: &Map<String, Value>) -> String {
    let mut text = template.to_owned();
    for (name, value) in facts {
        let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        text = text.replace(&format!("{{{name}}}"), &shown);
    }
    text
}
