//! Clauses of the regulation, in the product's own words.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A clause: its id and the duty it names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Clause {
    /// Id, such as `3.1.3.3`.
    pub id: String,
    /// Wording, Chinese.
    pub zh: String,
    /// Wording, English.
    pub en: String,
}

/// All clauses.
#[derive(Debug, Clone, Default)]
pub struct Clauses(pub(crate) BTreeMap<String, Clause>);

impl Clauses {
    /// The clause of that id.
    pub fn get(&self, id: &str) -> Option<&Clause> {
        self.0.get(id)
    }

    /// All clauses by id.
    pub fn iter(&self) -> impl Iterator<Item = &Clause> {
        self.0.values()
    }
}
