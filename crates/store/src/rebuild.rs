//! The tables from the journal: the same replay serves a new layout and the proof.

use std::collections::BTreeMap;

use jingui_crypto::EntrySealer;
use jingui_ledger::{Frontier, TreeSuite};
use rusqlite::Connection;

use crate::entry::{Entry, Put};
use crate::error::StoreError;
use crate::ledger;
use crate::record::Kind;
use crate::schema;

/// Replays one put into the derived tables of `conn`.
pub(crate) fn apply(
    conn: &Connection,
    kinds: &BTreeMap<&'static str, Kind>,
    put: &Put,
    seq: u64,
) -> Result<(), StoreError> {
    // A kind of an older release that is no longer kept stays in the journal and has no table.
    if let Some(kind) = kinds.get(put.kind.as_str()) {
        schema::write_version(conn, kind, &put.key, put.version, put.body.get(), seq)?;
    }
    Ok(())
}

/// Drops the derived tables and builds them anew from the journal, in one transaction.
pub(crate) fn rebuild(
    conn: &Connection,
    kinds: &[Kind],
    log_id: &str,
    sealer: &EntrySealer,
    tree: TreeSuite,
) -> Result<(), StoreError> {
    conn.execute_batch("BEGIN IMMEDIATE")?;
    schema::drop_derived(conn)?;
    schema::create_derived(conn, kinds)?;
    let by_name: BTreeMap<_, _> = kinds.iter().map(|kind| (kind.name, *kind)).collect();
    let mut frontier = Frontier::with(tree);
    {
        let mut entries = conn.prepare("SELECT seq, sealed FROM entry ORDER BY seq")?;
        let mut rows = entries.query([])?;
        while let Some(row) = rows.next()? {
            let seq: u64 = row.get(0)?;
            let bytes = row.get_ref(1)?.as_blob().unwrap_or_default();
            let entry = Entry::open(seq, bytes, log_id, sealer)?;
            ledger::append(conn, &mut frontier, bytes)?;
            for put in &entry.puts {
                apply(conn, &by_name, put, seq)?;
            }
        }
    }
    schema::set_meta(conn, "layout", &schema::fingerprint(kinds))?;
    Ok(conn.execute_batch("COMMIT")?)
}
