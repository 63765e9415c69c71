//! Searching items by words: in the register (title, numbers, issuing unit) and in what their files say. Both indexes hold
//! overlapping pairs of folded characters, so two characters in a row suffice and the way of typing doesn't matter.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap, VecDeque};

use jingui_access::Asker;
use jingui_regulation::{Level, fold};
use jingui_store::{FILES_BITS, Id, StoreError};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension as _, params, params_from_iter};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::item::{letters, phrase};
use super::reading::reach;
use super::streams::{Both, NOTHING, together};
use super::views::{ItemFilter, condition};
use crate::page::Condition;

/// Characters shown on either side of the words that were found.
const AROUND: usize = 18;
/// Issuing units told in facets.
const SOURCES: usize = 12;
/// The items of some serials, given as a JSON list, in the list's order.
pub(super) const FOUND: &str = "json_each(?) AS found CROSS JOIN item ON item.serial = +found.value";
/// Candidates that are ranked: the newest so many. Whoever gets more than these asks more precisely.
const RANKED: usize = 3_000;
/// Candidates looked at in one go, at first and at most: a page is mostly full after the first.
const CHUNK: (usize, usize) = (64, 2_048);
/// Candidates for each row of the page that are sorted rather than met in the order of the list: with more, the list soon has
/// a page of them.
pub(super) const FEW: usize = 80;
/// Bytes of one file's words that are looked through for what to show, and of all files on a page.
const LOOKED_THROUGH: (usize, usize) = (512 << 10, 4 << 20);

/// What was typed, ready for the indexes.
pub(super) struct Search {
    /// Every one of them must stand in an item, in the register or in its files. None finds nothing.
    words: Vec<Word>,
    /// Highest level of files the reader reaches, where any file has words at all.
    in_files: Option<u8>,
    /// Whether files lie above it: only then each file that matches is asked for its level.
    pub(super) files_above: bool,
    /// Files in which words were found, by the item's serial: what is shown of them needn't be looked for again.
    met: RefCell<HashMap<i64, Vec<(i64, usize)>>>,
    /// Bytes that may still be looked through for this page.
    budget: Cell<usize>,
}

/// One word as it was typed.
pub(super) struct Word {
    /// Folded, for finding it in what is shown.
    letters: Vec<char>,
    /// For finding it in the indexes.
    query: String,
}

impl Word {
    /// For finding it in the indexes.
    pub(super) fn query(&self) -> &str {
        &self.query
    }
}

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
        let words: Vec<Word> = typed
            .split_whitespace()
            .filter_map(|word| Some(Word { letters: letters(word), query: phrase(word)? }))
            .collect();
        let any = conn.prepare_cached("SELECT 1 FROM file_text LIMIT 1")?.exists([])?;
        let in_files = Some(reach(asker)).filter(|_| any);
        let files_above = match in_files {
            Some(reach) => {
                conn.prepare_cached("SELECT 1 FROM file_text WHERE level > ?1 LIMIT 1")?.exists([reach])?
            }
            None => false,
        };
        let (met, budget) = (RefCell::default(), Cell::new(LOOKED_THROUGH.1));
        Ok(Some(Self { words, in_files, files_above, met, budget }))
    }

    /// The level up to which files are searched for a word. One character alone stands in nearly every file: it is looked
    /// for in the register only.
    pub(super) fn reach(&self, word: &Word) -> Option<u8> {
        self.in_files.filter(|_| word.letters.len() > 1)
    }

    /// Serials of the items that match, each once, in order from `from` on (which isn't among them), handed over in chunks
    /// until `take` says that it has enough. The indexes are kept in this order, so that nothing is sorted and what isn't
    /// needed isn't read.
    pub(super) fn candidates(
        &self,
        conn: &Connection,
        from: Option<i64>,
        descending: bool,
        mut take: impl FnMut(&[i64]) -> Result<bool, StoreError>,
    ) -> Result<(), StoreError> {
        let mut streams: Vec<Both<'_>> =
            self.words.iter().map(|word| Both::new(self, conn, word, from, descending)).collect();
        let (mut size, most) = CHUNK;
        let mut chunk: Vec<i64> = Vec::with_capacity(size);
        let mut met = Vec::new();
        while let Some(item) = together(&mut streams, descending)? {
            for (number, stream) in streams.iter_mut().enumerate() {
                met.extend(stream.pass(item)?.into_iter().map(|file| (file, number)));
            }
            if !met.is_empty() {
                self.met.borrow_mut().insert(item, std::mem::take(&mut met));
            }
            chunk.push(item);
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

    /// The newest candidates, at most so many, and whether these are all.
    pub(super) fn newest(&self, conn: &Connection, most: usize) -> Result<(Vec<i64>, bool), StoreError> {
        let mut newest = Vec::new();
        self.candidates(conn, None, true, |chunk| {
            newest.extend_from_slice(chunk);
            Ok(newest.len() > most)
        })?;
        let all = newest.len() <= most;
        newest.truncate(most);
        Ok((newest, all))
    }

    /// The newest candidates with how well they match, best lowest, as a table `(found, score)`: words in the register
    /// count more than words in a file, and those more than words of which some stand here and some there.
    pub(super) fn ranked(&self, conn: &Connection) -> Result<(String, Vec<Value>), StoreError> {
        let (newest, _) = self.newest(conn, RANKED)?;
        let from = newest.last().copied().unwrap_or(i64::MAX >> FILES_BITS);
        let query = self.words.iter().map(|word| word.query.as_str()).collect::<Vec<_>>().join(" AND ");
        let files = self.in_files.map_or_else(String::new, |reach| {
            format!(
                "UNION ALL SELECT file_words.rowid >> {FILES_BITS}, bm25(file_words) FROM file_words JOIN file_text t ON t.serial = file_words.rowid
                 WHERE file_words MATCH ?2 AND file_words.rowid >= ?3 << {FILES_BITS} AND t.level <= {reach}"
            )
        });
        let sql = format!(
            "(SELECT candidate.value AS found, coalesce(min(scored.score), 0) AS score FROM json_each(?1) AS candidate LEFT JOIN (
               SELECT rowid AS serial, bm25(words) - 1000 AS score FROM words WHERE words MATCH ?2 AND rowid >= ?3 {files}) AS scored
               ON scored.serial = candidate.value GROUP BY candidate.value)"
        );
        let serials = Value::Text(serde_json::to_string(&newest)?);
        Ok((
            sql,
            vec![
                serials,
                Value::Text(if query.is_empty() { NOTHING.to_owned() } else { query }),
                Value::Integer(from),
            ],
        ))
    }

    /// Whether an item that was met in a list matches: by its register entry, else by what its files say. Asked of many
    /// items in a row, so the index of words is asked for those that have files only.
    pub(super) fn matches(&self, conn: &Connection, serial: i64, body: &str) -> Result<bool, StoreError> {
        let entry: Entry<'_> = serde_json::from_str(body)?;
        let parts =
            [Some(entry.title), Some(entry.register_number), Some(entry.source), entry.document_number];
        let parts: Vec<Vec<char>> = parts.iter().flatten().map(|part| letters(part)).collect();
        let stands = |word: &Word| {
            parts.iter().any(|part| part.windows(word.letters.len()).any(|window| window == word.letters))
        };
        let mut rest = self.words.iter().filter(|word| !stands(word)).peekable();
        if rest.peek().is_none() {
            return Ok(!self.words.is_empty());
        }
        let (first, end) = of_item(serial);
        let sql = "SELECT 1 FROM file_text WHERE serial >= ?1 AND serial < ?2 LIMIT 1";
        if self.in_files.is_none() || !conn.prepare_cached(sql)?.exists([first, end])? {
            return Ok(false);
        }
        for word in rest {
            if self.files_with(conn, word, serial)?.is_empty() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The files of an item that hold a word and that the reader reaches.
    fn files_with(&self, conn: &Connection, word: &Word, item: i64) -> Result<Vec<i64>, StoreError> {
        let Some(reach) = self.reach(word) else { return Ok(Vec::new()) };
        let mut statement = conn.prepare_cached(
            "SELECT rowid FROM file_words WHERE file_words MATCH ?1 AND rowid >= ?2 AND rowid < ?3
             AND (SELECT level FROM file_text WHERE serial = file_words.rowid) <= ?4",
        )?;
        let (first, end) = of_item(item);
        let rows = statement.query_map(params![word.query, first, end, reach], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Where the files of an item say what was searched for; of each file the first of the words that it holds.
    pub(super) fn passages(&self, conn: &Connection, serial: i64) -> Result<Vec<Passage>, StoreError> {
        let Some(reach) = self.in_files else { return Ok(Vec::new()) };
        let met = self.met.borrow_mut().remove(&serial);
        let met = match met {
            Some(met) => met,
            None if self.words.is_empty() => return Ok(Vec::new()),
            None => {
                let mut met = Vec::new();
                for (number, word) in self.words.iter().enumerate() {
                    met.extend(self.files_with(conn, word, serial)?.into_iter().map(|file| (file, number)));
                }
                met
            }
        };
        let mut files: BTreeMap<i64, usize> = BTreeMap::new();
        for (file, word) in met {
            let first = files.entry(file).or_insert(word);
            *first = word.min(*first);
        }
        let mut found = Vec::new();
        for (file, word) in files {
            if let Some(word) = self.words.get(word) {
                found.extend(self.passage(conn, file, word, reach)?);
            }
        }
        Ok(found)
    }

    /// Where a file says a word.
    fn passage(
        &self,
        conn: &Connection,
        file: i64,
        word: &Word,
        reach: u8,
    ) -> Result<Option<Passage>, StoreError> {
        let mut statement = conn.prepare_cached(
            "SELECT file.key, file.body ->> '$.name', max(file.body ->> '$.level', item.level), octet_length(t.pages)
             FROM file_text t JOIN file ON file.key = t.file JOIN item ON item.key = file.item WHERE t.serial = ?1 AND t.level <= ?2",
        )?;
        let about: Option<(String, String, u8, usize)> = statement
            .query_row(params![file, reach], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
            .optional()?;
        let Some((id, name, level, bytes)) = about else { return Ok(None) };
        let Ok(id) = id.parse() else { return Ok(None) };
        // Of a whole book only the reading room says where the words stand.
        let left = self.budget.get().checked_sub(bytes).filter(|_| bytes <= LOOKED_THROUGH.0);
        let Some(left) = left else {
            return Ok(Some(Passage { file: id, name, page: None, around: None }));
        };
        self.budget.set(left);
        let mut statement = conn.prepare_cached("SELECT pages FROM file_text WHERE serial = ?1")?;
        let pages: String = statement.query_row([file], |row| row.get(0))?;
        let pages: Vec<Cow<'_, str>> = serde_json::from_str(&pages)?;
        // Reading a secret file begins with opening it: what it says isn't told in a list.
        let told = level < Level::Secret.number();
        Ok(passage(&pages, &word.letters).map(|(page, around)| Passage {
            file: id,
            name,
            page: Some(page),
            around: told.then_some(around),
        }))
    }
}

/// What of an item's body is searched.
#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow)]
    title: Cow<'a, str>,
    #[serde(borrow)]
    register_number: Cow<'a, str>,
    #[serde(borrow)]
    source: Cow<'a, str>,
    #[serde(borrow, default)]
    document_number: Option<Cow<'a, str>>,
}

/// The numbers under which the words of an item's files lie: the first, and the one after the last.
const fn of_item(serial: i64) -> (i64, i64) {
    (serial << FILES_BITS, (serial + 1) << FILES_BITS)
}

/// Where a file says what was searched for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Passage {
    /// The file.
    pub file: Id,
    /// Its name.
    pub name: String,
    /// The first page with the word, from 1; nothing for a file too long to be looked through for a list.
    pub page: Option<u32>,
    /// The words with what stands around them. Not told of levels 3 and 4, nor of such a file.
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
fn passage(pages: &[Cow<'_, str>], word: &[char]) -> Option<(u32, Around)> {
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
        let pages = ["第一页".into(), "关于进一步加强保密\n工作的通知（２０２６）".into()];
        let passage = |pages: &[Cow<'_, str>], typed: &str| passage(pages, &letters(typed));
        let (page, around) = passage(&pages, "保密工作").unwrap();
        assert_eq!((page, around.before.as_str(), around.found.as_str()), (2, "关于进一步加强", "保密工作"));
        assert_eq!(around.after, "的通知（２０２６）");
        assert_eq!(passage(&pages, "(2026)").unwrap().1.found, "２０２６");
        assert_eq!(passage(&pages, "没有"), None);
    }
}
