//! What is shown of rooms and cabinets.

use jingui_access::Asker;
use jingui_store::{Id, StoreError};
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::RawValue;

use super::{Cabinet, Room};
use crate::items::Copy;
use crate::items::reading::{by_duty, readable};
use crate::items::views::{Shown, id, raw, shown};

/// Rooms by name.
pub fn rooms(conn: &Connection, asker: &Asker) -> Result<Vec<Shown<Room>>, StoreError> {
    if asker.roles.is_empty() {
        return Ok(Vec::new());
    }
    shown(conn, "SELECT version, body FROM room ORDER BY name", [])
}

/// A cabinet and how many copies lie in it, as far as the reader may know.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CabinetRow {
    /// The cabinet.
    #[schemars(with = "Cabinet")]
    pub cabinet: Box<RawValue>,
    /// Its version.
    pub version: u64,
    /// Copies in it.
    pub copies: u64,
}

/// Cabinets by name, for those who keep items.
pub fn cabinets(conn: &Connection, asker: &Asker) -> Result<Vec<CabinetRow>, StoreError> {
    if !by_duty(asker) {
        return Ok(Vec::new());
    }
    let rule = readable(asker);
    let mut statement = conn.prepare_cached(&format!(
        "WITH counted (cabinet, copies) AS (
           SELECT copy.cabinet, count(*) FROM copy CROSS JOIN item ON item.key = copy.item
           WHERE copy.cabinet IS NOT NULL AND ({}) GROUP BY copy.cabinet)
         SELECT cabinet.version, cabinet.body, coalesce(counted.copies, 0)
         FROM cabinet LEFT JOIN counted ON counted.cabinet = cabinet.key ORDER BY cabinet.name",
        rule.sql
    ))?;
    let mut rows = statement.query(params_from_iter(&rule.values))?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(CabinetRow { version: row.get(0)?, cabinet: raw(row, 1)?, copies: row.get(2)? });
    }
    Ok(all)
}

/// A copy in a cabinet, with what names it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Content {
    /// The copy.
    #[schemars(with = "Copy")]
    pub copy: Box<RawValue>,
    /// Its version.
    pub version: u64,
    /// The item.
    pub item: Option<Id>,
    /// The item's document number.
    pub document_number: Option<String>,
    /// The item's title.
    pub title: String,
}

/// A cabinet with what lies in it, by slot, at most 2,000 copies.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CabinetDetail {
    /// The cabinet.
    #[schemars(with = "Cabinet")]
    pub cabinet: Box<RawValue>,
    /// Its version.
    pub version: u64,
    /// What lies in it.
    pub contents: Vec<Content>,
}

/// One cabinet.
pub fn cabinet(conn: &Connection, asker: &Asker, cabinet: &Id) -> Result<Option<CabinetDetail>, StoreError> {
    if !by_duty(asker) {
        return Ok(None);
    }
    let mut found = conn.prepare_cached("SELECT version, body FROM cabinet WHERE key = ?1")?;
    let mut rows = found.query([cabinet.as_str()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let rule = readable(asker);
    let mut values = rule.values;
    values.push(Value::Text(cabinet.to_string()));
    let mut statement = conn.prepare_cached(&format!(
        "SELECT copy.version, copy.body, item.key, item.document_number, item.title FROM copy JOIN item ON item.key = copy.item
         WHERE ({}) AND copy.cabinet = ? ORDER BY copy.slot, copy.label LIMIT 2000",
        rule.sql
    ))?;
    let mut copies = statement.query(params_from_iter(&values))?;
    let mut contents = Vec::new();
    while let Some(copy) = copies.next()? {
        contents.push(Content {
            version: copy.get(0)?,
            copy: raw(copy, 1)?,
            item: id(copy, 2)?,
            document_number: copy.get(3)?,
            title: copy.get(4)?,
        });
    }
    Ok(Some(CabinetDetail { version: row.get(0)?, cabinet: raw(row, 1)?, contents }))
}
