//! The store as it is carried elsewhere and made anew there: entries sealed as they are, and what stands beside the
//! journal. Registers aren't carried: they are the journal, replayed. Never decides where copies lie nor who may ask.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jingui_crypto::{EntrySealer, Keyring};
use jingui_ledger::{Checkpoint, Frontier, Hash, Note, NoteKey, TreeSuite, origin};
use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::entry::Entry;
use crate::error::StoreError;
use crate::ledger;
use crate::open::{Options, Store, tree_of, unlock};
use crate::record::Kind;
use crate::{rebuild, schema, sequencer};

/// What stands beside the journal, because it can be destroyed, or because the journal can't hold it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Beside {
    /// The wrapped key of a file.
    Key {
        /// The file.
        file: String,
        /// The key, wrapped; hexadecimal.
        wrapped: String,
    },
    /// The words of a file.
    Words {
        /// The file.
        file: String,
        /// Its number in the index.
        serial: i64,
        /// Its level.
        level: u8,
        /// Salt of the digest of the words.
        salt: String,
        /// The words of each page: a list of strings.
        pages: Box<RawValue>,
    },
    /// A checkpoint that the writer kept.
    Checkpoint {
        /// Number of entries.
        size: u64,
        /// When.
        at: String,
        /// The signed note.
        note: String,
    },
}

type ReadRow = fn(&rusqlite::Row<'_>) -> Result<Beside, StoreError>;

impl Store {
    /// Hands out the sealed entries after `from` up to and with `to`, in their order. Entries never change, so several
    /// calls for parts of a range, each on a read of its own, see the same journal.
    pub fn copy_entries<E: From<StoreError>>(
        &self,
        conn: &Connection,
        from: u64,
        to: u64,
        mut sink: impl FnMut(u64, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let failed = |error: rusqlite::Error| E::from(error.into());
        let mut statement = conn
            .prepare_cached("SELECT seq, sealed FROM entry WHERE seq > ?1 AND seq <= ?2 ORDER BY seq")
            .map_err(failed)?;
        let mut rows = statement.query([from, to]).map_err(failed)?;
        let mut expected = from;
        while let Some(row) = rows.next().map_err(failed)? {
            expected += 1;
            let seq: u64 = row.get(0).map_err(failed)?;
            let sealed = row.get_ref(1).map_err(failed)?.as_blob().map_err(|_| StoreError::Ledger)?;
            if seq != expected {
                return Err(StoreError::Ledger.into());
            }
            sink(seq, sealed)?;
        }
        if expected == to { Ok(()) } else { Err(StoreError::Ledger.into()) }
    }

    /// Hands out what stands beside the journal, as this read sees it.
    pub fn copy_beside<E: From<StoreError>>(
        &self,
        conn: &Connection,
        mut sink: impl FnMut(&Beside) -> Result<(), E>,
    ) -> Result<(), E> {
        let failed = |error: rusqlite::Error| E::from(error.into());
        let each: [(&str, ReadRow); 3] = [
            ("SELECT file, wrapped FROM file_key ORDER BY file", |row| {
                let wrapped: Vec<u8> = row.get(1)?;
                Ok(Beside::Key { file: row.get(0)?, wrapped: data_encoding::HEXLOWER.encode(&wrapped) })
            }),
            ("SELECT file, serial, level, salt, pages FROM file_text ORDER BY serial", |row| {
                let pages = RawValue::from_string(row.get(4)?)?;
                Ok(Beside::Words {
                    file: row.get(0)?,
                    serial: row.get(1)?,
                    level: row.get(2)?,
                    salt: row.get(3)?,
                    pages,
                })
            }),
            ("SELECT size, at, note FROM checkpoint ORDER BY size", |row| {
                Ok(Beside::Checkpoint { size: row.get(0)?, at: row.get(1)?, note: row.get(2)? })
            }),
        ];
        for (sql, read) in each {
            let mut statement = conn.prepare(sql).map_err(failed)?;
            let mut rows = statement.query([]).map_err(failed)?;
            while let Some(row) = rows.next().map_err(failed)? {
                sink(&read(row)?)?;
            }
        }
        Ok(())
    }
}

/// Cuts the words of a file's pages as they are found.
pub type Terms = fn(&[String]) -> String;

/// A store being made anew, in a file beside its place until it is whole. Dropped before it is finished, it leaves nothing.
pub struct Restoring {
    conn: Option<Connection>,
    scratch: PathBuf,
    options: Options,
    kinds: BTreeMap<&'static str, Kind>,
    keys: Keyring,
    note_key: NoteKey,
    log_id: String,
    sealer: EntrySealer,
    frontier: Frontier<TreeSuite>,
    terms: Terms,
}

impl Restoring {
    /// Begins with an empty journal of the name `log_id`; `terms` is what the words of files are cut by. Refuses a place
    /// where a database is.
    pub fn begin(keys: &Keyring, options: Options, log_id: &str, terms: Terms) -> Result<Self, StoreError> {
        if options.path.exists() {
            return Err(StoreError::Open("there is a database already; choose an empty directory".into()));
        }
        let scratch = options.path.with_extension("restoring");
        let tree = tree_of(keys.suite());
        let mut restoring = Self {
            conn: None,
            kinds: options.kinds.iter().map(|kind| (kind.name, *kind)).collect(),
            keys: keys.clone(),
            note_key: ledger::note_key(log_id, keys)?,
            log_id: log_id.to_owned(),
            sealer: keys.entry_sealer(),
            frontier: Frontier::with(tree),
            terms,
            scratch,
            options,
        };
        restoring.remove();
        let conn = Connection::open(&restoring.scratch)?;
        unlock(&conn, &keys.derive("database"))?;
        // It is put on the disk as a whole when it is finished, and thrown away when it isn't.
        conn.execute_batch(&format!(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -{}; BEGIN",
            restoring.options.cache_mib * 1024
        ))?;
        conn.set_prepared_statement_cache_capacity(256);
        schema::create_journal(&conn)?;
        // Indexes of the journal are quicker made at the end.
        conn.execute_batch(
            "DROP INDEX entry_actor; DROP INDEX entry_action; DROP INDEX entry_refused; DROP INDEX entry_subject",
        )?;
        schema::create_derived(&conn, &restoring.options.kinds)?;
        schema::set_meta(&conn, "log", log_id)?;
        schema::set_meta(&conn, "suite", tree.name())?;
        schema::set_meta(&conn, "layout", &schema::fingerprint(&restoring.options.kinds))?;
        restoring.conn = Some(conn);
        Ok(restoring)
    }

    /// What is made anew so far, to be read.
    pub fn connection(&self) -> Result<&Connection, StoreError> {
        self.conn.as_ref().ok_or(StoreError::Stopped)
    }

    /// Entries so far, and the root over them.
    pub fn head(&self) -> (u64, Hash) {
        (self.frontier.size(), self.frontier.root())
    }

    /// Takes the next entry and replays it. Refuses one that doesn't open at this place, or doesn't follow.
    pub fn entry(&mut self, sealed: &[u8]) -> Result<(), StoreError> {
        let conn = self.conn.as_ref().ok_or(StoreError::Stopped)?;
        let seq = self.frontier.size() + 1;
        let entry = Entry::open(seq, sealed, &self.log_id, &self.sealer)?;
        sequencer::insert_entry(conn, &entry, sealed)?;
        ledger::append(conn, &mut self.frontier, sealed)?;
        for put in &entry.puts {
            rebuild::apply(conn, &self.kinds, put, seq)?;
        }
        Ok(())
    }

    /// Takes what stands beside the journal.
    pub fn beside(&mut self, row: &Beside) -> Result<(), StoreError> {
        let conn = self.conn.as_ref().ok_or(StoreError::Stopped)?;
        match row {
            Beside::Key { file, wrapped } => {
                let wrapped = data_encoding::HEXLOWER.decode(wrapped.as_bytes());
                conn.prepare_cached("INSERT INTO file_key (file, wrapped) VALUES (?1, ?2)")?
                    .execute(params![file, wrapped.map_err(|_| StoreError::Ledger)?])?;
            }
            Beside::Words { file, serial, level, salt, pages } => {
                let words: Vec<String> = serde_json::from_str(pages.get())?;
                conn.prepare_cached(
                    "INSERT INTO file_text (serial, file, level, salt, pages) VALUES (?1, ?2, ?3, ?4, ?5)",
                )?
                .execute(params![serial, file, level, salt, pages.get()])?;
                conn.prepare_cached("INSERT INTO file_words (rowid, terms) VALUES (?1, ?2)")?
                    .execute(params![serial, (self.terms)(&words)])?;
            }
            Beside::Checkpoint { size, at, note } => {
                conn.prepare_cached("INSERT INTO checkpoint (size, at, note) VALUES (?1, ?2, ?3)")?
                    .execute(params![size, at, note])?;
            }
        }
        Ok(())
    }

    /// Finishes: the entries must be exactly those under this checkpoint, which this office signed. All of it is on disk
    /// under its name before the store is opened.
    pub fn finish(mut self, checkpoint: &Note) -> Result<Store, StoreError> {
        self.note_key.verify(checkpoint)?;
        let said = Checkpoint::parse(checkpoint.text())?;
        let made = &self.frontier;
        if said.origin != origin(&self.log_id) || said.size != made.size() || said.root != made.root() {
            return Err(StoreError::Ledger);
        }
        let conn = self.conn.take().ok_or(StoreError::Stopped)?;
        sequencer::save_root(&conn, &self.frontier, ledger::checkpoints_kept(&conn)?)?;
        schema::create_journal(&conn)?;
        conn.execute_batch("COMMIT")?;
        conn.close().map_err(|(_, error)| error)?;
        let path = self.options.path.clone();
        self.move_in(&path).map_err(|error| {
            StoreError::Open(format!(
                "the restored database can't be put on the disk ({error}); look at disk space"
            ))
        })?;
        let options = std::mem::replace(&mut self.options, Options::new(&path, Vec::new()));
        Store::open(&self.keys, options).inspect_err(|_| {
            let _ = std::fs::remove_file(&path);
        })
    }

    fn move_in(&self, path: &Path) -> std::io::Result<()> {
        std::fs::File::open(&self.scratch)?.sync_all()?;
        std::fs::rename(&self.scratch, path)?;
        std::fs::File::open(path.parent().unwrap_or(path))?.sync_all()
    }

    fn remove(&self) {
        let _ = std::fs::remove_file(&self.scratch);
    }
}

impl Drop for Restoring {
    fn drop(&mut self) {
        drop(self.conn.take());
        self.remove();
    }
}
