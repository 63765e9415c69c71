//! The look into a file that has come: how many pages, which words. In the background, one file at a time, in a confined
//! reader; what comes of it is noted by the clock. What was interrupted is taken up again.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jingui_office::files::file::Found;
use jingui_office::files::views::Progress;
use jingui_office::files::{File, FileState, views};
use jingui_office::{Caller, Request};
use jingui_pages::{Fault, PageText, Reader};
use jingui_store::{Id, StoreError};
use jingui_vault::VaultError;
use serde_json::value::to_raw_value;

use super::{Unavailable, bytes_of, key_of, place};
use crate::edge::Shared;

/// Most characters of a file that are searched.
const CHARACTERS: usize = 8_000_000;

/// The files being looked into, with pages done and in all.
#[derive(Default)]
pub(crate) struct Inspections(Mutex<HashMap<Id, Progress>>);

impl Inspections {
    fn lock(&self) -> MutexGuard<'_, HashMap<Id, Progress>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Pages done and in all, while a file is looked into.
    pub(crate) fn of(&self, file: &Id) -> Option<Progress> {
        self.lock().get(file).copied()
    }
}

/// Begins to look into a file, unless somebody is at it.
pub(crate) fn begin(edge: &Shared, file: &Id) {
    if edge.inspections.lock().insert(file.clone(), Progress { done: 0, total: 0 }).is_some() {
        return;
    }
    let (edge, file) = (edge.clone(), file.clone());
    tokio::spawn(async move {
        let place = edge.inspecting.acquire().await;
        if let Err(error) = inspect(&edge, &file).await {
            tracing::error!(%error, %file, "a file could not be looked into; it is tried again in a minute");
        }
        drop(place);
        edge.inspections.lock().remove(&file);
    });
}

/// Takes up what waits to be looked into.
pub(crate) fn take_up(edge: &Shared) -> Result<(), StoreError> {
    for file in edge.office.store().read(views::waiting)? {
        begin(edge, &file);
    }
    Ok(())
}

async fn inspect(edge: &Shared, id: &Id) -> Result<(), Unavailable> {
    let Some(file) = edge.office.store().read(|conn| views::file(conn, id))? else { return Ok(()) };
    if !matches!(file.state, FileState::Kept { .. }) {
        return Ok(());
    }
    let found = match bytes_of(edge, &file).await {
        Ok(bytes) => match read(edge, &file, &bytes).await {
            Ok((found, texts)) => {
                keep_words(edge, &file, &texts).await?;
                found
            }
            Err(fault) => fault_found(&fault),
        },
        Err(Unavailable::Vault(VaultError::TooLarge { found, most })) => {
            fault_found(&Fault::TooLarge { what: "file".to_owned(), found, allowed: most })
        }
        Err(Unavailable::Vault(error @ (VaultError::Missing | VaultError::Sealed(_)))) => {
            Found::Fault { code: "vault".to_owned(), detail: error.to_string() }
        }
        Err(error) => return Err(error),
    };
    let input = to_raw_value(&serde_json::json!({ "file": id, "found": found })).map_err(StoreError::from)?;
    let request = Request { caller: Caller::Clock, action: "file.note".to_owned(), input, seen: None };
    match edge.perform(request).await {
        Ok(performed) => {
            if let Err(refusal) = performed.result {
                tracing::warn!(code = refusal.code, file = %id, "what was found in a file could not be noted");
            }
        }
        Err(error) => tracing::error!(?error, file = %id, "what was found in a file could not be noted"),
    }
    Ok(())
}

fn fault_found(fault: &Fault) -> Found {
    let code = serde_json::to_value(fault).ok();
    let code = code.as_ref().and_then(|value| value.get("code")).and_then(serde_json::Value::as_str);
    Found::Fault { code: code.unwrap_or("damaged").to_owned(), detail: fault.to_string() }
}

async fn read(edge: &Shared, file: &File, bytes: &[u8]) -> Result<(Found, Vec<PageText>), Fault> {
    let mut reader = Reader::start(&edge.content.program).await?;
    let opened = reader.open(bytes).await?;
    let total = u32::try_from(opened.sizes.len()).unwrap_or(u32::MAX);
    let mut texts = Vec::with_capacity(opened.sizes.len());
    let mut left = CHARACTERS;
    for page in 0..total {
        // A page whose words can't be read can still be looked at; a reader that has ended can't go on.
        let text = match reader.text(page as usize).await {
            Err(fault @ (Fault::Ended { .. } | Fault::OutOfTime { .. })) => return Err(fault),
            Err(_) => PageText::default(),
            Ok(text) => text,
        };
        left = left.saturating_sub(text.runs.iter().map(|run| run.text.chars().count()).sum());
        texts.push(if left == 0 { PageText::default() } else { text });
        edge.inspections.lock().insert(file.id.clone(), Progress { done: page + 1, total });
    }
    // What can't be drawn is better known now than when somebody wants to read.
    reader.draw(0, 72.0).await?;
    let mut notices = reader.notices().await?;
    let words: Vec<String> = texts.iter().map(PageText::plain).collect();
    if words.iter().all(|page| page.trim().is_empty()) {
        notices.push("no_words".to_owned());
    }
    let kind = serde_json::to_value(opened.kind).ok();
    let kind = kind.as_ref().and_then(|value| value.as_str()).unwrap_or_default().to_owned();
    Ok((Found::Pages { kind, pages: total, notices, words }, texts))
}

/// Keeps where the words stand, sealed like the file itself.
async fn keep_words(edge: &Shared, file: &File, texts: &[PageText]) -> Result<(), Unavailable> {
    let sealed = file.state.sealed().ok_or(VaultError::Missing)?;
    let wrapped = key_of(edge, &file.id)?.ok_or(VaultError::Missing)?;
    let json = zeroize::Zeroizing::new(serde_json::to_vec(texts).map_err(StoreError::from)?);
    Ok(edge.content.vault.keep_text(&place(file), &sealed.name, &wrapped, &json).await?)
}
