//! What is shown of people. Everybody finds names to choose from; what a person may know is shown to those whose
//! business it is.

use jingui_access::Asker;
use jingui_regulation::Role;
use jingui_store::{Id, Record as _, StoreError};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params_from_iter};
use schemars::JsonSchema;
use serde::Serialize;

use super::{Account, Department, Person};
use crate::items::past::{VersionShown, versions};
use crate::items::views::{Shown, id, shown};
use crate::page::Condition;
use crate::perform::Office;

/// A name to choose from.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Name {
    /// The person.
    pub id: Id,
    /// Staff number.
    pub staff_number: String,
    /// Name.
    pub name: String,
    /// Department.
    pub department: Option<Id>,
    /// Whether the person belongs to the office and isn't about to leave it: who can be chosen for anything.
    pub active: bool,
    /// Whether the person keeps items: registrar or custodian, to whom a copy can be brought back.
    pub keeps: bool,
}

/// Everybody's name, by name.
pub fn directory(conn: &Connection, asker: &Asker) -> Result<Vec<Name>, StoreError> {
    if asker.roles.is_empty() {
        return Ok(Vec::new());
    }
    let mut statement =
        conn.prepare_cached("SELECT key, staff_number, name, department, state, body ->> '$.roles' FROM person ORDER BY staff_number")?;
    let rows = statement.query_map([], |row| {
        let roles: String = row.get(5)?;
        Ok((id(row, 0)?, row.get(1)?, row.get(2)?, id(row, 3)?, row.get::<_, String>(4)?, roles))
    })?;
    let mut all = Vec::new();
    for row in rows {
        let (person, staff_number, name, department, state, roles) = row?;
        if let Some(id) = person {
            let keeps = roles.contains("\"registrar\"") || roles.contains("\"custodian\"");
            all.push(Name { id, staff_number, name, department, active: state == "active", keeps });
        }
    }
    Ok(all)
}

/// Whose rights the asker may see, as a condition on `person`: all for the security administrator and the office head, the
/// own department for its head, otherwise only oneself.
pub(crate) fn seen(asker: &Asker) -> Condition {
    let mut condition = Condition::default();
    if asker.is(Role::SecurityAdministrator) || asker.is(Role::OfficeHead) {
        return condition;
    }
    let own = Value::Text(asker.id.clone());
    if asker.is(Role::DepartmentHead) && !asker.department.is_empty() {
        let department = Value::Text(asker.department.clone());
        condition.and("person.department = ? OR person.key = ?", [department, own]);
    } else {
        condition.and("person.key = ?", [own]);
    }
    condition
}

/// Whether the asker may see that person's rights.
pub fn sees(conn: &Connection, asker: &Asker, person: &Id) -> Result<bool, StoreError> {
    let mut condition = seen(asker);
    condition.and("person.key = ?", [Value::Text(person.to_string())]);
    let sql = format!("SELECT 1 FROM person WHERE {}", condition.sql());
    Ok(conn.prepare_cached(&sql)?.exists(params_from_iter(&condition.values))?)
}

/// People whose rights the asker may see, by staff number.
pub fn people(conn: &Connection, asker: &Asker) -> Result<Vec<Shown<Person>>, StoreError> {
    let condition = seen(asker);
    let sql = format!("SELECT version, body FROM person WHERE {} ORDER BY staff_number", condition.sql());
    shown(conn, &sql, condition.values)
}

/// A person with the name of the account.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PersonDetail {
    /// The person.
    pub person: Shown<Person>,
    /// The account's name, for the security administrator.
    pub account: Option<String>,
    /// Whether the account is open.
    pub account_open: Option<bool>,
}

/// One person whose rights the asker may see.
pub fn detail(conn: &Connection, asker: &Asker, person: &Id) -> Result<Option<PersonDetail>, StoreError> {
    let mut condition = seen(asker);
    condition.and("person.key = ?", [Value::Text(person.to_string())]);
    let sql = format!("SELECT version, body FROM person WHERE {}", condition.sql());
    let Some(shown) = shown(conn, &sql, condition.values)?.pop() else { return Ok(None) };
    let account = if asker.is(Role::SecurityAdministrator) { account_of(conn, person)? } else { None };
    Ok(Some(PersonDetail {
        person: shown,
        account_open: account.as_ref().map(|account| account.open),
        account: account.map(|account| account.name),
    }))
}

/// Every version of a person whose rights the asker may see, oldest first.
pub fn history(
    office: &Office,
    conn: &Connection,
    asker: &Asker,
    person: &Id,
) -> Result<Option<Vec<VersionShown>>, StoreError> {
    if !sees(conn, asker, person)? {
        return Ok(None);
    }
    versions(office, conn, Person::KIND.name, person).map(Some)
}

fn account_of(conn: &Connection, person: &Id) -> Result<Option<Account>, StoreError> {
    let body: Option<String> = conn
        .prepare_cached("SELECT body FROM account WHERE person = ?1")?
        .query_row([person.as_str()], |row| row.get(0))
        .optional()?;
    Ok(body.map(|body| serde_json::from_str(&body)).transpose()?)
}

/// The account of that folded name, for sign-in.
pub fn account(conn: &Connection, name: &str) -> Result<Option<Account>, StoreError> {
    let body: Option<String> = conn
        .prepare_cached("SELECT body FROM account WHERE key = ?1")?
        .query_row([name], |row| row.get(0))
        .optional()?;
    Ok(body.map(|body| serde_json::from_str(&body)).transpose()?)
}

/// Departments by name.
pub fn departments(conn: &Connection, asker: &Asker) -> Result<Vec<Shown<Department>>, StoreError> {
    if asker.roles.is_empty() {
        return Ok(Vec::new());
    }
    shown(conn, "SELECT version, body FROM department ORDER BY name", [])
}
