//! Periodic secrecy checks of those who handle secrets (clause 3.5.3), by the head who answers for them. A check that
//! found something wanting names the day on which it is looked at again.

use jingui_access::Asker;
use jingui_regulation::{Date, Moment};
use jingui_store::{Column, Id, Kind, Record, StoreError};
use rusqlite::Connection;
use rusqlite::types::Value;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Person;
use super::review::next_check;
use super::views::seen;
use crate::action::{About, Action, Stop};
use crate::field::Paragraph;
use crate::items::views::Shown;
use crate::page::{self, Condition, Count, Cursor, Rows, latest};
use crate::refusal::Refusal;
use crate::work::Work;

/// A periodic check of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SecrecyCheck {
    /// Id.
    pub id: Id,
    /// The person.
    pub person: Id,
    /// Day of the check.
    pub on: Date,
    /// Who checked.
    pub by: Id,
    /// When it was recorded.
    pub at: Moment,
    /// Whether everything was in order.
    pub satisfactory: bool,
    /// What was looked at and found.
    pub finding: Option<String>,
    /// Day on which the next check falls due.
    pub due: Date,
}

impl Record for SecrecyCheck {
    const KIND: Kind = Kind {
        name: "secrecy_check",
        columns: &[Column::new("person", "$.person"), Column::new("satisfactory", "$.satisfactory")],
        indexes: &["person"],
        side: None,
    };

    fn key(&self) -> &str {
        self.id.as_str()
    }
}

/// Records a periodic secrecy check.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordCheck {
    /// The person.
    pub person: Id,
    /// Day of the check; not in the future.
    pub on: Date,
    /// Whether everything was in order.
    pub satisfactory: bool,
    /// What was looked at and found; needed where something was wanting.
    #[serde(default)]
    pub finding: Option<Paragraph>,
    /// Day of the next look where something was wanting: after today, and before the next check would fall due anyway.
    #[serde(default)]
    pub again_on: Option<Date>,
}

impl Action for RecordCheck {
    const NAME: &'static str = "person.record_check";
    const TITLE: (&'static str, &'static str) = ("登记定期检查", "Record a periodic secrecy check");
    const CLAUSES: &'static [&'static str] = &["3.5.3"];
    type Outcome = SecrecyCheck;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        Person::about(work, &self.person)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<SecrecyCheck, Stop> {
        let mut person = work.need::<Person>(&self.person)?.record;
        if !person.is_active() {
            return Err(Refusal::new("person.left", &["3.5.4"]).fact("person", person.name.as_str()).into());
        }
        if self.on > work.today() {
            return Err(Refusal::field("on", "field.not_in_the_future")
                .fact("found", self.on.to_string())
                .into());
        }
        let regular = next_check(work.rules, self.on);
        let due = if self.satisfactory {
            regular
        } else {
            if self.finding.is_none() {
                return Err(Refusal::field("finding", "check.finding_needed").into());
            }
            let again = self.again_on.filter(|again| *again > work.today() && *again <= regular);
            again.ok_or_else(|| {
                Refusal::field("again_on", "check.again_when")
                    .fact("found", self.again_on.map(|day| day.to_string()).unwrap_or_default())
                    .fact("latest", regular.to_string())
            })?
        };
        let check = SecrecyCheck {
            id: work.new_id(),
            person: self.person,
            on: self.on,
            by: work.person()?.clone(),
            at: work.now(),
            satisfactory: self.satisfactory,
            finding: self.finding.map(String::from),
            due,
        };
        person.check_due = Some(due);
        work.put(&person)?;
        work.put(&check)?;
        Ok(check)
    }
}

/// Which checks are listed.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckFilter {
    /// Those of one person.
    pub person: Option<Id>,
    /// Only those that found everything in order, or only the others.
    pub satisfactory: Option<bool>,
    /// Rows on the page, 1 to 200.
    #[schemars(range(min = 1, max = 200))]
    pub limit: Option<u16>,
    /// Where the page begins.
    pub cursor: Option<Cursor>,
}

/// Checks and persons, as far as the asker may see the persons.
const FROM: &str = "secrecy_check JOIN person ON person.key = secrecy_check.person";

fn wanted(asker: &Asker, filter: &CheckFilter) -> Condition {
    let mut condition = seen(asker);
    condition.equals("secrecy_check.person", filter.person.as_ref().map(ToString::to_string));
    condition.equals("secrecy_check.satisfactory", filter.satisfactory.map(|yes| Value::Integer(yes.into())));
    condition
}

/// Checks, latest recorded first.
pub fn list(
    conn: &Connection,
    asker: &Asker,
    filter: &CheckFilter,
) -> Result<Rows<Shown<SecrecyCheck>>, StoreError> {
    let select = format!("SELECT secrecy_check.key, secrecy_check.version, secrecy_check.body FROM {FROM}");
    let condition = wanted(asker, filter);
    latest(conn, &select, "secrecy_check.key", condition, filter.limit, filter.cursor.as_ref(), |row| {
        Shown::from_row(row, 1, 2)
    })
}

/// How many there are.
pub fn count(
    conn: &Connection,
    asker: &Asker,
    filter: &CheckFilter,
    ceiling: u64,
) -> Result<Count, StoreError> {
    page::count(conn, FROM, &wanted(asker, filter), ceiling)
}
