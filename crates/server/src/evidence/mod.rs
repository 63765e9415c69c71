//! Bundles of evidence on their way out: asked for with a reason, journaled, put together beside the work, fetched by whoever
//! asked. What is finished waits in memory, in the clear, for the session that asked and for half an hour; never on a disk.

mod bundle;
mod words;

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jingui_access::{Asker, Thing};
use jingui_office::Office;
use jingui_office::supervision::evidence::chosen::{self, Unfit};
use jingui_office::supervision::evidence::disclosed::{Disclosing, Disclosure};
use jingui_office::supervision::evidence::{Choice, Evidence, MAKE, MakeEvidence};
use jingui_regulation::Level;
use jingui_store::{Id, StoreError};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use crate::edge::{Edge, Shared};
use crate::input;
use crate::language::Language;
use crate::problem::Problem;
use crate::session::{Digest, Signed};
use crate::view::{Fault, Look};

/// Bundles that wait at once, in all and for one session: each may be some tens of megabytes.
const MOST: usize = 4;
const EACH: usize = 2;
/// How long a finished one waits.
const KEPT: Duration = Duration::from_mins(30);

/// All bundles being made or waiting to be fetched.
#[derive(Default)]
pub(crate) struct Bundles(Mutex<HashMap<Id, Waiting>>);

struct Waiting {
    session: Digest,
    person: Id,
    number: String,
    since: Instant,
    state: Progress,
    bundle: Option<Bytes>,
}

/// How far a bundle is.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
#[schemars(rename = "EvidenceProgress")]
pub(crate) enum Progress {
    /// Entries are opened and proven, then printed.
    Running {
        /// Entries proven.
        done: u64,
        /// Entries in all.
        total: u64,
    },
    /// Waits to be fetched.
    Finished {
        /// Entries in it.
        entries: u64,
        /// Of them, entries that are opened.
        opened: u64,
        /// Bytes of the bundle.
        bytes: u64,
    },
    /// It broke off.
    Failed {
        /// Why: `no_font`, `form`, or `failed`.
        code: &'static str,
    },
}

/// A bundle being made.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "EvidenceMade")]
pub(crate) struct Made {
    /// Id of the evidence.
    evidence: Id,
    /// Its number.
    number: String,
    /// The journal's entry that says it was made; nothing when asked again.
    #[serde(skip_serializing_if = "Option::is_none")]
    entry: Option<u64>,
    /// How far it is.
    progress: Progress,
}

/// What a bundle would hold.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "EvidencePreview")]
pub(crate) struct Preview {
    /// Entries.
    entries: u64,
    /// Of them, entries whose content would be disclosed.
    opened: u64,
    /// Highest level of what would be disclosed; nothing where it concerns no item.
    level: Option<Level>,
}

impl Bundles {
    fn all(&self) -> MutexGuard<'_, HashMap<Id, Waiting>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, waiting| {
            matches!(waiting.state, Progress::Running { .. }) || waiting.since.elapsed() < KEPT
        });
        all
    }

    /// Whether this session may have another one made now.
    fn free(&self, signed: &Signed) -> bool {
        let mut all = self.all();
        let idle = all.values().all(|waiting| !matches!(waiting.state, Progress::Running { .. }));
        // The session's own oldest finished one makes room.
        while all.values().filter(|waiting| waiting.session == signed.session).count() >= EACH && idle {
            let own = all.iter().filter(|(_, waiting)| waiting.session == signed.session);
            let Some(oldest) = own.min_by_key(|(_, waiting)| waiting.since).map(|(id, _)| id.clone()) else {
                break;
            };
            all.remove(&oldest);
        }
        idle && all.len() < MOST
    }

    fn set(&self, evidence: &Id, state: Progress, bundle: Option<Bytes>) {
        if let Some(waiting) = self.all().get_mut(evidence) {
            waiting.state = state;
            waiting.bundle = bundle;
            waiting.since = Instant::now();
        }
    }

    fn of<T>(&self, id: &str, signed: &Signed, take: impl FnOnce(&Id, &Waiting) -> T) -> Option<T> {
        let id: Id = id.parse().ok()?;
        let all = self.all();
        let waiting = all.get(&id)?;
        (waiting.session == signed.session && waiting.person == signed.person).then(|| take(&id, waiting))
    }
}

/// `GET /api/evidence/preview`: what a bundle would hold, for the dialog that asks whether it is to be made.
pub(crate) fn preview(look: &Look<'_>, choice: Choice) -> Result<Preview, Fault> {
    if !may_make(look.office, look.asker) {
        return Err(Fault::Absent);
    }
    valid(look.office, &choice, look.language)?;
    if !chosen::may_know(look.conn, look.asker, &choice)? {
        return Err(Fault::Absent);
    }
    let seqs = found(look.office, look.conn, &choice, look.language)?;
    let mut disclosing = Disclosing::to(look.conn, look.asker);
    let (mut entries, mut opened) = (0, 0);
    for seq in seqs {
        let Some(entry) = look.office.store().entry(look.conn, seq)? else { continue };
        match disclosing.of(&entry)? {
            Disclosure::Absent => {}
            Disclosure::Closed => entries += 1,
            Disclosure::Opened => (entries, opened) = (entries + 1, opened + 1),
        }
    }
    if entries == 0 {
        return Err(unfit(Unfit::None, look.language).into());
    }
    Ok(Preview { entries, opened, level: disclosing.highest() })
}

/// Whether somebody makes evidence at all; of what, the action asks.
fn may_make(office: &Office, asker: &Asker) -> bool {
    office.decide(asker, MAKE, &Thing::default()).allowed
}

fn unfit(unfit: Unfit, language: Language) -> Problem {
    match unfit {
        Unfit::None => Problem::edge(StatusCode::UNPROCESSABLE_ENTITY, "evidence.none", language),
        Unfit::TooMany => {
            let mut problem = Problem::edge(StatusCode::UNPROCESSABLE_ENTITY, "evidence.too_many", language);
            problem.facts.insert("most".to_owned(), json!(chosen::MOST));
            problem
        }
    }
}

/// Refuses what is no choice.
fn valid(office: &Office, choice: &Choice, language: Language) -> Result<(), Problem> {
    choice.check().map_err(|refusal| {
        let mut problem = Problem::refused(office, &refusal, 0, language);
        // It never was an action.
        problem.entry = None;
        problem
    })
}

/// The entries that belong to a choice, where they aren't too many.
fn found(
    office: &Office,
    conn: &jingui_office::Connection,
    choice: &Choice,
    language: Language,
) -> Result<Vec<u64>, Fault> {
    chosen::entries(office.store(), conn, choice, u64::MAX)?.map_err(|why| unfit(why, language).into())
}

/// `POST /api/evidence`: journals that evidence is made, and begins to make it.
pub(crate) async fn make(
    State(edge): State<Shared>,
    signed: Signed,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<Made>), Problem> {
    let language = Language::of(&headers);
    let raw = input::json(body, language).await?;
    let asked: MakeEvidence = input::parse(&raw, language)?;
    if !edge.evidence.free(&signed) {
        return Err(Problem::edge(StatusCode::CONFLICT, "evidence.running", language));
    }
    // What would be too large is refused before anybody is said to have made it. Only who makes evidence is told.
    let (looking, who) = (edge.clone(), signed.person.clone());
    let looked = tokio::task::spawn_blocking(move || fits(&looking, &who, &asked.of, language)).await;
    looked.unwrap_or_else(|_| Err(Problem::store(&StoreError::BrokeOff, language)))?;
    let done = crate::actions::perform(&edge, signed.caller(), MAKE.to_owned(), raw, None, language).await?;
    let entry = done.entry();
    let evidence: Evidence =
        serde_json::from_value(done.outcome).map_err(|error| Problem::store(&error.into(), language))?;
    let (id, number) = (evidence.id.clone(), evidence.number.clone());
    let progress = Progress::Running { done: 0, total: 0 };
    edge.evidence.all().insert(
        id.clone(),
        Waiting {
            session: signed.session,
            person: signed.person.clone(),
            number: number.clone(),
            since: Instant::now(),
            state: progress.clone(),
            bundle: None,
        },
    );
    let running = edge.clone();
    let started =
        std::thread::Builder::new().name("evidence".into()).spawn(move || run(&running, &evidence, entry));
    if started.is_err() {
        edge.evidence.set(&id, Progress::Failed { code: "failed" }, None);
    }
    Ok((StatusCode::ACCEPTED, Json(Made { evidence: id, number, entry: Some(entry), progress })))
}

fn fits(edge: &Edge, person: &Id, choice: &Choice, language: Language) -> Result<(), Problem> {
    let office = &edge.office;
    let read = office.store().read(|conn| -> Result<(), Fault> {
        let Some(asker) = office.asker(conn, person)? else { return Ok(()) };
        // Who makes none, or none of this, is refused by the action, with an entry.
        if !may_make(office, &asker) {
            return Ok(());
        }
        valid(office, choice, language)?;
        if !chosen::may_know(conn, &asker, choice)? {
            return Ok(());
        }
        found(office, conn, choice, language).map(|_| ())
    });
    read.map_err(|fault| fault.told(language))
}

fn run(edge: &Edge, evidence: &Evidence, entry: u64) {
    let told = |done, total| edge.evidence.set(&evidence.id, Progress::Running { done, total }, None);
    match bundle::make(&edge.office, evidence, entry, told) {
        Ok(bundle) => {
            let bytes = bundle.bytes.len() as u64;
            let state = Progress::Finished { entries: bundle.entries, opened: bundle.opened, bytes };
            edge.evidence.set(&evidence.id, state, Some(bundle.bytes.into()));
        }
        Err(error) => {
            tracing::error!(%error, "a bundle of evidence broke off");
            edge.evidence.set(&evidence.id, Progress::Failed { code: error.code() }, None);
        }
    }
}

/// `GET /api/evidence/{evidence}`.
pub(crate) async fn progress(
    State(edge): State<Shared>,
    signed: Signed,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Made>, Problem> {
    let made = edge.evidence.of(&id, &signed, |id, waiting| Made {
        evidence: id.clone(),
        number: waiting.number.clone(),
        entry: None,
        progress: waiting.state.clone(),
    });
    made.map(Json).ok_or_else(|| Problem::absent(Language::of(&headers)))
}

/// `GET /api/evidence/{evidence}/bundle`: for the session that asked for it, while it waits.
pub(crate) async fn fetch(
    State(edge): State<Shared>,
    signed: Signed,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let found =
        edge.evidence.of(&id, &signed, |_, waiting| Some((waiting.number.clone(), waiting.bundle.clone()?)));
    let absent = || Problem::absent(Language::of(&headers));
    let (number, bytes) = found.flatten().ok_or_else(absent)?;
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/zip"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // The sign before the number isn't ASCII: the name in both of the forms that browsers read.
    let digits: String = number.chars().filter(char::is_ascii).collect();
    let name = format!(
        "attachment; filename=\"evidence-{digits}.zip\"; filename*=UTF-8''%E8%AF%81%E6%8D%AE-{digits}.zip"
    );
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_str(&name).map_err(|_| absent())?);
    Ok(response)
}
