//! Who held what: the copies a person answered for, now or, asked as of a past moment, then.

use jingui_access::Asker;
use jingui_regulation::Role;
use jingui_store::{Id, StoreError};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension};
use schemars::JsonSchema;
use serde::Deserialize;

use super::reading::{by_duty, readable};
use super::views::{id, raw};
use crate::page::{Condition, Cursor, Rows, latest};
use crate::premises::views::Content;

/// Which page.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HeldFilter {
    /// Rows on the page, 1 to 200.
    #[schemars(range(min = 1, max = 200))]
    pub limit: Option<u16>,
    /// Where the page begins.
    pub cursor: Option<Cursor>,
}

/// Copies that a person answers for, as far as the reader may know of their items (clause 1.3.3); nothing unless the reader
/// keeps items by duty, heads the person's department, or is that person.
pub fn held(
    conn: &Connection,
    asker: &Asker,
    person: &Id,
    filter: &HeldFilter,
) -> Result<Option<Rows<Content>>, StoreError> {
    let department: Option<Option<String>> = conn
        .prepare_cached("SELECT department FROM person WHERE key = ?1")?
        .query_row([person.as_str()], |row| row.get(0))
        .optional()?;
    let Some(department) = department else { return Ok(None) };
    let heads = asker.is(Role::DepartmentHead)
        && department.is_some_and(|department| !department.is_empty() && department == asker.department);
    if !by_duty(asker) && !heads && asker.id != person.as_str() {
        return Ok(None);
    }
    let rule = readable(asker);
    let mut condition = Condition::default();
    condition.and(rule.sql, rule.values);
    // Whatever it once held leads the way; what it was at that moment decides.
    let who = Value::Text(person.to_string());
    condition.and("copy.key IN (SELECT record FROM custody WHERE who = ?)", [who.clone()]);
    condition.and("copy.holder = ? AND copy.state <> 'void'", [who]);
    let select = "SELECT copy.key, copy.version, copy.body, item.key, item.document_number, item.title
                  FROM copy JOIN item ON item.key = copy.item";
    let rows = latest(conn, select, "copy.key", condition, filter.limit, filter.cursor.as_ref(), |row| {
        Ok(Content {
            version: row.get(1)?,
            copy: raw(row, 2)?,
            item: id(row, 3)?,
            document_number: row.get(4)?,
            title: row.get(5)?,
        })
    })?;
    Ok(Some(rows))
}
