//! Searching items by words: in the register (title, numbers, issuing unit) and in what their files say. Both indexes hold
//! overlapping pairs of folded characters, so two characters in a row suffice and the way of typing doesn't matter.

use std::collections::VecDeque;

use jingui_access::Asker;
use jingui_regulation::{Level, fold};
use jingui_store::{FILES_BITS, Id, StoreError};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension as _, params, params_from_iter};
use schemars::JsonSchema;
use serde::Serialize;

use super::item::{letters, phrase};
use super::reading::reach;
use super::views::{ItemFilter, condition};
use crate::page::Condition;

/// Characters shown on either side of the words that were found.
const AROUND: usize = 18;
/// Issuing units told in facets.
const SOURCES: usize = 12;
/// A query that finds nothing.
const NOTHING: &str = "\"\u{1c0}\"";

/// What was typed, ready for the indexes.
pub(super) struct Search {
    query: String,
    /// The words, folded, for finding them in what is shown.
    words: Vec<Vec<char>>,
    /// Highest level of files the reader reaches, where any file has words at all.
    in_files: Option<u8>,
    /// Whether files lie above that level: only then each file that matches is asked for its level.
    files_above: bool,
}

/// The items of some serials, given as a JSON list, in the list's order.
pub(super) const FOUND: &str = "json_each(?) AS found CROSS JOIN item ON item.serial = +found.value";
/// Candidates that are ranked: the newest so many. Whoever gets more than these asks more precisely.
const RANKED: usize = 3_000;
/// Candidates looked at in one go, at first and at most: a page is mostly full after the first.
const CHUNK: (usize, usize) = (64, 2_048);

impl Search {
    /// What was typed; nothing when nothing was. Something unsearchable, such as only brackets, finds nothing.
    pub(super) fn of(
        conn: &Connection,
        asker: &Asker,
        filter: &ItemFilter,
    ) -> Result<Option<Self>, StoreError> {
        let Some(typed) = filter.q.as_deref().map(str::trim).filter(|typed| !typed.is_empty()) else {
            return Ok(None);
        };
        let query = phrase(typed).unwrap_or_else(|| NOTHING.to_owned());
        let words: Vec<Vec<char>> =
            typed.split_whitespace().map(letters).filter(|word| !word.is_empty()).collect();
        let any = conn.prepare_cached("SELECT 1 FROM file_text LIMIT 1")?.exists([])?;
        // One character alone stands in nearly every file: it is looked for in the register only.
        let in_files = Some(reach(asker)).filter(|_| any && words.iter().all(|word| word.len() > 1));
        let files_above = match in_files {
            Some(reach) => {
                conn.prepare_cached("SELECT 1 FROM file_text WHERE level > ?1 LIMIT 1")?.exists([reach])?
            }
            None => false,
        };
        Ok(Some(Self { query, words, in_files, files_above }))
    }

    /// Serials of the items that match, each once, in order from `from` on (which isn't among them), handed over in chunks
    /// until `take` says that it has enough. Both indexes are kept in this order, so that nothing is sorted and what isn't
    /// needed isn't read.
    pub(super) fn candidates(
        &self,
        conn: &Connection,
        from: Option<i64>,
        descending: bool,
        mut take: impl FnMut(&[i64]) -> Result<bool, StoreError>,
    ) -> Result<(), StoreError> {
        let (than, order) = if descending { ("<", "DESC") } else { (">", "ASC") };
        let from = from.unwrap_or(if descending { i64::MAX >> FILES_BITS } else { 0 });
        let beyond = if descending { from << FILES_BITS } else { ((from + 1) << FILES_BITS) - 1 };
        let sql = |table: &str| {
            format!(
                "SELECT rowid FROM {table} WHERE {table} MATCH ?1 AND rowid {than} ?2 ORDER BY rowid {order}"
            )
        };
        let mut titles = conn.prepare_cached(&sql("words"))?;
        let mut titles = titles.query(params![self.query, from])?;
        let mut files = conn.prepare_cached(&sql("file_words"))?;
        let mut files = match self.in_files {
            Some(_) => Some(files.query(params![self.query, beyond])?),
            None => None,
        };
        let mut levels = conn.prepare_cached("SELECT level <= ?1 FROM file_text WHERE serial = ?2")?;
        let mut next_title =
            || -> Result<Option<i64>, StoreError> { titles.next()?.map(|row| Ok(row.get(0)?)).transpose() };
        let mut next_file = || -> Result<Option<i64>, StoreError> {
            let Some(files) = &mut files else { return Ok(None) };
            while let Some(row) = files.next()? {
                let serial: i64 = row.get(0)?;
                if !self.files_above
                    || levels.query_row(params![self.in_files, serial], |row| row.get(0)).optional()?
                        == Some(true)
                {
                    return Ok(Some(serial >> FILES_BITS));
                }
            }
            Ok(None)
        };
        let (mut title, mut file) = (next_title()?, next_file()?);
        let (mut size, most) = CHUNK;
        let mut chunk: Vec<i64> = Vec::with_capacity(size);
        loop {
            let next = match (title, file) {
                (Some(title), Some(file)) if descending => title.max(file),
                (Some(title), Some(file)) => title.min(file),
                (Some(one), None) | (None, Some(one)) => one,
                (None, None) => break,
            };
            if title == Some(next) {
                title = next_title()?;
            }
            while file == Some(next) {
                file = next_file()?;
            }
            chunk.push(next);
            if chunk.len() == size {
                if take(&chunk)? {
                    return Ok(());
                }
                chunk.clear();
                size = (size * 2).min(most);
            }
        }
        if !chunk.is_empty() {
            take(&chunk)?;
        }
        Ok(())
    }

    /// Serials of the items that match and fulfil a condition, newest first, at most `most`.
    pub(super) fn visible(
        &self,
        conn: &Connection,
        condition: &Condition,
        most: u64,
    ) -> Result<Vec<i64>, StoreError> {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let sql = format!("SELECT item.serial FROM {FOUND} WHERE {}", condition.sql());
        let mut statement = conn.prepare_cached(&sql)?;
        let mut visible = Vec::new();
        self.candidates(conn, None, true, |chunk| {
            let serials = Value::Text(serde_json::to_string(chunk)?);
            let values = std::iter::once(&serials).chain(&condition.values);
            let mut rows = statement.query(params_from_iter(values))?;
            while let Some(row) = rows.next()? {
                if visible.len() == most {
                    return Ok(true);
                }
                visible.push(row.get(0)?);
            }
            Ok(false)
        })?;
        Ok(visible)
    }

    /// The serial from which on items are ranked: the newest so many candidates.
    pub(super) fn ranked_from(&self, conn: &Connection) -> Result<i64, StoreError> {
        let (mut seen, mut last) = (0, 0);
        self.candidates(conn, None, true, |chunk| {
            seen += chunk.len();
            last = chunk.last().copied().unwrap_or(last);
            Ok(seen >= RANKED)
        })?;
        Ok(if seen >= RANKED { last } else { 0 })
    }

    /// The serials of items that match, as a table `(found)`, with its values.
    pub(super) fn table(&self) -> (String, Vec<Value>) {
        let query = || Value::Text(self.query.clone());
        if let Some(reach) = self.in_files {
            let within = if self.files_above {
                format!("AND (SELECT level FROM file_text WHERE serial = file_words.rowid) <= {reach}")
            } else {
                String::new()
            };
            let sql = format!(
                "(SELECT rowid AS found FROM words WHERE words MATCH ? UNION
                  SELECT rowid >> {FILES_BITS} FROM file_words WHERE file_words MATCH ? {within})"
            );
            (sql, vec![query(), query()])
        } else {
            ("(SELECT rowid AS found FROM words WHERE words MATCH ?)".to_owned(), vec![query()])
        }
    }

    /// The same with how well they match, best lowest, as a table `(found, score)`: words in the register count more than
    /// words in a file.
    /// Only items from that serial on.
    pub(super) fn ranked(&self, from: i64) -> (String, Vec<Value>) {
        let files = self.in_files.map_or_else(String::new, |reach| {
            format!(
                "UNION ALL SELECT file_words.rowid >> {FILES_BITS}, bm25(file_words) FROM file_words JOIN file_text t ON t.serial = file_words.rowid
                 WHERE file_words MATCH ?1 AND file_words.rowid >= ?2 << {FILES_BITS} AND t.level <= {reach}"
            )
        });
        let sql = format!(
            "(SELECT found, min(score) AS score FROM (
               SELECT rowid AS found, bm25(words) - 1000 AS score FROM words WHERE words MATCH ?1 AND rowid >= ?2 {files}) GROUP BY found)"
        );
        (sql, vec![Value::Text(self.query.clone()), Value::Integer(from)])
    }

    /// Where the files of an item say what was searched for.
    pub(super) fn passages(&self, conn: &Connection, serial: i64) -> Result<Vec<Passage>, StoreError> {
        let Some(reach) = self.in_files else { return Ok(Vec::new()) };
        let (first, end) = (serial << FILES_BITS, (serial + 1) << FILES_BITS);
        let mut statement = conn.prepare_cached(
            "SELECT file.key, file.body ->> '$.name', max(file.body ->> '$.level', item.level), t.pages FROM file_text t JOIN file ON file.key = t.file JOIN item ON item.key = file.item
             WHERE t.level <= ?4 AND t.serial IN (SELECT rowid FROM file_words WHERE file_words MATCH ?1 AND rowid >= ?2 AND rowid < ?3)",
        )?;
        let mut rows = statement.query(params![self.query, first, end, reach])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let (id, level): (String, u8) = (row.get(0)?, row.get(2)?);
            let pages: Vec<String> = serde_json::from_str(&row.get::<_, String>(3)?)?;
            let Some((page, around)) = self.words.first().and_then(|word| passage(&pages, word)) else {
                continue;
            };
            // Reading a secret file begins with opening it: what it says isn't told in a list.
            let told = level < Level::Secret.number();
            if let Ok(file) = id.parse() {
                found.push(Passage { file, name: row.get(1)?, page, around: told.then_some(around) });
            }
        }
        Ok(found)
    }
}

/// Where a file says what was searched for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Passage {
    /// The file.
    pub file: Id,
    /// Its name.
    pub name: String,
    /// The first page with the first of the words, from 1.
    pub page: u32,
    /// The words with what stands around them. Not told of levels 3 and 4.
    pub around: Option<Around>,
}

/// Words of a file with what stands before and after them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Around {
    /// What stands before.
    pub before: String,
    /// The words.
    pub found: String,
    /// What stands after.
    pub after: String,
}

/// The first place where a word stands, folded as it is.
fn passage(pages: &[String], word: &[char]) -> Option<(u32, Around)> {
    (1..).zip(pages).find_map(|(number, page)| {
        let (from, to) = place_of(page, word)?;
        let characters: Vec<char> = page.chars().collect();
        let text = |from: usize, to: usize| -> String {
            let part = characters.get(from..to.min(characters.len())).unwrap_or_default();
            // Lines of Chinese go on without a blank.
            part.iter().filter(|c| !matches!(c, '\n' | '\r')).collect()
        };
        let before = text(from.saturating_sub(AROUND), from);
        Some((number, Around { before, found: text(from, to), after: text(to, to + AROUND) }))
    })
}

/// The characters of `text` that a folded word stands at: the first, and the one after the last.
fn place_of(text: &str, word: &[char]) -> Option<(usize, usize)> {
    let mut last: VecDeque<(char, usize)> = VecDeque::with_capacity(word.len() + 1);
    for (place, character) in text.chars().enumerate() {
        for folded in fold::search_character(character).filter(|c| c.is_alphanumeric()) {
            last.push_back((folded, place));
            if last.len() > word.len() {
                last.pop_front();
            }
            if last.len() == word.len() && last.iter().map(|(c, _)| c).eq(word) {
                return Some((last.front()?.1, place + 1));
            }
        }
    }
    None
}

/// How many of the items found have a property.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Facet {
    /// Value of the property, as the filter takes it; a year is four digits.
    pub value: String,
    /// How many, as far as was counted.
    pub count: u64,
}

/// What a search found, by properties; the reader's own items only.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Facets {
    /// Items counted, at most the bound.
    pub counted: u64,
    /// By level.
    pub level: Vec<Facet>,
    /// By category.
    pub category: Vec<Facet>,
    /// By year of issue.
    pub year: Vec<Facet>,
    /// By issuing unit; the most frequent.
    pub source: Vec<Facet>,
    /// By what became of their copies; an item with copies in several states counts in each.
    pub copy_state: Vec<Facet>,
}

/// Counts what a filter finds by properties, over the newest `ceiling` items.
pub fn facets(
    conn: &Connection,
    asker: &Asker,
    filter: &ItemFilter,
    ceiling: u64,
) -> Result<Facets, StoreError> {
    let condition = condition(conn, asker, filter)?;
    let (from, mut values) = match Search::of(conn, asker, filter)? {
        Some(search) => {
            let serials = search.visible(conn, &condition, ceiling)?;
            (FOUND.to_owned(), vec![Value::Text(serde_json::to_string(&serials)?)])
        }
        None => ("item".to_owned(), Vec::new()),
    };
    values.extend(condition.values.iter().cloned());
    let sql = format!(
        "WITH found AS MATERIALIZED (
           SELECT item.key, item.level, item.category, substr(item.dated, 1, 4) AS year, item.source FROM {from} WHERE {} LIMIT {ceiling})
         SELECT 'counted', '', count(*) AS many FROM found UNION ALL
         SELECT 'level', level, count(*) FROM found GROUP BY level UNION ALL
         SELECT 'category', category, count(*) FROM found GROUP BY category UNION ALL
         SELECT 'year', year, count(*) FROM found GROUP BY year UNION ALL
         SELECT 'source', source, count(*) FROM found GROUP BY source UNION ALL
         SELECT 'copy_state', copy.state, count(DISTINCT copy.item) FROM found JOIN copy ON copy.item = found.key GROUP BY copy.state
         ORDER BY many DESC",
        condition.sql()
    );
    let mut statement = conn.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(&values))?;
    let mut facets = Facets::default();
    while let Some(row) = rows.next()? {
        let count = row.get(2)?;
        let value = match row.get::<_, Value>(1)? {
            Value::Text(text) => text,
            Value::Integer(number) => number.to_string(),
            _ => continue,
        };
        let list = match row.get::<_, String>(0)?.as_str() {
            "counted" => {
                facets.counted = count;
                continue;
            }
            "level" => &mut facets.level,
            "category" => &mut facets.category,
            "year" => &mut facets.year,
            "source" if facets.source.len() < SOURCES => &mut facets.source,
            "copy_state" => &mut facets.copy_state,
            _ => continue,
        };
        list.push(Facet { value, count });
    }
    facets.year.sort_by(|a, b| b.value.cmp(&a.value));
    facets.level.sort_by(|a, b| b.value.cmp(&a.value));
    Ok(facets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passage_is_found_over_line_ends_and_in_any_typing() {
        let pages = ["第一页".to_owned(), "关于进一步加强保密\n工作的通知（２０２６）".to_owned()];
        let passage = |pages: &[String], typed: &str| passage(pages, &letters(typed));
        let (page, around) = passage(&pages, "保密工作").unwrap();
        assert_eq!((page, around.before.as_str(), around.found.as_str()), (2, "关于进一步加强", "保密工作"));
        assert_eq!(around.after, "的通知（２０２６）");
        assert_eq!(passage(&pages, "(2026)").unwrap().1.found, "２０２６");
        assert_eq!(passage(&pages, "没有"), None);
    }
}
