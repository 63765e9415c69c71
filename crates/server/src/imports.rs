//! Old ledgers on their way in: uploaded, looked at, mapped, imported. What waits is kept in memory, for the session
//! that uploaded it, and only a few at a time; what was imported stands in the registers.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jingui_access::Thing;
use jingui_intake::{Book, IntakeError, LedgerRow, Outcome, RefusedRow, SheetPlan};
use jingui_office::receipts::import::{self, Defaults, File, ImportError};
use jingui_regulation::Limits;
use jingui_store::{Id, StoreError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::edge::{Edge, Shared};
use crate::input;
use crate::language::Language;
use crate::problem::Problem;
use crate::session::{Digest, Signed};
use crate::view::XLSX;

/// Largest file.
const FILE_LIMIT: usize = 64 << 20;
/// Ledgers that wait at once: in all, and for one session.
const MOST: usize = 8;
const EACH: usize = 2;
/// Accepted and refused rows shown at once.
const SHOWN: usize = 50;

/// All ledgers that wait or have been imported in this process.
#[derive(Default)]
pub(crate) struct Imports(Mutex<HashMap<String, Arc<Mutex<Ledger>>>>);

/// One uploaded ledger.
struct Ledger {
    session: Digest,
    person: Id,
    file: File,
    book: Arc<Book>,
    plans: Vec<SheetPlan>,
    outcome: Arc<Outcome>,
    /// Rows that the register refused, besides those that couldn't be read.
    refused: Vec<RefusedRow>,
    state: Progress,
}

/// How far an import is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
#[schemars(rename = "ImportProgress")]
enum Progress {
    /// Waits to be run.
    Waiting,
    /// Rows are being registered.
    Running {
        /// Rows done.
        done: u64,
        /// Rows in all.
        total: u64,
    },
    /// Done.
    Finished {
        /// Items registered.
        accepted: u64,
        /// Rows that were in the register before.
        present: u64,
        /// Rows refused, those that couldn't be read included.
        refused: u64,
    },
    /// Broke off; uploading the file again goes on where it ended.
    BrokeOff {
        /// Code of the refusal, or `failed`.
        code: String,
    },
}

/// An uploaded ledger as the console shows it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Ledger")]
pub(crate) struct Uploaded {
    /// Id of the upload.
    id: String,
    /// Name of the file.
    file: String,
    /// SHA-256 of the file, hexadecimal.
    digest: String,
    /// Sheets, and how they are read.
    sheets: Vec<SheetPlan>,
    /// Rows that can be registered.
    accepted: usize,
    /// Rows that can't.
    refused: usize,
    /// The first rows that can be registered.
    accepted_rows: Vec<LedgerRow>,
    /// Rows that can't, from `from` on, at most 50.
    refused_rows: Vec<RefusedRow>,
    /// How far the import is.
    progress: Progress,
}

/// Another mapping.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mapped {
    /// Sheets, and how they are to be read.
    sheets: Vec<SheetPlan>,
}

/// What the registrar decides for the whole ledger.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Running {
    /// Category and scope of rows that don't say.
    defaults: Defaults,
}

/// Which refused rows are shown.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct From {
    /// Refused rows to leave out.
    #[serde(default)]
    from: usize,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Imports {
    /// The ledger of that id, uploaded in this session or by this person.
    fn get(&self, id: &str, signed: &Signed, language: Language) -> Result<Arc<Mutex<Ledger>>, Problem> {
        let found = lock(&self.0).get(id).cloned();
        found.filter(|ledger| lock(ledger).person == signed.person).ok_or_else(|| Problem::absent(language))
    }

    /// Takes a ledger in; what was finished longest ago makes room.
    fn put(&self, id: String, ledger: Ledger, language: Language) -> Result<Arc<Mutex<Ledger>>, Problem> {
        let mut all = lock(&self.0);
        // A new upload of the same session replaces those that only wait.
        let own: Vec<String> = all
            .iter()
            .filter(|(_, known)| {
                let known = lock(known);
                known.session == ledger.session && !matches!(known.state, Progress::Running { .. })
            })
            .map(|(id, _)| id.clone())
            .collect();
        if own.len() >= EACH {
            for id in own {
                all.remove(&id);
            }
        }
        if all.len() >= MOST {
            all.retain(|_, known| matches!(lock(known).state, Progress::Waiting | Progress::Running { .. }));
        }
        if all.len() >= MOST {
            return Err(Problem::edge(StatusCode::CONFLICT, "import.too_many", language));
        }
        let ledger = Arc::new(Mutex::new(ledger));
        all.insert(id, Arc::clone(&ledger));
        Ok(ledger)
    }
}

impl Ledger {
    fn shown(&self, id: &str, from: usize) -> Uploaded {
        let refused = || self.outcome.refused.iter().chain(&self.refused);
        Uploaded {
            id: id.to_owned(),
            file: self.file.name.clone(),
            digest: self.file.digest.clone(),
            sheets: self.plans.clone(),
            accepted: self.outcome.accepted.len(),
            refused: refused().count(),
            accepted_rows: self.outcome.accepted.iter().take(SHOWN).cloned().collect(),
            refused_rows: refused().skip(from).take(SHOWN).cloned().collect(),
            progress: self.state.clone(),
        }
    }
}

/// `POST /api/imports`: the file as it is, its name in `X-File-Name`, percent-encoded.
pub(crate) async fn upload(
    State(edge): State<Shared>,
    signed: Signed,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<Uploaded>), Problem> {
    let language = Language::of(&headers);
    may_import(&edge, &signed, language)?;
    let name = input::file_name(&headers, language)?;
    let bytes = input::bytes(body, FILE_LIMIT, language).await?;
    let digest = data_encoding::HEXLOWER.encode(&Sha256::digest(&bytes));
    let file = File { name: name.clone(), digest };
    let limits = limits(&edge);
    let read = off_workers(&edge, move || {
        let book = jingui_intake::open(&name, &bytes)?;
        let plans = jingui_intake::recognise(&book);
        let outcome = jingui_intake::read(&book, &plans, &limits);
        Ok::<_, IntakeError>((book, plans, outcome))
    })
    .await;
    let (book, plans, outcome) = match read {
        Some(Ok(read)) => read,
        Some(Err(error)) => return Err(unreadable(&error, language)),
        None => return Err(Problem::store(&StoreError::BrokeOff, language)),
    };
    let ledger = Ledger {
        session: signed.session,
        person: signed.person,
        file,
        book: Arc::new(book),
        plans,
        outcome: Arc::new(outcome),
        refused: Vec::new(),
        state: Progress::Waiting,
    };
    let id = jingui_crypto::token(&mut rand::rng());
    let ledger = edge.imports.put(id.clone(), ledger, language)?;
    let shown = lock(&ledger).shown(&id, 0);
    Ok((StatusCode::CREATED, Json(shown)))
}

/// `GET /api/imports/{import}`.
pub(crate) async fn show(
    State(edge): State<Shared>,
    signed: Signed,
    Path(id): Path<String>,
    Query(From { from }): Query<From>,
    headers: HeaderMap,
) -> Result<Json<Uploaded>, Problem> {
    let ledger = edge.imports.get(&id, &signed, Language::of(&headers))?;
    let shown = lock(&ledger).shown(&id, from);
    Ok(Json(shown))
}

/// `PUT /api/imports/{import}/mapping`.
pub(crate) async fn map(
    State(edge): State<Shared>,
    signed: Signed,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Uploaded>, Problem> {
    let language = Language::of(&headers);
    let ledger = edge.imports.get(&id, &signed, language)?;
    let Mapped { sheets } = input::typed(body, language).await?;
    let book = {
        let ledger = lock(&ledger);
        waiting(&ledger, language)?;
        Arc::clone(&ledger.book)
    };
    if !sheets.iter().all(|plan| fits(plan, &book)) {
        return Err(Problem::edge(StatusCode::UNPROCESSABLE_ENTITY, "import.mapping", language).of("sheets"));
    }
    let limits = limits(&edge);
    let plans = sheets.clone();
    let outcome = off_workers(&edge, move || jingui_intake::read(&book, &plans, &limits)).await;
    let outcome = outcome.ok_or_else(|| Problem::store(&StoreError::BrokeOff, language))?;
    let mut ledger = lock(&ledger);
    waiting(&ledger, language)?;
    ledger.plans = sheets;
    ledger.outcome = Arc::new(outcome);
    Ok(Json(ledger.shown(&id, 0)))
}

/// `POST /api/imports/{import}/run`.
pub(crate) async fn run(
    State(edge): State<Shared>,
    signed: Signed,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<Uploaded>), Problem> {
    let language = Language::of(&headers);
    may_import(&edge, &signed, language)?;
    let ledger = edge.imports.get(&id, &signed, language)?;
    let Running { defaults } = input::typed(body, language).await?;
    {
        let mut ledger = lock(&ledger);
        waiting(&ledger, language)?;
        ledger.state = Progress::Running { done: 0, total: ledger.outcome.accepted.len() as u64 };
    }
    let (working, on) = (Arc::clone(&ledger), edge.clone());
    let started = std::thread::Builder::new()
        .name("import".into())
        .spawn(move || import(&on, &signed, &working, &defaults));
    if started.is_err() {
        lock(&ledger).state = Progress::BrokeOff { code: "failed".to_owned() };
    }
    let shown = lock(&ledger).shown(&id, 0);
    Ok((StatusCode::ACCEPTED, Json(shown)))
}

/// `GET /api/imports/{import}/refused.xlsx`.
pub(crate) async fn refused(
    State(edge): State<Shared>,
    signed: Signed,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let language = Language::of(&headers);
    let ledger = edge.imports.get(&id, &signed, language)?;
    let rows: Vec<RefusedRow> = {
        let ledger = lock(&ledger);
        ledger.outcome.refused.iter().chain(&ledger.refused).cloned().collect()
    };
    let sheet = off_workers(&edge, move || crate::sheets::refused(&rows)).await;
    let bytes = match sheet {
        Some(Ok(bytes)) => bytes,
        Some(Err(error)) => {
            tracing::error!(%error, "the list of refused rows could not be written");
            return Err(Problem::store(&StoreError::BrokeOff, language));
        }
        None => return Err(Problem::store(&StoreError::BrokeOff, language)),
    };
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(XLSX));
    headers.insert(
        header::CONTENT_DISPOSITION,
        HeaderValue::from_static("attachment; filename=\"refused.xlsx\""),
    );
    Ok(response)
}

fn import(edge: &Edge, signed: &Signed, ledger: &Mutex<Ledger>, defaults: &Defaults) {
    let (file, outcome) = {
        let ledger = lock(ledger);
        (ledger.file.clone(), Arc::clone(&ledger.outcome))
    };
    let progress = |done, total| {
        lock(ledger).state = Progress::Running { done, total };
        // Whoever lost the right to import, or signed out, imports no further.
        edge.sessions.lasts(&signed.session, std::time::Instant::now(), edge.limits())
    };
    let done = import::run(&edge.office, &signed.caller(), &file, &outcome, defaults, progress);
    let mut ledger = lock(ledger);
    match done {
        Ok(imported) => {
            ledger.refused = imported
                .refused
                .iter()
                .filter_map(|refused| Some(row_refused(edge, outcome.accepted.get(refused.row)?, refused)))
                .collect();
            let result = imported.result;
            ledger.state = Progress::Finished {
                accepted: result.accepted,
                present: result.present,
                refused: result.refused,
            };
        }
        Err(error) => {
            tracing::error!(%error, "an import broke off");
            let code = match error {
                ImportError::Refused(refusal) => refusal.code.to_owned(),
                _ => "failed".to_owned(),
            };
            ledger.state = Progress::BrokeOff { code };
        }
    }
}

/// A row that the register refused, in the form of one that couldn't be read, so that one list holds both.
fn row_refused(edge: &Edge, row: &LedgerRow, refused: &import::Refused) -> RefusedRow {
    let facts = refused.facts.as_object().cloned().unwrap_or_default();
    let shown = crate::wording::facts(&facts, Language::Chinese);
    let text = |name: &str| {
        facts
            .get(name)
            .map(|fact| fact.as_str().map_or_else(|| fact.to_string(), str::to_owned))
            .unwrap_or_default()
    };
    let expected = edge.office.texts().get(&refused.code).map(|text| jingui_office::fill(&text.zh, &shown));
    RefusedRow {
        sheet: row.sheet.clone(),
        sheet_row: row.sheet_row,
        row: row.row,
        number: row.number.clone(),
        level: Some(row.level),
        field: text("field"),
        column: String::new(),
        found: text("found"),
        expected: expected.unwrap_or_else(|| refused.code.clone()),
        cells: vec![row.title.clone()],
    }
}

/// Whether a plan names a sheet, a row and columns that are there.
fn fits(plan: &SheetPlan, book: &Book) -> bool {
    book.sheets.iter().find(|sheet| sheet.name == plan.sheet).is_some_and(|sheet| {
        let width = sheet.rows.iter().map(|row| row.cells.len()).max().unwrap_or(0);
        let header = plan.header.is_none_or(|header| sheet.rows.iter().any(|row| row.number == header));
        header && plan.columns.values().all(|column| *column < width)
    })
}

fn waiting(ledger: &Ledger, language: Language) -> Result<(), Problem> {
    if ledger.state == Progress::Waiting {
        Ok(())
    } else {
        Err(Problem::edge(StatusCode::CONFLICT, "import.running", language))
    }
}

/// Only who may begin an import may make the server read a file.
fn may_import(edge: &Edge, signed: &Signed, language: Language) -> Result<(), Problem> {
    let office = &edge.office;
    let asker = office.store().read(|conn| office.asker(conn, &signed.person));
    let asker = asker.map_err(|error: StoreError| Problem::store(&error, language))?;
    let allowed = asker.is_some_and(|asker| office.decide(&asker, "import.begin", &Thing::default()).allowed);
    if allowed { Ok(()) } else { Err(Problem::edge(StatusCode::FORBIDDEN, "not_entitled", language)) }
}

fn limits(edge: &Edge) -> Limits {
    Limits::from(&edge.office.rules().parameters)
}

/// One file at a time is taken apart: it takes memory and a core.
async fn off_workers<T: Send + 'static>(edge: &Edge, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let _place = edge.reading.acquire().await.ok()?;
    tokio::task::spawn_blocking(work).await.ok()
}

fn unreadable(error: &IntakeError, language: Language) -> Problem {
    let mut problem =
        Problem::edge(StatusCode::UNPROCESSABLE_ENTITY, "import.unreadable", language).of("file");
    problem.expected = Some(match language {
        Language::Chinese => error.zh(),
        Language::English => error.to_string(),
    });
    problem
}
