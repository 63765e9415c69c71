//! What is shown of receipts and imports: to the registry and the office head.

use jingui_access::Asker;
use jingui_regulation::Role;
use jingui_store::{Id, StoreError};
use rusqlite::Connection;
use rusqlite::types::Value;
use schemars::JsonSchema;
use serde::Deserialize;

use super::Receipt;
use super::import::ImportRun;
use crate::items::views::{Shown, shown};

/// Which receipts are listed.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceiptFilter {
    /// Only those not completely registered.
    #[serde(default)]
    pub open: Option<bool>,
}

fn keeps(asker: &Asker) -> bool {
    asker.is(Role::Registrar) || asker.is(Role::OfficeHead)
}

/// Receipts, latest first, at most 200.
pub fn list(
    conn: &Connection,
    asker: &Asker,
    filter: &ReceiptFilter,
) -> Result<Vec<Shown<Receipt>>, StoreError> {
    if !keeps(asker) {
        return Ok(Vec::new());
    }
    match filter.open {
        Some(open) => shown(
            conn,
            "SELECT version, body FROM receipt WHERE open = ?1 ORDER BY received_at DESC LIMIT 200",
            [Value::Integer(open.into())],
        ),
        None => shown(conn, "SELECT version, body FROM receipt ORDER BY received_at DESC LIMIT 200", []),
    }
}

/// One receipt.
pub fn detail(conn: &Connection, asker: &Asker, receipt: &Id) -> Result<Option<Shown<Receipt>>, StoreError> {
    if !keeps(asker) {
        return Ok(None);
    }
    Ok(shown(conn, "SELECT version, body FROM receipt WHERE key = ?1", [Value::Text(receipt.to_string())])?
        .pop())
}

/// Imports, latest first, at most 100.
pub fn imports(conn: &Connection, asker: &Asker) -> Result<Vec<Shown<ImportRun>>, StoreError> {
    if !asker.is(Role::Registrar) {
        return Ok(Vec::new());
    }
    shown(conn, "SELECT version, body FROM import_run ORDER BY began_at DESC LIMIT 100", [])
}
