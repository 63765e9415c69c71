//! What is shown of incidents: to the registry and the office head.

use jingui_access::Asker;
use jingui_store::StoreError;
use rusqlite::Connection;
use schemars::JsonSchema;
use serde::Deserialize;

use super::incident::Incident;
use crate::items::reading::{by_duty, readable};
use crate::items::views::{Shown, shown};

/// Which incidents are listed.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IncidentFilter {
    /// Only open ones, or only closed ones.
    #[serde(default)]
    pub open: Option<bool>,
}

/// Incidents, latest first, at most 200.
pub fn list(
    conn: &Connection,
    asker: &Asker,
    filter: &IncidentFilter,
) -> Result<Vec<Shown<Incident>>, StoreError> {
    if !by_duty(asker) {
        return Ok(Vec::new());
    }
    let rule = readable(asker);
    let only = match filter.open {
        Some(true) => "incident.state = 'open' AND",
        Some(false) => "incident.state = 'closed' AND",
        None => "",
    };
    let sql = format!(
        "SELECT version, body FROM incident WHERE {only}
         (incident.item IS NULL OR EXISTS (SELECT 1 FROM item WHERE item.key = incident.item AND ({})))
         ORDER BY opened_at DESC LIMIT 200",
        rule.sql
    );
    shown(conn, &sql, rule.values)
}
