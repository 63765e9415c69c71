//! An entry as the page of a bundle lists it: numbers and names, never a title.

use jingui_access::Asker;
use jingui_regulation::Moment;
use jingui_store::{Entry, Outcome, StoreError};
use rusqlite::Connection;
use serde_json::{Map, Value};

use super::disclosed::Disclosure;
use crate::items::reading::is_administrator;
use crate::supervision::journal::{name_of, number_of};

/// An entry in words that don't depend on a language.
#[derive(Debug, Clone)]
pub struct Listed {
    /// Its number.
    pub seq: u64,
    /// When.
    pub at: Moment,
    /// The person's name; nothing for a mechanism.
    pub name: Option<String>,
    /// Who: a person's id, or the name of a mechanism.
    pub actor: String,
    /// Which action.
    pub action: String,
    /// Code and facts of the refusal, if it was refused. Facts of an entry that stays closed aren't told.
    pub refused: Option<(String, Map<String, Value>)>,
    /// Number of the record it was about.
    pub subject: Option<String>,
    /// Records put.
    pub puts: Vec<Changed>,
    /// Whether it is opened.
    pub opened: bool,
}

/// A record that an entry put.
#[derive(Debug, Clone)]
pub struct Changed {
    /// Its kind.
    pub kind: String,
    /// Its number in the register, where it has one.
    pub number: Option<String>,
    /// Its version afterwards.
    pub version: u64,
    /// Its state afterwards, where it has one and may be told.
    pub state: Option<String>,
    /// Who holds it afterwards, where that is known and may be told.
    pub holder: Option<String>,
}

/// Lists an entry.
pub fn list(
    conn: &Connection,
    asker: &Asker,
    entry: &Entry,
    disclosure: Disclosure,
) -> Result<Listed, StoreError> {
    let opened = disclosure == Disclosure::Opened;
    let numbers = opened || is_administrator(asker);
    let number = |kind: &str, key: &str| if numbers { number_of(conn, kind, key) } else { Ok(None) };
    let mut puts = Vec::with_capacity(entry.puts.len());
    for put in &entry.puts {
        let body: Value = if opened { serde_json::from_str(put.body.get())? } else { Value::Null };
        let text = |path: &str| body.pointer(path).and_then(Value::as_str).map(str::to_owned);
        let holder = text("/custody/holder").map(|id| name_of(conn, &id)).transpose()?.flatten();
        puts.push(Changed {
            kind: put.kind.clone(),
            number: number(&put.kind, &put.key)?,
            version: put.version,
            state: text("/state/name").or_else(|| text("/custody/state")),
            holder,
        });
    }
    let refused = match &entry.outcome {
        Outcome::Done => None,
        Outcome::Refused { code, facts, .. } => {
            let facts = facts.as_object().filter(|_| opened).cloned().unwrap_or_default();
            Some((code.clone(), facts))
        }
    };
    let subject = entry.subject.as_ref().map(|subject| number(&subject.kind, &subject.key));
    Ok(Listed {
        seq: entry.seq,
        at: entry.at,
        name: name_of(conn, &entry.actor)?,
        actor: entry.actor.clone(),
        action: entry.action.clone(),
        refused,
        subject: subject.transpose()?.flatten(),
        puts,
        opened,
    })
}

/// What the evidence is about, as people call it: the register number of an item, a person's name, the number of an
/// incident; nothing for days alone.
pub fn named(conn: &Connection, choice: &super::Choice) -> Result<Option<String>, StoreError> {
    let subjects = [("item", &choice.item), ("person", &choice.person), ("incident", &choice.incident)];
    match subjects.into_iter().find_map(|(kind, key)| Some((kind, key.as_ref()?))) {
        Some((kind, key)) => number_of(conn, kind, key.as_str()),
        None => Ok(None),
    }
}
