//! What the store knows of a record: a name, a key, a JSON body, some generated columns, and what hangs beside it.

use std::ops::Deref;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A typed thing in a register. The serde form is what is stored, sealed into the journal and shown by the API.
pub trait Record: Serialize + DeserializeOwned + Clone + Send + 'static {
    /// How the store keeps records of this type.
    const KIND: Kind;

    /// The key under which the record is kept; it never changes.
    fn key(&self) -> &str;
}

/// How records of one type are kept.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// Table name and name in journal entries: lower case letters and `_`.
    pub name: &'static str,
    /// Columns generated from the body, for lists and look-ups.
    pub columns: &'static [Column],
    /// Indexes, each a comma-separated list of columns, `unique:` in front where two records may not agree.
    pub indexes: &'static [&'static str],
    /// What hangs beside the record, worked out from its body alone so that a replay gives the same.
    pub side: Option<Derive>,
}

/// Works out what hangs beside a record from its stored body.
pub type Derive = fn(&str) -> Result<Side, serde_json::Error>;

/// A column generated from the body.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Column name.
    pub name: &'static str,
    /// JSON path inside the body, such as `$.marking.level`.
    pub path: &'static str,
    /// Whether no later version may change it: it then leads to what a record was as well as to what it is.
    pub fixed: bool,
    /// Whether each new record has a greater one than all before.
    pub growing: bool,
}

impl Column {
    /// A column `name` taken from `path`.
    pub const fn new(name: &'static str, path: &'static str) -> Self {
        Self { name, path, fixed: false, growing: false }
    }

    /// One that no later version of the record may change.
    pub const fn fixed(name: &'static str, path: &'static str) -> Self {
        Self { fixed: true, ..Self::new(name, path) }
    }

    /// A whole number that no later version may change, greater with each new record.
    pub const fn growing(name: &'static str, path: &'static str) -> Self {
        Self { growing: true, ..Self::fixed(name, path) }
    }
}

/// What hangs beside a record: who is inside its need-to-know scope, the words it is found by, and who has it.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Side {
    /// Tokens of those inside the scope (persons, departments, everyone).
    pub members: Vec<Member>,
    /// Searchable text.
    pub text: Option<Text>,
    /// Who has it; each change is kept with the entry that made it.
    pub held: Option<Held>,
}

/// Who has a record, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The person.
    pub who: String,
    /// In which way.
    pub how: &'static str,
}

/// One token of a scope.
pub type Member = String;

/// Searchable text of a record, found under its register serial (which also gives newest-first order).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// Row number in the text index; unique within the kind, growing with time.
    pub serial: i64,
    /// Text as already folded and cut into index terms, separated by blanks.
    pub terms: String,
}

/// A record together with its version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored<R> {
    /// 1 for the first version, then one more with every put.
    pub version: u64,
    /// The record itself.
    pub record: R,
}

impl<R> Deref for Stored<R> {
    type Target = R;

    fn deref(&self) -> &R {
        &self.record
    }
}
