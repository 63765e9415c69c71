//! Parameters in use: proposed by the security administrator, confirmed by the office head, in force from their day on
//! (clause 1.3.3). What runs already keeps its terms.

use jingui_regulation::{Date, Param};
use jingui_store::{Id, StoreError, Stored};
use rusqlite::Connection;
use schemars::JsonSchema;
use serde::Deserialize;

use super::Setting;
use crate::action::{About, Action, Stop};
use crate::field::Line;
use crate::proposals::{Change, Decided, Proposal, State, overtaken};
use crate::refusal::Refusal;
use crate::work::Work;

/// Proposes a value inside the bounds; it holds once the office head has confirmed it and its day has come.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "ProposeParameter")]
#[serde(deny_unknown_fields)]
pub struct Propose {
    /// Key of the parameter.
    pub parameter: Line,
    /// Its new value, in the parameter's unit.
    pub value: i64,
    /// First day on which it holds; today when left out, never in the past.
    #[serde(default)]
    pub effective_on: Option<Date>,
    /// Why.
    pub reason: Line,
}

impl Action for Propose {
    const NAME: &'static str = "parameter.propose";
    const TITLE: (&'static str, &'static str) = ("提议修改参数", "Propose a parameter's value");
    const CLAUSES: &'static [&'static str] = &["1.3.3"];
    type Outcome = Proposal;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        let version = work.get::<Setting>(self.parameter.as_str())?.map_or(0, |stored| stored.version);
        Ok(About::record("setting", self.parameter.as_str(), version))
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Proposal, Stop> {
        check(work, self.parameter.as_str(), self.value)?;
        let effective_on = self.effective_on.unwrap_or_else(|| work.today());
        if effective_on < work.today() {
            return Err(Refusal::field("effective_on", "field.not_in_the_past")
                .fact("found", effective_on.to_string())
                .into());
        }
        let before = in_force(work, self.parameter.as_str())?;
        if before == self.value {
            return Err(Refusal::new("proposal.nothing", &["1.3.3"]).into());
        }
        let change = Change::Parameter { before, after: self.value, effective_on };
        Proposal::enter(work, self.parameter.into(), change, self.reason)
    }
}

/// Confirms a proposed value.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "ConfirmParameter")]
#[serde(deny_unknown_fields)]
pub struct Confirm {
    /// The proposal.
    pub proposal: Id,
}

impl Action for Confirm {
    const NAME: &'static str = "parameter.confirm";
    const TITLE: (&'static str, &'static str) = ("确认修改参数", "Confirm a parameter's value");
    const CLAUSES: &'static [&'static str] = &["1.3.3"];
    type Outcome = Proposal;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        Ok(Proposal::about(&parameter_proposal(work, &self.proposal)?))
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Proposal, Stop> {
        let mut proposal = Proposal::open(work, &self.proposal)?;
        let decided = Decided::now(work)?;
        proposal.state = State::Confirmed { decided };
        put_if_due(work, &mut proposal)?;
        work.put(&proposal)?;
        Ok(proposal)
    }
}

/// Rejects a proposed value.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "RejectParameter")]
#[serde(deny_unknown_fields)]
pub struct Reject {
    /// The proposal.
    pub proposal: Id,
    /// Why not.
    pub reason: Line,
}

impl Action for Reject {
    const NAME: &'static str = "parameter.reject";
    const TITLE: (&'static str, &'static str) = ("不同意修改参数", "Reject a parameter's value");
    const CLAUSES: &'static [&'static str] = &["1.3.3"];
    type Outcome = Proposal;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        Ok(Proposal::about(&parameter_proposal(work, &self.proposal)?))
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Proposal, Stop> {
        Proposal::reject(work, &self.proposal, self.reason)
    }
}

/// Puts a confirmed value into force on its day. Performed by the clock.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TakeEffect {
    /// The proposal.
    pub proposal: Id,
}

impl Action for TakeEffect {
    const NAME: &'static str = "parameter.take_effect";
    const TITLE: (&'static str, &'static str) = ("参数生效", "A parameter's value takes effect");
    const CLAUSES: &'static [&'static str] = &["1.3.3"];
    type Outcome = Proposal;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        Ok(Proposal::about(&parameter_proposal(work, &self.proposal)?))
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Proposal, Stop> {
        let mut proposal = work.need::<Proposal>(&self.proposal)?.record;
        put_if_due(work, &mut proposal)?;
        if !matches!(proposal.state, State::Done { .. }) {
            return Err(Refusal::new("proposal.not_yet", &["1.3.3"]).into());
        }
        work.put(&proposal)?;
        Ok(proposal)
    }
}

/// Confirmed proposals whose day has come, for the clock.
pub fn due(conn: &Connection, today: Date) -> Result<Vec<Id>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT key FROM proposal WHERE state = 'confirmed' AND of = 'parameter' AND effective_on <= ?1 ORDER BY key",
    )?;
    let mut rows = statement.query([today.to_string()])?;
    let mut due = Vec::new();
    while let Some(row) = rows.next()? {
        due.extend(crate::items::views::id(row, 0)?);
    }
    Ok(due)
}

/// Sets the value of a confirmed proposal whose day has come.
fn put_if_due(work: &mut Work<'_, '_>, proposal: &mut Proposal) -> Result<(), Stop> {
    let State::Confirmed { decided } = proposal.state.clone() else {
        return Err(Refusal::new("proposal.decided", &["1.3.3"]).into());
    };
    let Change::Parameter { before, after, effective_on } = proposal.change else { return Err(overtaken()) };
    // Bounds may have become narrower with a newer rule pack, and the value another one.
    check(work, &proposal.subject, after)?;
    if in_force(work, &proposal.subject)? != before {
        return Err(overtaken());
    }
    if effective_on <= work.today() {
        let reason = proposal.reason.clone();
        work.put(&Setting { parameter: proposal.subject.clone(), value: after, reason })?;
        proposal.state = State::Done { decided };
    }
    Ok(())
}

fn parameter_proposal(work: &Work<'_, '_>, id: &Id) -> Result<Stored<Proposal>, Stop> {
    let stored = work.need::<Proposal>(id)?;
    match stored.change {
        Change::Parameter { .. } => Ok(stored),
        Change::Rights { .. } => Err(Refusal::absent().into()),
    }
}

fn check(work: &Work<'_, '_>, parameter: &str, value: i64) -> Result<(), Stop> {
    if let Err(error) = work.rules.pack.parameters.check(parameter, value) {
        return Err(Refusal::field("value", "parameter.out_of_bounds")
            .fact("parameter", parameter)
            .fact("found", value)
            .fact("expected", error.to_string())
            .into());
    }
    Ok(())
}

/// The value in force. The rules at hand may be those from before an action of the same batch.
fn in_force(work: &Work<'_, '_>, parameter: &str) -> Result<i64, Stop> {
    if let Some(setting) = work.get::<Setting>(parameter)?
        && work.rules.pack.parameters.check(parameter, setting.record.value).is_ok()
    {
        return Ok(setting.record.value);
    }
    let shipped = Param::ALL.iter().find(|one| one.key() == parameter);
    Ok(shipped.map_or(0, |one| work.rules.pack.parameters.value(*one)))
}
