//! The tables, made from the kinds of records. One place knows their layout.

use std::fmt::Write as _;

use rusqlite::{Connection, OptionalExtension, params};

use crate::error::StoreError;
use crate::record::{Held, Kind, Side};

/// Tables that every store has: the journal, the store's own state, and the wrapped keys and the words of files. Those
/// stand outside the journal, which keeps everything for good: what is taken from here is gone. The words of a file are
/// found under its item's serial, 1024 numbers for each item, so that the newest items' come first.
const JOURNAL: &str = "
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS entry (
  seq INTEGER PRIMARY KEY, at TEXT NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL,
  refused INTEGER NOT NULL, subject TEXT, sealed BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS checkpoint (size INTEGER PRIMARY KEY, at TEXT NOT NULL, note TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS file_key (file TEXT PRIMARY KEY, wrapped BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS file_text (serial INTEGER PRIMARY KEY, file TEXT NOT NULL UNIQUE, level INTEGER NOT NULL, salt TEXT NOT NULL, pages TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS file_text_level ON file_text (level);
CREATE VIRTUAL TABLE IF NOT EXISTS file_words USING fts5(terms, content='', tokenize='unicode61 remove_diacritics 0');
CREATE VIRTUAL TABLE IF NOT EXISTS file_words_places USING fts5vocab('file_words', 'instance');
CREATE INDEX IF NOT EXISTS entry_actor ON entry (actor, seq);
CREATE INDEX IF NOT EXISTS entry_action ON entry (action, seq);
CREATE INDEX IF NOT EXISTS entry_refused ON entry (refused, seq) WHERE refused = 1;
CREATE INDEX IF NOT EXISTS entry_subject ON entry (subject, seq) WHERE subject IS NOT NULL;
";

/// Tables worked out from the journal, besides those of the kinds. `was` holds the bodies that were followed by others, in the
/// order of that: it only grows at its end, so that keeping them costs the writer little. `version` leads there.
const DERIVED: &str = "-- 2: words with traditional characters as simplified ones
CREATE TABLE version (kind TEXT NOT NULL, key TEXT NOT NULL, version INTEGER NOT NULL, seq INTEGER NOT NULL, was INTEGER,
  PRIMARY KEY (key, kind, version)) WITHOUT ROWID;
CREATE TABLE was (id INTEGER PRIMARY KEY, body TEXT NOT NULL);
CREATE INDEX version_seq ON version (seq);
CREATE TABLE subtree (height INTEGER NOT NULL, place INTEGER NOT NULL, root BLOB NOT NULL, PRIMARY KEY (height, place)) WITHOUT ROWID;
CREATE TABLE member (record TEXT NOT NULL, who TEXT NOT NULL, PRIMARY KEY (record, who)) WITHOUT ROWID;
CREATE INDEX member_who ON member (who, record);
CREATE TABLE custody (record TEXT NOT NULL, seq INTEGER NOT NULL, who TEXT NOT NULL, how TEXT NOT NULL, PRIMARY KEY (record, seq)) WITHOUT ROWID;
CREATE INDEX custody_who ON custody (who, record);
CREATE VIRTUAL TABLE words USING fts5(terms, content='', contentless_delete=1, tokenize='unicode61 remove_diacritics 0');
CREATE VIRTUAL TABLE words_places USING fts5vocab('words', 'instance');
";

/// What the derived tables look like, as one text; when it changes, they are built anew from the journal.
pub(crate) fn fingerprint(kinds: &[Kind]) -> String {
    let mut text = DERIVED.to_owned();
    for kind in kinds {
        text.push_str(&table(kind));
    }
    text
}

fn table(kind: &Kind) -> String {
    let mut sql = format!(
        "CREATE TABLE {} (key TEXT PRIMARY KEY, version INTEGER NOT NULL, born INTEGER NOT NULL, since INTEGER NOT NULL, body TEXT NOT NULL",
        kind.name
    );
    for column in kind.columns {
        let _ = write!(sql, ", {} GENERATED ALWAYS AS (body ->> '{}') VIRTUAL", column.name, column.path);
    }
    sql.push_str(") WITHOUT ROWID;\n");
    for (place, index) in kind.indexes.iter().enumerate() {
        let (unique, columns) = match index.strip_prefix("unique:") {
            Some(columns) => ("UNIQUE ", columns),
            None => ("", *index),
        };
        let _ = writeln!(sql, "CREATE {unique}INDEX {}_{place} ON {} ({columns});", kind.name, kind.name);
    }
    sql
}

/// Makes the journal's tables where they are missing.
pub(crate) fn create_journal(conn: &Connection) -> Result<(), StoreError> {
    conn.execute_batch(JOURNAL)?;
    // What is taken out of the words of files is overwritten, not only marked as gone.
    Ok(conn.execute_batch("INSERT INTO file_words (file_words, rank) VALUES ('secure-delete', 1)")?)
}

/// Makes the index of the words of files alone, to compare the office's own with.
pub(crate) fn create_file_words(conn: &Connection) -> Result<(), StoreError> {
    for statement in JOURNAL.split_inclusive(";\n").filter(|statement| statement.contains("file_words")) {
        conn.execute_batch(statement)?;
    }
    Ok(())
}

/// Makes the derived tables.
pub(crate) fn create_derived(conn: &Connection, kinds: &[Kind]) -> Result<(), StoreError> {
    Ok(conn.execute_batch(&fingerprint(kinds))?)
}

/// Drops every table that is worked out from the journal, those of kinds of an older release included.
pub(crate) fn drop_derived(conn: &Connection) -> Result<(), StoreError> {
    let names: Vec<String> = conn
        .prepare(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT IN ('meta', 'entry', 'checkpoint', 'file_key', 'file_text')
             AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'words%' AND name NOT LIKE 'file_words%'",
        )?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for name in names {
        conn.execute_batch(&format!("DROP TABLE \"{name}\""))?;
    }
    conn.execute_batch("DROP TABLE IF EXISTS words_vocabulary; DROP TABLE IF EXISTS words_places; DROP TABLE IF EXISTS words;")?;
    Ok(())
}

/// Reads a value of the store's own state.
pub(crate) fn meta(conn: &Connection, name: &str) -> Result<Option<String>, StoreError> {
    Ok(conn
        .prepare_cached("SELECT value FROM meta WHERE name = ?1")?
        .query_row([name], |row| row.get(0))
        .optional()?)
}

/// Writes a value of the store's own state.
pub(crate) fn set_meta(conn: &Connection, name: &str, value: &str) -> Result<(), StoreError> {
    conn.prepare_cached(
        "INSERT INTO meta (name, value) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = ?2",
    )?
    .execute([name, value])?;
    Ok(())
}

/// Writes one version of a record and what hangs beside it. Used alike when an action puts and when entries are
/// replayed, so both give the same tables.
pub(crate) fn write_version(
    conn: &Connection,
    kind: &Kind,
    key: &str,
    version: u64,
    body: &str,
    seq: u64,
) -> Result<(), StoreError> {
    if version == 1 {
        let insert =
            format!("INSERT INTO {} (key, version, born, since, body) VALUES (?1, 1, ?3, ?3, ?2)", kind.name);
        conn.prepare_cached(&insert)?.execute(params![key, body, seq])?;
    } else {
        keep_what_was(conn, kind, key, version, seq)?;
        if let Some(side) = kind.side {
            let old: String = conn
                .prepare_cached(&format!("SELECT body FROM {} WHERE key = ?1", kind.name))?
                .query_row([key], |row| row.get(0))?;
            let (old, new) = (side(&old)?, side(body)?);
            if old != new {
                clear_side(conn, key, &old)?;
                write_side(conn, key, &new)?;
            }
            if old.held != new.held {
                write_custody(conn, key, seq, new.held.as_ref())?;
            }
        }
        let update = kind.columns.iter().filter(|column| column.fixed).fold(
            format!("UPDATE {} SET version = ?2, since = ?4, body = ?3 WHERE key = ?1", kind.name),
            |mut sql, column| {
                let _ = write!(sql, " AND {} IS ?3 ->> '{}'", column.name, column.path);
                sql
            },
        );
        if conn.prepare_cached(&update)?.execute(params![key, version, body, seq])? == 0 {
            return Err(StoreError::Fixed { kind: kind.name });
        }
    }
    if version == 1
        && let Some(side) = kind.side
    {
        let side = side(body)?;
        write_side(conn, key, &side)?;
        write_custody(conn, key, seq, side.held.as_ref())?;
    }
    conn.prepare_cached("INSERT INTO version (kind, key, version, seq) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![kind.name, key, version, seq])?;
    Ok(())
}

/// Keeps the body that is followed by another. What only stood within one entry was never seen and isn't kept.
fn keep_what_was(
    conn: &Connection,
    kind: &Kind,
    key: &str,
    version: u64,
    seq: u64,
) -> Result<(), StoreError> {
    let keep = format!("INSERT INTO was (body) SELECT body FROM {} WHERE key = ?1 AND since < ?2", kind.name);
    if conn.prepare_cached(&keep)?.execute(params![key, seq])? == 1 {
        conn.prepare_cached(
            "UPDATE version SET was = last_insert_rowid() WHERE key = ?1 AND kind = ?2 AND version = ?3",
        )?
        .execute(params![key, kind.name, version - 1])?;
    }
    Ok(())
}

/// What one entry made of it is one line, however often the record was put in it.
fn write_custody(conn: &Connection, key: &str, seq: u64, held: Option<&Held>) -> Result<(), StoreError> {
    if let Some(held) = held {
        conn.prepare_cached(
            "INSERT OR REPLACE INTO custody (record, seq, who, how) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![key, seq, held.who, held.how])?;
    }
    Ok(())
}

fn write_side(conn: &Connection, key: &str, side: &Side) -> Result<(), StoreError> {
    for who in &side.members {
        conn.prepare_cached("INSERT OR IGNORE INTO member (record, who) VALUES (?1, ?2)")?
            .execute([key, who])?;
    }
    if let Some(text) = &side.text {
        conn.prepare_cached("INSERT INTO words (rowid, terms) VALUES (?1, ?2)")?
            .execute(params![text.serial, text.terms])?;
    }
    Ok(())
}

fn clear_side(conn: &Connection, key: &str, side: &Side) -> Result<(), StoreError> {
    conn.prepare_cached("DELETE FROM member WHERE record = ?1")?.execute([key])?;
    if let Some(text) = &side.text {
        conn.prepare_cached("DELETE FROM words WHERE rowid = ?1")?.execute([text.serial])?;
    }
    Ok(())
}
