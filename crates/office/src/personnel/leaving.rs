//! Leaving (clause 3.5.4): begun, everything handed over by its own transitions, completed only when nothing is left; then
//! the account is closed and the declassification period runs, with notes on travel and employment, until its end is
//! confirmed.
//!
//! Who has begun to leave is given nothing new: `Person::fit_for` and `Person::stays` refuse it.

use jingui_access::Asker;
use jingui_regulation::{Date, Moment, Param, PersonClass, Role};
use jingui_store::{Column, Id, Kind, Record, StoreError};
use rusqlite::Connection;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::person::Standing;
use super::views::seen;
use super::{Account, Person, holdings};
use crate::action::{About, Action, Stop};
use crate::field::Paragraph;
use crate::items::views::Shown;
use crate::page::{self, Condition, Count, Cursor, Rows, latest};
use crate::refusal::Refusal;
use crate::work::Work;

/// Somebody's leaving.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Leaving {
    /// Id.
    pub id: Id,
    /// Who leaves.
    pub person: Id,
    /// Why.
    pub reason: String,
    /// Planned last day.
    pub last_day: Date,
    /// Who began it.
    pub begun_by: Id,
    /// When.
    pub begun_at: Moment,
    /// Where it stands.
    pub state: LeavingState,
    /// Travel, employment and what else became known.
    pub notes: Vec<Note>,
}

/// Where a leaving stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum LeavingState {
    /// Begun; things are being handed over.
    Open,
    /// The person stays after all.
    CalledOff {
        /// When.
        at: Moment,
        /// By whom.
        by: Id,
        /// Why.
        reason: String,
    },
    /// Everything is handed over, the account is closed.
    Completed {
        /// When.
        at: Moment,
        /// By whom.
        by: Id,
        /// The declassification period; none for who handled no secrets.
        period: Option<Declassification>,
    },
    /// The declassification period is over, and it was confirmed.
    Released {
        /// When it was completed.
        completed_at: Moment,
        /// The declassification period.
        period: Declassification,
        /// When its end was confirmed.
        at: Moment,
        /// By whom.
        by: Id,
    },
}

/// A declassification period (脱密期).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Declassification {
    /// Class of the person on leaving.
    pub class: PersonClass,
    /// Its length.
    pub months: u16,
    /// First day.
    pub from: Date,
    /// Last day.
    pub until: Date,
}

/// What became known about somebody who leaves or has left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Note {
    /// What about.
    pub about: Topic,
    /// What.
    pub text: String,
    /// When it was noted.
    pub at: Moment,
    /// By whom.
    pub by: Id,
}

/// What a note is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// The talk and the pledge on leaving.
    Talk,
    /// Travel abroad.
    Travel,
    /// Employment.
    Employment,
    /// Anything else.
    Other,
}

impl Record for Leaving {
    const KIND: Kind = Kind {
        name: "leaving",
        columns: &[
            Column::new("person", "$.person"),
            Column::new("state", "$.state.name"),
            Column::new("last_day", "$.last_day"),
            Column::new("until", "$.state.period.until"),
        ],
        indexes: &["person", "state, last_day"],
        side: None,
    };

    fn key(&self) -> &str {
        self.id.as_str()
    }
}

impl Leaving {
    /// An action about this leaving: the owner is who leaves.
    fn about(work: &Work<'_, '_>, id: &Id) -> Result<About, Stop> {
        let leaving = work.need::<Self>(id)?;
        let mut about = About::record("leaving", id.as_str(), leaving.version);
        about.thing = Person::about(work, &leaving.person)?.thing;
        Ok(about)
    }

    fn unfit(&self) -> Refusal {
        let state = match self.state {
            LeavingState::Open => "open",
            LeavingState::CalledOff { .. } => "called_off",
            LeavingState::Completed { .. } => "completed",
            LeavingState::Released { .. } => "released",
        };
        Refusal::new("leaving.state", &["3.5.4"]).fact("state", state)
    }
}

/// Begins somebody's leaving: from now on nothing new is given, and what is held is listed.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Begin {
    /// Who leaves.
    pub person: Id,
    /// Planned last day; not in the past.
    pub last_day: Date,
    /// Why.
    pub reason: Paragraph,
}

impl Action for Begin {
    const NAME: &'static str = "leaving.begin";
    const TITLE: (&'static str, &'static str) = ("开始办理离岗", "Begin somebody's leaving");
    const CLAUSES: &'static [&'static str] = &["3.5.4"];
    type Outcome = Leaving;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        Person::about(work, &self.person)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Leaving, Stop> {
        let mut person = Person::stays(work, &self.person)?.record;
        if self.last_day < work.today() {
            return Err(Refusal::field("last_day", "leaving.last_day")
                .fact("found", self.last_day.to_string())
                .into());
        }
        let leaving = Leaving {
            id: work.new_id(),
            person: self.person,
            reason: self.reason.into(),
            last_day: self.last_day,
            begun_by: work.person()?.clone(),
            begun_at: work.now(),
            state: LeavingState::Open,
            notes: Vec::new(),
        };
        person.standing = Standing::Leaving { last_day: self.last_day };
        work.put(&person)?;
        work.put(&leaving)?;
        Ok(leaving)
    }
}

/// Calls a leaving off: the person stays.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CallOff {
    /// The leaving.
    pub leaving: Id,
    /// Why.
    pub reason: Paragraph,
}

impl Action for CallOff {
    const NAME: &'static str = "leaving.call_off";
    const TITLE: (&'static str, &'static str) = ("终止办理离岗", "Call somebody's leaving off");
    const CLAUSES: &'static [&'static str] = &["3.5.4"];
    type Outcome = Leaving;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        Leaving::about(work, &self.leaving)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Leaving, Stop> {
        let mut leaving = work.need::<Leaving>(&self.leaving)?.record;
        if leaving.state != LeavingState::Open {
            return Err(leaving.unfit().into());
        }
        let mut person = work.need::<Person>(&leaving.person)?.record;
        person.standing = Standing::Active;
        leaving.state = LeavingState::CalledOff {
            at: work.now(),
            by: work.person()?.clone(),
            reason: self.reason.into(),
        };
        work.put(&person)?;
        work.put(&leaving)?;
        Ok(leaving)
    }
}

/// Completes a leaving: refused while anything is held, answered for or owed. Closes the account.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Complete {
    /// The leaving.
    pub leaving: Id,
    /// Length of the declassification period in months: the parameter of the person's class unless a longer one inside its
    /// bounds was decided.
    #[serde(default)]
    pub months: Option<u16>,
}

impl Action for Complete {
    const NAME: &'static str = "leaving.complete";
    const TITLE: (&'static str, &'static str) = ("办结离岗", "Complete somebody's leaving");
    const CLAUSES: &'static [&'static str] = &["1.3.3", "3.5.4"];
    type Outcome = Leaving;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        Leaving::about(work, &self.leaving)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Leaving, Stop> {
        let mut leaving = work.need::<Leaving>(&self.leaving)?.record;
        if leaving.state != LeavingState::Open {
            return Err(leaving.unfit().into());
        }
        let mut person = work.need::<Person>(&leaving.person)?.record;
        let held: u64 = holdings::holdings(&**work, &person)?.iter().map(|one| one.count).sum();
        if held > 0 {
            return Err(Refusal::new("leaving.not_empty", &["3.5.4", "1.3.3"])
                .fact("person", person.name.as_str())
                .fact("count", held)
                .cured_by(Role::Registrar)
                .into());
        }
        let today = work.today();
        let period = person.class.map(|class| period(work, class, self.months, today)).transpose()?;
        person.standing = Standing::Left { on: today };
        person.post = None;
        work.put(&person)?;
        for mut account in work.find::<Account>(&[("person", (&person.id).into())])? {
            account.record.open = false;
            work.put(&account.record)?;
        }
        leaving.state = LeavingState::Completed { at: work.now(), by: work.person()?.clone(), period };
        work.put(&leaving)?;
        Ok(leaving)
    }
}

/// The declassification period of that class, from that day.
fn period(
    work: &Work<'_, '_>,
    class: PersonClass,
    months: Option<u16>,
    from: Date,
) -> Result<Declassification, Refusal> {
    let parameter = match class {
        PersonClass::Core => Param::LeavingMonthsCore,
        PersonClass::Important => Param::LeavingMonthsImportant,
        PersonClass::General => Param::LeavingMonthsGeneral,
    };
    let least = work.rules.count(parameter);
    let months = months.unwrap_or(least);
    if months < least || work.rules.parameters.check(parameter.key(), months.into()).is_err() {
        let most = work.rules.parameters.iter().find(|(key, ..)| *key == parameter.key());
        return Err(Refusal::field("months", "leaving.months")
            .fact("found", months)
            .fact("least", least)
            .fact("most", most.map_or(i64::from(least), |(_, parameter, ..)| parameter.max)));
    }
    Ok(Declassification { class, months, from, until: from.plus_months(months) })
}

/// Notes travel, employment or a talk of somebody who leaves or is in the declassification period.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddNote {
    /// The leaving.
    pub leaving: Id,
    /// What about.
    pub about: Topic,
    /// What.
    pub text: Paragraph,
}

impl Action for AddNote {
    const NAME: &'static str = "leaving.note";
    const TITLE: (&'static str, &'static str) =
        ("记录离岗、脱密期情况", "Note something about somebody who leaves");
    const CLAUSES: &'static [&'static str] = &["3.5.4"];
    type Outcome = Leaving;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        Leaving::about(work, &self.leaving)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Leaving, Stop> {
        let mut leaving = work.need::<Leaving>(&self.leaving)?.record;
        if matches!(leaving.state, LeavingState::CalledOff { .. } | LeavingState::Released { .. }) {
            return Err(leaving.unfit().into());
        }
        let note =
            Note { about: self.about, text: self.text.into(), at: work.now(), by: work.person()?.clone() };
        leaving.notes.push(note);
        work.put(&leaving)?;
        Ok(leaving)
    }
}

/// Confirms that a declassification period is over.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Release {
    /// The leaving.
    pub leaving: Id,
}

impl Action for Release {
    const NAME: &'static str = "leaving.release";
    const TITLE: (&'static str, &'static str) =
        ("解除脱密期管理", "Confirm the end of a declassification period");
    const CLAUSES: &'static [&'static str] = &["3.5.4"];
    type Outcome = Leaving;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        Leaving::about(work, &self.leaving)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Leaving, Stop> {
        let mut leaving = work.need::<Leaving>(&self.leaving)?.record;
        let LeavingState::Completed { at, period: Some(period), .. } = leaving.state.clone() else {
            return Err(leaving.unfit().into());
        };
        if work.today() <= period.until {
            return Err(Refusal::new("leaving.period_runs", &["3.5.4"])
                .fact("until", period.until.to_string())
                .into());
        }
        leaving.state =
            LeavingState::Released { completed_at: at, period, at: work.now(), by: work.person()?.clone() };
        work.put(&leaving)?;
        Ok(leaving)
    }
}

/// Which leavings are listed.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LeavingFilter {
    /// Those of one person.
    pub person: Option<Id>,
    /// Those in that state: `open`, `called_off`, `completed`, `released`.
    #[schemars(length(max = 20))]
    pub state: Option<String>,
    /// Rows on the page, 1 to 200.
    #[schemars(range(min = 1, max = 200))]
    pub limit: Option<u16>,
    /// Where the page begins.
    pub cursor: Option<Cursor>,
}

/// Leavings and persons, as far as the asker may see the persons.
const FROM: &str = "leaving JOIN person ON person.key = leaving.person";

fn wanted(asker: &Asker, filter: &LeavingFilter) -> Condition {
    let mut condition = seen(asker);
    condition.equals("leaving.person", filter.person.as_ref().map(ToString::to_string));
    condition.equals("leaving.state", filter.state.clone());
    condition
}

/// Leavings, latest begun first.
pub fn list(
    conn: &Connection,
    asker: &Asker,
    filter: &LeavingFilter,
) -> Result<Rows<Shown<Leaving>>, StoreError> {
    let select = format!("SELECT leaving.key, leaving.version, leaving.body FROM {FROM}");
    let condition = wanted(asker, filter);
    latest(conn, &select, "leaving.key", condition, filter.limit, filter.cursor.as_ref(), |row| {
        Shown::from_row(row, 1, 2)
    })
}

/// How many there are.
pub fn count(
    conn: &Connection,
    asker: &Asker,
    filter: &LeavingFilter,
    ceiling: u64,
) -> Result<Count, StoreError> {
    page::count(conn, FROM, &wanted(asker, filter), ceiling)
}
