//! What a person is and may know, and how it is changed: whatever gives somebody more (a role, a clearance from level
//! 2 on) is proposed by the security administrator and confirmed by the office head; whatever takes away holds at
//! once (clauses 1.3.3, 3.3.2.1, 3.5.3).

use std::collections::BTreeSet;

use jingui_regulation::{PersonClass, Role};
use jingui_store::Id;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Department, Person};
use crate::action::{About, Action, Stop};
use crate::field::Line;
use crate::proposals::{Change, Decided, Proposal, State, overtaken};
use crate::refusal::Refusal;
use crate::work::{Caller, Work};

/// The lowest clearance that only a second person's word gives.
const SECOND_FROM: u8 = 2;

/// Department, roles, class and clearance of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rights {
    /// Department.
    pub department: Option<Id>,
    /// Roles; the three administrators exclude each other and every other role.
    pub roles: BTreeSet<Role>,
    /// Class of person.
    pub class: Option<PersonClass>,
    /// Highest level: 0 to 4; from level 2 on, not above what a valid review supports.
    #[schemars(range(min = 0, max = 4))]
    pub clearance: u8,
}

impl Rights {
    /// As they stand.
    pub fn of(person: &Person) -> Self {
        Self {
            department: person.department.clone(),
            roles: person.roles.clone(),
            class: person.class,
            clearance: person.clearance,
        }
    }

    /// Whether these give what those didn't: a role, a higher clearance from level 2 on, or, to a head, another
    /// department to decide for.
    fn give_more_than(&self, before: &Self) -> bool {
        let role = self.roles.iter().any(|role| !before.roles.contains(role));
        let clearance = self.clearance > before.clearance && self.clearance >= SECOND_FROM;
        let department = self.department != before.department
            && self.department.is_some()
            && (self.roles.contains(&Role::DepartmentHead) || self.clearance >= SECOND_FROM);
        role || clearance || department
    }

    /// Refuses rights that no one may have, or that this person's review doesn't support.
    fn check(&self, work: &Work<'_, '_>, person: &Person) -> Result<(), Stop> {
        if let Some(department) = &self.department {
            work.need::<Department>(department)?;
        }
        let roles: Vec<Role> = self.roles.iter().copied().collect();
        if !Role::compatible(&roles) {
            return Err(Refusal::new("person.roles_exclude", &["3.3.2.1"])
                .fact("roles", roles.iter().map(|role| role.name()).collect::<Vec<_>>())
                .into());
        }
        if self.clearance > 4 {
            return Err(Refusal::field("clearance", "field.clearance").fact("found", self.clearance).into());
        }
        let supported = match &person.review {
            Some(review) if person.is_reviewed(work.today()) => review.supports.number(),
            _ => 1,
        };
        if self.clearance > supported {
            return Err(Refusal::new("person.clearance_unsupported", &["3.5.3"])
                .fact("person", person.name.as_str())
                .fact("asked", self.clearance)
                .fact("supported", supported)
                .cured_by(Role::SecurityAdministrator)
                .into());
        }
        Ok(())
    }

    fn give(self, work: &mut Work<'_, '_>, mut person: Person) -> Result<Person, Stop> {
        person.department = self.department;
        person.roles = self.roles;
        person.class = self.class;
        person.clearance = self.clearance;
        work.put(&person)?;
        Ok(person)
    }
}

/// Sets rights that give nobody more than before: another class, fewer roles, a lower clearance. What gives more is
/// proposed.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetRights {
    /// The person.
    pub person: Id,
    /// Department.
    pub department: Option<Id>,
    /// Roles; the three administrators exclude each other and every other role.
    pub roles: BTreeSet<Role>,
    /// Class of person.
    pub class: Option<PersonClass>,
    /// Highest level: 0 to 4; from level 2 on, not above what a valid review supports.
    #[schemars(range(min = 0, max = 4))]
    pub clearance: u8,
}

impl Action for SetRights {
    const NAME: &'static str = "person.set_rights";
    const TITLE: (&'static str, &'static str) = ("调整职责与知密等级", "Adjust roles and clearance");
    const CLAUSES: &'static [&'static str] = &["1.3.3", "3.3.2.1", "3.5.3"];
    type Outcome = Person;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        Person::about(work, &self.person)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Person, Stop> {
        let person = work.need::<Person>(&self.person)?.record;
        let rights = Rights {
            department: self.department,
            roles: self.roles,
            class: self.class,
            clearance: self.clearance,
        };
        rights.check(work, &person)?;
        // The founder appoints the administrators of an empty office; there is no second person yet.
        if *work.caller() != Caller::Founder && rights.give_more_than(&Rights::of(&person)) {
            return Err(Refusal::new("rights.needs_second", &["3.3.2.1"])
                .fact("person", person.name.as_str())
                .cured_by(Role::OfficeHead)
                .into());
        }
        rights.give(work, person)
    }
}

/// Proposes rights for a person; they hold once the office head has confirmed them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposeRights {
    /// The person.
    pub person: Id,
    /// The rights that shall stand.
    pub rights: Rights,
    /// Why.
    pub reason: Line,
}

impl Action for ProposeRights {
    const NAME: &'static str = "rights.propose";
    const TITLE: (&'static str, &'static str) = ("提议授予职责与知密等级", "Propose roles and clearance");
    const CLAUSES: &'static [&'static str] = &["1.3.3", "3.3.2.1", "3.5.3"];
    type Outcome = Proposal;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        Person::about(work, &self.person)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Proposal, Stop> {
        let person = Person::stays(work, &self.person)?.record;
        self.rights.check(work, &person)?;
        let before = Rights::of(&person);
        if before == self.rights {
            return Err(Refusal::new("proposal.nothing", &["1.3.3"]).into());
        }
        let change = Change::Rights { before, after: self.rights };
        Proposal::enter(work, self.person.to_string(), change, self.reason)
    }
}

/// Confirms proposed rights: the person has them from now on.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmRights {
    /// The proposal.
    pub proposal: Id,
}

impl Action for ConfirmRights {
    const NAME: &'static str = "rights.confirm";
    const TITLE: (&'static str, &'static str) = ("确认授予职责与知密等级", "Confirm roles and clearance");
    const CLAUSES: &'static [&'static str] = &["1.3.3", "3.3.2.1", "3.5.3"];
    type Outcome = Proposal;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        Ok(Proposal::about(&rights_proposal(work, &self.proposal)?))
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Proposal, Stop> {
        let mut proposal = Proposal::open(work, &self.proposal)?;
        let Change::Rights { before, after } = proposal.change.clone() else { return Err(overtaken()) };
        head_where_there_is_one(work, &proposal.subject)?;
        let id: Id = proposal.subject.parse().map_err(|_| overtaken())?;
        let person = Person::stays(work, &id)?.record;
        if Rights::of(&person) != before {
            return Err(overtaken());
        }
        after.check(work, &person)?;
        after.give(work, person)?;
        proposal.state = State::Done { decided: Decided::now(work)? };
        work.put(&proposal)?;
        Ok(proposal)
    }
}

/// Rejects proposed rights.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RejectRights {
    /// The proposal.
    pub proposal: Id,
    /// Why not.
    pub reason: Line,
}

impl Action for RejectRights {
    const NAME: &'static str = "rights.reject";
    const TITLE: (&'static str, &'static str) = ("不同意授予", "Reject proposed rights");
    const CLAUSES: &'static [&'static str] = &["1.3.3", "3.3.2.1"];
    type Outcome = Proposal;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        Ok(Proposal::about(&rights_proposal(work, &self.proposal)?))
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Proposal, Stop> {
        let subject = Proposal::open(work, &self.proposal)?.subject;
        head_where_there_is_one(work, &subject)?;
        Proposal::reject(work, &self.proposal, self.reason)
    }
}

/// A proposal of rights; one about something else isn't there for these actions.
fn rights_proposal(work: &Work<'_, '_>, id: &Id) -> Result<jingui_store::Stored<Proposal>, Stop> {
    let stored = work.need::<Proposal>(id)?;
    match stored.change {
        Change::Rights { .. } => Ok(stored),
        Change::Parameter { .. } => Err(Refusal::absent().into()),
    }
}

/// The auditor is the second person only while the office has no head but whom it concerns: a new office has to get
/// its first one somehow, and a head can't decide on own rights.
fn head_where_there_is_one(work: &Work<'_, '_>, subject: &str) -> Result<(), Stop> {
    if work.asker.is(Role::OfficeHead) {
        return Ok(());
    }
    let people = work.find::<Person>(&[("state", "active".into())])?;
    let head = |person: &Person| person.roles.contains(&Role::OfficeHead) && person.id.as_str() != subject;
    if people.iter().any(|person| head(&person.record)) {
        return Err(Refusal::new("rights.head_confirms", &["3.3.2.1"]).cured_by(Role::OfficeHead).into());
    }
    Ok(())
}
