//! A new key holder's own share: collected once, typed back from paper. It leaves to nobody else, and is in no entry, no
//! log and no database.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use jingui_crypto::Assembly;
use jingui_office::keys::{ChangeState, KeyChange, views};
use jingui_store::{Id, StoreError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use zeroize::Zeroizing;

use super::{Keeper, carry_out};
use crate::actions;
use crate::edge::Shared;
use crate::input;
use crate::language::Language;
use crate::problem::Problem;
use crate::sealed::Refused;
use crate::session::Signed;
use crate::slip::modules;

/// The change by which somebody gets a share.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct OwnShare {
    /// The change.
    change: KeyChange,
    /// Whether the share was collected.
    collected: bool,
    /// Whether it was typed back.
    confirmed: bool,
}

/// `GET /api/keys/share`: absent for whoever gets none.
pub(crate) async fn own(
    State(edge): State<Shared>,
    signed: Signed,
    headers: HeaderMap,
) -> Result<Json<OwnShare>, Problem> {
    let language = Language::of(&headers);
    let change = edge.office.store().read(views::open);
    let change = change.map_err(|error: StoreError| Problem::store(&error, language))?;
    let own = change.filter(|change| change.holders().contains(&signed.person)).and_then(|change| {
        let ChangeState::Collecting { collected, confirmed, .. } = &change.state else { return None };
        let (collected, confirmed) = (collected.contains(&signed.person), confirmed.contains(&signed.person));
        Some(OwnShare { change, collected, confirmed })
    });
    own.map(Json).ok_or_else(|| Problem::absent(language))
}

/// Which change.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CollectShare")]
pub(crate) struct Collecting {
    /// The change.
    change: Id,
}

/// A share sheet, shown once.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Sheet {
    /// Its holder, as the seal names them.
    holder: String,
    /// Its number, from 1.
    number: u8,
    /// How many there are.
    of: usize,
    /// How many open.
    needed: u8,
    /// The set, as it stands at the head of each sheet.
    set: String,
    /// Four lines of 18 characters, the last two of each check it.
    lines: Vec<String>,
    /// The modules of the square code, row by row, `1` for a dark one.
    modules: Vec<String>,
}

/// `POST /api/keys/share`.
pub(crate) async fn collect(
    State(edge): State<Shared>,
    signed: Signed,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Sheet>, Problem> {
    let language = Language::of(&headers);
    let Collecting { change } = input::typed(body, language).await?;
    // After a start nobody has dealt yet what was decided before.
    carry_out(&edge).await;
    let gone = || Problem::edge(StatusCode::CONFLICT, "keys.not_dealt", language);
    let keeper = edge.keys.as_ref().ok_or_else(gone)?;
    let sheet = keeper.sheet(&change, &signed.person).ok_or_else(gone)?;
    // No trace, no share.
    journal(&edge, &signed, "key.collect", &json!({ "change": change, "set": sheet.set }), language).await?;
    Ok(Json(sheet))
}

/// A share, typed back.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ConfirmShare")]
pub(crate) struct Confirming {
    /// The change.
    change: Id,
    /// The four lines, or the code.
    #[schemars(with = "String")]
    share: Zeroizing<String>,
}

/// `POST /api/keys/share/confirm`.
pub(crate) async fn confirm(
    State(edge): State<Shared>,
    signed: Signed,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, Problem> {
    let language = Language::of(&headers);
    let Confirming { change, share } = input::typed(body, language).await?;
    let gone = || Problem::edge(StatusCode::CONFLICT, "keys.not_dealt", language);
    let keeper = edge.keys.as_ref().ok_or_else(gone)?;
    let own = keeper.compare(&change, &signed.person, &share).ok_or_else(gone)?;
    own.map_err(|refused| refused.told(language))?;
    journal(&edge, &signed, "key.confirm", &json!({ "change": change }), language).await?;
    carry_out(&edge).await;
    Ok(StatusCode::NO_CONTENT)
}

async fn journal(
    edge: &Shared,
    signed: &Signed,
    action: &str,
    input: &serde_json::Value,
    language: Language,
) -> Result<(), Problem> {
    let input = serde_json::value::to_raw_value(input)
        .map_err(|error| Problem::store(&StoreError::from(error), language))?;
    actions::perform(edge, signed.caller(), action.to_owned(), input, None, language).await.map(drop)
}

impl Keeper {
    /// The sheet of a holder's own share, while it is dealt.
    fn sheet(&self, change: &Id, holder: &Id) -> Option<Sheet> {
        let held = self.held();
        let dealing = held.dealing.as_ref().filter(|dealing| dealing.change == *change)?;
        let (_, share) = dealing.shares.iter().find(|(person, _)| person == holder)?;
        let seal = dealing.sealed.seal();
        let jingui_crypto::Needs::Shares { needed, of } = seal.needs() else { return None };
        let (_, name) = seal.holders().find(|(number, _)| *number == share.number())?;
        Some(Sheet {
            holder: name.to_owned(),
            number: share.number(),
            of,
            needed,
            set: share.set(),
            lines: share.lines().iter().map(|line| (**line).clone()).collect(),
            modules: modules(&share.code()),
        })
    }

    /// Whether what was typed is this holder's own share; nothing when none is dealt.
    fn compare(&self, change: &Id, holder: &Id, typed: &str) -> Option<Result<(), Refused>> {
        let held = self.held();
        let dealing = held.dealing.as_ref().filter(|dealing| dealing.change == *change)?;
        let (_, own) = dealing.shares.iter().find(|(person, _)| person == holder)?;
        let mut assembly = Assembly::new(dealing.sealed.seal())?;
        Some(match assembly.add(typed) {
            Ok(progress) if progress.number == own.number() => Ok(()),
            Ok(_) => Err("keys.not_yours".into()),
            Err(error) => Err(error.into()),
        })
    }
}
