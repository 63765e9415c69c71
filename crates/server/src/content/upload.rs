//! Files on their way in: begun by an action, sent in parts that can be repeated from where they broke off, sealed as
//! they come, and kept by an action once they are whole.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use futures_util::StreamExt as _;
use jingui_office::files::{File, FileState, views};
use jingui_office::items::views::level_of;
use jingui_store::{Id, StoreError};
use jingui_vault::{Place, Upload, VaultError};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json, value::to_raw_value};
use sha2::{Digest as _, Sha256};

use super::{inspect, place};
use crate::actions;
use crate::edge::{Edge, Shared};
use crate::input;
use crate::language::Language;
use crate::problem::Problem;
use crate::session::Signed;

/// Longest pause in a body.
const PATIENCE: Duration = Duration::from_secs(30);
/// An upload that nobody went on with for this long is forgotten; it begins anew then.
const FORGOTTEN: Duration = Duration::from_hours(2);
/// After this long without a part an upload counts as broken off.
const IDLE: Duration = Duration::from_mins(1);
/// Most uploads at once of one person, and of all.
const EACH: usize = 8;
const MOST: usize = 64;
/// Most bytes of a file that comes whole in one request.
pub(super) const SMALL: usize = 8 << 20;
/// How much is sealed at a time, bytes.
const PIECE: usize = 1 << 20;

/// The uploads under way.
#[derive(Default)]
pub(crate) struct Uploads {
    all: Mutex<HashMap<Id, Slot>>,
    /// Names in the vault that are being kept right now: the same content twice at once must not write over itself.
    keeping: Mutex<HashSet<String>>,
}

#[derive(Clone)]
struct Slot {
    person: Id,
    touched: Instant,
    upload: Arc<tokio::sync::Mutex<Option<Upload>>>,
    parts: Arc<Mutex<Vec<Part>>>,
}

/// A part that has come. Whoever goes on with an upload compares them with the file at hand first: another file of the same
/// name and size would else be joined to the first half.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "UploadPart")]
pub(crate) struct Part {
    /// First byte.
    from: u64,
    /// The byte after the last.
    to: u64,
    /// SHA-256, hexadecimal.
    digest: String,
}

/// How far an upload is.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Received")]
pub(crate) struct Arrived {
    /// The file.
    file: File,
    /// Bytes that have come; the next part begins here.
    received: u64,
    /// The parts they came in.
    parts: Vec<Part>,
}

impl Slot {
    fn lock_parts(&self) -> MutexGuard<'_, Vec<Part>> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn parts(&self) -> Vec<Part> {
        self.lock_parts().clone()
    }
}

impl Uploads {
    fn lock(&self) -> MutexGuard<'_, HashMap<Id, Slot>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn slot(&self, file: &Id, person: &Id, language: Language) -> Result<Slot, Problem> {
        let mut all = self.lock();
        let now = Instant::now();
        if let Some(slot) = all.get_mut(file) {
            slot.touched = now;
            return Ok(slot.clone());
        }
        let own = all.values().filter(|slot| &slot.person == person).count();
        if own >= EACH {
            // The own upload that was broken off longest ago makes room; it begins anew when it is gone on with.
            let idle = |slot: &Slot| now.saturating_duration_since(slot.touched) > IDLE;
            let oldest = all.iter().filter(|(_, slot)| &slot.person == person && idle(slot));
            let oldest = oldest.min_by_key(|(_, slot)| slot.touched).map(|(id, _)| id.clone());
            match oldest {
                Some(oldest) => drop(all.remove(&oldest)),
                None => return Err(Problem::edge(StatusCode::CONFLICT, "upload.too_many", language)),
            }
        }
        if all.len() >= MOST {
            return Err(Problem::edge(StatusCode::CONFLICT, "upload.too_many", language));
        }
        let slot =
            Slot { person: person.clone(), touched: now, upload: Arc::default(), parts: Arc::default() };
        all.insert(file.clone(), slot.clone());
        Ok(slot)
    }

    /// Forgets an upload; it frees its place.
    pub(crate) fn forget(&self, file: &Id) {
        self.lock().remove(file);
    }

    /// Drops what nobody went on with.
    pub(crate) fn sweep(&self, now: Instant) {
        self.lock().retain(|_, slot| now.saturating_duration_since(slot.touched) < FORGOTTEN);
    }

    /// Takes a name for keeping; nothing when another upload of the same content is at it.
    fn reserve(self: &Arc<Self>, name: &str) -> Option<Reserved> {
        let mut keeping = self.keeping.lock().unwrap_or_else(PoisonError::into_inner);
        keeping.insert(name.to_owned()).then(|| Reserved { name: name.to_owned(), uploads: Arc::clone(self) })
    }
}

struct Reserved {
    name: String,
    uploads: Arc<Uploads>,
}

impl Drop for Reserved {
    fn drop(&mut self) {
        self.uploads.keeping.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.name);
    }
}

/// The file, while its bytes are still to come from this person; to everybody else it isn't there.
fn arriving(edge: &Edge, signed: &Signed, id: &str, language: Language) -> Result<File, Problem> {
    let absent = || Problem::absent(language);
    let id: Id = id.parse().map_err(|_| absent())?;
    let found = edge.office.store().read(|conn| views::file(conn, &id));
    let file = found.map_err(|error: StoreError| Problem::store(&error, language))?.ok_or_else(absent)?;
    if file.begun_by == signed.person && file.state == FileState::Arriving { Ok(file) } else { Err(absent()) }
}

/// `GET /api/files/{file}/bytes`: how much has come.
pub(crate) async fn progress(
    State(edge): State<Shared>,
    signed: Signed,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Arrived>, Problem> {
    let file = arriving(&edge, &signed, &id, Language::of(&headers))?;
    let slot = edge.uploads.lock().get(&file.id).cloned();
    let (received, parts) = match slot {
        Some(slot) => (slot.upload.lock().await.as_ref().map_or(0, Upload::received), slot.parts()),
        None => (0, Vec::new()),
    };
    Ok(Json(Arrived { file, received, parts }))
}

/// `PUT /api/files/{file}/bytes/{from}`: the next part, of any length.
pub(crate) async fn receive(
    State(edge): State<Shared>,
    signed: Signed,
    Path((id, from)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Arrived>, Problem> {
    let language = Language::of(&headers);
    let from: u64 = from.parse().map_err(|_| Problem::absent(language))?;
    let file = arriving(&edge, &signed, &id, language)?;
    let slot = edge.uploads.slot(&file.id, &signed.person, language)?;
    let Ok(mut held) = slot.upload.try_lock() else {
        return Err(Problem::edge(StatusCode::CONFLICT, "upload.busy", language));
    };
    if held.is_none() {
        slot.lock_parts().clear();
        let begun = edge.content.vault.begin(place(&file)).map_err(|error| broken(&error, language))?;
        *held = Some(begun);
    }
    let Some(upload) = held.as_mut() else { return Err(Problem::absent(language)) };
    if upload.received() != from {
        let mut problem = Problem::edge(StatusCode::CONFLICT, "upload.offset", language);
        problem.facts.insert("received".to_owned(), upload.received().into());
        return Err(problem);
    }
    let mut digest = Sha256::new();
    let taken = take(&edge, &signed, &file, upload, body, &mut digest, language).await;
    if upload.received() > from {
        let digest = data_encoding::HEXLOWER.encode(&digest.finalize());
        slot.lock_parts().push(Part { from, to: upload.received(), digest });
    }
    if let Err(problem) = taken {
        if problem.code == "upload.broken" {
            // What is on the disk can't be trusted any more: it begins anew.
            *held = None;
        }
        return Err(problem);
    }
    let received = upload.received();
    if received < file.bytes {
        return Ok(Json(Arrived { file, received, parts: slot.parts() }));
    }
    let whole = held.take();
    drop(held);
    edge.uploads.forget(&file.id);
    let Some(whole) = whole else { return Err(Problem::absent(language)) };
    let file = keep(&edge, &signed, file, whole, language).await?;
    Ok(Json(Arrived { file, received, parts: slot.parts() }))
}

/// Seals what comes, piece by piece; never more than the file was said to have.
async fn take(
    edge: &Edge,
    signed: &Signed,
    file: &File,
    upload: &mut Upload,
    body: Body,
    digest: &mut Sha256,
    language: Language,
) -> Result<(), Problem> {
    let mut stream = body.into_data_stream();
    let mut waiting: Vec<u8> = Vec::new();
    loop {
        let next = tokio::time::timeout(PATIENCE, stream.next()).await;
        let (piece, end) = match next {
            Ok(Some(Ok(piece))) => (piece, None),
            Ok(None) => (axum::body::Bytes::new(), Some(Ok(()))),
            // What came whole before the break is kept: the next part goes on from there.
            Ok(Some(Err(_))) => {
                let problem = Problem::edge(StatusCode::BAD_REQUEST, "body.broken", language);
                (axum::body::Bytes::new(), Some(Err(problem)))
            }
            Err(_) => {
                let problem = Problem::edge(StatusCode::REQUEST_TIMEOUT, "body.slow", language);
                (axum::body::Bytes::new(), Some(Err(problem)))
            }
        };
        if upload.received() + (waiting.len() + piece.len()) as u64 > file.bytes {
            return Err(Problem::edge(StatusCode::PAYLOAD_TOO_LARGE, "upload.too_long", language));
        }
        waiting.extend_from_slice(&piece);
        if waiting.len() >= PIECE || end.is_some() {
            // Sealing takes the processor, writing the disk; neither may hold up a worker's other requests.
            tokio::task::block_in_place(|| {
                digest.update(&waiting);
                upload.push(&waiting)
            })
            .map_err(|error| broken(&error, language))?;
            waiting.clear();
            if !edge.sessions.lasts(&signed.session, Instant::now(), edge.limits()) {
                return Err(Problem::not_signed_in(language));
            }
        }
        if let Some(end) = end {
            return end;
        }
    }
}

/// Puts a whole upload into the vault and says so in the registers.
async fn keep(
    edge: &Shared,
    signed: &Signed,
    file: File,
    upload: Upload,
    language: Language,
) -> Result<File, Problem> {
    let input = |sealed, wrapped| json!({ "file": file.id, "sealed": sealed, "wrapped": wrapped });
    let kept = settle(edge, signed, upload, "file.keep", input, language).await;
    if kept.is_err() {
        // What can't be kept isn't left lying as if it were still to come.
        give_up(edge, signed, &file.id, language).await;
    }
    kept
}

/// Puts a whole upload into the vault, and has the office perform the action that says so. Refused, its bytes go again.
async fn settle(
    edge: &Shared,
    signed: &Signed,
    upload: Upload,
    action: &str,
    input: impl FnOnce(Value, Vec<u8>) -> Value,
    language: Language,
) -> Result<File, Problem> {
    let vault = &edge.content.vault;
    let name = vault.name(&upload);
    let wrapped = vault.wrap(&upload).map_err(|error| broken(&error, language))?;
    let reserved = edge.uploads.reserve(&name);
    let known = edge.office.store().read(|conn| views::is_kept(conn, &name));
    let known = known.map_err(|error: StoreError| Problem::store(&error, language))?;
    // The same content again is refused by the office; its bytes must not take the place of those under another key.
    let sealed_bytes = if known || reserved.is_none() {
        0
    } else {
        vault.keep(upload).await.map_err(|error| broken(&error, language))?.sealed_bytes
    };
    let input = to_raw_value(&input(json!({ "name": name, "bytes": sealed_bytes }), wrapped));
    let input = input.map_err(|error| Problem::store(&error.into(), language))?;
    let kept = actions::perform(edge, signed.caller(), action.to_owned(), input, None, language).await;
    if kept.is_err() && sealed_bytes > 0 {
        let _ = vault.remove(&name).await;
    }
    drop(reserved);
    let file: File =
        serde_json::from_value(kept?.outcome).map_err(|error| Problem::store(&error.into(), language))?;
    inspect::begin(edge, &file.id);
    Ok(file)
}

/// `POST /api/items/{item}/files`: a small file whole, in one request and one entry.
pub(crate) async fn add(
    State(edge): State<Shared>,
    signed: Signed,
    Path(item): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<File>), Problem> {
    let language = Language::of(&headers);
    let absent = || Problem::absent(language);
    let item: Id = item.parse().map_err(|_| absent())?;
    let name = input::file_name(&headers, language)?;
    let bytes = input::bytes(body, SMALL, language).await?;
    let store = edge.office.store();
    let found = store.read(|conn| level_of(conn, &item));
    // Whether this person may know of the item is asked of the office below, before anything stays.
    let level = found.map_err(|error: StoreError| Problem::store(&error, language))?.ok_or_else(absent)?;
    let file = Id::generate(store.now(), &mut rand::rng());
    let place = Place { file: file.to_string(), item: item.to_string(), level: level.number() };
    let sealed = tokio::task::block_in_place(|| {
        let mut upload = edge.content.vault.begin(place)?;
        upload.push(&bytes)?;
        Ok(upload)
    });
    let upload = sealed.map_err(|error| broken(&error, language))?;
    let begin = json!({ "item": item, "name": name, "bytes": bytes.len() });
    let input = |sealed, wrapped| json!({ "file": file, "begin": begin, "level": level, "sealed": sealed, "wrapped": wrapped });
    let file = settle(&edge, &signed, upload, "file.add", input, language).await?;
    Ok((StatusCode::CREATED, Json(file)))
}

async fn give_up(edge: &Shared, signed: &Signed, file: &Id, language: Language) {
    let Ok(input) = to_raw_value(&json!({ "file": file })) else { return };
    let given =
        actions::perform(edge, signed.caller(), "file.give_up".to_owned(), input, None, language).await;
    if given.is_err() {
        tracing::warn!(%file, "an upload that can't be kept could not be given up");
    }
}

pub(super) fn broken(error: &VaultError, language: Language) -> Problem {
    tracing::error!(%error, "an upload could not be written");
    Problem::edge(StatusCode::INTERNAL_SERVER_ERROR, "upload.broken", language)
}
