//! Keys of files wrapped anew after a rotation, so many at a time beside everything else. They stand beside the journal,
//! so nothing of it is written again; a file whose key was destroyed meanwhile stays destroyed.

use std::sync::atomic::Ordering;

use jingui_office::files::views;
use jingui_store::{Id, StoreError};
use serde_json::{Value, json};

use super::settle::{Unsettled, note};
use crate::content::place;
use crate::edge::Edge;

/// Keys wrapped anew in one action: few enough that nobody waits for the writer.
const BATCH: u32 = 256;

/// Wraps every key of a file anew that lies under an older epoch. Blocks; does nothing while another run goes on.
pub(super) fn rewrap(edge: &Edge) -> Result<(), Unsettled> {
    let Some(keeper) = &edge.keys else { return Ok(()) };
    let Ok(_running) = keeper.rewrapping.try_lock() else { return Ok(()) };
    let newest = keeper.held().unsealed.keyring().epochs().1;
    let epoch = u16::try_from(newest).unwrap_or(u16::MAX);
    let store = edge.office.store();
    let older = || store.read(|conn| Ok::<_, StoreError>(store.count_file_keys(conn, epoch)?.0));
    // Those that don't open are told of once; trying them every minute mends nothing.
    if older()? == keeper.stuck.load(Ordering::Acquire) {
        return Ok(());
    }
    let mut after = String::new();
    let mut failed = 0;
    loop {
        let keys = store.read(|conn| store.older_file_keys(conn, epoch, &after, BATCH))?;
        let Some((last, _)) = keys.last() else { break };
        after = last.to_string();
        let mut again = Vec::new();
        for (file, from) in keys {
            match wrapped(edge, &file, &from)? {
                Some(rewrapping) => again.push(rewrapping),
                None => failed += 1,
            }
        }
        let left = older()?;
        let last = left == failed + again.len() as u64 && failed == 0;
        note(edge, "key.rewrap", &json!({ "keys": again, "last": last }))?;
    }
    keeper.stuck.store(failed, Ordering::Release);
    Ok(())
}

/// One key, wrapped anew; nothing where it doesn't open, which is told in the log.
fn wrapped(edge: &Edge, file: &Id, from: &[u8]) -> Result<Option<Value>, StoreError> {
    let Some(record) = edge.office.store().read(|conn| views::file(conn, file))? else { return Ok(None) };
    match edge.content.vault.rewrap(&place(&record), from) {
        Ok(wrapped) => Ok(Some(json!({ "file": file, "from": from, "wrapped": wrapped }))),
        Err(error) => {
            tracing::error!(%error, %file, "the key of a file doesn't open and stays wrapped as it is");
            Ok(None)
        }
    }
}
