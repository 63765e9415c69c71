//! What is shown of incidents: to the registry and the office head.

use jingui_access::Asker;
use jingui_store::StoreError;
use rusqlite::Connection;
use schemars::JsonSchema;
use serde::Deserialize;

use super::incident::Incident;
use crate::items::reading::{by_duty, readable};
use crate::items::views::Shown;
use crate::page::{Condition, Cursor, Rows, latest};

/// Which incidents are listed.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IncidentFilter {
    /// Only open ones, or only closed ones.
    #[serde(default)]
    pub open: Option<bool>,
    /// Rows on the page, 1 to 200.
    #[schemars(range(min = 1, max = 200))]
    pub limit: Option<u16>,
    /// Where the page begins.
    pub cursor: Option<Cursor>,
}

/// Incidents, latest first.
pub fn list(
    conn: &Connection,
    asker: &Asker,
    filter: &IncidentFilter,
) -> Result<Rows<Shown<Incident>>, StoreError> {
    let mut condition = Condition::default();
    if !by_duty(asker) {
        condition.and("0", []);
    }
    let rule = readable(asker);
    condition
        .equals("incident.state", filter.open.map(|open| if open { "open" } else { "closed" }.to_owned()));
    condition.and(
        format!(
            "incident.item IS NULL OR EXISTS (SELECT 1 FROM item WHERE item.key = incident.item AND ({}))",
            rule.sql
        ),
        rule.values,
    );
    let select = "SELECT key, version, body FROM incident";
    latest(conn, select, "key", condition, filter.limit, filter.cursor.as_ref(), |row| {
        Shown::from_row(row, 1, 2)
    })
}
