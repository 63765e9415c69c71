//! Which entries the maker of evidence may disclose. An opening discloses a whole entry, with every record in it, so that an
//! entry is opened only where all that stands in it is the maker's to see; else it is proven and stays closed. A kind of
//! record that nobody has thought of stays closed.

use std::collections::HashMap;

use jingui_access::Asker;
use jingui_regulation::{Level, Role};
use jingui_store::{Entry, Id, Outcome, Put, StoreError, Subject};
use rusqlite::{Connection, OptionalExtension as _};
use serde_json::Value;

use crate::items::reading::{by_duty, is_administrator, reach};
use crate::items::views::may_know;

/// What becomes of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disclosure {
    /// Its opening goes into the bundle.
    Opened,
    /// It is proven and listed, and stays closed.
    Closed,
    /// It concerns only items that the maker may not know of: it isn't there.
    Absent,
}

/// Kinds that the head, who answers for the whole, sees in the console as a whole. Never among them: accounts, which hold
/// what passwords are checked against, and filters that people save for themselves.
const HEAD: &[&str] = &[
    "backup",
    "cabinet",
    "calendar_year",
    "content_approval",
    "department",
    "evidence",
    "import_run",
    "incident",
    "opening",
    "person",
    "receipt",
    "room",
    "series",
    "setting",
    "source",
];
/// Kinds that say nothing of people or items.
const ADMINISTRATORS: &[&str] = &["backup", "calendar_year", "setting"];

/// Decides for one maker; remembers which items may be known, and the highest level of what was opened.
pub struct Disclosing<'a> {
    conn: &'a Connection,
    asker: &'a Asker,
    /// The level of each item that may be known; nothing for those that mayn't.
    known: HashMap<String, Option<Level>>,
    highest: Option<Level>,
    /// Kinds whose records name their item.
    bound: Vec<&'static str>,
}

impl<'a> Disclosing<'a> {
    /// For what this person may know now.
    pub fn to(conn: &'a Connection, asker: &'a Asker) -> Self {
        let named = |kind: &jingui_store::Kind| kind.columns.iter().any(|column| column.name == "item");
        let bound = crate::kinds().iter().filter(|kind| named(kind)).map(|kind| kind.name).collect();
        Self { conn, asker, known: HashMap::new(), highest: None, bound }
    }

    /// What becomes of this entry.
    pub fn of(&mut self, entry: &Entry) -> Result<Disclosure, StoreError> {
        let (mut knows, mut hidden) = (None, false);
        let mut open = !self.tells_facts(&entry.outcome);
        let subject =
            entry.subject.as_ref().map(|subject| self.item_of_subject(subject)).transpose()?.flatten();
        let put = entry.puts.iter().filter_map(|put| self.item_of(put));
        for item in subject.into_iter().chain(put).collect::<Vec<_>>() {
            match self.level(&item)? {
                Some(level) => knows = knows.max(Some(level)),
                None => hidden = true,
            }
        }
        if hidden && knows.is_none() && !is_administrator(self.asker) {
            return Ok(Disclosure::Absent);
        }
        // What an entry without records says of an item is its key, which the journal shows an auditor too.
        open &= !hidden || entry.puts.is_empty();
        open &= entry.puts.iter().all(|put| self.sees(put));
        if open {
            self.highest = self.highest.max(knows);
        }
        Ok(if open { Disclosure::Opened } else { Disclosure::Closed })
    }

    /// The highest level of the items that opened entries concern.
    pub const fn highest(&self) -> Option<Level> {
        self.highest
    }

    /// Whether a refusal was decided by facts that may name what the maker may not know of.
    fn tells_facts(&self, outcome: &Outcome) -> bool {
        let Outcome::Refused { facts, .. } = outcome else { return false };
        let says = match facts {
            Value::Null => false,
            Value::Object(facts) => facts.values().any(|fact| !fact.is_number() && !fact.is_boolean()),
            _ => true,
        };
        says && !(by_duty(self.asker) && reach(self.asker) >= 4)
    }

    /// Whether records of that kind are the maker's to see; those of an item go by the item.
    fn sees(&self, put: &Put) -> bool {
        let kind = put.kind.as_str();
        if self.item_of(put).is_some() {
            return true;
        }
        (self.asker.is(Role::OfficeHead) && HEAD.contains(&kind)) || ADMINISTRATORS.contains(&kind)
    }

    fn level(&mut self, item: &str) -> Result<Option<Level>, StoreError> {
        if let Some(known) = self.known.get(item) {
            return Ok(*known);
        }
        let knows = match item.parse::<Id>() {
            Ok(id) => may_know(self.conn, self.asker, &id)?,
            Err(_) => false,
        };
        let level = if knows {
            let mut level = self.conn.prepare_cached("SELECT level FROM item WHERE key = ?1")?;
            Level::new(level.query_row([item], |row| row.get(0))?)
        } else {
            None
        };
        self.known.insert(item.to_owned(), level);
        Ok(level)
    }

    /// The item that a record is or belongs to.
    fn item_of(&self, put: &Put) -> Option<String> {
        if put.kind == "item" {
            return Some(put.key.clone());
        }
        if !self.bound.contains(&put.kind.as_str()) {
            return None;
        }
        let body: Value = serde_json::from_str(put.body.get()).ok()?;
        body.get("item")?.as_str().map(str::to_owned)
    }

    fn item_of_subject(&self, subject: &Subject) -> Result<Option<String>, StoreError> {
        if subject.kind == "item" {
            return Ok(Some(subject.key.clone()));
        }
        let Some(kind) = self.bound.iter().find(|kind| **kind == subject.kind) else { return Ok(None) };
        let item = self
            .conn
            .prepare_cached(&format!("SELECT item FROM {kind} WHERE key = ?1"))?
            .query_row([&subject.key], |row| row.get::<_, Option<String>>(0))
            .optional()?;
        Ok(item.flatten())
    }
}
