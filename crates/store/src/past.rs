//! Registers as they stood at a past moment, read with the same SQL as those of today: on connections of their own, where
//! a view in front of each table shows what each record was. The bodies of before are kept as they are followed, so the cost
//! is that of the rows asked for, however long ago it was and however much changed since. What a column that never changes
//! leads to is found by today's indexes; what is sought by another is looked at row by row.
//!
//! Must never show more than the reader may see today: callers narrow each kind by what is readable now.

use std::fmt::Write as _;
use std::sync::PoisonError;

use jingui_regulation::Moment;
use rusqlite::{Connection, OpenFlags, OptionalExtension};

use crate::error::StoreError;
use crate::open::{Store, unlock};
use crate::record::Kind;

/// Connections kept for the next question about the same moment.
const KEPT: usize = 3;

/// A condition over the present record, `now`, that a kind's rows must fulfil besides: kind and SQL.
pub type Narrowed = (&'static str, String);

/// A connection that shows the registers after entry `cut`.
pub(crate) struct Past {
    conn: Connection,
    cut: u64,
    narrowed: Option<Vec<Narrowed>>,
}

impl Store {
    /// The newest entry made at or before a moment; 0 when there was none.
    pub fn entry_at(&self, conn: &Connection, at: Moment) -> Result<u64, StoreError> {
        // Entries are in the order of their times: halving finds it without an index.
        let mut statement = conn.prepare_cached("SELECT at FROM main.entry WHERE seq = ?1")?;
        let newest = conn.query_row("SELECT coalesce(max(seq), 0) FROM main.entry", [], |row| row.get(0))?;
        last_that(newest, |middle| {
            let text: String = statement.query_row([middle], |row| row.get(0))?;
            let made: Moment = serde_json::from_value(text.into())?;
            Ok(made <= at)
        })
    }

    /// Reads the registers as they stood at a moment. `narrow` says for a kind what must hold of the present record too.
    /// Tokens of scopes and words of searches are today's.
    pub fn read_as_of<T, E: From<StoreError>>(
        &self,
        at: Moment,
        narrow: Vec<Narrowed>,
        read: impl FnOnce(&Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        let cut = self.read(|conn| self.entry_at(conn, at))?;
        self.read_after(cut, narrow, read)
    }

    /// The same after an entry, for who reads already: a second connection of the pool might never come free.
    pub fn read_after<T, E: From<StoreError>>(
        &self,
        cut: u64,
        narrow: Vec<Narrowed>,
        read: impl FnOnce(&Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut past = self.past(cut)?;
        past.conn.execute_batch("BEGIN").map_err(StoreError::from)?;
        let read = past.narrow(self, narrow).map_err(E::from).and_then(|()| read(&past.conn));
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
        conn.set_prepared_statement_cache_capacity(64);
        for (table, columns) in [
            ("entry", "seq, at, actor, action, refused, subject, sealed"),
            ("version", "kind, key, version, seq, was"),
            ("custody", "record, seq, who, how"),
        ] {
            let select = format!("SELECT {columns} FROM main.{table} WHERE seq <= {cut}");
            conn.execute_batch(&format!("CREATE TEMP VIEW {table} AS {select}"))?;
        }
        Ok(Past { conn, cut, narrowed: None })
    }
}

impl Past {
    /// Puts the views up for this reader.
    fn narrow(&mut self, store: &Store, narrowed: Vec<Narrowed>) -> Result<(), StoreError> {
        if self.narrowed.as_ref() == Some(&narrowed) {
            return Ok(());
        }
        for kind in store.kinds.values() {
            let mut more = String::new();
            for (_, sql) in narrowed.iter().filter(|(name, _)| *name == kind.name) {
                let _ = write!(more, " AND ({sql})");
            }
            self.view(kind, &more)?;
        }
        self.narrowed = Some(narrowed);
        Ok(())
    }

    /// A view of one table: each record that was there, with its newest version up to the cut. Today's row is taken where it
    /// is that version. The engine reads it as if it were the table, joins and orders included: it has one table in it.
    fn view(&self, kind: &Kind, more: &str) -> Result<(), StoreError> {
        let (name, cut) = (kind.name, self.cut);
        let then = |what: &str| {
            format!(
                "(SELECT {what} FROM main.version AS made LEFT JOIN main.was ON was.id = made.was
                  WHERE made.key = now.key AND made.kind = '{name}' AND made.seq <= {cut} ORDER BY made.version DESC LIMIT 1)"
            )
        };
        let of =
            |today: &str, then: &str| format!("CASE WHEN now.since <= {cut} THEN {today} ELSE {then} END");
        let body = then("was.body");
        let mut sql = format!(
            "DROP VIEW IF EXISTS temp.{name}; CREATE TEMP VIEW {name} AS SELECT now.key, {} AS version, {} AS body",
            of("now.version", &then("made.version")),
            of("now.body", &body),
        );
        let mut bounds = String::new();
        for column in kind.columns {
            let today = format!("now.{}", column.name);
            let shown =
                if column.fixed { today } else { of(&today, &format!("{body} ->> '{}'", column.path)) };
            let _ = write!(sql, ", {shown} AS {}", column.name);
            if column.growing {
                let _ = write!(bounds, " AND now.{} <= {}", column.name, self.greatest(kind, column.name)?);
            }
        }
        let _ = write!(sql, " FROM main.{name} AS now WHERE now.born <= {cut}{bounds}{more}");
        Ok(self.conn.execute_batch(&sql)?)
    }

    /// The greatest of a growing column among the records that were there: what came later isn't even looked at.
    fn greatest(&self, kind: &Kind, column: &str) -> Result<u64, StoreError> {
        let name = kind.name;
        let newest = format!("SELECT coalesce(max({column}), 0) FROM main.{name}");
        let newest = self.conn.query_row(&newest, [], |row| row.get(0))?;
        let next = format!("SELECT born FROM main.{name} WHERE {column} >= ?1 ORDER BY {column} LIMIT 1");
        let mut next = self.conn.prepare(&next)?;
        last_that(newest, |middle| {
            let born: Option<u64> = next.query_row([middle], |row| row.get(0)).optional()?;
            Ok(born.is_some_and(|born| born <= self.cut))
        })
    }
}

/// The greatest number from 1 to `most` for which something holds that holds up to some number and not beyond; 0 when it
/// never does.
fn last_that(most: u64, mut holds: impl FnMut(u64) -> Result<bool, StoreError>) -> Result<u64, StoreError> {
    let (mut before, mut after) = (0, most + 1);
    while after - before > 1 {
        let middle = before + (after - before) / 2;
        if holds(middle)? { before = middle } else { after = middle }
    }
    Ok(before)
}
