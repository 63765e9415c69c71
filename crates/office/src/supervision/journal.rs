//! The journal as the security auditor reads it: who did what, when, refused or done, under which clause. Never a
//! title.

use jingui_access::Asker;
use jingui_regulation::{Date, Moment, Role};
use jingui_store::{Outcome, StoreError};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params_from_iter};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Map;

use crate::page::{Condition, Cursor, Rows, limit};
use crate::perform::Office;

/// Which entries are listed.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JournalFilter {
    /// One entry only, by its number.
    pub entry: Option<u32>,
    /// Acting person, or the name of a mechanism.
    #[schemars(length(max = 40))]
    pub actor: Option<String>,
    /// Action.
    #[schemars(length(max = 60))]
    pub action: Option<String>,
    /// Only refused, or only done.
    #[serde(default)]
    pub refused: Option<bool>,
    /// First day.
    pub from: Option<Date>,
    /// Last day.
    pub to: Option<Date>,
    /// Key of the record concerned.
    #[schemars(length(max = 100))]
    pub subject: Option<String>,
    /// Rows on the page, 1 to 200.
    #[schemars(range(min = 1, max = 200))]
    pub limit: Option<u16>,
    /// Where the page begins.
    pub cursor: Option<Cursor>,
}

/// An entry without content.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EntryShown {
    /// Its number.
    pub seq: u64,
    /// When.
    pub at: Moment,
    /// Who: a person's id, or the name of a mechanism.
    pub actor: String,
    /// The person's name.
    pub actor_name: Option<String>,
    /// From which terminal.
    pub terminal: String,
    /// Which action.
    pub action: String,
    /// Clauses carried out, or those a refusal rests on.
    pub clauses: Vec<String>,
    /// Code of the refusal, if it was refused.
    pub refused: Option<String>,
    /// The refusal in words; they are the edge's to choose.
    pub reason: Option<String>,
    /// What the refusal was decided by, for those words. Not shown itself: a fact may be a title.
    #[serde(skip)]
    pub facts: Map<String, serde_json::Value>,
    /// Kind of the record concerned.
    pub subject_kind: Option<String>,
    /// Its key.
    pub subject: Option<String>,
    /// Its number in the register, where it has one.
    pub subject_number: Option<String>,
    /// Records put, by kind.
    pub puts: Vec<String>,
}

/// A page of entries, newest first; nothing for anybody but the security auditor.
pub fn list(
    office: &Office,
    conn: &Connection,
    asker: &Asker,
    filter: &JournalFilter,
) -> Result<Option<Rows<EntryShown>>, StoreError> {
    if !asker.is(Role::SecurityAuditor) {
        return Ok(None);
    }
    let mut condition = Condition::default();
    condition.equals("seq", filter.entry.map(i64::from));
    condition.equals("actor", filter.actor.clone());
    condition.equals("action", filter.action.clone());
    condition.equals("subject", filter.subject.clone());
    condition.equals("refused", filter.refused.map(i64::from));
    if let Some(from) = filter.from {
        condition.and("at >= ?", [Value::Text(Moment::at(from, 0, 0).to_string())]);
    }
    if let Some(to) = filter.to {
        condition.and("at < ?", [Value::Text(Moment::at(to.plus_days(1), 0, 0).to_string())]);
    }
    if let Some(Cursor(parts)) = &filter.cursor
        && let Some(seq) = parts.first().and_then(|part| part.parse::<i64>().ok())
    {
        condition.and("seq < ?", [Value::Integer(seq)]);
    }
    let limit = limit(filter.limit);
    let sql =
        format!("SELECT seq FROM entry WHERE {} ORDER BY seq DESC LIMIT {}", condition.sql(), limit + 1);
    let mut statement = conn.prepare_cached(&sql)?;
    let numbers: Vec<u64> = statement
        .query_map(params_from_iter(&condition.values), |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let next = (numbers.len() > limit)
        .then(|| numbers.get(limit - 1).map(|seq| Cursor(vec![seq.to_string()]).to_text()))
        .flatten();
    let mut rows = Vec::with_capacity(limit);
    for seq in numbers.into_iter().take(limit) {
        let Some(entry) = office.store().entry(conn, seq)? else { continue };
        let (refused, clauses, facts) = match entry.outcome {
            Outcome::Done => (None, entry.clauses, Map::new()),
            Outcome::Refused { code, clauses, facts } => {
                let facts = facts.as_object().cloned().unwrap_or_default();
                (Some(code), clauses, facts)
            }
        };
        let mut puts: Vec<String> = entry.puts.iter().map(|put| put.kind.clone()).collect();
        puts.sort();
        puts.dedup();
        let subject_number = match &entry.subject {
            Some(subject) => number_of(conn, &subject.kind, &subject.key)?,
            None => None,
        };
        rows.push(EntryShown {
            seq,
            at: entry.at,
            actor_name: name_of(conn, &entry.actor)?,
            actor: entry.actor,
            terminal: entry.terminal,
            action: entry.action,
            clauses,
            refused,
            reason: None,
            facts,
            subject_kind: entry.subject.as_ref().map(|subject| subject.kind.clone()),
            subject: entry.subject.map(|subject| subject.key),
            subject_number,
            puts,
        });
    }
    Ok(Some(Rows { rows, next }))
}

pub(super) fn name_of(conn: &Connection, person: &str) -> Result<Option<String>, StoreError> {
    Ok(conn
        .prepare_cached("SELECT name FROM person WHERE key = ?1")?
        .query_row([person], |row| row.get(0))
        .optional()?)
}

/// The number people know a record by. Numbers are metadata; titles are not shown here.
pub(super) fn number_of(conn: &Connection, kind: &str, key: &str) -> Result<Option<String>, StoreError> {
    let sql = match kind {
        "item" => "SELECT register_number FROM item WHERE key = ?1",
        "copy" => "SELECT label FROM copy WHERE key = ?1",
        "loan" => "SELECT number FROM loan WHERE key = ?1",
        "receipt" => "SELECT number FROM receipt WHERE key = ?1",
        "incident" => "SELECT number FROM incident WHERE key = ?1",
        "evidence" => "SELECT number FROM evidence WHERE key = ?1",
        "person" => "SELECT name FROM person WHERE key = ?1",
        "cabinet" => "SELECT name FROM cabinet WHERE key = ?1",
        "room" => "SELECT name FROM room WHERE key = ?1",
        "department" => "SELECT name FROM department WHERE key = ?1",
        _ => return Ok(None),
    };
    Ok(conn.prepare_cached(sql)?.query_row([key], |row| row.get(0)).optional()?)
}
