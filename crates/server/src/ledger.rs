//! The ledger for its auditor: where it stands, proofs about single entries, the slip that is kept on paper, and how a
//! checkpoint kept outside compares. Entries leave sealed; no key leaves.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jingui_ledger::{Checkpoint, InclusionProof, Note};
use jingui_regulation::Moment;
use jingui_store::{Standing, Store, StoreError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::edge::{Edge, Shared};
use crate::input;
use crate::language::Language;
use crate::problem::Problem;
use crate::session::Signed;
use crate::slip::{self, Unread};
use crate::verification::auditor;
use crate::witness::Witnessed;

/// Checkpoints told of.
const KEPT: u32 = 50;

/// Where the ledger stands.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "LedgerState")]
pub(crate) struct Ledger {
    /// Name of the log in its checkpoints.
    origin: String,
    /// Suite of its hashes and signatures: `international` or `guomi`.
    suite: String,
    /// Entries.
    size: u64,
    /// Merkle root over them, base 64.
    root: String,
    /// The checkpoint, signed just now (C2SP signed-note).
    checkpoint: String,
    /// The key that verifies it, as a C2SP vkey.
    key: String,
    /// The server's clock at this answer, to reckon ages by.
    now: Moment,
    /// Checkpoints that the writer kept, newest first.
    kept: Vec<Kept>,
    /// Witnesses, as they last answered.
    witnesses: Vec<Witnessed>,
}

/// A checkpoint that the writer kept.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "KeptCheckpoint")]
struct Kept {
    /// Entries under it.
    size: u64,
    /// When it was signed.
    at: Moment,
}

/// `GET /api/ledger`.
pub(crate) async fn show(
    State(edge): State<Shared>,
    signed: Signed,
    headers: HeaderMap,
) -> Result<Json<Ledger>, Problem> {
    let language = Language::of(&headers);
    auditor(&edge, &signed, language)?;
    told(&edge).map(Json).map_err(|error| Problem::store(&error, language))
}

fn told(edge: &Edge) -> Result<Ledger, StoreError> {
    let store = edge.office.store();
    store.read(|conn| {
        let note = store.checkpoint(conn)?;
        let at = Checkpoint::parse(note.text())?;
        let kept = store.checkpoints(conn, KEPT)?;
        Ok(Ledger {
            origin: at.origin,
            suite: store.tree().name().to_owned(),
            size: at.size,
            root: data_encoding::BASE64.encode(&at.root),
            checkpoint: note.to_string(),
            key: store.note_key()?.to_string(),
            now: store.now(),
            kept: kept.into_iter().map(|(size, at, _)| Kept { size, at }).collect(),
            witnesses: edge.witnesses.told(),
        })
    })
}

/// Proof that one entry is in the ledger.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Proven {
    /// Number of the entry.
    seq: u64,
    /// The proof with its checkpoint (C2SP tlog-proof).
    proof: String,
    /// The entry's sealed bytes, base 64: with the proof they can be verified offline.
    sealed: String,
}

/// `GET /api/ledger/proofs/{seq}`.
pub(crate) async fn prove(
    State(edge): State<Shared>,
    signed: Signed,
    Path(seq): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Proven>, Problem> {
    let language = Language::of(&headers);
    auditor(&edge, &signed, language)?;
    let absent = || Problem::absent(language);
    let seq: u64 = seq.parse().ok().filter(|seq| *seq > 0).ok_or_else(absent)?;
    let store = edge.office.store();
    let proven = store.read(|conn| -> Result<_, StoreError> {
        let Some(sealed) = store.sealed(conn, seq)? else { return Ok(None) };
        let checkpoint = store.checkpoint(conn)?;
        let size = Checkpoint::parse(checkpoint.text())?.size;
        let hashes = store.inclusion(conn, seq, size)?;
        let proof = InclusionProof { index: seq - 1, hashes, checkpoint }.to_string();
        Ok(Some(Proven { seq, proof, sealed: data_encoding::BASE64.encode(&sealed) }))
    });
    proven.map_err(|error| Problem::store(&error, language))?.map(Json).ok_or_else(absent)
}

/// The newest checkpoint as a slip to print.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Slip {
    /// Name of the log.
    log: String,
    /// When it was made.
    at: Moment,
    /// Entries.
    size: u64,
    /// Number of entries and root as four lines of digits, each with two that check it.
    lines: Vec<String>,
    /// What the square code says.
    code: String,
    /// The modules of the square code, row by row, `1` for a dark one.
    modules: Vec<String>,
}

/// `GET /api/ledger/slip`.
pub(crate) async fn slip(
    State(edge): State<Shared>,
    signed: Signed,
    headers: HeaderMap,
) -> Result<Json<Slip>, Problem> {
    let language = Language::of(&headers);
    auditor(&edge, &signed, language)?;
    let store = edge.office.store();
    let at = store
        .read(|conn| -> Result<_, StoreError> { Ok(Checkpoint::parse(store.checkpoint(conn)?.text())?) });
    let at = at.map_err(|error| Problem::store(&error, language))?;
    let (lines, code) = (slip::lines(&at), slip::code(&at));
    let modules = slip::modules(&code);
    Ok(Json(Slip { log: at.origin, at: store.now(), size: at.size, lines, code, modules }))
}

/// A checkpoint that was kept outside: either form, and only one.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Presented {
    /// The signed note, or the text of a slip's square code.
    Checkpoint(#[schemars(length(max = 20_000))] String),
    /// A slip, typed.
    Slip(Typed),
}

/// What was typed from a slip.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "TypedSlip")]
pub(crate) struct Typed {
    /// Entries.
    size: u64,
    /// The four lines of digits.
    #[schemars(length(max = 1_000))]
    digits: String,
}

/// How a checkpoint kept outside stands to the ledger. Where it isn't signed it came from paper, and proves nothing by
/// itself about who wrote it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub(crate) enum Compared {
    /// The ledger continues it.
    Continued {
        /// Entries of the ledger.
        journal: u64,
        /// Entries under it.
        size: u64,
        /// Whether it is signed by this ledger's key.
        signed: bool,
    },
    /// It knows of entries that the ledger hasn't: the ledger was put back.
    Ahead {
        /// Entries of the ledger.
        journal: u64,
        /// Entries there were.
        known: u64,
        /// When the ledger's last entry was made: what came after is missing.
        since: Option<Moment>,
        /// Whether it is signed by this ledger's key.
        signed: bool,
    },
    /// It says another history.
    Forked {
        /// Entries of the ledger.
        journal: u64,
        /// Entries under it.
        size: u64,
        /// Whether it is signed by this ledger's key.
        signed: bool,
    },
    /// It isn't one of this ledger.
    Foreign {
        /// What it is instead.
        why: Foreign,
    },
}

/// Why a text isn't a checkpoint of this ledger.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Foreign {
    /// No checkpoint at all, or only a part of one.
    NoCheckpoint,
    /// One of another ledger.
    OtherLog,
    /// It names this ledger, but isn't signed by its key.
    Unsigned,
}

/// `POST /api/ledger/compare`.
pub(crate) async fn compare(
    State(edge): State<Shared>,
    signed: Signed,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Compared>, Problem> {
    let language = Language::of(&headers);
    auditor(&edge, &signed, language)?;
    let presented: Presented = input::typed(body, language).await?;
    let store = edge.office.store();
    let failed = |error: StoreError| Problem::store(&error, language);
    let (known, signed) = match presented {
        Presented::Checkpoint(text) => match slip::scanned(&text) {
            Some(scanned) => (scanned, false),
            None => match noted(store, &text).map_err(failed)? {
                Ok(known) => (known, true),
                Err(why) => return Ok(Json(Compared::Foreign { why })),
            },
        },
        Presented::Slip(Typed { size, digits }) => {
            let root = slip::root(size, &digits).map_err(|unread| mistyped(unread, language))?;
            let origin = store.note_key().map_err(failed)?.name().to_owned();
            (Checkpoint { origin, size, root }, false)
        }
    };
    standing(store, &known, signed).map(Json).map_err(failed)
}

fn mistyped(unread: Unread, language: Language) -> Problem {
    let (code, field) = match unread {
        Unread::Shape => ("slip.shape", "digits"),
        Unread::Lines(_) => ("slip.lines", "digits"),
        Unread::Size => ("slip.size", "size"),
    };
    let mut problem = Problem::edge(StatusCode::UNPROCESSABLE_ENTITY, code, language).of(field);
    if let Unread::Lines(lines) = unread {
        problem.facts.insert("lines".to_owned(), json!(lines));
    }
    problem
}

/// The checkpoint in a signed note of this ledger.
fn noted(store: &Store, text: &str) -> Result<Result<Checkpoint, Foreign>, StoreError> {
    // What is copied from a page or a mail has lost or gained line ends.
    let text = format!("{}\n", text.replace("\r\n", "\n").trim());
    let Some((note, known)) = Note::parse(&text)
        .ok()
        .and_then(|note| Checkpoint::parse(note.text()).ok().map(|known| (note, known)))
    else {
        return Ok(Err(Foreign::NoCheckpoint));
    };
    let key = store.note_key()?;
    if known.origin != key.name() {
        return Ok(Err(Foreign::OtherLog));
    }
    Ok(if key.verify(&note).is_ok() { Ok(known) } else { Err(Foreign::Unsigned) })
}

/// How a checkpoint stands to the store's ledger.
fn standing(store: &Store, known: &Checkpoint, signed: bool) -> Result<Compared, StoreError> {
    if known.origin != store.note_key()?.name() {
        return Ok(Compared::Foreign { why: Foreign::OtherLog });
    }
    store.read(|conn| {
        // One look at both: entries come in meanwhile.
        let journal = Checkpoint::parse(store.checkpoint(conn)?.text())?.size;
        Ok(match store.standing(conn, known)? {
            Standing::Continued => Compared::Continued { journal, size: known.size, signed },
            Standing::Ahead { journal, known } => {
                let since = store.entry(conn, journal)?.map(|last| last.at);
                Compared::Ahead { journal, known, since, signed }
            }
            Standing::Forked { size } => Compared::Forked { journal, size, signed },
        })
    })
}

/// `GET /api/ledger/checkpoint`: the checkpoint alone, to keep outside.
pub(crate) async fn checkpoint(
    State(edge): State<Shared>,
    signed: Signed,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let language = Language::of(&headers);
    auditor(&edge, &signed, language)?;
    let store = edge.office.store();
    let note = store.read(|conn| store.checkpoint(conn));
    let note = note.map_err(|error: StoreError| Problem::store(&error, language))?;
    let text = HeaderValue::from_static("text/plain; charset=utf-8");
    let name = HeaderValue::from_static("attachment; filename=\"checkpoint.txt\"");
    let headers = [(header::CONTENT_TYPE, text), (header::CONTENT_DISPOSITION, name)];
    Ok((StatusCode::OK, headers, note.to_string()).into_response())
}
