//! Persons: who they are, what they may know, and the two conditions for it (clauses 3.5.1, 3.5.3).
//!
//! What befalls a person over time (reviews, checks, commitments) has files of its own; here is only where it stands now.

use std::collections::BTreeSet;

use jingui_access::Asker;
use jingui_regulation::{Date, Level, PersonClass, Role};
use jingui_store::{Column, Id, Kind, Record, Stored};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Department;
use super::commitment::Commitment;
use super::review::Review;
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
    /// The post held, if any.
    pub post: Option<Id>,
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
    /// Day on which the next periodic secrecy check falls due (clause 3.5.3); none before the first review.
    pub check_due: Option<Date>,
    /// In office, leaving or left.
    pub standing: Standing,
}

/// Whether a person belongs to the office.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Standing {
    /// Belongs to the office.
    Active,
    /// Belongs to the office, and hands over what is held; nothing new is given.
    Leaving {
        /// Planned last day.
        last_day: Date,
    },
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
            Column::new("post", "$.post"),
            Column::new("clearance", "$.clearance"),
            Column::new("state", "$.standing.state"),
        ],
        indexes: &["unique:staff_number", "name", "department", "post"],
        side: None,
    };

    fn key(&self) -> &str {
        self.id.as_str()
    }
}

impl Person {
    /// An action about this person: the owner is the person, so that nobody acts where it must be somebody else.
    pub fn about(work: &Work<'_, '_>, id: &Id) -> Result<About, Stop> {
        let person = work.need::<Self>(id)?;
        let mut about = About::record("person", id.as_str(), person.version);
        about.thing.owner = id.to_string();
        about.thing.department = person.department.as_ref().map(ToString::to_string).unwrap_or_default();
        Ok(about)
    }

    /// Whether the person belongs to the office.
    pub fn is_active(&self) -> bool {
        !matches!(self.standing, Standing::Left { .. })
    }

    /// Whether the signed commitment counts on that day.
    pub fn is_committed(&self, on: Date) -> bool {
        self.commitment.as_ref().is_some_and(|commitment| commitment.counts(on))
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
            Some(review) if self.is_committed(on) && self.is_reviewed(on) => {
                self.clearance.min(review.supports.number())
            }
            _ => self.clearance.min(1),
        }
    }

    /// Somebody who belongs to the office and isn't about to leave it: only those are given anything (clause 3.5.4).
    pub fn stays(work: &Work<'_, '_>, id: &Id) -> Result<Stored<Self>, Stop> {
        let person = work.need::<Self>(id)?;
        match person.standing {
            Standing::Active => Ok(person),
            Standing::Leaving { .. } => Err(Refusal::new("person.leaving", &["3.5.4"])
                .fact("person", person.name.as_str())
                .cured_by(Role::SecurityAdministrator)
                .into()),
            Standing::Left { .. } => {
                Err(Refusal::new("person.left", &["3.5.4"]).fact("person", person.name.as_str()).into())
            }
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
            committed: self.is_committed(on),
            reviewed: self.is_reviewed(on)
                && self.review.as_ref().is_some_and(|review| review.supports.number() >= self.clearance),
            department: self.department.as_ref().map(ToString::to_string).unwrap_or_default(),
        }
    }

    /// A person who stays and may know things of that level today, or the refusal that says what is missing.
    pub fn fit_for(work: &Work<'_, '_>, id: &Id, level: Level) -> Result<Stored<Self>, Stop> {
        let person = Self::stays(work, id)?;
        let today = work.today();
        let unfit = |code, clause| {
            Refusal::new(code, &[clause])
                .fact("person", person.name.as_str())
                .fact("level", level.number())
                .cured_by(Role::SecurityAdministrator)
        };
        if person.clearance < level.number() {
            return Err(unfit("person.clearance_too_low", "3.5.3").into());
        }
        if level >= Level::Confidential && !person.is_committed(today) {
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
            post: None,
            roles: BTreeSet::new(),
            class: None,
            clearance: 0,
            commitment: None,
            review: None,
            check_due: None,
            standing: Standing::Active,
        };
        work.put(&person)?;
        Ok(person)
    }
}
