//! The indexes of words, compared place by place. The index of titles is worked out from the journal; that of files from the
//! words kept beside it, which the caller holds against the registers.

use rusqlite::OptionalExtension as _;

use crate::copy::Terms;
use crate::error::StoreError;
use crate::open::Store;
use crate::schema;
use crate::verify::{Scratch, compare_rows};

/// What tells an index of words whole: each place of each word, and how long each text is. What ranking is reckoned from
/// isn't compared: a text that was taken out stays in it, so it depends on what was there once.
pub(crate) fn tables(index: &'static str) -> impl Iterator<Item = (&'static str, String)> {
    [
        format!("SELECT CAST(doc AS TEXT), term, offset FROM {index}_places"),
        format!("SELECT CAST(id AS TEXT), sz FROM {index}_docsize ORDER BY id"),
    ]
    .into_iter()
    .map(move |sql| (index, sql))
}

impl Store {
    /// Builds the index of the words of files anew from those words, cut by `terms`, and compares. Answers the id of a file
    /// whose words are found elsewhere than they stand, or are found and shouldn't be; nothing when the index is right.
    pub fn verify_file_words(&self, terms: Terms) -> Result<Option<String>, StoreError> {
        let scratch = Scratch::beside(&self.path)?;
        schema::create_file_words(&scratch.conn)?;
        self.read(|conn| {
            let mut insert = scratch.conn.prepare("INSERT INTO file_words (rowid, terms) VALUES (?1, ?2)")?;
            let mut statement = conn.prepare("SELECT serial, pages FROM file_text ORDER BY serial")?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let pages: Vec<String> = serde_json::from_str(row.get_ref(1)?.as_str().unwrap_or_default())?;
                insert.execute(rusqlite::params![row.get::<_, i64>(0)?, terms(&pages)])?;
            }
            for (_, sql) in tables("file_words") {
                let compared = compare_rows(&mut conn.prepare(&sql)?, &mut scratch.conn.prepare(&sql)?)?;
                if let (_, Some(serial)) = compared {
                    let file = conn
                        .prepare("SELECT file FROM file_text WHERE serial = ?1")?
                        .query_row([&serial], |row| row.get(0))
                        .optional()?;
                    // Words of a file that is gone have no name but their number.
                    return Ok(Some(file.unwrap_or(serial)));
                }
            }
            Ok(None)
        })
    }
}
