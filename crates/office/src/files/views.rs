//! What is shown of files and of the level ceiling.

use jingui_access::Asker;
use jingui_regulation::{Level, Param, Role};
use jingui_store::{Id, StoreError};
use rusqlite::{Connection, OptionalExtension as _};
use schemars::JsonSchema;
use serde::Serialize;

use super::ceiling::ContentApproval;
use super::file::{File, FileState};
use super::knew::runs;
use super::reading::Reading;
use crate::items::reading::readable;
use crate::work::Rules;

/// The file of that id; for the edge, which decides by it who may go on.
pub fn file(conn: &Connection, id: &Id) -> Result<Option<File>, StoreError> {
    let body: Option<String> = conn
        .prepare_cached("SELECT body FROM file WHERE key = ?1")?
        .query_row([id.as_str()], |row| row.get(0))
        .optional()?;
    Ok(body.map(|body| serde_json::from_str(&body)).transpose()?)
}

/// Whether a file lies in the vault under that name.
pub fn is_kept(conn: &Connection, name: &str) -> Result<bool, StoreError> {
    Ok(conn.prepare_cached("SELECT 1 FROM file WHERE sealed = ?1")?.exists([name])?)
}

/// Files that nobody has looked into yet.
pub fn waiting(conn: &Connection) -> Result<Vec<Id>, StoreError> {
    let mut statement = conn.prepare_cached("SELECT key FROM file WHERE state = 'kept' ORDER BY key")?;
    let keys = statement.query_map([], |row| row.get::<_, String>(0))?;
    Ok(keys.collect::<Result<Vec<_>, _>>()?.into_iter().filter_map(|key| key.parse().ok()).collect())
}

/// Files whose words are searched, oldest first.
pub fn searched(conn: &Connection) -> Result<Vec<File>, StoreError> {
    let mut statement =
        conn.prepare_cached("SELECT body FROM file WHERE state = 'ready' AND body ->> '$.state.words' IS NOT NULL ORDER BY key")?;
    let bodies = statement.query_map([], |row| row.get::<_, String>(0))?;
    bodies.map(|body| Ok(serde_json::from_str(&body?)?)).collect()
}

/// A file in the list of its item.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct FileRow {
    /// The file.
    pub file: File,
    /// Pages looked into and in all, while that goes on.
    pub progress: Option<Progress>,
}

/// How far the look into a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "FileProgress")]
pub struct Progress {
    /// Pages done.
    pub done: u32,
    /// Pages in all; 0 while that isn't known.
    pub total: u32,
}

/// The files of an item, oldest first; nothing when the item isn't there for the asker. What is still being uploaded is
/// shown to whoever uploads it.
pub fn of_item(conn: &Connection, asker: &Asker, item: &Id) -> Result<Option<Vec<File>>, StoreError> {
    let rule = readable(asker);
    let known: bool = {
        let mut values = vec![rusqlite::types::Value::Text(item.to_string())];
        values.extend(rule.values);
        conn.prepare_cached(&format!("SELECT 1 FROM item WHERE item.key = ? AND ({})", rule.sql))?
            .exists(rusqlite::params_from_iter(&values))?
    };
    if !known {
        return Ok(None);
    }
    let mut statement = conn.prepare_cached("SELECT body FROM file WHERE item = ?1 ORDER BY key")?;
    let bodies = statement.query_map([item.as_str()], |row| row.get::<_, String>(0))?;
    let mut files = Vec::new();
    for body in bodies {
        let file: File = serde_json::from_str(&body?)?;
        if file.state != FileState::Arriving || file.begun_by.as_str() == asker.id {
            files.push(file);
        }
    }
    Ok(Some(files))
}

/// The level ceiling and what it rests on.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Ceiling {
    /// Highest level whose content may be put in today.
    pub level: Level,
    /// The level the product ships with.
    pub shipped: Level,
    /// Approvals, newest first; only those who answer for the ceiling see them.
    pub approvals: Vec<ContentApproval>,
}

/// The level ceiling today.
pub fn ceiling(
    conn: &Connection,
    asker: &Asker,
    rules: &Rules,
    today: jingui_regulation::Date,
) -> Result<Ceiling, StoreError> {
    let shipped = Level::new(rules.parameters.value(Param::ContentCeiling)).unwrap_or(Level::Internal);
    let mut statement = conn.prepare_cached("SELECT body FROM content_approval ORDER BY key DESC")?;
    let bodies = statement.query_map([], |row| row.get::<_, String>(0))?;
    let mut approvals: Vec<ContentApproval> = Vec::new();
    for body in bodies {
        approvals.push(serde_json::from_str(&body?)?);
    }
    let level = super::ceiling::highest(&approvals, shipped, today);
    let told = [
        Role::SecurityAdministrator,
        Role::SystemAdministrator,
        Role::SecurityAuditor,
        Role::OfficeHead,
        Role::Registrar,
        Role::LeadingGroup,
    ];
    if !told.iter().any(|role| asker.is(*role)) {
        approvals.clear();
    }
    Ok(Ceiling { level, shipped, approvals })
}

/// Whose reading a mark names.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Traced {
    /// The reading.
    pub reading: Reading,
    /// Name of the reader.
    pub person_name: String,
    /// Staff number of the reader.
    pub staff_number: String,
    /// Register number of the item.
    pub register_number: String,
    /// Name of the file.
    pub file_name: String,
    /// Pages that were read, such as `1-3, 7`.
    pub pages: String,
}

/// The reading whose mark this is. For the edge and the command line, which say who may ask.
pub fn traced(conn: &Connection, mark: &str) -> Result<Option<Traced>, StoreError> {
    let sql = "SELECT r.body, p.name, p.staff_number, i.register_number, f.body ->> '$.name',
                      (SELECT group_concat(page, ',') FROM page_read WHERE page_read.reading = r.key)
               FROM reading r JOIN person p ON p.key = r.reader JOIN item i ON i.key = r.item JOIN file f ON f.key = r.file
               WHERE r.mark = ?1";
    let found = conn
        .prepare_cached(sql)?
        .query_row([mark], |row| {
            let pages: Option<String> = row.get(5)?;
            let body: String = row.get(0)?;
            Ok((body, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, pages.unwrap_or_default()))
        })
        .optional()?;
    let Some((body, person_name, staff_number, register_number, file_name, pages)) = found else {
        return Ok(None);
    };
    let reading = serde_json::from_str(&body)?;
    let pages = runs(&pages);
    Ok(Some(Traced { reading, person_name, staff_number, register_number, file_name, pages }))
}
