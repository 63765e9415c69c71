//! Carrying out what two people decided. Each step can be cut off anywhere and is taken up again from what the journal and
//! the file of keys say: neither is ever ahead of the other by more than this brings together.

use jingui_crypto::{CryptoError, Lock, Unsealed};
use jingui_office::keys::views;
use jingui_office::keys::{ChangeState, KeyChange, Wanted};
use jingui_office::personnel::Person;
use jingui_office::{Caller, Request, Unable};
use jingui_store::{Id, StoreError};
use serde_json::{Value, json};

use super::{Dealing, Keeper};
use crate::edge::Edge;

/// Why it couldn't be carried out.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unsettled {
    #[error("the file of keys can't be written; look at its disk and at who owns it")]
    File(#[from] std::io::Error),
    #[error("the shares can't be dealt")]
    Crypto(#[from] CryptoError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Unable(#[from] Unable),
    #[error("{0} was refused: {1}")]
    Refused(&'static str, &'static str),
}

/// Carries out the change that is decided and not over yet, as far as that goes. Blocks.
pub(super) fn settle(edge: &Edge) -> Result<(), Unsettled> {
    let Some(keeper) = &edge.keys else { return Ok(()) };
    let _turn = keeper.turn.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let change = edge.office.store().read(views::open)?;
    let collecting = change
        .as_ref()
        .filter(|change| matches!(change.state, ChangeState::Collecting { .. }))
        .map(|change| &change.id);
    let mut held = keeper.held();
    // Called off: its shares must not stay in memory.
    if held.dealing.as_ref().is_some_and(|dealing| Some(&dealing.change) != collecting) {
        held.dealing = None;
    }
    drop(held);
    let Some(change) = change else { return Ok(()) };
    match &change.state {
        ChangeState::Approved { entry_epoch, level_epoch } => {
            rotate(edge, keeper, &change, (*entry_epoch, *level_epoch))
        }
        ChangeState::Collecting { set, collected, .. } => {
            let in_force = keeper.held().unsealed.seal().set();
            let dealt = keeper.held().dealing.is_some();
            if set.is_some() && *set == in_force {
                // It was written before the process ended.
                return note(edge, "key.resealed", &json!({ "change": change.id, "set": set }));
            }
            match (dealt, collected.is_empty()) {
                (false, true) => deal(edge, keeper, &change),
                (false, false) => note(edge, "key.break_off", &json!({ "change": change.id })),
                (true, _) if change.is_confirmed() => reseal(edge, keeper, &change),
                (true, _) => Ok(()),
            }
        }
        _ => Ok(()),
    }
}

/// New keys: into the file first, then into use, then into the journal. Reached already when the process ended between.
fn rotate(edge: &Edge, keeper: &Keeper, change: &KeyChange, wanted: (u32, u32)) -> Result<(), Unsettled> {
    let mut held = keeper.held();
    let mut keys = held.unsealed.keyring().clone();
    let short = |epoch: usize, wanted: u32| u32::try_from(epoch).is_ok_and(|epoch| epoch < wanted);
    let before = keys.epochs();
    while short(keys.epochs().0, wanted.0) {
        keys.rotate_entries(&mut rand::rng());
    }
    while short(keys.epochs().1, wanted.1) {
        keys.rotate_levels(&mut rand::rng());
    }
    let (entries, levels) = keys.epochs();
    if (entries, levels) != before {
        let next = held.unsealed.update(keys, &mut rand::rng());
        keeper.keep(&next)?;
        held.unsealed = next;
    }
    // Whoever asks for the current keys has them before the first entry is sealed under them: a backup that holds such an
    // entry holds a seal that opens it.
    edge.office.store().renew(held.unsealed.keyring());
    edge.content.vault.renew(held.unsealed.keyring());
    drop(held);
    keeper.stuck.store(0, std::sync::atomic::Ordering::Release);
    note(edge, "key.rotated", &json!({ "change": change.id, "entry_epoch": entries, "level_epoch": levels }))
}

/// Deals the shares of a new seal, which isn't in force until every holder has confirmed.
fn deal(edge: &Edge, keeper: &Keeper, change: &KeyChange) -> Result<(), Unsettled> {
    let Wanted::Holders { needed, holders } = &change.wanted else { return Ok(()) };
    if !keeper.splits {
        return Ok(());
    }
    let names = names(edge, holders)?;
    let mut held = keeper.held();
    let lock = Lock::Shares { needed: *needed, holders: &names };
    let (sealed, shares) = held.unsealed.reseal(&lock, &mut rand::rng())?;
    let shares = holders.iter().cloned().zip(shares).collect();
    held.dealing = Some(Dealing { change: change.id.clone(), sealed, shares });
    Ok(())
}

/// Names as they stand in the seal; two of one name are told apart by their staff numbers.
fn names(edge: &Edge, holders: &[Id]) -> Result<Vec<String>, StoreError> {
    let office = &edge.office;
    let people: Vec<Option<Person>> = office.store().read(|conn| {
        holders.iter().map(|holder| office.person(conn, holder)).collect::<Result<_, StoreError>>()
    })?;
    let people: Vec<Person> = people.into_iter().flatten().collect();
    let shared = |name: &str| people.iter().filter(|one| one.name == name).count() > 1;
    Ok(people
        .iter()
        .map(
            |one| {
                if shared(&one.name) {
                    format!("{} {}", one.name, one.staff_number)
                } else {
                    one.name.clone()
                }
            },
        )
        .collect())
}

/// Every holder has the own share on paper: the new seal takes the place of the old one.
fn reseal(edge: &Edge, keeper: &Keeper, change: &KeyChange) -> Result<(), Unsettled> {
    let mut held = keeper.held();
    let Some(sealed) = held.dealing.as_ref().map(|dealing| Unsealed::clone(&dealing.sealed)) else {
        return Ok(());
    };
    keeper.keep(&sealed)?;
    let set = sealed.seal().set();
    held.unsealed = sealed;
    held.dealing = None;
    drop(held);
    note(edge, "key.resealed", &json!({ "change": change.id, "set": set }))
}

/// Journals what was carried out.
pub(super) fn note(edge: &Edge, action: &'static str, input: &Value) -> Result<(), Unsettled> {
    let input = serde_json::value::to_raw_value(input).map_err(StoreError::from)?;
    let request = Request { caller: Caller::Clock, action: action.to_owned(), input, seen: None };
    match edge.office.perform(request)?.result {
        Ok(_) => Ok(()),
        Err(refusal) => Err(Unsettled::Refused(action, refusal.code)),
    }
}
