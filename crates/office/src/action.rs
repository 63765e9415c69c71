//! What an action is, and the register of all actions.
//!
//! An action is registered once, in [`crate::actions`]. From that registration come the HTTP route and its `OpenAPI`
//! entry, the access-policy schema, the permission table and the name in the journal.

use jingui_store::{StoreError, Subject};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::refusal::Refusal;
use crate::work::Work;

/// One verb of the office. The type itself is the input.
pub trait Action: DeserializeOwned + JsonSchema + Send + 'static {
    /// Name in the journal, the policies and the API, such as `loan.apply`.
    const NAME: &'static str;
    /// Short name for people: Chinese, English.
    const TITLE: (&'static str, &'static str);
    /// Clauses of the regulation that the action carries out.
    const CLAUSES: &'static [&'static str];
    /// What the asker gets back.
    type Outcome: Serialize + JsonSchema + Send + 'static;

    /// What the action is about: the record and the facts that the access policy decides by.
    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop>;

    /// Does it, or refuses. What was put before a refusal is undone.
    fn perform(self, work: &mut Work<'_, '_>) -> Result<Self::Outcome, Stop>;
}

/// The record an action is about, and what the access policy may know of it.
#[derive(Debug, Clone, Default)]
pub struct About {
    /// The record, for the journal.
    pub subject: Option<Subject>,
    /// Its current version, to compare with `If-Match`.
    pub version: Option<u64>,
    /// Facts for the access policy.
    pub thing: jingui_access::Thing,
}

impl About {
    /// An action about nothing that exists yet, or about the office as a whole.
    pub fn office() -> Self {
        Self::default()
    }

    /// An action about a record.
    pub fn record(kind: &str, key: &str, version: u64) -> Self {
        Self {
            subject: Some(Subject { kind: kind.to_owned(), key: key.to_owned() }),
            version: Some(version),
            thing: jingui_access::Thing::default(),
        }
    }

    /// The same with these facts.
    #[must_use]
    pub fn with(mut self, thing: jingui_access::Thing) -> Self {
        self.thing = thing;
        self
    }
}

/// Why an action stops: refused, or the store failed.
#[derive(Debug)]
pub enum Stop {
    /// Refused by a rule; journaled.
    Refused(Box<Refusal>),
    /// The store failed; nothing happened.
    Failed(StoreError),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

/// Input that doesn't have the form the action takes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {message}")]
pub struct InputError {
    /// Path of the field that doesn't fit, such as `scope.people[0]`; `.` for the input as a whole.
    pub path: String,
    /// What was expected there.
    pub message: String,
}

impl From<serde_path_to_error::Error<serde_json::Error>> for InputError {
    fn from(error: serde_path_to_error::Error<serde_json::Error>) -> Self {
        Self { path: error.path().to_string(), message: error.inner().to_string() }
    }
}

type Prepare = fn(&serde_json::value::RawValue) -> Result<Box<dyn Prepared>, InputError>;

/// An action whose input has been read, ready to run.
pub(crate) trait Prepared: Send {
    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop>;
    fn perform(self: Box<Self>, work: &mut Work<'_, '_>) -> Result<serde_json::Value, Stop>;
}

impl<A: Action> Prepared for A {
    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        Action::about(self, work)
    }

    fn perform(self: Box<Self>, work: &mut Work<'_, '_>) -> Result<serde_json::Value, Stop> {
        let outcome = Action::perform(*self, work)?;
        serde_json::to_value(outcome).map_err(|error| Stop::Failed(error.into()))
    }
}

/// One registered action.
#[derive(Clone, Copy)]
pub struct Registration {
    /// Name in the journal, the policies and the API.
    pub name: &'static str,
    /// Short name: Chinese, English.
    pub title: (&'static str, &'static str),
    /// Clauses carried out.
    pub clauses: &'static [&'static str],
    /// JSON schema of the input.
    pub input: fn(&mut SchemaGenerator) -> Schema,
    /// JSON schema of the outcome.
    pub outcome: fn(&mut SchemaGenerator) -> Schema,
    pub(crate) prepare: Prepare,
}

impl Registration {
    /// The registration of `A`.
    pub(crate) const fn of<A: Action>() -> Self {
        Self {
            name: A::NAME,
            title: A::TITLE,
            clauses: A::CLAUSES,
            input: SchemaGenerator::subschema_for::<A>,
            outcome: SchemaGenerator::subschema_for::<A::Outcome>,
            prepare: |input| {
                let mut reader = serde_json::Deserializer::from_str(input.get());
                Ok(Box::new(serde_path_to_error::deserialize::<_, A>(&mut reader)?))
            },
        }
    }
}
