//! What stands of files beside the journal, held against the registers: wrapped keys, words, and the index of those words.
//!
//! It can be destroyed, so that the journal doesn't hold it; all the same nothing of it may be missing, exchanged, or back
//! again. Must never mend anything.

use jingui_store::{Store, StoreError};
use rusqlite::{Connection, OptionalExtension as _};

use super::words;

/// What isn't as the registers say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Odd {
    /// A file has no key and should, or has one though it was removed, or there is no such file.
    Key {
        /// Id of the file.
        file: String,
    },
    /// The words of a file, or where its words are found.
    Words {
        /// Id of the file.
        file: String,
    },
}

/// Compares; answers how many files' words were compared and the first thing that differs.
pub fn verify(store: &Store) -> Result<(u64, Option<Odd>), StoreError> {
    let (compared, odd) = store.read(|conn| -> Result<_, StoreError> {
        let (compared, file) = words::verify(conn)?;
        let odd = file.map(|file| Odd::Words { file });
        Ok((compared, odd.or(keys(conn)?.map(|file| Odd::Key { file }))))
    })?;
    let odd = match odd {
        Some(odd) => Some(odd),
        None => store.verify_file_words(words::cut)?.map(|file| Odd::Words { file }),
    };
    Ok((compared, odd))
}

/// The first file whose key is missing or one too many.
fn keys(conn: &Connection) -> Result<Option<String>, StoreError> {
    Ok(conn
        .prepare(
            "SELECT key FROM file WHERE sealed IS NOT NULL AND key NOT IN (SELECT file FROM file_key)
             UNION ALL
             SELECT file FROM file_key WHERE file NOT IN (SELECT key FROM file WHERE sealed IS NOT NULL)",
        )?
        .query_row([], |row| row.get(0))
        .optional()?)
}
