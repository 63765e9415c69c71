//! Persons: who they are, what they may know, and the two conditions for it (clauses 3.5.1, 3.5.3).

use std::collections::BTreeSet;

use jingui_access::Asker;
use jingui_regulation::{Date, Level, Param, PersonClass, Role};
use jingui_store::{Column, Id, Kind, Record, Stored};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Department;
use crate::action::{About, Action, Stop};
use crate::field::Line;
use crate::refusal::Refusal;
use crate::work::Work;

/// Everybody who touches an item is here (clause 1.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Person {
    /// Id.
    pub id: Id,
    /// Staff number, unique; also what the person card's bar code holds.
    pub staff_number: String,
    /// Name.
    pub name: String,
    /// Department.
    pub department: Option<Id>,
    /// Roles of the regulation.
    pub roles: BTreeSet<Role>,
    /// Class of person, for those who handle secrets.
    pub class: Option<PersonClass>,
    /// Highest level granted: 0 (none) to 4. What counts today is [`Person::clearance_on`].
    #[schemars(range(min = 0, max = 4))]
    pub clearance: u8,
    /// The signed commitment.
    pub commitment: Option<Commitment>,
    /// The last background review.
    pub review: Option<Review>,
    /// Active or left.
    pub standing: Standing,
}

/// A signed secrecy commitment (clause 3.5.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Commitment {
    /// Version of the text that was signed.
    pub version: u32,
    /// Day of signing.
    pub signed_on: Date,
}

/// A background review (clause 3.5.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Review {
    /// Day of the review.
    pub on: Date,
    /// Highest level it supports.
    pub supports: Level,
    /// First day on which it no longer counts.
    pub due: Date,
}

/// Whether a person belongs to the office.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Standing {
    /// Belongs to the office.
    Active,
    /// Has left.
    Left {
        /// Last day.
        on: Date,
    },
}

impl Record for Person {
    const KIND: Kind = Kind {
        name: "person",
        columns: &[
            Column::new("staff_number", "$.staff_number"),
            Column::new("name", "$.name"),
            Column::new("department", "$.department"),
            Column::new("clearance", "$.clearance"),
            Column::new("state", "$.standing.state"),
        ],
        indexes: &["unique:staff_number", "name", "department"],
        side: None,
    };

    fn key(&self) -> &str {
        self.id.as_str()
    }
}

impl Person {
    /// Whether the person belongs to the office.
    pub fn is_active(&self) -> bool {
        self.standing == Standing::Active
    }

    /// Whether a commitment is signed.
    pub fn is_committed(&self) -> bool {
        self.commitment.is_some()
    }

    /// Whether the review counts on that day.
    pub fn is_reviewed(&self, on: Date) -> bool {
        self.review.as_ref().is_some_and(|review| on < review.due)
    }

    /// The level that counts on that day: without commitment or with an expired review nothing above level 1, and
    /// never more than the review supports.
    pub fn clearance_on(&self, on: Date) -> u8 {
        if !self.is_active() {
            return 0;
        }
        match &self.review {
            Some(review) if self.is_committed() && self.is_reviewed(on) => {
                self.clearance.min(review.supports.number())
            }
            _ => self.clearance.min(1),
        }
    }

    /// The facts the access policy decides by.
    pub fn asker(&self, on: Date) -> Asker {
        Asker {
            id: self.id.as_str().to_owned(),
            // Who has left holds no role, whatever the record still says.
            roles: if self.is_active() { self.roles.iter().copied().collect() } else { Vec::new() },
            mechanism: None,
            clearance: if self.is_active() { self.clearance } else { 0 },
            committed: self.is_committed(),
            reviewed: self.is_reviewed(on)
                && self.review.as_ref().is_some_and(|review| review.supports.number() >= self.clearance),
            department: self.department.as_ref().map(ToString::to_string).unwrap_or_default(),
        }
    }

    /// An active person who may know things of that level today, or the refusal that says what is missing.
    pub fn fit_for(work: &Work<'_, '_>, id: &Id, level: Level) -> Result<Stored<Self>, Stop> {
        let person = work.need::<Self>(id)?;
        let today = work.today();
        let unfit = |code, clause| {
            Refusal::new(code, &[clause])
                .fact("person", person.name.as_str())
                .fact("level", level.number())
                .cured_by(Role::SecurityAdministrator)
        };
        if !person.is_active() {
            return Err(unfit("person.left", "3.5.4").into());
        }
        if person.clearance < level.number() {
            return Err(unfit("person.clearance_too_low", "3.5.3").into());
        }
        if level >= Level::Confidential && !person.is_committed() {
            return Err(unfit("person.no_commitment", "3.5.1").into());
        }
        if level >= Level::Confidential && person.clearance_on(today) < level.number() {
            return Err(unfit("person.review_expired", "3.5.3").into());
        }
        Ok(person)
    }
}

/// Enters a person into the register.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddPerson {
    /// Staff number.
    pub staff_number: Line,
    /// Name.
    pub name: Line,
    /// Department.
    #[serde(default)]
    pub department: Option<Id>,
}

impl Action for AddPerson {
    const NAME: &'static str = "person.add";
    const TITLE: (&'static str, &'static str) = ("登记人员", "Enter a person");
    const CLAUSES: &'static [&'static str] = &["1.2"];
    type Outcome = Person;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        if let Some(department) = &self.department {
            work.need::<Department>(department)?;
        }
        Ok(About::office())
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Person, Stop> {
        if work.exists::<Person>(&[("staff_number", self.staff_number.as_str().into())])? {
            return Err(Refusal::new("person.number_taken", &["1.2"])
                .fact("staff_number", self.staff_number.as_str())
                .into());
        }
        let person = Person {
            id: work.new_id(),
            staff_number: self.staff_number.into(),
            name: self.name.into(),
            department: self.department,
            roles: BTreeSet::new(),
            class: None,
            clearance: 0,
            commitment: None,
            review: None,
            standing: Standing::Active,
        };
        work.put(&person)?;
        Ok(person)
    }
}

/// Records the result of a background review.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordReview {
    /// The person.
    pub person: Id,
    /// Class the person was reviewed for; the next review falls due accordingly.
    pub class: PersonClass,
    /// Day of the review; not in the future.
    pub on: Date,
    /// Highest level the result supports.
    pub supports: Level,
}

impl Action for RecordReview {
    const NAME: &'static str = "person.record_review";
    const TITLE: (&'static str, &'static str) = ("登记审查结果", "Record a background review");
    const CLAUSES: &'static [&'static str] = &["3.5.3"];
    type Outcome = Person;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        let person = work.need::<Person>(&self.person)?;
        let mut about = About::record("person", self.person.as_str(), person.version);
        about.thing.owner = self.person.to_string();
        Ok(about)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Person, Stop> {
        let mut person = work.need::<Person>(&self.person)?.record;
        if self.on > work.today() {
            return Err(Refusal::field("on", "field.not_in_the_future")
                .fact("found", self.on.to_string())
                .into());
        }
        let years = work.rules.count(match self.class {
            PersonClass::Core => Param::ReviewYearsCore,
            PersonClass::Important => Param::ReviewYearsImportant,
            PersonClass::General => Param::ReviewYearsGeneral,
        });
        person.class = Some(self.class);
        person.review = Some(Review { on: self.on, supports: self.supports, due: self.on.plus_years(years) });
        work.put(&person)?;
        Ok(person)
    }
}

/// Signs the secrecy commitment, each for oneself.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SignCommitment {
    /// Version of the text that is signed.
    #[schemars(range(min = 1))]
    pub version: u32,
}

impl Action for SignCommitment {
    const NAME: &'static str = "person.sign_commitment";
    const TITLE: (&'static str, &'static str) = ("签署保密承诺", "Sign the secrecy commitment");
    const CLAUSES: &'static [&'static str] = &["3.5.1"];
    type Outcome = Person;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        let id = work.person()?.clone();
        let person = work.need::<Person>(&id)?;
        let mut about = About::record("person", id.as_str(), person.version);
        about.thing.owner = id.to_string();
        Ok(about)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Person, Stop> {
        let id = work.person()?.clone();
        let mut person = work.need::<Person>(&id)?.record;
        if self.version == 0 {
            return Err(Refusal::field("version", "field.at_least_one").fact("found", 0).into());
        }
        person.commitment = Some(Commitment { version: self.version, signed_on: work.today() });
        work.put(&person)?;
        Ok(person)
    }
}
