//! Which entries belong to evidence. Records are found by the indexes of their registers (`item`, `applicant`, `reader`), entries
//! by those of the journal: `version` by record, `entry_subject`, `entry_actor`, `custody_who`; days by halving the journal, whose
//! times grow. The cost is that of what belongs to it, not that of the journal.

use jingui_access::Asker;
use jingui_regulation::Moment;
use jingui_store::{Id, Kind, Store, StoreError};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension as _};

use super::Choice;
use crate::items::views;

/// Most entries of a bundle: some seven hundred printed pages.
pub const MOST: usize = 20_000;
/// Most sealed bytes of a bundle.
pub const MOST_BYTES: u64 = 64 << 20;

/// Columns that name a person whom a record concerns.
const PERSONS: [&str; 3] = ["applicant", "reader", "person"];

/// Why there is nothing to put into a bundle, or too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfit {
    /// No entry belongs to it.
    None,
    /// More than [`MOST`] entries, or more than [`MOST_BYTES`].
    TooMany,
}

/// Whether the asker may know of the item that the choice is about, where it is about one.
pub fn may_know(conn: &Connection, asker: &Asker, choice: &Choice) -> Result<bool, StoreError> {
    let item = match (&choice.item, &choice.incident) {
        (Some(item), _) => Some(item.to_string()),
        (None, Some(incident)) => conn
            .prepare_cached("SELECT item FROM incident WHERE key = ?1")?
            .query_row([incident.as_str()], |row| row.get(0))
            .optional()?
            .flatten(),
        (None, None) => None,
    };
    match item.map(|item| item.parse::<Id>()) {
        Some(Ok(item)) => views::may_know(conn, asker, &item),
        Some(Err(_)) => Ok(false),
        None => Ok(true),
    }
}

/// Numbers of the entries up to `upto` that belong to the choice, growing.
pub fn entries(
    store: &Store,
    conn: &Connection,
    choice: &Choice,
    upto: u64,
) -> Result<Result<Vec<u64>, Unfit>, StoreError> {
    let first = match choice.from {
        Some(day) => store.entry_at(conn, Moment::from_millis(Moment::at(day, 0, 0).millis() - 1))? + 1,
        None => 1,
    };
    let last = match choice.to {
        Some(day) => {
            let end = Moment::from_millis(Moment::at(day.plus_days(1), 0, 0).millis() - 1);
            store.entry_at(conn, end)?.min(upto)
        }
        None => upto,
    };
    let (source, key) = source(choice);
    let sql = format!(
        "SELECT entry.seq, length(entry.sealed) FROM entry WHERE entry.seq BETWEEN ?1 AND ?2 {} ORDER BY entry.seq LIMIT {}",
        source.map(|sql| format!("AND entry.seq IN ({sql})")).unwrap_or_default(),
        MOST + 1
    );
    let mut values = vec![number(first), number(last)];
    values.extend(key.map(Value::Text));
    let mut statement = conn.prepare_cached(&sql)?;
    let mut rows = statement.query(rusqlite::params_from_iter(values))?;
    let (mut found, mut bytes) = (Vec::new(), 0_u64);
    while let Some(row) = rows.next()? {
        found.push(row.get(0)?);
        bytes = bytes.saturating_add(row.get(1)?);
    }
    Ok(if found.is_empty() {
        Err(Unfit::None)
    } else if found.len() > MOST || bytes > MOST_BYTES {
        Err(Unfit::TooMany)
    } else {
        Ok(found)
    })
}

fn number(number: u64) -> Value {
    Value::Integer(i64::try_from(number).unwrap_or(i64::MAX))
}

/// SQL for the numbers of entries, with `?3` for the subject's key; nothing for days alone.
fn source(choice: &Choice) -> (Option<String>, Option<String>) {
    let kinds = crate::kinds();
    let (own, more, key) = if let Some(item) = &choice.item {
        (naming(&kinds, &["item"]), "", item)
    } else if let Some(person) = &choice.person {
        let more =
            "UNION SELECT seq FROM entry WHERE actor = ?3 UNION SELECT seq FROM custody WHERE who = ?3";
        (naming(&kinds, &PERSONS), more, person)
    } else if let Some(incident) = &choice.incident {
        let named = "UNION SELECT named.value FROM incident, json_each(incident.body, '$.about') named
                     WHERE incident.key = ?3 AND named.key <> 'kind'";
        (named.to_owned(), "", incident)
    } else {
        return (None, None);
    };
    let sql = format!(
        "WITH own(key) AS (SELECT ?3 {own})
         SELECT seq FROM version WHERE version.key IN own UNION SELECT seq FROM entry WHERE subject IN own {more}"
    );
    (Some(sql), Some(key.to_string()))
}

/// Keys of all records, of whatever kind, that name `?3` in one of these columns. Filters that people saved for themselves
/// concern nobody.
fn naming(kinds: &[Kind], columns: &[&str]) -> String {
    let kinds = kinds.iter().filter(|kind| kind.name != "saved_filter");
    let named = kinds.flat_map(|kind| {
        let has = |column: &&&str| kind.columns.iter().any(|known| known.name == **column);
        columns
            .iter()
            .filter(has)
            .map(|column| format!("UNION SELECT key FROM {} WHERE {column} = ?3", kind.name))
    });
    named.collect::<Vec<_>>().join(" ")
}
