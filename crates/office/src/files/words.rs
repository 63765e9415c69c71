//! The words of files: kept beside the journal so that they go when the file goes, and held to it by a digest in the
//! file's record. The words of top secret files aren't kept for searching at all: they are read on site only (3.1.3.2).

use jingui_regulation::Level;
use jingui_store::{Id, StoreError, Stored};
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
        && pages.iter().any(|page| !page.trim().is_empty());
    if !searchable {
        work.remove_file_text(&file.id)?;
        return Ok(None);
    }
    // Words go on from page to page: a sentence doesn't end with the paper.
    let terms = terms(&pages.concat());
    work.keep_file_text(&file.id, item.serial, &terms, pages)?;
    Ok(Some(digest(&terms, pages)))
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
            work.remove_file_text(&file.id)?;
            work.put(&file)?;
        }
    }
    Ok(())
}

fn digest(terms: &str, pages: &[String]) -> String {
    let mut digest = Sha256::new();
    for part in std::iter::once(terms).chain(pages.iter().map(String::as_str)) {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    data_encoding::HEXLOWER.encode(&digest.finalize())
}

/// Compares the words kept for searching with what the registers say of them. Answers how many files were compared and
/// the first whose words differ, are missing, or are one too many.
pub fn verify(conn: &Connection) -> Result<(u64, Option<Id>), StoreError> {
    let mut statement = conn.prepare(
        "SELECT file.key, file.body, t.terms, t.pages FROM file LEFT JOIN file_text t ON t.file = file.key
         UNION ALL SELECT t.file, NULL, t.terms, t.pages FROM file_text t WHERE t.file NOT IN (SELECT key FROM file)",
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
        let (terms, pages): (Option<String>, Option<String>) = (row.get(2)?, row.get(3)?);
        let found = match (terms, pages) {
            (Some(terms), Some(pages)) => {
                let pages: Vec<String> = serde_json::from_str(&pages)?;
                Some(digest(&terms, &pages))
            }
            _ => None,
        };
        compared += u64::from(said.is_some());
        if said != found {
            return Ok((compared, id.parse().ok()));
        }
    }
    Ok((compared, None))
}
