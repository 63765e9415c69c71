//! The ledger for its auditor: where it stands, proofs about single entries, how a checkpoint kept outside compares, and
//! the whole ledger as an export that `jingui-verify` reads. Entries leave sealed; no key leaves.

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

use crate::edge::{Edge, Shared};
use crate::input;
use crate::language::Language;
use crate::problem::Problem;
use crate::session::Signed;
use crate::verification::auditor;
use crate::witness::Witnessed;

/// Checkpoints told of.
const KEPT: u32 = 50;

/// Where the ledger stands.
#[derive(Debug, Serialize, JsonSchema)]
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

/// A checkpoint that was kept outside.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Presented {
    /// The signed note.
    #[schemars(length(max = 20_000))]
    checkpoint: String,
}

/// How a checkpoint kept outside stands to the ledger.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub(crate) enum Compared {
    /// The ledger continues it.
    Continued {
        /// Entries under it.
        size: u64,
    },
    /// It knows of entries that the ledger hasn't: the ledger was put back.
    Ahead {
        /// Entries of the ledger.
        journal: u64,
        /// Entries there were.
        known: u64,
    },
    /// It says another history.
    Forked {
        /// Entries under it.
        size: u64,
    },
    /// It isn't signed by this ledger's key, or not a checkpoint at all.
    Foreign,
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
    let compared = standing(edge.office.store(), &presented.checkpoint);
    compared.map(Json).map_err(|error| Problem::store(&error, language))
}

/// How a signed note stands to the store's ledger.
pub(crate) fn standing(store: &Store, note: &str) -> Result<Compared, StoreError> {
    // What is copied from a page or a mail has lost or gained its last line end.
    let Ok(note) = Note::parse(&format!("{}\n", note.trim_end())) else { return Ok(Compared::Foreign) };
    let Ok(known) = Checkpoint::parse(note.text()) else { return Ok(Compared::Foreign) };
    if store.note_key()?.verify(&note).is_err() {
        return Ok(Compared::Foreign);
    }
    Ok(match store.read(|conn| store.standing(conn, &known))? {
        Standing::Continued => Compared::Continued { size: known.size },
        Standing::Ahead { journal, known } => Compared::Ahead { journal, known },
        Standing::Forked { size } => Compared::Forked { size },
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
