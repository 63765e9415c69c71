//! The index of words made anew from what lies sealed beside each file: for when a verification says that it differs, or
//! another release folds words in another way.

use std::sync::{Mutex, PoisonError};

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use jingui_office::files::file::Found;
use jingui_office::files::{File, FileState, views};
use jingui_office::{Caller, Request};
use jingui_pages::PageText;
use jingui_regulation::Role;
use jingui_store::StoreError;
use jingui_vault::{Part, VaultError};
use schemars::JsonSchema;
use serde::Serialize;

use super::{Unavailable, key_of, place};
use crate::edge::Shared;
use crate::input;
use crate::language::Language;
use crate::problem::Problem;
use crate::session::Signed;

/// How far the index is made anew.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
#[schemars(rename = "WordsRebuild")]
pub(crate) enum Progress {
    /// It wasn't asked for since the server began.
    #[default]
    None,
    /// Going through the files.
    Running {
        /// Files done.
        done: u64,
        /// Files in all.
        total: u64,
    },
    /// Done.
    Finished {
        /// Files whose words are found again.
        done: u64,
        /// Files whose words can't be read from the vault.
        failed: u64,
    },
}

/// The one rebuilding of this process.
#[derive(Default)]
pub(crate) struct Rebuild(Mutex<Progress>);

impl Rebuild {
    fn set(&self, state: Progress) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }

    fn get(&self) -> Progress {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn begin(&self) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let free = !matches!(*state, Progress::Running { .. });
        if free {
            *state = Progress::Running { done: 0, total: 0 };
        }
        free
    }
}

/// `GET /api/words/rebuild`.
pub(crate) async fn progress(
    State(edge): State<Shared>,
    signed: Signed,
    headers: HeaderMap,
) -> Result<Json<Progress>, Problem> {
    administrator(&edge, &signed, Language::of(&headers))?;
    Ok(Json(edge.rebuild.get()))
}

/// `POST /api/words/rebuild`.
pub(crate) async fn start(
    State(edge): State<Shared>,
    signed: Signed,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<Progress>), Problem> {
    let language = Language::of(&headers);
    input::nothing(body, language).await?;
    administrator(&edge, &signed, language)?;
    let files = edge.office.store().read(views::searched);
    let files = files.map_err(|error: StoreError| Problem::store(&error, language))?;
    if !edge.rebuild.begin() {
        return Err(Problem::edge(StatusCode::CONFLICT, "rebuild.running", language));
    }
    let working = edge.clone();
    tokio::spawn(async move {
        let (total, mut done, mut failed) = (files.len() as u64, 0, 0);
        for file in files {
            match again(&working, &file).await {
                Ok(()) => done += 1,
                Err(error) => {
                    tracing::error!(%error, file = %file.id, "the words of a file could not be read");
                    failed += 1;
                }
            }
            working.rebuild.set(Progress::Running { done: done + failed, total });
        }
        working.rebuild.set(Progress::Finished { done, failed });
    });
    Ok((StatusCode::ACCEPTED, Json(edge.rebuild.get())))
}

async fn again(edge: &Shared, file: &File) -> Result<(), Unavailable> {
    let FileState::Ready { sealed, kind, pages, notices, .. } = &file.state else { return Ok(()) };
    let wrapped = key_of(edge, &file.id)?.ok_or(VaultError::Missing)?;
    let json = edge.content.vault.part(&place(file), &sealed.name, &wrapped, Part::Text).await?;
    let texts: Vec<PageText> = serde_json::from_slice(&json).map_err(StoreError::from)?;
    let found = Found::Pages {
        kind: kind.clone(),
        pages: *pages,
        notices: notices.clone(),
        words: texts.iter().map(PageText::plain).collect(),
    };
    let input = serde_json::json!({ "file": file.id, "found": found });
    let input = serde_json::value::to_raw_value(&input).map_err(StoreError::from)?;
    let request = Request { caller: Caller::Clock, action: "file.note".to_owned(), input, seen: None };
    if let Err(jingui_office::Unable::Store(error)) = edge.perform(request).await {
        return Err(error.into());
    }
    Ok(())
}

fn administrator(edge: &Shared, signed: &Signed, language: Language) -> Result<(), Problem> {
    let office = &edge.office;
    let asker = office.store().read(|conn| office.asker(conn, &signed.person));
    let asker = asker.map_err(|error: StoreError| Problem::store(&error, language))?;
    if asker.is_some_and(|asker| asker.is(Role::SystemAdministrator)) {
        Ok(())
    } else {
        Err(Problem::edge(StatusCode::FORBIDDEN, "system_administrator_only", language))
    }
}
