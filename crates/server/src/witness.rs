//! Witnesses on other computers: each is shown the newest checkpoint once a minute and signs it when it continues the
//! last one it saw. Owns what they last answered; never decides what follows from it.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jingui_ledger::{Checkpoint, Note, NoteKey, NoteSignature, witness_request};
use jingui_regulation::Moment;
use jingui_store::{Clock as _, Store, StoreError, SystemClock};
use schemars::JsonSchema;
use serde::Serialize;

/// How long a witness may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// A witness and where it listens.
#[derive(Debug, Clone)]
pub struct WitnessAt {
    /// Address, such as `http://10.1.2.3:8090`.
    pub url: String,
    /// Its public key.
    pub key: NoteKey,
}

/// How a witness last answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Answered {
    /// Not asked yet.
    Waiting,
    /// It signed.
    Signed {
        /// Entries under the checkpoint it signed.
        size: u64,
        /// The time it signed, by its own clock.
        at: Moment,
    },
    /// It saw more entries than the ledger has: the ledger was put back.
    Ahead {
        /// Entries of the ledger.
        journal: u64,
        /// Entries it saw.
        known: u64,
    },
    /// It saw another history.
    Forked {
        /// Entries under the checkpoint it saw.
        size: u64,
    },
    /// It doesn't know this ledger or its key.
    Stranger,
    /// It can't be reached, or answers something else.
    Silent,
}

/// A witness with what it last answered.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Witnessed {
    /// Its name.
    name: String,
    /// Where it listens.
    url: String,
    /// When it was last asked.
    asked: Option<Moment>,
    /// How it last answered.
    last: Answered,
    /// What it last signed, whatever it answered since.
    signed: Option<LastSigned>,
}

/// What a witness last signed.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct LastSigned {
    /// When, by its own clock.
    at: Moment,
    /// Entries under the checkpoint.
    size: u64,
}

/// The witnesses of this process.
#[derive(Default)]
pub(crate) struct Witnesses {
    all: Vec<WitnessAt>,
    told: Mutex<Vec<Witnessed>>,
}

impl Witnesses {
    pub(crate) fn new(all: Vec<WitnessAt>) -> Self {
        let told = all.iter().map(|one| Witnessed {
            name: one.key.name().to_owned(),
            url: one.url.clone(),
            asked: None,
            last: Answered::Waiting,
            signed: None,
        });
        let told = Mutex::new(told.collect());
        Self { all, told }
    }

    /// What they last answered.
    pub(crate) fn told(&self) -> Vec<Witnessed> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Shows each the newest checkpoint.
    pub(crate) async fn ask(&self, store: &Store) {
        for (at, witness) in self.all.iter().enumerate() {
            let last = offer(witness, store).await;
            if let Answered::Ahead { .. } | Answered::Forked { .. } = last {
                tracing::error!(
                    witness = witness.key.name(),
                    ?last,
                    "the ledger isn't the one the witness saw"
                );
            }
            if let Some(one) = self.told.lock().unwrap_or_else(PoisonError::into_inner).get_mut(at) {
                one.asked = Some(SystemClock.now());
                if let Answered::Signed { size, at } = last {
                    one.signed = Some(LastSigned { at, size });
                }
                one.last = last;
            }
        }
    }
}

/// Shows a witness the newest checkpoint.
pub async fn offer(witness: &WitnessAt, store: &Store) -> Answered {
    match tried(witness, store).await {
        Ok(answered) => answered,
        Err(error) => {
            tracing::warn!(error, witness = witness.key.name(), "a witness doesn't answer");
            Answered::Silent
        }
    }
}

/// The newest checkpoint that a witness has of this ledger, and when it signed it; nothing where it can't be had, or isn't
/// signed by both the ledger's key and the witness'.
pub async fn newest(witness: &WitnessAt, store: &Store) -> Option<(Checkpoint, Moment)> {
    let client = client().ok()?;
    let key = store.note_key().ok()?;
    let url = format!("{}/newest/{}", witness.url.trim_end_matches('/'), key.name());
    let answer = client.get(&url).send().await.ok().filter(|answer| answer.status().is_success())?;
    let note = Note::parse(&answer.text().await.ok()?).ok()?;
    key.verify(&note).ok()?;
    let at = moment(witness.key.verify(&note).ok()??)?;
    let checkpoint = Checkpoint::parse(note.text()).ok()?;
    (checkpoint.origin == key.name()).then_some((checkpoint, at))
}

fn client() -> reqwest::Result<reqwest::Client> {
    // The first library to be asked for stays: all of this house's TLS stands on the same one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().timeout(PATIENCE).build()
}

fn moment(seconds: u64) -> Option<Moment> {
    Some(Moment::from_millis(i64::try_from(seconds).ok()?.checked_mul(1000)?))
}

async fn tried(witness: &WitnessAt, store: &Store) -> Result<Answered, String> {
    let told = |error: &dyn std::fmt::Display| error.to_string();
    let client = client().map_err(|error| told(&error))?;
    let url = format!("{}/add-checkpoint", witness.url.trim_end_matches('/'));
    let (mut old, mut known) = (0, false);
    // It tells what it saw last when it is asked from elsewhere; asked from there, it signs or tells of another history.
    for _ in 0..3 {
        let (note, size, body) = request(store, old).map_err(|error| told(&error))?;
        let answer = client.post(&url).body(body).send().await.map_err(|error| told(&error))?;
        let status = answer.status().as_u16();
        let text = answer.text().await.map_err(|error| told(&error))?;
        match status {
            200 => return signed(witness, &note, size, &text).ok_or_else(|| "not its signature".to_owned()),
            409 => {
                let seen: u64 = text.trim().parse().map_err(|_| "no size in its answer".to_owned())?;
                if seen > size {
                    return Ok(Answered::Ahead { journal: size, known: seen });
                }
                if known && seen == old {
                    return Ok(Answered::Forked { size: seen });
                }
                (old, known) = (seen, true);
            }
            422 => return Ok(Answered::Forked { size: old }),
            403 | 404 => return Ok(Answered::Stranger),
            _ => return Err(format!("status {status}")),
        }
    }
    Err("it never agrees where it stands".to_owned())
}

/// The newest checkpoint, its size, and what a witness is sent that saw `old` entries.
fn request(store: &Store, old: u64) -> Result<(Note, u64, String), StoreError> {
    store.read(|conn| {
        let note = store.checkpoint(conn)?;
        let size = Checkpoint::parse(note.text())?.size;
        let proof = store.consistency(conn, old.min(size), size)?;
        let body = witness_request(old, &proof, &note);
        Ok((note, size, body))
    })
}

/// The witness' own signature in its answer, verified.
fn signed(witness: &WitnessAt, note: &Note, size: u64, answer: &str) -> Option<Answered> {
    let mut cosigned = Note::new(note.text().to_owned()).ok()?;
    for line in answer.lines() {
        cosigned.add(NoteSignature::parse(line).ok()?).ok()?;
    }
    let at = moment(witness.key.verify(&cosigned).ok()??)?;
    Some(Answered::Signed { size, at })
}
