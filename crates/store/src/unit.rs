//! The unit of work: what an action may do. It reads the latest state, puts new versions, and is handed time,
//! randomness and ids; when the action is refused, nothing it put remains.

use std::collections::BTreeMap;

use jingui_regulation::{Date, Moment};
use rand::RngCore;
use rand_chacha::ChaCha20Rng;
use rusqlite::types::ToSqlOutput;
use rusqlite::{Connection, OptionalExtension, ToSql};
use serde_json::value::RawValue;

use crate::entry::Put;
use crate::error::StoreError;
use crate::key::Id;
use crate::record::{Kind, Record, Stored};
use crate::schema;

/// The files of an item have serials of their own below the item's: so many bits.
pub const FILES_BITS: u32 = 10;

/// The words of a file as they are kept.
#[derive(Debug, Clone, Copy)]
pub struct FileText<'a> {
    /// Serial of its item.
    pub item: i64,
    /// Level of the file; who doesn't reach it finds nothing in it.
    pub level: u8,
    /// Goes into the digest, and goes with the words: what is left of them tells nothing then.
    pub salt: &'a str,
    /// The words of each page.
    pub pages: &'a [String],
}

/// A value to find records by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Text.
    Text(String),
    /// A whole number; booleans are 0 and 1.
    Number(i64),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<&Id> for Value {
    fn from(id: &Id) -> Self {
        Self::Text(id.as_str().to_owned())
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match self {
            Self::Text(text) => text.to_sql(),
            Self::Number(number) => number.to_sql(),
        }
    }
}

/// The unit of work of one action, inside the sequencer's transaction.
pub struct Unit<'a> {
    conn: &'a Connection,
    kinds: &'a BTreeMap<&'static str, Kind>,
    seq: u64,
    now: Moment,
    rng: &'a mut ChaCha20Rng,
    puts: Vec<Put>,
}

impl<'a> Unit<'a> {
    pub(crate) fn new(
        conn: &'a Connection,
        kinds: &'a BTreeMap<&'static str, Kind>,
        seq: u64,
        now: Moment,
        rng: &'a mut ChaCha20Rng,
    ) -> Self {
        Self { conn, kinds, seq, now, rng, puts: Vec::new() }
    }

    pub(crate) fn into_puts(self) -> Vec<Put> {
        self.puts
    }

    /// The moment of this action.
    pub const fn now(&self) -> Moment {
        self.now
    }

    /// The office's date at this moment.
    pub fn today(&self) -> Date {
        self.now.date()
    }

    /// A new id.
    pub fn new_id(&mut self) -> Id {
        Id::generate(self.now, self.rng)
    }

    /// Randomness for this action.
    pub fn random(&mut self) -> &mut dyn RngCore {
        self.rng
    }

    /// The record of that key, puts of this action included.
    pub fn get<R: Record>(&self, key: &str) -> Result<Option<Stored<R>>, StoreError> {
        let sql = format!("SELECT version, body FROM {} WHERE key = ?1", R::KIND.name);
        let row: Option<(u64, String)> = self
            .conn
            .prepare_cached(&sql)?
            .query_row([key], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        row.map(|(version, body)| Ok(Stored { version, record: serde_json::from_str(&body)? })).transpose()
    }

    /// All records whose columns have these values, oldest key first.
    pub fn find<R: Record>(&self, conditions: &[(&str, Value)]) -> Result<Vec<Stored<R>>, StoreError> {
        self.first::<R>(conditions, u32::MAX)
    }

    /// The first `most` of those records.
    pub fn first<R: Record>(
        &self,
        conditions: &[(&str, Value)],
        most: u32,
    ) -> Result<Vec<Stored<R>>, StoreError> {
        let (sql, values) = select::<R>("version, body", conditions)?;
        let mut statement = self.conn.prepare_cached(&format!("{sql} ORDER BY key LIMIT {most}"))?;
        let rows = statement.query_map(rusqlite::params_from_iter(values), |row| {
            Ok((row.get::<_, u64>(0)?, row.get::<_, String>(1)?))
        })?;
        rows.map(|row| {
            let (version, body) = row?;
            Ok(Stored { version, record: serde_json::from_str(&body)? })
        })
        .collect()
    }

    /// Whether any record has these values.
    pub fn exists<R: Record>(&self, conditions: &[(&str, Value)]) -> Result<bool, StoreError> {
        let (sql, values) = select::<R>("1", conditions)?;
        Ok(self.conn.prepare_cached(&format!("{sql} LIMIT 1"))?.exists(rusqlite::params_from_iter(values))?)
    }

    /// How many records have these values.
    pub fn count<R: Record>(&self, conditions: &[(&str, Value)]) -> Result<u64, StoreError> {
        let (sql, values) = select::<R>("count(*)", conditions)?;
        Ok(self.conn.prepare_cached(&sql)?.query_row(rusqlite::params_from_iter(values), |row| row.get(0))?)
    }

    /// Whether the journal holds an action of that name that was done.
    pub fn was_done(&self, action: &str) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM entry WHERE action = ?1 AND refused = 0 LIMIT 1";
        Ok(self.conn.prepare_cached(sql)?.exists([action])?)
    }

    /// Keeps the wrapped key of a file, outside the journal.
    pub fn keep_file_key(&mut self, file: &Id, wrapped: &[u8]) -> Result<(), StoreError> {
        self.conn
            .prepare_cached("INSERT INTO file_key (file, wrapped) VALUES (?1, ?2)")?
            .execute(rusqlite::params![file.as_str(), wrapped])?;
        Ok(())
    }

    /// Puts another wrapping of a file's key in the place of the one that is there. Answers whether it was that one: a key
    /// that was destroyed meanwhile doesn't come back.
    pub fn rewrap_file_key(&mut self, file: &Id, from: &[u8], wrapped: &[u8]) -> Result<bool, StoreError> {
        let changed = self
            .conn
            .prepare_cached("UPDATE file_key SET wrapped = ?3 WHERE file = ?1 AND wrapped = ?2")?
            .execute(rusqlite::params![file.as_str(), from, wrapped])?;
        Ok(changed > 0)
    }

    /// Keeps the words of a file, outside the journal, page by page; `terms` cuts them as they are found. Those it had before
    /// are taken away.
    pub fn keep_file_text(
        &mut self,
        file: &Id,
        text: &FileText<'_>,
        terms: fn(&[String]) -> String,
    ) -> Result<(), StoreError> {
        let FileText { item, level, salt, pages } = *text;
        self.remove_file_text(file, terms)?;
        let first = item << FILES_BITS;
        let next: i64 = self
            .conn
            .prepare_cached(
                "SELECT coalesce(max(serial) + 1, ?1) FROM file_text WHERE serial >= ?1 AND serial < ?2",
            )?
            .query_row([first, first + (1 << FILES_BITS)], |row| row.get(0))?;
        // Beyond a thousand files of one item the words of the last are not found; the files themselves are kept.
        if next >= first + (1 << FILES_BITS) {
            return Ok(());
        }
        self.conn
            .prepare_cached(
                "INSERT INTO file_text (serial, file, level, salt, pages) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(rusqlite::params![next, file.as_str(), level, salt, serde_json::to_string(pages)?])?;
        self.conn
            .prepare_cached("INSERT INTO file_words (rowid, terms) VALUES (?1, ?2)")?
            .execute(rusqlite::params![next, terms(pages)])?;
        Ok(())
    }

    /// Takes the words of a file away; what they stood on is overwritten. The index holds terms without their text, so it is
    /// told what to take out: the same that was put in.
    pub fn remove_file_text(&mut self, file: &Id, terms: fn(&[String]) -> String) -> Result<(), StoreError> {
        let known: Option<(i64, String)> = self
            .conn
            .prepare_cached("SELECT serial, pages FROM file_text WHERE file = ?1")?
            .query_row([file.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        if let Some((serial, pages)) = known {
            let pages: Vec<String> = serde_json::from_str(&pages)?;
            self.conn
                .prepare_cached(
                    "INSERT INTO file_words (file_words, rowid, terms) VALUES ('delete', ?1, ?2)",
                )?
                .execute(rusqlite::params![serial, terms(&pages)])?;
            self.conn.prepare_cached("DELETE FROM file_text WHERE serial = ?1")?.execute([serial])?;
        }
        Ok(())
    }

    /// Destroys the wrapped key of a file: nothing opens the file from then on. The page it stood on is overwritten.
    pub fn destroy_file_key(&mut self, file: &Id) -> Result<(), StoreError> {
        self.conn.prepare_cached("DELETE FROM file_key WHERE file = ?1")?.execute([file.as_str()])?;
        Ok(())
    }

    /// Puts a record: its first version, or the next. Answers the new version.
    pub fn put<R: Record>(&mut self, record: &R) -> Result<u64, StoreError> {
        let body = serde_json::to_string(record)?;
        let sql = format!("SELECT version FROM {} WHERE key = ?1", R::KIND.name);
        let current: Option<u64> =
            self.conn.prepare_cached(&sql)?.query_row([record.key()], |row| row.get(0)).optional()?;
        let version = current.unwrap_or(0) + 1;
        let kind = self.kinds.get(R::KIND.name).ok_or(StoreError::NoColumn {
            kind: R::KIND.name,
            column: "any: the kind isn't registered".into(),
        })?;
        schema::write_version(self.conn, kind, record.key(), version, &body, self.seq)?;
        self.puts.push(Put {
            kind: R::KIND.name.to_owned(),
            key: record.key().to_owned(),
            version,
            body: RawValue::from_string(body)?,
        });
        Ok(version)
    }
}

fn select<'v, R: Record>(
    what: &str,
    conditions: &'v [(&str, Value)],
) -> Result<(String, Vec<&'v Value>), StoreError> {
    let mut sql = format!("SELECT {what} FROM {} WHERE ", R::KIND.name);
    for (place, (column, _)) in conditions.iter().enumerate() {
        if !R::KIND.columns.iter().any(|known| known.name == *column) {
            return Err(StoreError::NoColumn { kind: R::KIND.name, column: (*column).to_owned() });
        }
        if place > 0 {
            sql.push_str(" AND ");
        }
        sql.push_str(column);
        sql.push_str(" = ?");
    }
    if conditions.is_empty() {
        sql.push('1');
    }
    Ok((sql, conditions.iter().map(|(_, value)| value).collect()))
}
