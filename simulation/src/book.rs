//! What the auditor reads: every entry with what it put, and every register as it stands, as plain JSON.
//!
//! Owns the reading. Must never interpret what it reads.

use std::collections::BTreeMap;

use anyhow::Context as _;
use jingui_office::Office;
use jingui_store::{Outcome, StoreError};
use serde_json::Value;

/// An entry of the journal.
#[derive(Debug, Clone)]
pub struct Line {
    /// Its number.
    pub seq: u64,
    /// The day, as text.
    pub day: String,
    /// Who acted.
    pub actor: String,
    /// Which action.
    pub action: String,
    /// Whether it was refused.
    pub refused: bool,
    /// Kind, key and body of every record it put.
    pub puts: Vec<(String, String, Value)>,
}

/// The journal and the registers.
#[derive(Debug, Clone, Default)]
pub struct Book {
    /// Every entry, in order.
    pub lines: Vec<Line>,
    /// Every record, by kind and key.
    pub records: BTreeMap<(String, String), Value>,
}

impl Book {
    /// Reads all there is.
    pub fn read(office: &Office) -> anyhow::Result<Self> {
        let store = office.store();
        let mut book = Self::default();
        let head = store.head()?.0;
        store.read(|conn| -> Result<(), anyhow::Error> {
            for seq in 1..=head {
                let entry = store.entry(conn, seq)?.with_context(|| format!("entry {seq} is missing"))?;
                let puts = entry
                    .puts
                    .iter()
                    .map(|put| Ok((put.kind.clone(), put.key.clone(), serde_json::from_str(put.body.get())?)))
                    .collect::<Result<_, StoreError>>()?;
                book.lines.push(Line {
                    seq: entry.seq,
                    day: entry.at.date().to_string(),
                    actor: entry.actor,
                    action: entry.action,
                    refused: entry.outcome != Outcome::Done,
                    puts,
                });
            }
            for kind in jingui_office::kinds() {
                let mut statement = conn.prepare(&format!("SELECT key, body FROM {}", kind.name))?;
                let mut rows = statement.query([])?;
                while let Some(row) = rows.next()? {
                    let body: String = row.get(1)?;
                    book.records.insert((kind.name.to_owned(), row.get(0)?), serde_json::from_str(&body)?);
                }
            }
            Ok(())
        })?;
        Ok(book)
    }

    /// The records of a kind.
    pub fn of<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = (&'a str, &'a Value)> {
        self.records
            .iter()
            .filter(move |((of, _), _)| of == kind)
            .map(|((_, key), body)| (key.as_str(), body))
    }
}
