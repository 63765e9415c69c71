//! What happened to an item: versions with their differences, and the timeline of item, copies and loans.

use jingui_access::Asker;
use jingui_regulation::Moment;
use jingui_store::{Entry, Id, Outcome, StoreError};
use rusqlite::Connection;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::reading::by_duty;
use super::views::may_know;
use crate::perform::Office;

/// One version of a record.
#[derive(Debug, Serialize, JsonSchema)]
pub struct VersionShown {
    /// Its number.
    pub version: u64,
    /// The entry that made it.
    pub entry: u64,
    /// When.
    pub at: Moment,
    /// By whom: a person's id, or the name of a mechanism.
    pub actor: String,
    /// By which action.
    pub action: String,
    /// What it changed.
    pub changes: Vec<Change>,
}

/// A field that differs from the version before.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Change {
    /// The field.
    pub field: String,
    /// What stood there.
    pub before: Value,
    /// What stands there now.
    pub after: Value,
}

/// Every version of an item, oldest first; nothing when the reader may not know of it.
pub fn history(
    office: &Office,
    conn: &Connection,
    asker: &Asker,
    item: &Id,
) -> Result<Option<Vec<VersionShown>>, StoreError> {
    if !may_know(conn, asker, item)? {
        return Ok(None);
    }
    versions(office, conn, "item", item).map(Some)
}

/// Every version of a record, oldest first. Whether the reader may see the record is asked before.
pub(crate) fn versions(
    office: &Office,
    conn: &Connection,
    kind: &str,
    key: &Id,
) -> Result<Vec<VersionShown>, StoreError> {
    let mut before = Value::Null;
    let mut versions = Vec::new();
    for (version, entry) in office.store().history(conn, kind, key.as_str())? {
        let Some(put) = entry.puts.iter().find(|put| put.kind == kind && put.key == key.as_str()) else {
            continue;
        };
        let after: Value = serde_json::from_str(put.body.get())?;
        versions.push(VersionShown {
            version,
            entry: entry.seq,
            at: entry.at,
            actor: entry.actor,
            action: entry.action,
            changes: if version == 1 { Vec::new() } else { differences(&before, &after) },
        });
        before = after;
    }
    Ok(versions)
}

fn differences(before: &Value, after: &Value) -> Vec<Change> {
    let (Some(old), Some(new)) = (before.as_object(), after.as_object()) else { return Vec::new() };
    let mut fields: Vec<&String> = old.keys().chain(new.keys()).collect();
    fields.sort();
    fields.dedup();
    fields
        .into_iter()
        .filter_map(|field| {
            let (before, after) =
                (old.get(field).unwrap_or(&Value::Null), new.get(field).unwrap_or(&Value::Null));
            (before != after).then(|| Change {
                field: field.clone(),
                before: before.clone(),
                after: after.clone(),
            })
        })
        .collect()
}

/// Something that happened to an item, one of its copies or one of its loans. Who keeps items by duty sees all of it;
/// other readers see where the item and its copies went, but not who applied, read or was refused, nor from where.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Happened {
    /// Number of the entry.
    pub entry: u64,
    /// When.
    pub at: Moment,
    /// Who: a person's id, or the name of a mechanism.
    pub actor: String,
    /// From which terminal; for those who keep items by duty.
    pub terminal: Option<String>,
    /// Which action.
    pub action: String,
    /// Clauses carried out, or those a refusal rests on.
    pub clauses: Vec<String>,
    /// Code of the refusal, if it was refused.
    pub refused: Option<String>,
    /// Copies that changed: label, state and holder afterwards.
    pub copies: Vec<CopyAfter>,
}

/// A copy after something happened.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CopyAfter {
    /// Its label.
    pub label: String,
    /// Its state.
    pub state: String,
    /// Who holds it.
    pub holder: String,
}

/// Most entries of a timeline; older ones are found in the journal.
const MOST: usize = 300;

/// What happened, latest first; nothing when the reader may not know of the item.
pub fn timeline(
    office: &Office,
    conn: &Connection,
    asker: &Asker,
    item: &Id,
) -> Result<Option<Vec<Happened>>, StoreError> {
    if !may_know(conn, asker, item)? {
        return Ok(None);
    }
    let mut statement = conn.prepare_cached(
        "WITH own(key) AS (SELECT ?1 UNION ALL SELECT key FROM copy WHERE item = ?1 UNION ALL SELECT key FROM loan WHERE item = ?1
                           UNION ALL SELECT key FROM reading_session WHERE item = ?1)
         SELECT seq FROM version WHERE key IN own
         UNION SELECT seq FROM entry WHERE subject IN own
         ORDER BY seq DESC LIMIT ?2",
    )?;
    let numbers: Vec<u64> =
        statement.query_map((item.as_str(), MOST), |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut all = Vec::with_capacity(numbers.len());
    for seq in numbers {
        if let Some(entry) = office.store().entry(conn, seq)?
            && (by_duty(asker) || moves(&entry))
        {
            all.push(told(entry, item, asker)?);
        }
    }
    Ok(Some(all))
}

/// Whether something changed the item or one of its copies.
fn moves(entry: &Entry) -> bool {
    entry.puts.iter().any(|put| put.kind == "item" || put.kind == "copy")
}

fn told(entry: Entry, item: &Id, asker: &Asker) -> Result<Happened, StoreError> {
    let mut copies = Vec::new();
    for put in entry.puts.iter().filter(|put| put.kind == "copy") {
        let copy: super::Copy = serde_json::from_str(put.body.get())?;
        // One entry may put copies of other items too: an import does.
        if &copy.item == item {
            copies.push(CopyAfter {
                label: copy.label.clone(),
                state: copy.custody.state().to_owned(),
                holder: copy.custody.holder().to_string(),
            });
        }
    }
    let (refused, clauses) = match entry.outcome {
        Outcome::Done => (None, entry.clauses),
        Outcome::Refused { code, clauses, .. } => (Some(code), clauses),
    };
    Ok(Happened {
        entry: entry.seq,
        at: entry.at,
        actor: entry.actor,
        terminal: by_duty(asker).then_some(entry.terminal),
        action: entry.action,
        clauses,
        refused,
        copies,
    })
}
