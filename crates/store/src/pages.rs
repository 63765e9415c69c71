//! The database file below its tables: every page passes the cipher's check, every index says what its table says.
//!
//! What is read is authenticated page by page; what isn't read just now is not. An older page of an index in place of the
//! newer one passes the cipher's check and makes lists lie though every table is right. Verification looks at both.
//! Must never mend anything.

use std::collections::BTreeSet;
use std::path::Path;

use jingui_crypto::Key;
use rusqlite::Connection;

use crate::error::StoreError;
use crate::open::give_key;

/// The first page that doesn't pass the cipher's check; nothing when all do. A page that is being written meanwhile may be
/// read half: only what fails twice counts.
pub(crate) fn altered(conn: &Connection) -> Result<Option<u64>, StoreError> {
    let first = failing(conn)?;
    if first.is_empty() {
        return Ok(None);
    }
    Ok(first.intersection(&failing(conn)?).next().copied())
}

fn failing(conn: &Connection) -> Result<BTreeSet<u64>, StoreError> {
    let mut statement = conn.prepare("PRAGMA cipher_integrity_check")?;
    let told = statement.query_map([], |row| row.get::<_, String>(0))?;
    let mut pages = BTreeSet::new();
    for line in told {
        // The number stands last; a line without one is about the file as a whole, and so about its end.
        let line = line?;
        let digits = line.rsplit(|letter: char| !letter.is_ascii_digit()).find(|digits| !digits.is_empty());
        pages.insert(digits.and_then(|digits| digits.parse().ok()).unwrap_or(0));
    }
    Ok(pages)
}

/// What is wrong between tables and their indexes, in the engine's words; nothing when they agree.
pub(crate) fn disagreement(conn: &Connection) -> Result<Option<String>, StoreError> {
    let told: String = conn.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    Ok((told != "ok").then_some(told))
}

/// Says of a failure which page it comes from, where it comes from one. When no page at all passes, the key is another
/// one, or what it is derived with was altered: that isn't a page's fault.
pub(crate) fn named(error: StoreError, path: &Path, key: &Key) -> StoreError {
    if !(error.is_damage() || matches!(error, StoreError::Key)) {
        return error;
    }
    let look = || -> Result<Option<u64>, StoreError> {
        let conn = Connection::open_with_flags(path, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        give_key(&conn, key)?;
        let pages = std::fs::metadata(path).map_or(0, |file| file.len() / PAGE);
        let failing = failing(&conn)?;
        Ok(failing.first().copied().filter(|_| (failing.len() as u64) < pages))
    };
    match look() {
        Ok(Some(page)) => StoreError::Page { page },
        Ok(None) if error.is_damage() => StoreError::Torn,
        _ => error,
    }
}

/// Bytes of a page.
const PAGE: u64 = 4096;
