//! What is shown of loans, and what the clock has to do about them.

use jingui_access::Asker;
use jingui_regulation::{Date, Role};
use jingui_store::{Id, StoreError};
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::clockwork::{escalates, reminds};
use super::{Loan, LoanState, ReadingSession};
use crate::items::reading::{by_duty, readable};
use crate::items::views::{id, raw};
use crate::page::{Condition, Cursor, Rows, latest, limit};
use crate::work::Rules;

/// Which loans are listed.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LoanFilter {
    /// State.
    #[schemars(length(max = 20))]
    pub state: Option<String>,
    /// Only my own.
    #[serde(default)]
    pub mine: Option<bool>,
    /// Applicant.
    pub applicant: Option<Id>,
    /// Item.
    pub item: Option<Id>,
    /// Due on or before this day and still out.
    pub due_by: Option<Date>,
    /// Only those that wait for my decision.
    #[serde(default)]
    pub for_decision: Option<bool>,
    /// Rows on the page, 1 to 200.
    #[schemars(range(min = 1, max = 200))]
    pub limit: Option<u16>,
    /// Where the page begins.
    pub cursor: Option<Cursor>,
}

/// A loan with what names its item.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LoanRow {
    /// The loan.
    #[schemars(with = "Loan")]
    pub loan: Box<RawValue>,
    /// Its version.
    pub version: u64,
    /// The item's register number; nothing when the reader may no longer know of it.
    pub register_number: Option<String>,
    /// The item's document number.
    pub document_number: Option<String>,
    /// The item's title.
    pub title: Option<String>,
}

/// Loans a person sees: the own ones; heads those of their department or the whole office; the registry all.
pub(crate) fn visible(asker: &Asker) -> Condition {
    let mut condition = Condition::default();
    if by_duty(asker) {
        return condition;
    }
    if asker.is(Role::DepartmentHead) && !asker.department.is_empty() {
        let own = [Value::Text(asker.id.clone()), Value::Text(asker.department.clone())];
        condition.and("loan.applicant = ? OR loan.department = ?", own);
    } else {
        condition.and("loan.applicant = ?", [Value::Text(asker.id.clone())]);
    }
    condition
}

/// Applications and renewals that wait for this person's decision; never the own ones (clause 3.1.3.4).
pub(crate) fn for_decision(asker: &Asker) -> Option<Condition> {
    let mut condition = Condition::default();
    condition.and("loan.state = 'applied' OR loan.renewal IS NOT NULL", []);
    condition.and("loan.applicant <> ?", [Value::Text(asker.id.clone())]);
    condition.and("loan.level <= ?", [Value::Integer(crate::items::reading::reach(asker).into())]);
    if asker.is(Role::OfficeHead) {
        // What a department head can decide goes there first; the office head sees what only the office head can.
        condition.and(
            "loan.level >= 3 OR loan.department IS NULL OR NOT EXISTS (
               SELECT 1 FROM department JOIN person ON person.key = department.head
               WHERE department.key = loan.department AND person.state <> 'left' AND department.head <> loan.applicant)",
            [],
        );
        Some(condition)
    } else if asker.is(Role::DepartmentHead) && !asker.department.is_empty() {
        condition.and("loan.level <= 2 AND loan.department = ?", [Value::Text(asker.department.clone())]);
        Some(condition)
    } else {
        None
    }
}

/// A page of loans, latest application first; with `due_by`, earliest due day first.
pub fn list(conn: &Connection, asker: &Asker, filter: &LoanFilter) -> Result<Rows<LoanRow>, StoreError> {
    let mut condition = visible(asker);
    condition.equals("loan.state", filter.state.clone());
    condition.equals("loan.applicant", filter.applicant.as_ref().map(ToString::to_string));
    condition.equals("loan.item", filter.item.as_ref().map(ToString::to_string));
    if filter.mine == Some(true) {
        condition.equals("loan.applicant", Some(asker.id.clone()));
    }
    if let Some(due) = filter.due_by {
        condition.and("loan.state IN ('out', 'returning') AND loan.due <= ?", [Value::Text(due.to_string())]);
    }
    if filter.for_decision == Some(true) {
        match for_decision(asker) {
            Some(mine) => condition.and(mine.sql(), mine.values),
            None => condition.and("0", []),
        }
    }
    if let Some(Cursor(parts)) = &filter.cursor
        && let [at] = parts.as_slice()
    {
        condition.and("loan.key < ?", [Value::Text(at.clone())]);
    }
    let order = if filter.due_by.is_some() { "loan.due, loan.key" } else { "loan.key DESC" };
    let limit = limit(filter.limit);
    rows(conn, asker, &condition, order, limit, filter.due_by.is_none())
}

pub(crate) fn rows(
    conn: &Connection,
    asker: &Asker,
    condition: &Condition,
    order: &str,
    limit: usize,
    pages: bool,
) -> Result<Rows<LoanRow>, StoreError> {
    let rule = readable(asker);
    let sql = format!(
        "SELECT loan.key, loan.version, loan.body, item.register_number, item.document_number, item.title
         FROM loan LEFT JOIN item ON item.key = loan.item AND ({}) WHERE {} ORDER BY {order} LIMIT {}",
        rule.sql,
        condition.sql(),
        limit + 1
    );
    let mut values = rule.values;
    values.extend(condition.values.clone());
    let mut statement = conn.prepare_cached(&sql)?;
    let mut found = statement.query(params_from_iter(&values))?;
    let mut rows = Vec::new();
    let mut last = String::new();
    let mut next = None;
    while let Some(row) = found.next()? {
        if rows.len() == limit {
            next = pages.then(|| Cursor(vec![last.clone()]).to_text());
            break;
        }
        last = row.get(0)?;
        rows.push(LoanRow {
            version: row.get(1)?,
            loan: raw(row, 2)?,
            register_number: row.get(3)?,
            document_number: row.get(4)?,
            title: row.get(5)?,
        });
    }
    Ok(Rows { rows, next })
}

/// One loan, or nothing when there is none that the reader may see.
pub fn detail(conn: &Connection, asker: &Asker, loan: &Id) -> Result<Option<LoanRow>, StoreError> {
    let mut condition = visible(asker);
    condition.and("loan.key = ?", [Value::Text(loan.to_string())]);
    Ok(rows(conn, asker, &condition, "loan.key", 1, false)?.rows.pop())
}

/// Which reading sessions are listed.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SessionFilter {
    /// Only open ones, or only closed ones.
    pub open: Option<bool>,
    /// Rows on the page, 1 to 200.
    #[schemars(range(min = 1, max = 200))]
    pub limit: Option<u16>,
    /// Where the page begins.
    pub cursor: Option<Cursor>,
}

/// A reading session with what was read.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SessionRow {
    /// The session.
    #[schemars(with = "ReadingSession")]
    pub session: Box<RawValue>,
    /// Its version.
    pub version: u64,
    /// The item's register number.
    pub register_number: String,
    /// The item's title.
    pub title: String,
    /// The copy's label.
    pub label: String,
    /// The item's level, 1 to 4.
    pub level: u8,
}

/// Reading sessions of items the reader may know of, latest first.
pub fn sessions(
    conn: &Connection,
    asker: &Asker,
    filter: &SessionFilter,
) -> Result<Rows<SessionRow>, StoreError> {
    let rule = readable(asker);
    let mut condition = Condition::default();
    match filter.open {
        Some(true) => condition.and("reading_session.state = 'open'", []),
        Some(false) => condition.and("reading_session.state <> 'open'", []),
        None => {}
    }
    condition.and(rule.sql, rule.values);
    // Who else reads what is the registry's business; a reader sees the own sessions.
    if !by_duty(asker) {
        condition.equals("reading_session.reader", Some(asker.id.clone()));
    }
    let select = "SELECT reading_session.key, reading_session.version, reading_session.body, item.register_number, item.title, copy.label, item.level
                  FROM reading_session JOIN item ON item.key = reading_session.item
                  JOIN copy ON copy.key = reading_session.body ->> '$.copy'";
    latest(conn, select, "reading_session.key", condition, filter.limit, filter.cursor.as_ref(), |row| {
        Ok(SessionRow {
            version: row.get(1)?,
            session: raw(row, 2)?,
            register_number: row.get(3)?,
            title: row.get(4)?,
            label: row.get(5)?,
            level: row.get(6)?,
        })
    })
}

/// Loans for which the clock has something to do.
#[derive(Debug, Default)]
pub struct Due {
    /// Approvals that lapsed.
    pub expire: Vec<Id>,
    /// Loans to remind of.
    pub remind: Vec<Id>,
    /// Loans overdue so long that an incident is opened.
    pub escalate: Vec<Id>,
}

/// What the clock has to do today.
pub fn due_for_clock(conn: &Connection, today: Date, rules: &Rules) -> Result<Due, StoreError> {
    let mut due = Due::default();
    let mut statement =
        conn.prepare_cached("SELECT key FROM loan WHERE state = 'approved' AND usable_until < ?1")?;
    let mut rows = statement.query([today.to_string()])?;
    while let Some(row) = rows.next()? {
        due.expire.extend(id(row, 0)?);
    }
    // Far enough ahead for any reminder: a holiday week and the parameter's bound lie within 30 days.
    let horizon = today.plus_days(30).to_string();
    let mut statement = conn.prepare_cached("SELECT body FROM loan WHERE state = 'out' AND due <= ?1")?;
    let mut rows = statement.query([horizon])?;
    while let Some(row) = rows.next()? {
        let loan: Loan = serde_json::from_str(&row.get::<_, String>(0)?)?;
        let LoanState::Out { out, .. } = &loan.state else { continue };
        if out.reminded_on != Some(today) && reminds(out.due, today, rules) {
            due.remind.push(loan.id.clone());
        }
        if out.incident.is_none() && escalates(out.due, today, rules) {
            due.escalate.push(loan.id);
        }
    }
    Ok(due)
}
