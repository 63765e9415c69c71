//! The indexes of words as streams of serials, read on in either direction and skipped ahead where another word is rarer.
//! Knows serials only; who may know of an item is asked by whoever takes them.

use std::collections::VecDeque;

use jingui_store::{FILES_BITS, StoreError};
use rusqlite::{Connection, params};

use super::search::{Search, Word};

/// A query that finds nothing.
pub(super) const NOTHING: &str = "\"\u{1c0}\"";
/// Serials read from an index at once, at first and at most.
const READ: (usize, usize) = (64, 4_096);

/// One word in one index.
struct Stream<'a> {
    conn: &'a Connection,
    query: &'a str,
    sql: String,
    descending: bool,
    /// Serials read and not yet taken.
    read: VecDeque<i64>,
    /// Where reading goes on: behind this one.
    behind: i64,
    size: usize,
    ended: bool,
}

impl<'a> Stream<'a> {
    fn new(
        conn: &'a Connection,
        query: &'a str,
        table: &str,
        and: &str,
        behind: i64,
        descending: bool,
    ) -> Self {
        let (than, order) = if descending { ("<", "DESC") } else { (">", "ASC") };
        let sql = format!(
            "SELECT rowid FROM {table} WHERE {table} MATCH ?1 AND rowid {than} ?2 {and} ORDER BY rowid {order} LIMIT ?3"
        );
        Self { conn, query, sql, descending, read: VecDeque::new(), behind, size: READ.0, ended: false }
    }

    /// The next serial, which stays.
    fn peek(&mut self) -> Result<Option<i64>, StoreError> {
        if self.read.is_empty() && !self.ended {
            let mut statement = self.conn.prepare_cached(&self.sql)?;
            let rows = statement
                .query_map(params![self.query, self.behind, self.size], |row| row.get::<_, i64>(0))?;
            for row in rows {
                self.read.push_back(row?);
            }
            self.ended = self.read.len() < self.size;
            self.behind = self.read.back().copied().unwrap_or(self.behind);
            self.size = (self.size * 2).min(READ.1);
        }
        Ok(self.read.front().copied())
    }

    /// Goes on behind a serial: what lies before isn't read where it hasn't been yet.
    fn skip(&mut self, behind: i64) {
        let passed = |serial: i64| if self.descending { serial >= behind } else { serial <= behind };
        if self.read.back().is_some_and(|last| !passed(*last)) {
            while self.read.front().is_some_and(|first| passed(*first)) {
                self.read.pop_front();
            }
            return;
        }
        self.read.clear();
        if !self.ended && !passed_over(self.behind, behind, self.descending) {
            (self.behind, self.size) = (behind, READ.0);
        }
    }
}

/// Whether reading has come to a serial already.
const fn passed_over(at: i64, serial: i64, descending: bool) -> bool {
    if descending { at <= serial } else { at >= serial }
}

/// One word in the register and in the files.
pub(super) struct Both<'a> {
    register: Stream<'a>,
    files: Option<Stream<'a>>,
    descending: bool,
}

impl<'a> Both<'a> {
    /// Behind the item of that serial, or from the end.
    pub(super) fn new(
        search: &Search,
        conn: &'a Connection,
        word: &'a Word,
        from: Option<i64>,
        descending: bool,
    ) -> Self {
        let from = from.unwrap_or(if descending { i64::MAX >> FILES_BITS } else { 0 });
        let register = Stream::new(conn, word.query(), "words", "", from, descending);
        let files = search.reach(word).map(|reach| {
            let and = if search.files_above {
                format!("AND (SELECT level FROM file_text WHERE serial = file_words.rowid) <= {reach}")
            } else {
                String::new()
            };
            Stream::new(conn, word.query(), "file_words", &and, end_of(from, descending), descending)
        });
        Self { register, files, descending }
    }

    /// The next item that the word stands in.
    fn peek(&mut self) -> Result<Option<i64>, StoreError> {
        let register = self.register.peek()?;
        let file = match &mut self.files {
            Some(files) => files.peek()?.map(|file| file >> FILES_BITS),
            None => None,
        };
        Ok(match (register, file) {
            (Some(one), Some(other)) if self.descending => Some(one.max(other)),
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        })
    }

    /// Goes on with this item, or the first behind it.
    fn skip_to(&mut self, item: i64) {
        let before = if self.descending { item + 1 } else { item - 1 };
        self.register.skip(before);
        if let Some(files) = &mut self.files {
            files.skip(end_of(before, self.descending));
        }
    }

    /// Leaves an item behind; answers those of its files that hold the word.
    pub(super) fn pass(&mut self, item: i64) -> Result<Vec<i64>, StoreError> {
        if self.register.peek()? == Some(item) {
            self.register.read.pop_front();
        }
        let mut found = Vec::new();
        if let Some(files) = &mut self.files {
            while let Some(file) = files.peek()?.filter(|file| file >> FILES_BITS == item) {
                found.push(file);
                files.read.pop_front();
            }
        }
        Ok(found)
    }
}

/// The last number of an item's files in that direction: reading goes on behind it.
const fn end_of(item: i64, descending: bool) -> i64 {
    if descending { item << FILES_BITS } else { ((item + 1) << FILES_BITS) - 1 }
}

/// The next item that every word stands in; the streams stand at it then.
pub(super) fn together(streams: &mut [Both<'_>], descending: bool) -> Result<Option<i64>, StoreError> {
    let Some(first) = streams.first_mut() else { return Ok(None) };
    let Some(mut item) = first.peek()? else { return Ok(None) };
    loop {
        let mut farthest = item;
        for stream in streams.iter_mut() {
            stream.skip_to(farthest);
            let Some(next) = stream.peek()? else { return Ok(None) };
            farthest = if descending { farthest.min(next) } else { farthest.max(next) };
        }
        if farthest == item {
            return Ok(Some(item));
        }
        item = farthest;
    }
}
