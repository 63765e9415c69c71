//! What differs between two moments: in a register, or of one record. Added, changed or ended, with the entries that did it.
//!
//! A record is told of only where the reader may see it in all three states: as it was before, as it was after, and as it
//! is today. Must never word anything: names of fields and values are the edge's.

use jingui_access::Asker;
use jingui_regulation::Moment;
use jingui_store::{Id, StoreError};
use rusqlite::types::Value as Sql;
use rusqlite::{Connection, OptionalExtension, params, params_from_iter};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::items::reading::{by_duty, narrowed, readable};
use crate::items::views::id;
use crate::page::{Condition, Cursor, Rows, limit};
use crate::perform::Office;
use crate::{loans, personnel, receipts};

/// Registers that can be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Register {
    /// Items.
    Item,
    /// Copies, with who holds them.
    Copy,
    /// Loans.
    Loan,
    /// Reading sessions.
    ReadingSession,
    /// Receipts.
    Receipt,
    /// Incidents.
    Incident,
    /// People.
    Person,
    /// Departments.
    Department,
    /// Rooms.
    Room,
    /// Cabinets.
    Cabinet,
}

impl Register {
    /// Its table.
    const fn kind(self) -> &'static str {
        match self {
            Self::Item => "item",
            Self::Copy => "copy",
            Self::Loan => "loan",
            Self::ReadingSession => "reading_session",
            Self::Receipt => "receipt",
            Self::Incident => "incident",
            Self::Person => "person",
            Self::Department => "department",
            Self::Room => "room",
            Self::Cabinet => "cabinet",
        }
    }
}

/// What became of a record between two moments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Became {
    /// It wasn't there before.
    Added,
    /// It was another.
    Changed,
    /// It came to its end: struck, returned, closed, left.
    Ended,
}

/// A record that differs.
#[derive(Debug)]
pub struct Difference {
    /// Its id.
    pub id: Id,
    /// The number or name people know it by.
    pub number: String,
    /// Title of its item, or name, where it has one that the reader may know.
    pub title: Option<String>,
    /// Its item, where it has one that the reader may know of.
    pub item: Option<Id>,
    /// What became of it.
    pub became: Became,
    /// Entries that did it, oldest first, at most 50.
    pub entries: Vec<u64>,
    /// The record before; nothing when it wasn't there.
    pub before: Option<Value>,
    /// The record after.
    pub after: Value,
}

/// What is compared.
#[derive(Debug, Clone)]
pub struct Compared {
    /// The register.
    pub register: Register,
    /// The earlier moment.
    pub from: Moment,
    /// The later moment.
    pub to: Moment,
    /// One record only.
    pub record: Option<Id>,
    /// Rows on the page.
    pub limit: Option<u16>,
    /// Where the page begins.
    pub cursor: Option<Cursor>,
}

/// Up to so many entries between the two moments the changed records are found by the entries; beyond, by going through
/// the register.
const FEW: u64 = 20_000;
/// Most entries told of one record.
const ENTRIES: usize = 50;

/// How a register is listed: tables, what names a record, who may see it. Values stand in the order of tables and condition.
struct Listing {
    from: String,
    number: &'static str,
    title: &'static str,
    item: &'static str,
    values: Vec<Sql>,
    visible: Condition,
}

fn listing(register: Register, asker: &Asker) -> Listing {
    let rule = readable(asker);
    let only = |may: bool| {
        let mut condition = Condition::default();
        if !may {
            condition.and("0", []);
        }
        condition
    };
    let known = |mut condition: Condition| {
        condition.and(rule.sql.clone(), rule.values.clone());
        condition
    };
    let office = !asker.roles.is_empty();
    let kind = register.kind();
    let plain = |number, title, visible| Listing {
        from: kind.to_owned(),
        number,
        title,
        item: "NULL",
        values: Vec::new(),
        visible,
    };
    let of_item = |number, visible| Listing {
        from: format!("{kind} JOIN item ON item.key = {kind}.item"),
        number,
        title: "item.title",
        item: "item.key",
        values: Vec::new(),
        visible: known(visible),
    };
    match register {
        Register::Item => {
            Listing { item: "item.key", ..plain("item.register_number", "item.title", known(only(true))) }
        }
        Register::Copy => of_item("copy.label", only(true)),
        Register::ReadingSession => {
            let mut own = only(true);
            if !by_duty(asker) {
                own.equals("reading_session.reader", Some(asker.id.clone()));
            }
            of_item("item.register_number", own)
        }
        Register::Loan => Listing {
            from: format!("loan LEFT JOIN item ON item.key = loan.item AND ({})", rule.sql),
            number: "loan.number",
            title: "item.title",
            item: "item.key",
            values: rule.values.clone(),
            visible: loans::views::visible(asker),
        },
        Register::Incident => {
            let mut visible = only(by_duty(asker));
            let sql = format!(
                "incident.item IS NULL OR EXISTS (SELECT 1 FROM item WHERE item.key = incident.item AND ({}))",
                rule.sql
            );
            visible.and(sql, rule.values.clone());
            plain("incident.number", "NULL", visible)
        }
        Register::Receipt => plain("receipt.number", "receipt.source", only(receipts::views::keeps(asker))),
        Register::Person => plain("person.staff_number", "person.name", personnel::views::seen(asker)),
        Register::Department => plain("department.name", "NULL", only(office)),
        Register::Room => plain("room.name", "NULL", only(office)),
        Register::Cabinet => plain("cabinet.name", "NULL", only(by_duty(asker))),
    }
}

/// A page of records that differ, newest records first. `conn` is a read of today.
pub fn differences(
    office: &Office,
    conn: &Connection,
    asker: &Asker,
    compared: &Compared,
) -> Result<Rows<Difference>, StoreError> {
    let store = office.store();
    let (from, to) = (compared.from, compared.to);
    let between = (store.entry_at(conn, from)?, store.entry_at(conn, to)?);
    let limit = limit(compared.limit);
    store.read_after(between.1, narrowed(asker, to), |after| {
        store.read_after(between.0, narrowed(asker, from), |before| {
            let mut rows = Vec::new();
            let mut cursor = compared.cursor.as_ref().and_then(|Cursor(parts)| parts.first().cloned());
            loop {
                let wanted = limit - rows.len();
                let found = changed(after, asker, compared, between, wanted, cursor)?;
                cursor = found.last().map(|found| found.id.to_string());
                let whole = found.len() < wanted;
                for found in found {
                    rows.extend(compare(before, after, asker, compared, between.0, found)?);
                }
                if whole || rows.len() >= limit {
                    let next = cursor.filter(|_| !whole).map(|last| Cursor(vec![last]).to_text());
                    return Ok(Rows { rows, next });
                }
            }
        })
    })
}

/// A record as it was after.
struct Found {
    id: Id,
    number: String,
    title: Option<String>,
    item: Option<Id>,
    body: String,
}

/// The next records with an entry after the first and up to the last, as they were then.
fn changed(
    after: &Connection,
    asker: &Asker,
    compared: &Compared,
    (first, last): (u64, u64),
    limit: usize,
    cursor: Option<String>,
) -> Result<Vec<Found>, StoreError> {
    let listing = listing(compared.register, asker);
    let kind = compared.register.kind();
    let mut condition = listing.visible;
    // The view of versions on this connection ends with the later moment.
    let by_entries = last.saturating_sub(first) <= FEW && compared.record.is_none();
    let sql = if by_entries {
        format!("{kind}.key IN (SELECT key FROM version WHERE kind = '{kind}' AND seq > {first})")
    } else {
        format!(
            "EXISTS (SELECT 1 FROM version WHERE version.key = {kind}.key AND version.kind = '{kind}' AND +version.seq > {first})"
        )
    };
    condition.and(sql, []);
    condition.equals(&format!("{kind}.key"), compared.record.as_ref().map(ToString::to_string));
    if let Some(last) = cursor {
        condition.and(format!("{kind}.key < ?"), [Sql::Text(last)]);
    }
    let sql = format!(
        "SELECT {kind}.key, {}, {}, {}, {kind}.body FROM {} WHERE {} ORDER BY {kind}.key DESC LIMIT {limit}",
        listing.number,
        listing.title,
        listing.item,
        listing.from,
        condition.sql()
    );
    let mut statement = after.prepare_cached(&sql)?;
    let mut found = statement.query(params_from_iter(listing.values.iter().chain(&condition.values)))?;
    let mut all = Vec::new();
    while let Some(row) = found.next()? {
        if let Some(key) = id(row, 0)? {
            all.push(Found {
                id: key,
                number: row.get(1)?,
                title: row.get(2)?,
                item: id(row, 3)?,
                body: row.get(4)?,
            });
        }
    }
    Ok(all)
}

/// The difference; nothing when both are the same, or when the reader may not see what it was.
fn compare(
    before: &Connection,
    after: &Connection,
    asker: &Asker,
    compared: &Compared,
    first: u64,
    found: Found,
) -> Result<Option<Difference>, StoreError> {
    let kind = compared.register.kind();
    let listing = listing(compared.register, asker);
    let sql = format!(
        "SELECT {kind}.body FROM {} WHERE ({}) AND {kind}.key = ?",
        listing.from,
        listing.visible.sql()
    );
    let key = Sql::Text(found.id.to_string());
    let values = listing.values.iter().chain(&listing.visible.values).chain(std::iter::once(&key));
    let was: Option<String> =
        before.prepare_cached(&sql)?.query_row(params_from_iter(values), |row| row.get(0)).optional()?;
    let there = "SELECT 1 FROM version WHERE key = ?1 AND kind = ?2";
    if was.is_none() && before.prepare_cached(there)?.exists([found.id.as_str(), kind])? {
        return Ok(None);
    }
    let was: Option<Value> = was.map(|was| serde_json::from_str(&was)).transpose()?;
    let is: Value = serde_json::from_str(&found.body)?;
    if was.as_ref() == Some(&is) {
        return Ok(None);
    }
    let became = match &was {
        None => Became::Added,
        Some(was) if ended(compared.register, &is) && !ended(compared.register, was) => Became::Ended,
        Some(_) => Became::Changed,
    };
    let entries = after
        .prepare_cached("SELECT DISTINCT seq FROM version WHERE key = ?1 AND kind = ?2 AND +seq > ?3 ORDER BY seq LIMIT ?4")?
        .query_map(params![found.id.as_str(), kind, first, ENTRIES], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let Found { id, number, title, item, .. } = found;
    Ok(Some(Difference { id, number, title, item, became, entries, before: was, after: is }))
}

/// The number or name of whatever record an id names, as far as the asker may see that record.
pub fn named(conn: &Connection, asker: &Asker, id: &Id) -> Result<Option<String>, StoreError> {
    let registers = [
        Register::Room,
        Register::Cabinet,
        Register::Copy,
        Register::Item,
        Register::Loan,
        Register::Receipt,
        Register::Incident,
        Register::ReadingSession,
    ];
    for register in registers {
        let listing = listing(register, asker);
        let sql = format!(
            "SELECT {} FROM {} WHERE ({}) AND {}.key = ?",
            listing.number,
            listing.from,
            listing.visible.sql(),
            register.kind()
        );
        let key = Sql::Text(id.to_string());
        let values = listing.values.iter().chain(&listing.visible.values).chain(std::iter::once(&key));
        let found: Option<String> =
            conn.prepare_cached(&sql)?.query_row(params_from_iter(values), |row| row.get(0)).optional()?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// Whether a record came to its end.
fn ended(register: Register, record: &Value) -> bool {
    let at = |pointer: &str| record.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    match register {
        Register::Item => record.get("void").is_some_and(|void| !void.is_null()),
        Register::Copy => at("/custody/state") == "void",
        Register::Loan => {
            ["returned", "rejected", "withdrawn", "expired", "lost"].contains(&at("/state/name"))
        }
        Register::ReadingSession | Register::Incident => {
            ["closed", "called_off"].contains(&at("/state/name"))
        }
        Register::Receipt => record.get("open") == Some(&Value::Bool(false)),
        Register::Person => at("/standing/state") == "left",
        Register::Department | Register::Room | Register::Cabinet => false,
    }
}
