//! What a change of keys asks of somebody: a proposal to decide on, a share to collect, one to type back. Key holders may
//! be anybody, administrators too.

use jingui_regulation::Role;
use jingui_store::StoreError;
use rusqlite::types::Value;

use super::{Bench, Task};

/// The columns of a task about a change of keys; its title says which kind it is.
const CHANGE: &str = "SELECT key AS id, NULL AS item, NULL AS copy, NULL AS number, body ->> '$.reason' AS title, NULL AS level,
        body ->> '$.proposed_by' AS person, coalesce(body ->> '$.decided_at', body ->> '$.proposed_at') AS since, NULL AS due FROM key_change";

/// Adds what waits for this person.
pub(super) fn waiting(bench: &Bench<'_>, tasks: &mut Vec<Task>) -> Result<(), StoreError> {
    if bench.asker.is(Role::OfficeHead) {
        let proposed = format!("{CHANGE} WHERE state = 'proposed' AND body ->> '$.proposed_by' <> ?");
        tasks.extend(bench.tasks("decide_key_change", &proposed, vec![bench.me()])?);
    }
    let among = |list: &str| format!("EXISTS (SELECT 1 FROM json_each(body, '{list}') WHERE value = ?1)");
    let mine = |condition: &str| {
        format!("{CHANGE} WHERE state = 'collecting' AND {} AND {condition}", among("$.wanted.holders"))
    };
    let (collected, confirmed) = (among("$.state.collected"), among("$.state.confirmed"));
    let me = || -> Vec<Value> { vec![bench.me()] };
    tasks.extend(bench.tasks("collect_share", &mine(&format!("NOT {collected}")), me())?);
    tasks.extend(bench.tasks("confirm_share", &mine(&format!("{collected} AND NOT {confirmed}")), me())?);
    Ok(())
}
