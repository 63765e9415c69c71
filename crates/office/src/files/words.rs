//! The words of files: kept beside the journal so that they go when the file goes, and held to it by a digest in the
//! file's record. The words of top secret files aren't kept for searching at all: they are read on site only (3.1.3.2).

use jingui_regulation::Level;
use jingui_store::{FileText, Id, StoreError, Stored};
use rusqlite::Connection;
use sha2::{Digest, Sha256};

use super::file::{File, FileState};
use crate::action::Stop;
use crate::items::Item;
use crate::items::item::terms;
use crate::work::Work;

/// Keeps the words of a file for searching; answers their digest.
pub(super) fn keep(work: &mut Work<'_, '_>, file: &File, pages: &[String]) -> Result<Option<String>, Stop> {
    let item = work.need::<Item>(&file.item)?.record;
    let searchable = file.level.max(item.marking.level()) < Level::TopSecret
        && item.void.is_none()
        && pages.iter().any(|page| !page.trim().is_empty());
    if !searchable {
        remove(work, &file.id)?;
        return Ok(None);
    }
    let mut salt = [0; 16];
    work.random().fill_bytes(&mut salt);
    let salt = data_encoding::HEXLOWER.encode(&salt);
    let text = FileText { item: item.serial, level: file.level.number(), salt: &salt, pages };
    work.keep_file_text(&file.id, &text, cut)?;
    Ok(Some(digest(&salt, pages)))
}

/// Takes the words of a file away.
pub(super) fn remove(work: &mut Work<'_, '_>, file: &Id) -> Result<(), Stop> {
    Ok(work.remove_file_text(file, cut)?)
}

/// The words of all pages as the index holds them; a sentence doesn't end with the paper.
pub fn cut(pages: &[String]) -> String {
    terms(&pages.concat())
}

/// Takes the words of an item's files out of the search where they may not be there any more: the item is top secret now,
/// or its entry was struck.
pub(crate) fn follow(work: &mut Work<'_, '_>, item: &Item) -> Result<(), Stop> {
    if item.marking.level() < Level::TopSecret && item.void.is_none() {
        return Ok(());
    }
    for Stored { record: mut file, .. } in work.find::<File>(&[("item", (&item.id).into())])? {
        if let FileState::Ready { words, .. } = &mut file.state
            && words.take().is_some()
        {
            remove(work, &file.id)?;
            work.put(&file)?;
        }
    }
    Ok(())
}

/// Salted, so that equal words of two files don't look alike in their records, and a guess can't be tried once the words, and
/// the salt with them, are gone.
fn digest(salt: &str, pages: &[String]) -> String {
    let mut digest = Sha256::new();
    for part in std::iter::once(salt).chain(pages.iter().map(String::as_str)) {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    data_encoding::HEXLOWER.encode(&digest.finalize())
}

/// Compares the words kept for searching with what the registers say of them. Answers how many files were compared and the
/// first whose words differ, are missing, or are one too many.
pub(super) fn verify(conn: &Connection) -> Result<(u64, Option<String>), StoreError> {
    let mut statement = conn.prepare(
        "SELECT file.key, file.body, t.pages, d.id, t.salt FROM file LEFT JOIN file_text t ON t.file = file.key LEFT JOIN file_words_docsize d ON d.id = t.serial
         UNION ALL SELECT t.file, NULL, t.pages, NULL, t.salt FROM file_text t WHERE t.file NOT IN (SELECT key FROM file)",
    )?;
    let mut rows = statement.query([])?;
    let mut compared = 0;
    while let Some(row) = rows.next()? {
        let id: String = row.get(0)?;
        let file: Option<File> =
            row.get::<_, Option<String>>(1)?.map(|body| serde_json::from_str(&body)).transpose()?;
        let said = file.and_then(|file| match file.state {
            FileState::Ready { words, .. } => words,
            _ => None,
        });
        let pages: Option<Vec<String>> =
            row.get::<_, Option<String>>(2)?.map(|pages| serde_json::from_str(&pages)).transpose()?;
        let salt = row.get::<_, Option<String>>(4)?.unwrap_or_default();
        let indexed = row.get::<_, Option<i64>>(3)?.is_some();
        compared += u64::from(said.is_some());
        if said != pages.map(|pages| digest(&salt, &pages)) || said.is_some() != indexed {
            return Ok((compared, Some(id)));
        }
    }
    Ok((compared, None))
}
