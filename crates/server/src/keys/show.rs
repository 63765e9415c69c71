//! The page of keys: what seals the office, since when, who opens it, what is proposed, and how far that is.

use std::sync::atomic::Ordering;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use jingui_crypto::Needs;
use jingui_office::keys::{ChangeState, KeyChange, views};
use jingui_regulation::Moment;
use jingui_store::{Id, StoreError, Stored};
use schemars::JsonSchema;
use serde::Serialize;

use super::Keeper;
use crate::edge::{Edge, Shared};
use crate::language::Language;
use crate::problem::Problem;
use crate::session::Signed;

/// The keys of the office, as far as they are told of.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Keys")]
pub(crate) struct Shown {
    /// Suite: `international` or `guomi`.
    suite: String,
    /// What opens the office: `shares`, `passphrase`, or `file`, a key file in the clear.
    opened_by: &'static str,
    /// Whether key holders may be named: not where the key file lies on a medium apart.
    splits: bool,
    /// How many shares open; 0 where none do.
    needed: u8,
    /// Names of the key holders, by number.
    holders: Vec<String>,
    /// The set of shares in force, as it stands at the head of each sheet.
    set: Option<String>,
    /// Epochs of keys, newest first.
    epochs: Vec<Epoch>,
    /// Keys of files in all.
    file_keys: u64,
    /// Those still wrapped under an older epoch.
    older_file_keys: u64,
    /// Those of them that didn't open when they were last to be wrapped anew.
    stuck_file_keys: u64,
    /// Whether the file of keys couldn't be written when it was last tried.
    trouble: bool,
    /// Changes, newest first.
    changes: Vec<ChangeRow>,
}

/// An epoch of keys.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "KeyEpoch")]
struct Epoch {
    /// `entries` or `levels`.
    of: &'static str,
    /// Its number, from 0.
    number: usize,
    /// Since when; nothing for the first, which is as old as the office.
    since: Option<Moment>,
    /// Who proposed it.
    proposed_by: Option<Id>,
    /// Who approved it.
    approved_by: Option<Id>,
}

/// A change with its version.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "KeyChangeRow")]
struct ChangeRow {
    /// The change.
    change: KeyChange,
    /// Its version.
    version: u64,
}

/// `GET /api/keys`.
pub(crate) async fn show(
    State(edge): State<Shared>,
    signed: Signed,
    headers: HeaderMap,
) -> Result<Json<Shown>, Problem> {
    let language = Language::of(&headers);
    let failed = |error: StoreError| Problem::store(&error, language);
    let office = &edge.office;
    let asker = office.store().read(|conn| office.asker(conn, &signed.person)).map_err(failed)?;
    if !asker.is_some_and(|asker| views::sees(&asker)) {
        return Err(Problem::edge(StatusCode::FORBIDDEN, "keys.shown_to", language));
    }
    let Some(keeper) = &edge.keys else {
        return Err(Problem::edge(StatusCode::CONFLICT, "keys.none", language));
    };
    told(&edge, keeper).map(Json).map_err(failed)
}

fn told(edge: &Edge, keeper: &Keeper) -> Result<Shown, StoreError> {
    let unsealed = keeper.current();
    let (seal, epochs) = (unsealed.seal(), unsealed.keyring().epochs());
    let store = edge.office.store();
    let newest = u16::try_from(epochs.1).unwrap_or(u16::MAX);
    let (changes, (older, all)) = store
        .read(|conn| Ok::<_, StoreError>((views::changes(conn)?, store.count_file_keys(conn, newest)?)))?;
    let (opened_by, needed) = match seal.needs() {
        Needs::Shares { needed, .. } => ("shares", needed),
        Needs::Passphrase => ("passphrase", 0),
        Needs::Nothing => ("file", 0),
    };
    Ok(Shown {
        suite: store.tree().name().to_owned(),
        opened_by,
        splits: keeper.splits,
        needed,
        holders: seal.holders().map(|(_, name)| name.to_owned()).collect(),
        set: seal.set(),
        epochs: rows("entries", epochs.0, &changes).chain(rows("levels", epochs.1, &changes)).collect(),
        file_keys: all,
        older_file_keys: older,
        stuck_file_keys: keeper.stuck.load(Ordering::Acquire).min(older),
        trouble: keeper.trouble.load(Ordering::Acquire),
        changes: changes
            .into_iter()
            .map(|Stored { version, record: change }| ChangeRow { change, version })
            .collect(),
    })
}

/// The epochs of one kind of keys, newest first; who asked for them as far as the journal's newest changes tell.
fn rows(of: &'static str, newest: usize, changes: &[Stored<KeyChange>]) -> impl Iterator<Item = Epoch> {
    (0..=newest).rev().map(move |number| {
        // The first change that reached it; changes come newest first.
        let reached = changes.iter().rev().find_map(|change| match change.state {
            ChangeState::Rotated { at, entry_epoch, level_epoch, .. } => {
                let epoch = if of == "entries" { entry_epoch } else { level_epoch };
                (usize::try_from(epoch) == Ok(number) && number > 0).then_some((at, &change.record))
            }
            _ => None,
        });
        Epoch {
            of,
            number,
            since: reached.map(|(at, _)| at),
            proposed_by: reached.map(|(_, change)| change.proposed_by.clone()),
            approved_by: reached.and_then(|(_, change)| change.decided_by.clone()),
        }
    })
}
