//! What is due or late about people, in one place: the workbench, the register and the person's page all ask here.
//!
//! Must never show a person to somebody who may not see that person's rights.

use jingui_access::Asker;
use jingui_regulation::{Date, Param};
use jingui_store::{Id, StoreError};
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::views::seen;
use crate::items::views::id;
use crate::page::{Condition, Count};
use crate::work::Rules;

/// What is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Matter {
    /// The commitment is to be signed, or signed again.
    SignCommitment,
    /// The background review is to be done again.
    ReviewPerson,
    /// The periodic secrecy check is to be done.
    CheckPerson,
    /// A leaving that has begun is to be completed by the last day.
    LeavePerson,
    /// A declassification period ends, and its end is to be confirmed.
    ReleasePerson,
}

impl Matter {
    const ALL: [Self; 5] =
        [Self::SignCommitment, Self::ReviewPerson, Self::CheckPerson, Self::LeavePerson, Self::ReleasePerson];

    /// The code of the task on the workbench.
    pub const fn task(self) -> &'static str {
        match self {
            Self::SignCommitment => "sign_commitment",
            Self::ReviewPerson => "review_person",
            Self::CheckPerson => "check_person",
            Self::LeavePerson => "leave_person",
            Self::ReleasePerson => "release_person",
        }
    }

    /// Where it stands, as SQL.
    const fn from(self) -> &'static str {
        match self {
            Self::SignCommitment | Self::ReviewPerson | Self::CheckPerson => "person",
            Self::LeavePerson => {
                "person JOIN leaving ON leaving.person = person.key AND leaving.state = 'open'"
            }
            Self::ReleasePerson => {
                "person JOIN leaving ON leaving.person = person.key AND leaving.state = 'completed'"
            }
        }
    }

    /// The day it falls due, as SQL.
    const fn due(self) -> &'static str {
        match self {
            Self::SignCommitment => "person.body ->> '$.commitment.until'",
            Self::ReviewPerson => "person.body ->> '$.review.due'",
            Self::CheckPerson => "person.body ->> '$.check_due'",
            Self::LeavePerson => "leaving.last_day",
            Self::ReleasePerson => "leaving.until",
        }
    }

    /// Whom it concerns: those who are cleared for secrets. A commitment is asked of them at once, the others ahead of
    /// their day; `?` is the last day that is announced.
    const fn condition(self) -> &'static str {
        match self {
            Self::SignCommitment => {
                "person.state <> 'left' AND person.clearance > 1 AND (person.body ->> '$.commitment' IS NULL OR person.body ->> '$.commitment.until' IS NOT NULL) AND ? > ''"
            }
            Self::ReviewPerson => {
                "person.state <> 'left' AND person.clearance > 1 AND person.body ->> '$.review.due' <= ?"
            }
            Self::CheckPerson => {
                "person.state <> 'left' AND person.clearance > 1 AND coalesce(person.body ->> '$.check_due', '') <= ?"
            }
            Self::LeavePerson => "? > ''",
            Self::ReleasePerson => "leaving.until <= ?",
        }
    }
}

/// Something that is due or late about a person.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PersonDue {
    /// The person.
    pub person: Id,
    /// Staff number.
    pub staff_number: String,
    /// Name.
    pub name: String,
    /// Department.
    pub department: Option<Id>,
    /// What is due.
    pub matter: Matter,
    /// The day it falls due: none where it never was done and is due now.
    pub due: Option<Date>,
    /// Whether that day is past, or the matter was never done.
    pub late: bool,
}

/// Which matters are listed.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DueFilter {
    /// Those of one person.
    pub person: Option<Id>,
    /// Only one kind of them.
    pub matter: Option<Matter>,
    /// Only what is late already.
    #[serde(default)]
    pub late: bool,
}

/// Everything due or late about those whom the asker may see, the latest first.
pub fn due(
    conn: &Connection,
    asker: &Asker,
    rules: &Rules,
    today: Date,
    filter: &DueFilter,
) -> Result<Vec<PersonDue>, StoreError> {
    let ahead = today.plus_days(i32::from(rules.count(Param::ExpiryAheadDays)));
    let mut all = Vec::new();
    for matter in Matter::ALL {
        if filter.matter.is_some_and(|wanted| wanted != matter) {
            continue;
        }
        let mut condition: Condition = seen(asker);
        condition.equals("person.key", filter.person.as_ref().map(ToString::to_string));
        condition.and(matter.condition(), [Value::Text(ahead.to_string())]);
        let sql = format!(
            "SELECT person.key, person.staff_number, person.name, person.department, {} FROM {} WHERE {}",
            matter.due(),
            matter.from(),
            condition.sql()
        );
        let mut statement = conn.prepare_cached(&sql)?;
        let mut rows = statement.query(params_from_iter(&condition.values))?;
        while let Some(row) = rows.next()? {
            let due: Option<Date> = row.get::<_, Option<String>>(4)?.and_then(|day| day.parse().ok());
            // A review counts no longer on the day it is due, and then a check is due too; all else has its last day.
            let at_once = matches!(matter, Matter::ReviewPerson | Matter::CheckPerson);
            let late = due.is_none_or(|due| due < today || (due == today && at_once));
            if let Some(person) = id(row, 0)?
                && (late || !filter.late)
            {
                let (staff_number, name, department) = (row.get(1)?, row.get(2)?, id(row, 3)?);
                all.push(PersonDue { person, staff_number, name, department, matter, due, late });
            }
        }
    }
    all.sort_by(|one, other| (one.due, &one.staff_number).cmp(&(other.due, &other.staff_number)));
    Ok(all)
}

/// How many there are.
pub fn count(
    conn: &Connection,
    asker: &Asker,
    rules: &Rules,
    today: Date,
    filter: &DueFilter,
) -> Result<Count, StoreError> {
    let all = due(conn, asker, rules, today, filter)?;
    Ok(Count { count: u64::try_from(all.len()).unwrap_or(u64::MAX), more: false })
}
