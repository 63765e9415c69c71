//! What is shown of the keys: changes as they were proposed and decided, and openings. Who may see all of them is said
//! here; a key holder sees the change that concerns the own share.

use jingui_access::Asker;
use jingui_regulation::Role;
use jingui_store::{StoreError, Stored};
use rusqlite::Connection;

use super::change::KeyChange;
use super::opening::Opening;

/// Most changes that are shown.
const MOST: usize = 100;

/// Whether all about the keys is shown to this person: those who propose, decide, keep the machine, and audit.
pub fn sees(asker: &Asker) -> bool {
    [Role::SecurityAdministrator, Role::SystemAdministrator, Role::SecurityAuditor, Role::OfficeHead]
        .iter()
        .any(|role| asker.is(*role))
}

/// Changes, newest first.
pub fn changes(conn: &Connection) -> Result<Vec<Stored<KeyChange>>, StoreError> {
    let sql = format!("SELECT version, body FROM key_change ORDER BY key DESC LIMIT {MOST}");
    let mut statement = conn.prepare_cached(&sql)?;
    let rows = statement.query_map([], |row| Ok((row.get::<_, u64>(0)?, row.get::<_, String>(1)?)))?;
    rows.map(|row| {
        let (version, body) = row?;
        Ok(Stored { version, record: serde_json::from_str(&body)? })
    })
    .collect()
}

/// The change that isn't over yet, if there is one.
pub fn open(conn: &Connection) -> Result<Option<KeyChange>, StoreError> {
    Ok(changes(conn)?.into_iter().map(|one| one.record).find(KeyChange::is_open))
}

/// Openings of the office, newest first, as many as that.
pub fn openings(conn: &Connection, most: u32) -> Result<Vec<Opening>, StoreError> {
    let mut statement = conn.prepare_cached("SELECT body FROM opening ORDER BY at DESC LIMIT ?1")?;
    let bodies = statement.query_map([most], |row| row.get::<_, String>(0))?;
    bodies.map(|body| Ok(serde_json::from_str(&body?)?)).collect()
}
