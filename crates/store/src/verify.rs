//! The proof: the journal replayed into a second store, every table compared with it, the root computed anew, every page
//! and every index looked at.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use jingui_crypto::Key;
use jingui_ledger::{Checkpoint, Frontier, Note, TreeSuite};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Statement};

use crate::entry::{Entry, Outcome};
use crate::error::StoreError;
use crate::open::{Store, saved, unlock};
use crate::{ledger, pages, rebuild, schema, words};

/// What verification found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Entries read.
    pub entries: u64,
    /// Records compared.
    pub records: u64,
    /// Merkle root over all entries, hexadecimal.
    pub root: String,
    /// The first thing that isn't as the journal says; nothing when the book is whole.
    pub finding: Option<Finding>,
}

/// Where the store differs from its journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// An entry is missing: the next one found has a later number.
    EntryMissing {
        /// Number that should come here.
        seq: u64,
    },
    /// An entry can't be opened: its bytes or its place were altered.
    EntryAltered {
        /// Its number.
        seq: u64,
    },
    /// The listed columns of an entry differ from its sealed content.
    EntryListing {
        /// Its number.
        seq: u64,
    },
    /// An entry's records don't follow from those before it.
    EntryDoesntFollow {
        /// Its number.
        seq: u64,
    },
    /// The saved size or root isn't that of the entries.
    Root,
    /// A kept checkpoint isn't signed by the journal's key, or doesn't say what the entries give.
    Checkpoint {
        /// Its size.
        size: u64,
    },
    /// A record differs from its replay, is missing, or is one too many.
    Record {
        /// Table.
        kind: String,
        /// Key of the record.
        key: String,
    },
    /// Kept checkpoints are missing, or some are too many.
    Checkpoints {
        /// How many the writer kept.
        kept: u64,
        /// How many there are.
        found: u64,
    },
    /// A page of the database file doesn't pass the cipher's check.
    Page {
        /// Its number, from 1.
        page: u64,
    },
    /// An index doesn't say what its table says: lists would lie.
    Index {
        /// What the engine says of it.
        told: String,
    },
}

impl Verdict {
    /// Something below the tables: nothing was compared.
    const fn broken_off(finding: Finding) -> Self {
        Self { entries: 0, records: 0, root: String::new(), finding: Some(finding) }
    }
}

impl Store {
    /// Replays the journal into a second store beside the first and compares. `progress` is told (entries done,
    /// entries in all) now and then. Runs on one read transaction: it sees one moment while work goes on.
    pub fn verify(&self, mut progress: impl FnMut(u64, u64)) -> Result<Verdict, StoreError> {
        let scratch = Scratch::beside(&self.path)?;
        let kinds: Vec<_> = self.kinds.values().copied().collect();
        schema::create_derived(&scratch.conn, &kinds)?;
        let compared = self.read(|first| self.compare(first, &scratch.conn, &mut progress));
        match compared.map_err(|error| pages::named(error, &self.path, &self.database)) {
            Err(StoreError::Page { page }) => Ok(Verdict::broken_off(Finding::Page { page })),
            Err(StoreError::Torn) => {
                Ok(Verdict::broken_off(Finding::Index { told: StoreError::Torn.to_string() }))
            }
            other => other,
        }
    }

    fn compare(
        &self,
        first: &Connection,
        second: &Connection,
        progress: &mut impl FnMut(u64, u64),
    ) -> Result<Verdict, StoreError> {
        if let Some(page) = pages::altered(first)? {
            return Ok(Verdict::broken_off(Finding::Page { page }));
        }
        let mut frontier = Frontier::with(self.tree);
        let finding = self.replay(first, second, &mut frontier, progress)?;
        let mut verdict = Verdict {
            entries: frontier.size(),
            records: 0,
            root: data_encoding::HEXLOWER.encode(&frontier.root()),
            finding,
        };
        if verdict.finding.is_some() {
            return Ok(verdict);
        }
        let found = ledger::checkpoints_kept(first)?;
        verdict.finding = match saved(first, self.tree) {
            Ok((saved, _)) if saved.size() != frontier.size() || saved.root() != frontier.root() => {
                Some(Finding::Root)
            }
            Err(_) => Some(Finding::Root),
            Ok((_, Some(kept))) if kept != found => Some(Finding::Checkpoints { kept, found }),
            Ok(_) => None,
        };
        if verdict.finding.is_some() {
            return Ok(verdict);
        }
        let tables = self
            .kinds
            .keys()
            .map(|kind| (*kind, format!("SELECT key, version, born, since, body FROM {kind} ORDER BY key")))
            .chain([
                (
                    "version",
                    "SELECT key, kind, version, seq, was FROM version ORDER BY key, kind, version".to_owned(),
                ),
                ("was", "SELECT cast(id AS TEXT), body FROM was ORDER BY id".to_owned()),
                ("subtree", "SELECT root, height, place FROM subtree ORDER BY height, place".to_owned()),
                ("custody", "SELECT record, seq, who, how FROM custody ORDER BY record, seq".to_owned()),
                ("member", "SELECT record, who FROM member ORDER BY record, who".to_owned()),
            ])
            .chain(words::tables("words"));
        for (table, sql) in tables {
            let (rows, differs) = compare_rows(&mut first.prepare(&sql)?, &mut second.prepare(&sql)?)?;
            verdict.records += rows;
            if let Some(key) = differs {
                verdict.finding = Some(Finding::Record { kind: table.to_owned(), key });
                return Ok(verdict);
            }
        }
        // Every table is as the journal says; what is left are the ways by which lists come to its rows.
        verdict.finding = pages::disagreement(first)?.map(|told| Finding::Index { told });
        Ok(verdict)
    }

    fn replay(
        &self,
        first: &Connection,
        second: &Connection,
        frontier: &mut Frontier<TreeSuite>,
        progress: &mut impl FnMut(u64, u64),
    ) -> Result<Option<Finding>, StoreError> {
        let total: u64 = first.query_row("SELECT coalesce(max(seq), 0) FROM entry", [], |row| row.get(0))?;
        let mut versions: BTreeMap<(String, String), u64> = BTreeMap::new();
        let checkpoints: Vec<(u64, String)> = first
            .prepare("SELECT size, note FROM checkpoint WHERE size > 0 ORDER BY size")?
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        let mut checkpoints = checkpoints.into_iter().peekable();
        let mut statement = first
            .prepare("SELECT seq, sealed, at, actor, action, refused, subject FROM entry ORDER BY seq")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let expected = frontier.size() + 1;
            let seq: u64 = row.get(0)?;
            if seq != expected {
                return Ok(Some(Finding::EntryMissing { seq: expected }));
            }
            let Ok(sealed) = row.get_ref(1)?.as_blob() else {
                return Ok(Some(Finding::EntryAltered { seq }));
            };
            let Ok(entry) = Entry::open(seq, sealed, &self.log_id, &self.sealer) else {
                return Ok(Some(Finding::EntryAltered { seq }));
            };
            if !listing_agrees(row, &entry)? {
                return Ok(Some(Finding::EntryListing { seq }));
            }
            for put in &entry.puts {
                let last = versions.entry((put.kind.clone(), put.key.clone())).or_insert(0);
                if put.version != *last + 1 || rebuild::apply(second, &self.kinds, put, seq).is_err() {
                    return Ok(Some(Finding::EntryDoesntFollow { seq }));
                }
                *last = put.version;
            }
            ledger::append(second, frontier, sealed)?;
            if checkpoints.peek().is_some_and(|(size, _)| *size == seq) {
                let fits = checkpoints.next().is_some_and(|(_, note)| self.signed(&note, frontier));
                if !fits {
                    return Ok(Some(Finding::Checkpoint { size: seq }));
                }
            }
            if seq.is_multiple_of(1_000) {
                progress(seq, total);
            }
        }
        progress(total, total);
        // A checkpoint beyond the end: entries were there that aren't any more.
        Ok(checkpoints.next().map(|(size, _)| Finding::Checkpoint { size }))
    }

    /// Whether a kept checkpoint is signed by this journal's key and says what the entries give.
    fn signed(&self, note: &str, frontier: &Frontier<TreeSuite>) -> bool {
        let Ok(note) = Note::parse(note) else { return false };
        self.note_key().is_ok_and(|key| key.verify(&note).is_ok())
            && Checkpoint::parse(note.text())
                .is_ok_and(|said| said.size == frontier.size() && said.root == frontier.root())
    }
}

fn listing_agrees(row: &rusqlite::Row<'_>, entry: &Entry) -> Result<bool, StoreError> {
    let refused = matches!(entry.outcome, Outcome::Refused { .. });
    Ok(row.get::<_, String>(2)? == entry.at.to_string()
        && row.get::<_, String>(3)? == entry.actor
        && row.get::<_, String>(4)? == entry.action
        && row.get::<_, bool>(5)? == refused
        && row.get::<_, Option<String>>(6)?.as_deref()
            == entry.subject.as_ref().map(|subject| subject.key.as_str()))
}

/// Steps through both results side by side; answers how many rows agreed and the first value of the row that didn't.
pub(crate) fn compare_rows(
    first: &mut Statement<'_>,
    second: &mut Statement<'_>,
) -> Result<(u64, Option<String>), StoreError> {
    let columns = first.column_count();
    let (mut left, mut right) = (first.query([])?, second.query([])?);
    let mut agreed = 0;
    loop {
        match (left.next()?, right.next()?) {
            (None, None) => return Ok((agreed, None)),
            (Some(row), None) | (None, Some(row)) => return Ok((agreed, Some(name_of(row.get_ref(0)?)))),
            (Some(row), Some(other)) => {
                for column in 0..columns {
                    if row.get_ref(column)? != other.get_ref(column)? {
                        // The smaller key is the one that stands on one side only, or differs on both.
                        let names = (name_of(row.get_ref(0)?), name_of(other.get_ref(0)?));
                        return Ok((agreed, Some(names.0.min(names.1))));
                    }
                }
                agreed += 1;
            }
        }
    }
}

fn name_of(value: ValueRef<'_>) -> String {
    value.as_str().map_or_else(|_| "?".to_owned(), str::to_owned)
}

/// A second store, encrypted under a key that nobody keeps; gone when verification ends, however it ends.
pub(crate) struct Scratch {
    pub conn: Connection,
    path: PathBuf,
}

impl Scratch {
    /// Makes one in the directory of the store.
    pub(crate) fn beside(store: &Path) -> Result<Self, StoreError> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let directory = store.parent().unwrap_or(Path::new("."));
        let path = directory.join(format!("verification-{}-{number}.db", std::process::id()));
        let _ = std::fs::remove_file(&path);
        let conn = Connection::open(&path)?;
        let scratch = Self { conn, path };
        unlock(&scratch.conn, &Key::generate(&mut ChaCha20Rng::from_os_rng()))?;
        // It is thrown away: it needs no durability, only speed.
        scratch.conn.execute_batch(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -131072; BEGIN;",
        )?;
        scratch.conn.set_prepared_statement_cache_capacity(256);
        Ok(scratch)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}
