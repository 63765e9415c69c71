//! Registers as they stood at a past moment, read with the same SQL as those of today: on connections of their own, where
//! a view in front of each table shows what changed since as it was. What didn't change is read where it lies, so that the
//! cost is that of the changes since, whatever the size of the registers.
//!
//! What was is kept in memory only. Must never show more than the reader may see today: callers narrow each kind by what
//! is readable now.

use std::fmt::Write as _;
use std::sync::PoisonError;

use jingui_regulation::Moment;
use rusqlite::{Connection, OpenFlags, OptionalExtension, params};

use crate::entry::Entry;
use crate::error::StoreError;
use crate::open::{Store, unlock};
use crate::record::Kind;

/// Connections kept for the next question about the same moment.
const KEPT: usize = 3;
/// Most records whose past state is held in memory.
const MOST: usize = 300_000;

/// A condition over the present record, `now`, that a kind's rows must fulfil besides: kind and SQL.
pub type Narrowed = (&'static str, String);

/// A connection that shows the registers after entry `cut`.
pub(crate) struct Past {
    conn: Connection,
    cut: u64,
    /// The entry up to which changes since are known.
    upto: u64,
    /// Records whose past state is held.
    held: usize,
    narrowed: Vec<Narrowed>,
}

impl Store {
    /// The newest entry made at or before a moment; 0 when there was none.
    pub fn entry_at(&self, conn: &Connection, at: Moment) -> Result<u64, StoreError> {
        // Entries are in the order of their times: halving finds it without an index.
        let mut statement = conn.prepare_cached("SELECT at FROM main.entry WHERE seq = ?1")?;
        let (mut before, mut after): (u64, u64) =
            (0, conn.query_row("SELECT coalesce(max(seq), 0) + 1 FROM main.entry", [], |row| row.get(0))?);
        while after - before > 1 {
            let middle = before + (after - before) / 2;
            let text: String = statement.query_row([middle], |row| row.get(0))?;
            let made: Moment = serde_json::from_value(text.into())?;
            if made <= at { before = middle } else { after = middle }
        }
        Ok(before)
    }

    /// Reads the registers as they stood at a moment. `narrow` says for a kind what must hold of the present record too.
    /// Tokens of scopes and words of searches are today's.
    ///
    /// # Errors
    /// [`StoreError::TooFar`] when more changed since than is held in memory.
    pub fn read_as_of<T, E: From<StoreError>>(
        &self,
        at: Moment,
        narrow: Vec<Narrowed>,
        read: impl FnOnce(&Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        let cut = self.read(|conn| self.entry_at(conn, at))?;
        let mut past = self.past(cut)?;
        past.conn.execute_batch("BEGIN").map_err(StoreError::from)?;
        let read = past
            .follow(self)
            .and_then(|()| past.narrow(self, narrow))
            .map_err(E::from)
            .and_then(|()| read(&past.conn));
        let _ = past.conn.execute_batch("COMMIT");
        // Whatever went wrong, the next question begins on a fresh one.
        if read.is_ok() {
            let mut kept = self.pasts.lock().unwrap_or_else(PoisonError::into_inner);
            kept.insert(0, past);
            kept.truncate(KEPT);
        }
        read
    }

    fn past(&self, cut: u64) -> Result<Past, StoreError> {
        let mut kept = self.pasts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = kept.iter().position(|past| past.cut == cut) {
            return Ok(kept.swap_remove(place));
        }
        drop(kept);
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let conn = Connection::open_with_flags(&self.path, flags)?;
        unlock(&conn, &self.database)?;
        conn.execute_batch("PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16384;")?;
        for kind in self.kinds.values() {
            let mut sql = format!(
                "CREATE TEMP TABLE past_{} (key TEXT PRIMARY KEY, version INTEGER NOT NULL, body TEXT NOT NULL",
                kind.name
            );
            for column in kind.columns {
                let _ =
                    write!(sql, ", {} GENERATED ALWAYS AS (body ->> '{}') VIRTUAL", column.name, column.path);
            }
            conn.execute_batch(&format!("{sql}) WITHOUT ROWID"))?;
        }
        for (table, columns) in [
            ("entry", "seq, at, actor, action, refused, subject, sealed"),
            ("version", "kind, key, version, seq"),
            ("custody", "record, seq, who, how"),
        ] {
            let select = format!("SELECT {columns} FROM main.{table} WHERE seq <= {cut}");
            conn.execute_batch(&format!("CREATE TEMP VIEW {table} AS {select}"))?;
        }
        let mut past = Past { conn, cut, upto: cut, held: 0, narrowed: Vec::new() };
        past.views(self)?;
        Ok(past)
    }
}

impl Past {
    /// Takes up what changed since it was last asked.
    fn follow(&mut self, store: &Store) -> Result<(), StoreError> {
        let newest: u64 =
            self.conn.query_row("SELECT coalesce(max(seq), 0) FROM main.entry", [], |row| row.get(0))?;
        if newest <= self.upto {
            return Ok(());
        }
        let mut wanted: Vec<(u64, &Kind, String, u64)> = Vec::new();
        {
            let mut changed =
                self.conn.prepare_cached("SELECT DISTINCT kind, key FROM main.version WHERE seq > ?1")?;
            let mut before = self.conn.prepare_cached(
                "SELECT version, seq FROM main.version WHERE key = ?1 AND kind = ?2 AND seq <= ?3 ORDER BY version DESC LIMIT 1",
            )?;
            let mut rows = changed.query([self.upto])?;
            while let Some(row) = rows.next()? {
                let (kind, key): (String, String) = (row.get(0)?, row.get(1)?);
                let Some(kind) = store.kinds.get(kind.as_str()) else { continue };
                let known = format!("SELECT 1 FROM temp.past_{} WHERE key = ?1", kind.name);
                if self.conn.prepare_cached(&known)?.exists([&key])? {
                    continue;
                }
                let was: Option<(u64, u64)> = before
                    .query_row(params![key, kind.name, self.cut], |row| Ok((row.get(0)?, row.get(1)?)))
                    .optional()?;
                let (version, seq) = was.unwrap_or((0, 0));
                wanted.push((seq, kind, key, version));
                if self.held + wanted.len() > MOST {
                    return Err(StoreError::TooFar { most: MOST });
                }
            }
        }
        // One entry put many records where a ledger was imported: each entry is opened once.
        wanted.sort_unstable_by_key(|(seq, ..)| *seq);
        self.held += wanted.len();
        let mut entry: Option<Entry> = None;
        for (seq, kind, key, version) in wanted {
            if version > 0 && entry.as_ref().is_none_or(|entry| entry.seq != seq) {
                entry = store.entry(&self.conn, seq)?;
            }
            let put = entry.as_ref().filter(|_| version > 0).and_then(|entry| {
                entry
                    .puts
                    .iter()
                    .find(|put| put.kind == kind.name && put.key == key && put.version == version)
            });
            let insert =
                format!("INSERT INTO temp.past_{} (key, version, body) VALUES (?1, ?2, ?3)", kind.name);
            self.conn.prepare_cached(&insert)?.execute(params![
                key,
                put.map_or(0, |put| put.version),
                put.map_or("{}", |put| put.body.get())
            ])?;
        }
        self.upto = newest;
        Ok(())
    }

    /// Puts the views up for this reader.
    fn narrow(&mut self, store: &Store, narrowed: Vec<Narrowed>) -> Result<(), StoreError> {
        if narrowed != self.narrowed {
            self.narrowed = narrowed;
            self.views(store)?;
        }
        Ok(())
    }

    fn views(&mut self, store: &Store) -> Result<(), StoreError> {
        for kind in store.kinds.values() {
            let name = kind.name;
            let columns = |of: &str| {
                kind.columns.iter().fold(String::new(), |mut all, column| {
                    let _ = write!(all, ", {of}.{}", column.name);
                    all
                })
            };
            let more = self.narrowed.iter().find(|(narrowed, _)| *narrowed == name);
            let (join, more) = match more {
                Some((_, sql)) => {
                    (format!("JOIN main.{name} AS now ON now.key = past.key"), format!(" AND ({sql})"))
                }
                None => (String::new(), String::new()),
            };
            self.conn.execute_batch(&format!(
                "DROP VIEW IF EXISTS temp.{name};
                 CREATE TEMP VIEW {name} AS
                 SELECT now.key, now.version, now.body{} FROM main.{name} AS now
                 WHERE now.key NOT IN (SELECT key FROM temp.past_{name}){more}
                 UNION ALL SELECT past.key, past.version, past.body{} FROM temp.past_{name} AS past {join}
                 WHERE past.version > 0{more};",
                columns("now"),
                columns("past"),
            ))?;
        }
        Ok(())
    }
}
