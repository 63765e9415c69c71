//! What is shown of proposals: to those who propose and those who decide.

use jingui_access::Asker;
use jingui_regulation::Role;
use jingui_store::StoreError;
use rusqlite::Connection;
use schemars::JsonSchema;
use serde::Deserialize;

use super::Proposal;
use crate::items::views::Shown;
use crate::page::{Condition, Cursor, Rows, latest};

/// Which proposals are listed.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposalFilter {
    /// `rights` or `parameter`.
    pub of: Option<String>,
    /// The person, or the key of the parameter.
    pub subject: Option<String>,
    /// `open`, `confirmed`, `done`, `rejected` or `withdrawn`.
    pub state: Option<String>,
    /// Rows on the page, 1 to 200.
    #[schemars(range(min = 1, max = 200))]
    pub limit: Option<u16>,
    /// Where the page begins.
    pub cursor: Option<Cursor>,
}

/// Proposals, latest first. The auditor sees them too: they are the history of every right and parameter.
pub fn list(
    conn: &Connection,
    asker: &Asker,
    filter: &ProposalFilter,
) -> Result<Rows<Shown<Proposal>>, StoreError> {
    let mut condition = Condition::default();
    let sees = [Role::SecurityAdministrator, Role::OfficeHead, Role::SecurityAuditor];
    if !sees.into_iter().any(|role| asker.is(role)) {
        condition.and("0", []);
    }
    condition.equals("of", filter.of.clone());
    condition.equals("subject", filter.subject.clone());
    condition.equals("state", filter.state.clone());
    let select = "SELECT key, version, body FROM proposal";
    latest(conn, select, "key", condition, filter.limit, filter.cursor.as_ref(), |row| {
        Shown::from_row(row, 1, 2)
    })
}
