//! What is shown of receipts and imports: to the registry and the office head.

use jingui_access::Asker;
use jingui_regulation::{Date, Moment, Role, fold};
use jingui_store::{Id, StoreError};
use rusqlite::Connection;
use rusqlite::types::Value;
use schemars::JsonSchema;
use serde::Deserialize;

use super::Receipt;
use super::import::ImportRun;
use crate::items::views::{Shown, shown};
use crate::page::{Condition, Cursor, Rows, latest};

/// Which receipts are listed.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceiptFilter {
    /// Only those not completely registered.
    #[serde(default)]
    pub open: Option<bool>,
    /// Part of the sender's name.
    #[schemars(length(max = 200))]
    pub source: Option<String>,
    /// First day of receipt.
    pub received_from: Option<Date>,
    /// Last day of receipt.
    pub received_to: Option<Date>,
    /// Rows on the page, 1 to 200.
    #[schemars(range(min = 1, max = 200))]
    pub limit: Option<u16>,
    /// Where the page begins.
    pub cursor: Option<Cursor>,
}

/// Whether the asker sees receipts.
pub(crate) fn keeps(asker: &Asker) -> bool {
    asker.is(Role::Registrar) || asker.is(Role::OfficeHead)
}

/// Receipts, latest first.
pub fn list(
    conn: &Connection,
    asker: &Asker,
    filter: &ReceiptFilter,
) -> Result<Rows<Shown<Receipt>>, StoreError> {
    let mut condition = Condition::default();
    if !keeps(asker) {
        condition.and("0", []);
    }
    condition.equals("open", filter.open.map(i64::from));
    if let Some(source) = &filter.source {
        condition.and(
            "instr(source, ?) > 0",
            [Value::Text(fold::text(source).unwrap_or_else(|_| source.clone()))],
        );
    }
    if let Some(from) = filter.received_from {
        condition.and("received_at >= ?", [Value::Text(Moment::at(from, 0, 0).to_string())]);
    }
    if let Some(to) = filter.received_to {
        condition.and("received_at < ?", [Value::Text(Moment::at(to.plus_days(1), 0, 0).to_string())]);
    }
    let select = "SELECT key, version, body FROM receipt";
    latest(conn, select, "key", condition, filter.limit, filter.cursor.as_ref(), |row| {
        Shown::from_row(row, 1, 2)
    })
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
