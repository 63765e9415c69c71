//! The files that are being read: each open in a confined reader that is kept while somebody turns its pages, with the
//! next page drawn before it is asked for. Nothing here decides who may read; the office does, for every page.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use jingui_office::files::File;
use jingui_pages::{Fault, Opened, PageText, Raster, Reader};
use jingui_store::Id;
use jingui_vault::{Part, VaultError};
use jingui_watermark::{Mark, Tile};

use super::{Unavailable, key_of, pages_of, place};
use crate::edge::Edge;
use crate::language::Language;
use crate::problem::Problem;

/// Most files open at once; the one nobody turned a page in for the longest makes room.
const MOST: usize = 6;
/// A file nobody turned a page in for this long is closed; the next page opens it again.
const IDLE: Duration = Duration::from_mins(3);

/// A page and the resolution it is drawn at.
pub(crate) type Wanted = (u32, u32);

/// A file that is being read.
pub(crate) struct Open {
    reader: Reader,
    /// Kind and sizes of its pages.
    pub(crate) opened: Opened,
    /// The page drawn ahead.
    ahead: Option<(Wanted, Raster)>,
    /// The visible watermark with the lines and resolution it was made for.
    pub(crate) tile: Option<(Vec<String>, u32, Arc<Tile>)>,
    /// The invisible mark of this reading.
    pub(crate) mark: Arc<Mark>,
    words: Option<Arc<Vec<PageText>>>,
}

type Place = Arc<tokio::sync::Mutex<Option<Open>>>;

/// All files that are being read, by reading.
#[derive(Default)]
pub(crate) struct Rooms(Mutex<HashMap<Id, (Instant, Place)>>);

impl Rooms {
    fn lock(&self) -> MutexGuard<'_, HashMap<Id, (Instant, Place)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The place of a reading; the idlest others make room.
    pub(crate) fn place(&self, reading: &Id, now: Instant) -> Place {
        let mut all = self.lock();
        if !all.contains_key(reading) && all.len() >= MOST {
            let idlest = all.iter().min_by_key(|(_, (touched, _))| *touched).map(|(id, _)| id.clone());
            if let Some(idlest) = idlest {
                all.remove(&idlest);
            }
        }
        let (touched, place) = all.entry(reading.clone()).or_insert_with(|| (now, Place::default()));
        *touched = now;
        Arc::clone(place)
    }

    /// Closes what nobody reads any more.
    pub(crate) fn sweep(&self, now: Instant) {
        self.lock().retain(|_, (touched, _)| now.saturating_duration_since(*touched) < IDLE);
    }
}

impl Open {
    /// Opens a file for a reading or a print with that mark.
    pub(crate) async fn of(
        edge: &Edge,
        file: &File,
        mark: &str,
        language: Language,
    ) -> Result<Self, Problem> {
        let bytes = pages_of(edge, file).await.map_err(|error| unavailable(&error, language))?;
        let opening = async {
            let mut reader = Reader::start(&edge.content.program).await?;
            let opened = reader.open(&bytes).await?;
            Ok::<_, Fault>((reader, opened))
        };
        let (reader, opened) = opening.await.map_err(|fault| unreadable(&fault, language))?;
        let payload = u64::from_str_radix(mark, 16).unwrap_or_default();
        let mark = Arc::new(Mark::new(edge.content.mark.expose(), payload));
        Ok(Self { reader, opened, ahead: None, tile: None, mark, words: None })
    }

    /// A page, from 1: drawn ahead, or now.
    pub(crate) async fn draw(&mut self, wanted: Wanted) -> Result<Raster, Fault> {
        if let Some((known, raster)) = self.ahead.take_if(|(known, _)| *known == wanted) {
            debug_assert_eq!(known, wanted);
            return Ok(raster);
        }
        self.reader.draw(wanted.0.saturating_sub(1) as usize, f64::from(wanted.1)).await
    }

    /// A page, from 1, at any resolution.
    pub(crate) async fn draw_small(&mut self, page: u32, dpi: f64) -> Result<Raster, Fault> {
        self.reader.draw(page.saturating_sub(1) as usize, dpi).await
    }

    /// Draws the page after this one, so that it is there when it is turned to.
    pub(crate) async fn draw_ahead(&mut self, (page, dpi): Wanted) {
        let next = (page + 1, dpi);
        if page as usize >= self.opened.sizes.len()
            || self.ahead.as_ref().is_some_and(|(known, _)| *known == next)
        {
            return;
        }
        if let Ok(raster) = self.reader.draw(page as usize, f64::from(dpi)).await {
            self.ahead = Some((next, raster));
        }
    }

    /// The words of the file and where they stand, as they were found when it came.
    pub(crate) async fn words(
        &mut self,
        edge: &Edge,
        file: &File,
    ) -> Result<Arc<Vec<PageText>>, Unavailable> {
        if let Some(words) = &self.words {
            return Ok(Arc::clone(words));
        }
        let sealed = file.state.sealed().ok_or(VaultError::Missing)?;
        let wrapped = key_of(edge, &file.id)?.ok_or(VaultError::Missing)?;
        let json = edge.content.vault.part(&place(file), &sealed.name, &wrapped, Part::Text).await?;
        let words: Vec<PageText> = serde_json::from_slice(&json).map_err(jingui_store::StoreError::from)?;
        let words = Arc::new(words);
        self.words = Some(Arc::clone(&words));
        Ok(words)
    }
}

pub(crate) fn unavailable(error: &Unavailable, language: Language) -> Problem {
    match error {
        Unavailable::Store(error) => Problem::store(error, language),
        Unavailable::Vault(error) => {
            tracing::error!(%error, "a file could not be opened");
            Problem::edge(StatusCode::INTERNAL_SERVER_ERROR, "content.vault", language)
        }
    }
}

pub(crate) fn unreadable(fault: &Fault, language: Language) -> Problem {
    tracing::warn!(%fault, "a page could not be shown");
    let mut problem = Problem::edge(StatusCode::UNPROCESSABLE_ENTITY, "content.unreadable", language);
    problem.facts.insert("fault".to_owned(), fault.to_string().into());
    problem
}
