//! Searching items by words: in the register (title, numbers, issuing unit) and in what their files say. Both indexes hold
//! overlapping pairs of folded characters, so two characters in a row suffice and the way of typing doesn't matter.

use jingui_access::Asker;
use jingui_regulation::{Level, fold};
use jingui_store::{FILES_BITS, Id, StoreError};
use rusqlite::types::Value;
use rusqlite::{Connection, params, params_from_iter};
use schemars::JsonSchema;
use serde::Serialize;

use super::item::{letters, phrase};
use super::reading::reach;
use super::views::{ItemFilter, condition};

/// Characters shown on either side of the words that were found.
const AROUND: usize = 18;
/// Issuing units told in facets.
const SOURCES: usize = 12;
/// A query that finds nothing.
const NOTHING: &str = "\"\u{1c0}\"";

/// What was typed, ready for the indexes.
pub(super) struct Search {
    query: String,
    /// Highest level of files the reader reaches, where any file has words at all.
    in_files: Option<u8>,
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
        let query = phrase(typed).unwrap_or_else(|| NOTHING.to_owned());
        let any = conn.prepare_cached("SELECT 1 FROM file_text LIMIT 1")?.exists([])?;
        let in_files = any.then(|| reach(asker));
        Ok(Some(Self { query, in_files }))
    }

    /// The serials of items that match, as a table `(found)`, with its values.
    pub(super) fn table(&self) -> (String, Vec<Value>) {
        let query = || Value::Text(self.query.clone());
        if let Some(reach) = self.in_files {
            let sql = format!(
                "(SELECT rowid AS found FROM words WHERE words MATCH ? UNION
                  SELECT file_words.rowid >> {FILES_BITS} FROM file_words JOIN file_text t ON t.serial = file_words.rowid
                  WHERE file_words MATCH ? AND t.level <= {reach})"
            );
            (sql, vec![query(), query()])
        } else {
            ("(SELECT rowid AS found FROM words WHERE words MATCH ?)".to_owned(), vec![query()])
        }
    }

    /// The same with how well they match, best lowest, as a table `(found, score)`: words in the register count more than
    /// words in a file.
    pub(super) fn ranked(&self) -> (String, Vec<Value>) {
        let reach = self.in_files.unwrap_or(0);
        let sql = format!(
            "(SELECT found, min(score) AS score FROM (
               SELECT rowid AS found, bm25(words) - 1000 AS score FROM words WHERE words MATCH ?1 UNION ALL
               SELECT file_words.rowid >> {FILES_BITS}, bm25(file_words) FROM file_words JOIN file_text t ON t.serial = file_words.rowid
               WHERE file_words MATCH ?1 AND t.level <= {reach}) GROUP BY found)"
        );
        (sql, vec![Value::Text(self.query.clone())])
    }

    /// Where the files of an item say what was searched for.
    pub(super) fn passages(
        &self,
        conn: &Connection,
        serial: i64,
        typed: &str,
    ) -> Result<Vec<Passage>, StoreError> {
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
            let Some((page, around)) = passage(&pages, typed) else { continue };
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

/// The first place where the first of the typed words stands.
fn passage(pages: &[String], typed: &str) -> Option<(u32, Around)> {
    let word = typed.split_whitespace().map(letters).find(|word| !word.is_empty())?;
    (1..).zip(pages).find_map(|(number, page)| {
        let characters: Vec<char> = page.chars().collect();
        let folded: Vec<(char, usize)> = characters
            .iter()
            .enumerate()
            .flat_map(|(place, c)| {
                let text = fold::search(c.encode_utf8(&mut [0; 4]));
                text.chars().filter(|c| c.is_alphanumeric()).map(move |c| (c, place)).collect::<Vec<_>>()
            })
            .collect();
        let window = folded.windows(word.len()).find(|window| window.iter().map(|(c, _)| c).eq(&word))?;
        let (from, to) = (window.first()?.1, window.last()?.1 + 1);
        let text = |from: usize, to: usize| -> String {
            let part = characters.get(from..to.min(characters.len())).unwrap_or_default();
            // Lines of Chinese go on without a blank.
            part.iter().filter(|c| !matches!(c, '\n' | '\r')).collect()
        };
        let before = text(from.saturating_sub(AROUND), from);
        Some((number, Around { before, found: text(from, to), after: text(to, to + AROUND) }))
    })
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
            let (table, values) = search.table();
            (format!("{table} CROSS JOIN item ON item.serial = +found"), values)
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
        let (page, around) = passage(&pages, "保密工作 通知").unwrap();
        assert_eq!((page, around.before.as_str(), around.found.as_str()), (2, "关于进一步加强", "保密工作"));
        assert_eq!(around.after, "的通知（２０２６）");
        assert_eq!(passage(&pages, "(2026)").unwrap().1.found, "２０２６");
        assert_eq!(passage(&pages, "没有"), None);
        assert_eq!(passage(&pages, " 〔"), None);
    }
}
