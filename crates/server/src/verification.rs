//! Verifying the journal from the console: started by the auditor, runs beside the work, its progress can be left
//! and found again.

use std::sync::{Mutex, PoisonError};

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use jingui_office::files::whole::{self, Odd};
use jingui_regulation::Role;
use jingui_store::{Finding, StoreError, Verdict};
use schemars::JsonSchema;
use serde::Serialize;

use crate::edge::{Edge, Shared};
use crate::input;
use crate::language::Language;
use crate::problem::Problem;
use crate::session::Signed;

/// The one verification of this process.
#[derive(Default)]
pub(crate) struct Verification(Mutex<Progress>);

/// How far a verification is.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
#[schemars(rename = "Verification")]
pub(crate) enum Progress {
    /// None was started since the server began.
    #[default]
    None,
    /// Reading the journal.
    Running {
        /// Entries read.
        done: u64,
        /// Entries in all.
        total: u64,
    },
    /// Done.
    Finished {
        /// Entries read.
        entries: u64,
        /// Records compared.
        records: u64,
        /// Merkle root over all entries, hexadecimal.
        root: String,
        /// Whether journal and registers agree.
        whole: bool,
        /// The first thing that isn't as the journal says.
        finding: Option<FindingText>,
    },
    /// It broke off.
    Failed,
}

/// The first thing that isn't as the journal says.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct FindingText {
    /// What is wrong: `entry_missing`, `entry_altered`, `entry_listing`, `entry_doesnt_follow`, `checkpoint`, `root`,
    /// `record`, `checkpoints`, `page`, `index`, `file_key`, `words`.
    code: &'static str,
    /// Number of the entry, or of the page.
    seq: Option<u64>,
    /// Kind of the record.
    kind: Option<String>,
    /// Key of the record, id of the file, or what the engine says of the index.
    key: Option<String>,
}

impl From<Finding> for FindingText {
    fn from(finding: Finding) -> Self {
        let (code, seq) = match &finding {
            Finding::EntryMissing { seq } => ("entry_missing", Some(*seq)),
            Finding::EntryAltered { seq } => ("entry_altered", Some(*seq)),
            Finding::EntryListing { seq } => ("entry_listing", Some(*seq)),
            Finding::EntryDoesntFollow { seq } => ("entry_doesnt_follow", Some(*seq)),
            Finding::Checkpoint { size } => ("checkpoint", Some(*size)),
            Finding::Root => ("root", None),
            Finding::Record { .. } => ("record", None),
            Finding::Checkpoints { .. } => ("checkpoints", None),
            Finding::Page { page } => ("page", Some(*page)),
            Finding::Index { .. } => ("index", None),
        };
        let (kind, key) = match finding {
            Finding::Record { kind, key } => (Some(kind), Some(key)),
            Finding::Index { told } => (None, Some(told)),
            _ => (None, None),
        };
        Self { code, seq, kind, key }
    }
}

impl From<Odd> for FindingText {
    fn from(odd: Odd) -> Self {
        let (code, file) = match odd {
            Odd::Key { file } => ("file_key", file),
            Odd::Words { file } => ("words", file),
        };
        Self { code, seq: None, kind: Some("file".to_owned()), key: Some(file) }
    }
}

impl Verification {
    fn set(&self, state: Progress) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }

    fn get(&self) -> Progress {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes the place of the running one; false when one runs already.
    fn begin(&self) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let free = !matches!(*state, Progress::Running { .. });
        if free {
            *state = Progress::Running { done: 0, total: 0 };
        }
        free
    }
}

/// `GET /api/journal/verify`.
pub(crate) async fn progress(
    State(edge): State<Shared>,
    signed: Signed,
    headers: HeaderMap,
) -> Result<Json<Progress>, Problem> {
    auditor(&edge, &signed, Language::of(&headers))?;
    Ok(Json(edge.verification.get()))
}

/// `POST /api/journal/verify`.
pub(crate) async fn start(
    State(edge): State<Shared>,
    signed: Signed,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<Progress>), Problem> {
    let language = Language::of(&headers);
    input::nothing(body, language).await?;
    auditor(&edge, &signed, language)?;
    if !edge.verification.begin() {
        return Err(Problem::edge(StatusCode::CONFLICT, "verification.running", language));
    }
    let running = edge.clone();
    let started = std::thread::Builder::new().name("verification".into()).spawn(move || verify(&running));
    if started.is_err() {
        edge.verification.set(Progress::Failed);
    }
    Ok((StatusCode::ACCEPTED, Json(edge.verification.get())))
}

fn verify(edge: &Edge) {
    let told = |done, total| edge.verification.set(Progress::Running { done, total });
    let store = edge.office.store();
    let verified = store.verify(told).and_then(|verdict| {
        // Where the book itself isn't whole, what stands beside it says nothing.
        let beside = if verdict.finding.is_none() { whole::verify(store)? } else { (0, None) };
        Ok((verdict, beside))
    });
    let state = match verified {
        Ok((Verdict { entries, records, root, finding }, (files, odd))) => {
            let finding = finding.map(FindingText::from).or(odd.map(FindingText::from));
            Progress::Finished { entries, records: records + files, root, whole: finding.is_none(), finding }
        }
        Err(error) => {
            tracing::error!(%error, "the verification broke off");
            Progress::Failed
        }
    };
    edge.verification.set(state);
}

/// Lets only the security auditor through.
pub(crate) fn auditor(edge: &Edge, signed: &Signed, language: Language) -> Result<(), Problem> {
    let office = &edge.office;
    let asker = office.store().read(|conn| office.asker(conn, &signed.person));
    let asker = asker.map_err(|error: StoreError| Problem::store(&error, language))?;
    if asker.is_some_and(|asker| asker.is(Role::SecurityAuditor)) {
        Ok(())
    } else {
        Err(Problem::edge(StatusCode::FORBIDDEN, "auditor_only", language))
    }
}
