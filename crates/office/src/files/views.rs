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
use super::print::Print;
use super::reading::Reading;
use crate::items::reading::{by_duty, reach, readable};
use crate::work::Rules;

/// The file of that id; for the edge, which decides by it who may go on.
pub fn file(conn: &Connection, id: &Id) -> Result<Option<File>, StoreError> {
    let body: Option<String> = conn
        .prepare_cached("SELECT body FROM file WHERE key = ?1")?
        .query_row([id.as_str()], |row| row.get(0))
        .optional()?;
    Ok(body.map(|body| serde_json::from_str(&body)).transpose()?)
}

/// Every file, whatever became of it; for what copies the office as a whole.
pub fn all(conn: &Connection) -> Result<Vec<File>, StoreError> {
    let mut statement = conn.prepare("SELECT body FROM file ORDER BY key")?;
    let bodies = statement.query_map([], |row| row.get::<_, String>(0))?;
    bodies.map(|body| Ok(serde_json::from_str(&body?)?)).collect()
}

/// Whether a file lies in the vault under that name.
pub fn is_kept(conn: &Connection, name: &str) -> Result<bool, StoreError> {
    Ok(conn.prepare_cached("SELECT 1 FROM file WHERE sealed = ?1")?.exists([name])?)
}

/// Says of a file that words may stand in its pictures which nothing has recognised yet.
pub const PICTURES: &str = "pictures";

/// Files that nobody has looked into yet.
pub fn waiting(conn: &Connection) -> Result<Vec<Id>, StoreError> {
    ids(conn, "SELECT key FROM file WHERE state = 'kept' ORDER BY key")
}

/// Files to look into again once more programs serve: those whose pictures may hold words not recognised yet, where the
/// machine can recognise; those that only an office program opens, where it has one.
pub fn undone(conn: &Connection, recognises: bool, converts: bool) -> Result<Vec<Id>, StoreError> {
    let mut found = Vec::new();
    if recognises {
        let pictures = format!(
            "SELECT key FROM file WHERE state = 'ready' AND body -> '$.state.notices' LIKE '%\"{PICTURES}\"%' ORDER BY key"
        );
        found.extend(ids(conn, &pictures)?);
    }
    if converts {
        let missing = "SELECT key FROM file WHERE state = 'faulty' AND body ->> '$.state.code' = 'missing_program' ORDER BY key";
        found.extend(ids(conn, missing)?);
    }
    Ok(found)
}

fn ids(conn: &Connection, sql: &str) -> Result<Vec<Id>, StoreError> {
    let mut statement = conn.prepare(sql)?;
    let keys = statement.query_map([], |row| row.get::<_, String>(0))?;
    Ok(keys.collect::<Result<Vec<_>, _>>()?.into_iter().filter_map(|key| key.parse().ok()).collect())
}

/// Files whose words are searched, oldest first.
pub fn searched(conn: &Connection) -> Result<Vec<File>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT body FROM file WHERE state = 'ready' AND body ->> '$.state.words' IS NOT NULL ORDER BY key",
    )?;
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
        let shown = match file.state {
            FileState::Arriving => file.begun_by.as_str() == asker.id,
            // An upload that was given up never was a file of the item.
            FileState::Removed { by: Some(_), .. } => kept_once(conn, &file.id)?,
            _ => true,
        };
        // A file keeps the level it was sealed at; who doesn't reach it doesn't learn of it.
        if shown && file.level.number() <= reach(asker) {
            files.push(file);
        }
    }
    Ok(Some(files))
}

/// Whether a file ever lay in the vault: what was begun, kept and removed has three versions at least.
fn kept_once(conn: &Connection, file: &Id) -> Result<bool, StoreError> {
    let version: u64 = conn
        .prepare_cached("SELECT version FROM file WHERE key = ?1")?
        .query_row([file.as_str()], |row| row.get(0))?;
    Ok(version > 2)
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

/// Which prints are listed.
#[derive(Debug, Clone, Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PrintFilter {
    /// Of this item.
    pub item: Option<Id>,
    /// This one.
    pub print: Option<Id>,
    /// In this state.
    #[schemars(length(max = 20))]
    pub state: Option<String>,
}

/// A print in a list.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct PrintRow {
    /// The print.
    pub print: Print,
    /// Its version.
    pub version: u64,
    /// Register number of the item.
    pub register_number: String,
    /// Title of the item.
    pub title: String,
    /// Name of the file.
    pub file_name: String,
    /// Pages of the file.
    pub pages: Option<u32>,
    /// Level of the item now.
    pub level: Level,
}

/// Prints, newest first, at most 500: of items the reader may know of, and there those one applied for, decides on or makes.
pub fn prints(conn: &Connection, asker: &Asker, filter: &PrintFilter) -> Result<Vec<PrintRow>, StoreError> {
    let rule = readable(asker);
    let mut sql = format!(
        "SELECT print.body, print.version, item.register_number, item.title, file.body ->> '$.name', file.body ->> '$.state.pages', item.level
         FROM print JOIN item ON item.key = print.item JOIN file ON file.key = print.file WHERE ({})",
        rule.sql
    );
    let mut values = rule.values;
    let mut and = |condition: &str, value: String| {
        sql.push_str(condition);
        values.push(rusqlite::types::Value::Text(value));
    };
    if !by_duty(asker) {
        and(" AND (print.applicant = ?", asker.id.clone());
        let department =
            if asker.is(Role::DepartmentHead) { asker.department.clone() } else { String::new() };
        and(" OR (print.body ->> '$.department' = ? AND print.body ->> '$.level' <= 2))", department);
    }
    if let Some(item) = &filter.item {
        and(" AND print.item = ?", item.to_string());
    }
    if let Some(print) = &filter.print {
        and(" AND print.key = ?", print.to_string());
    }
    if let Some(state) = &filter.state {
        and(" AND print.state = ?", state.clone());
    }
    sql.push_str(" ORDER BY print.key DESC LIMIT 500");
    let mut statement = conn.prepare_cached(&sql)?;
    let mut rows = statement.query(rusqlite::params_from_iter(&values))?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(PrintRow {
            print: serde_json::from_str(&row.get::<_, String>(0)?)?,
            version: row.get(1)?,
            register_number: row.get(2)?,
            title: row.get(3)?,
            file_name: row.get(4)?,
            pages: row.get(5)?,
            level: Level::new(row.get(6)?).unwrap_or(Level::TopSecret),
        });
    }
    Ok(all)
}

/// Whose reading or print a mark names.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Traced {
    /// The reading, where it was one.
    pub reading: Option<Reading>,
    /// The print, where it was one.
    pub print: Option<Print>,
    /// Name of the reader, or of who got the print.
    pub person_name: String,
    /// Staff number of that person.
    pub staff_number: String,
    /// Register number of the item.
    pub register_number: String,
    /// Name of the file.
    pub file_name: String,
    /// Pages that were read, such as `1-3, 7`.
    pub pages: String,
}

/// The reading or the print whose mark this is. For the edge and the command line, which say who may ask.
pub fn traced(conn: &Connection, mark: &str) -> Result<Option<Traced>, StoreError> {
    let sql = "SELECT m.reading, m.print, p.name, p.staff_number, i.register_number, f.body ->> '$.name', m.pages FROM (
                 SELECT r.body AS reading, NULL AS print, r.reader AS person, r.item, r.file,
                        (SELECT group_concat(page, ',') FROM page_read WHERE page_read.reading = r.key) AS pages
                 FROM reading r WHERE r.mark = ?1
                 UNION ALL
                 SELECT NULL, t.body, t.applicant, t.item, t.body ->> '$.file', NULL FROM print t WHERE t.mark = ?1) m
               JOIN person p ON p.key = m.person JOIN item i ON i.key = m.item JOIN file f ON f.key = m.file";
    let found = conn
        .prepare_cached(sql)?
        .query_row([mark], |row| {
            let text = |column: usize| row.get::<_, Option<String>>(column);
            Ok([text(0)?, text(1)?, text(2)?, text(3)?, text(4)?, text(5)?, text(6)?])
        })
        .optional()?;
    let Some([reading, print, name, number, register, file, pages]) = found else { return Ok(None) };
    Ok(Some(Traced {
        reading: reading.map(|body| serde_json::from_str(&body)).transpose()?,
        print: print.map(|body| serde_json::from_str(&body)).transpose()?,
        person_name: name.unwrap_or_default(),
        staff_number: number.unwrap_or_default(),
        register_number: register.unwrap_or_default(),
        file_name: file.unwrap_or_default(),
        pages: runs(&pages.unwrap_or_default()),
    }))
}
