//! The look into a file that has come: how many pages, which words. In the background, one file at a time, in a confined
//! reader; what comes of it is noted by the clock. What was interrupted is taken up again.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jingui_office::files::file::Found;
use jingui_office::files::views::{PICTURES, Progress};
use jingui_office::files::{File, FileState, views};
use jingui_office::{Caller, Request};
use jingui_pages::{Fault, Kind, PageText, tools};
use jingui_store::{Id, StoreError};
use jingui_vault::{Part, VaultError};
use serde_json::value::to_raw_value;

use super::spare::{Spare, Used};
use super::{CONVERTED, Unavailable, bytes_of, key_of, place};
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

    /// Forgets a file that was looked into; whether it was the last that waited.
    fn done(&self, file: &Id) -> bool {
        let mut waiting = self.lock();
        waiting.remove(file);
        waiting.is_empty()
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
        let mut spare = edge.inspecting.lock().await;
        if let Err(error) = inspect(&edge, &file, &mut spare).await {
            tracing::error!(%error, %file, "a file could not be looked into; it is tried again in a minute");
        }
        if edge.inspections.done(&file) {
            spare.end();
        }
    });
}

/// Takes up what waits to be looked into.
pub(crate) fn take_up(edge: &Shared) -> Result<(), StoreError> {
    for file in edge.office.store().read(views::waiting)? {
        begin(edge, &file);
    }
    Ok(())
}

/// Takes up, once at the start, what an earlier run left half done, or could not do for want of a program that the machine
/// has now.
pub(crate) fn take_up_undone(edge: &Shared) -> Result<(), StoreError> {
    let (recognises, converts) = (tools::has_recogniser(), tools::has_office());
    for file in edge.office.store().read(|conn| views::undone(conn, recognises, converts))? {
        begin(edge, &file);
    }
    Ok(())
}

async fn inspect(edge: &Shared, id: &Id, spare: &mut Spare) -> Result<(), Unavailable> {
    let Some(file) = edge.office.store().read(|conn| views::file(conn, id))? else { return Ok(()) };
    match &file.state {
        FileState::Kept { .. } => {}
        // Its pages are known; only words in its pictures are missing.
        FileState::Ready { notices, .. } if notices.iter().any(|notice| notice == PICTURES) => {}
        FileState::Faulty { code, .. } if code == "missing_program" => {}
        _ => return Ok(()),
    }
    let bytes = match bytes_of(edge, &file).await {
        Ok(bytes) => bytes,
        Err(Unavailable::Vault(VaultError::TooLarge { found, most })) => {
            let fault = Fault::TooLarge { what: "file".to_owned(), found, allowed: most };
            return note(edge, id, &fault_found(&fault)).await;
        }
        Err(Unavailable::Vault(error @ (VaultError::Missing | VaultError::Sealed(_)))) => {
            let found = Found::Fault { code: "vault".to_owned(), detail: error.to_string() };
            return note(edge, id, &found).await;
        }
        Err(error) => return Err(error),
    };
    let (mut looked, pages) = match look_twice(edge, &file, &bytes, spare).await {
        Ok(looked) => looked,
        Err(fault) => return note(edge, id, &fault_found(&fault)).await,
    };
    if let Some(pages) = pages {
        keep_part(edge, &file, Part::Pages, &pages).await?;
    }
    keep_words(edge, &file, &looked.texts).await?;
    note(edge, id, &looked.found()).await?;
    // It can be read from here on; words in pictures come later, and take long.
    if tools::has_recogniser() && looked.notices.iter().any(|notice| notice == PICTURES) {
        looked.recognise(edge, id).await;
        keep_words(edge, &file, &looked.texts).await?;
        note(edge, id, &looked.found()).await?;
    }
    spare.give(looked.used);
    Ok(())
}

/// Notes what was found, as the clock.
async fn note(edge: &Shared, id: &Id, found: &Found) -> Result<(), Unavailable> {
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
    Found::Fault { code: code.unwrap_or("damaged").to_owned(), detail: fault.zh() }
}

/// What the look into a file found.
struct Looked {
    used: Used,
    kind: Kind,
    notices: Vec<String>,
    texts: Vec<PageText>,
}

/// Looks into a file with the waiting reader, and once more with a fresh one where that went wrong: it may be what the
/// reader saw before.
async fn look_twice(
    edge: &Shared,
    file: &File,
    bytes: &[u8],
    spare: &mut Spare,
) -> Result<(Looked, Option<Vec<u8>>), Fault> {
    let used = spare.take(&edge.content, file.level).await?;
    let fresh = used.is_fresh();
    match look(edge, file, bytes, used).await {
        Err(_) if !fresh => look(edge, file, bytes, Used::fresh(&edge.content, file.level).await?).await,
        looked => looked,
    }
}

/// Looks into a file; answers also the pages that another program made of it, where one did.
async fn look(
    edge: &Shared,
    file: &File,
    bytes: &[u8],
    mut used: Used,
) -> Result<(Looked, Option<Vec<u8>>), Fault> {
    let program = &edge.content.program;
    let reader = &mut used.reader;
    let opened = reader.open(bytes).await;
    let kind = match &opened {
        Ok(opened) => opened.kind,
        Err(Fault::MissingProgram { .. }) => Kind::OldOffice,
        Err(fault) => return Err(fault.clone()),
    };
    let office = matches!(kind, Kind::Docx | Kind::Xlsx | Kind::Pptx | Kind::OldOffice);
    let mut pages = None;
    let opened = if office && tools::has_office() {
        match tools::convert(program, bytes, ending(kind, &file.name)).await {
            Ok(pdf) => {
                let converted = reader.open(&pdf).await?;
                pages = Some(pdf);
                converted
            }
            // Its words are better than nothing.
            Err(fault) => opened.map_err(|_| fault)?,
        }
    } else {
        opened?
    };
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
    if pages.is_some() {
        notices.push(CONVERTED.to_owned());
    }
    if texts.iter().all(blank) {
        notices.push(NO_WORDS.to_owned());
    }
    if texts.iter().any(blank) {
        notices.push(PICTURES.to_owned());
    }
    Ok((Looked { used, kind, notices, texts }, pages))
}

/// Says of a file that it has no words to be found by.
const NO_WORDS: &str = "no_words";
/// Says of a file that words of it were recognised in pictures.
const RECOGNISED: &str = "recognised";
/// Resolution at which words are looked for in pictures, dots per inch, and most pages of a file that are.
const SHARP: f64 = 300.0;
const MOST_RECOGNISED: usize = 500;

fn blank(page: &PageText) -> bool {
    page.runs.iter().all(|run| run.text.trim().is_empty())
}

/// The ending by which an office program knows the file.
fn ending(kind: Kind, name: &str) -> &'static str {
    const OLD: [&str; 6] = ["doc", "xls", "ppt", "wps", "et", "dps"];
    match kind {
        Kind::Docx => "docx",
        Kind::Xlsx => "xlsx",
        Kind::Pptx => "pptx",
        _ => {
            let own = name.rsplit('.').next().unwrap_or_default().to_lowercase();
            OLD.into_iter().find(|ending| *ending == own).unwrap_or("doc")
        }
    }
}

impl Looked {
    fn found(&self) -> Found {
        let kind = serde_json::to_value(self.kind).ok();
        Found::Pages {
            kind: kind.as_ref().and_then(|value| value.as_str()).unwrap_or_default().to_owned(),
            pages: u32::try_from(self.texts.len()).unwrap_or(u32::MAX),
            notices: self.notices.clone(),
            words: self.texts.iter().map(PageText::plain).collect(),
        }
    }

    /// Looks for words in pages that are only pictures.
    async fn recognise(&mut self, edge: &Shared, file: &Id) {
        let pictures: Vec<usize> =
            (0..self.texts.len()).filter(|page| self.texts.get(*page).is_some_and(blank)).collect();
        let total = u32::try_from(pictures.len()).unwrap_or(u32::MAX);
        let mut found = false;
        for (done, page) in (1..).zip(pictures.into_iter().take(MOST_RECOGNISED)) {
            let Ok(raster) = self.used.reader.draw(page, SHARP).await else { continue };
            let words = tools::recognise_words(&edge.content.program, &raster, SHARP).await;
            if let (Ok(words), Some(text)) = (words, self.texts.get_mut(page)) {
                found |= !blank(&words);
                *text = words;
            }
            edge.inspections.lock().insert(file.clone(), Progress { done, total });
        }
        self.notices.retain(|notice| notice != PICTURES && !(found && notice == NO_WORDS));
        if found {
            self.notices.push(RECOGNISED.to_owned());
        }
    }
}

/// Keeps where the words stand, sealed like the file itself.
async fn keep_words(edge: &Shared, file: &File, texts: &[PageText]) -> Result<(), Unavailable> {
    let json = zeroize::Zeroizing::new(serde_json::to_vec(texts).map_err(StoreError::from)?);
    keep_part(edge, file, Part::Text, &json).await
}

async fn keep_part(edge: &Shared, file: &File, part: Part, content: &[u8]) -> Result<(), Unavailable> {
    let sealed = file.state.sealed().ok_or(VaultError::Missing)?;
    let wrapped = key_of(edge, &file.id)?.ok_or(VaultError::Missing)?;
    Ok(edge.content.vault.keep_part(&place(file), &sealed.name, &wrapped, part, content).await?)
}
