//! Entries of the journal: one per action, done or refused, sealed and numbered.

use jingui_crypto::EntrySealer;
use jingui_regulation::Moment;
use rand::RngCore;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::error::StoreError;

/// One entry: who did what, when, from where, under which clauses, and the new version of every record it put.
///
/// Inputs aren't kept: what an action changed stands in its puts, and a password typed into a form never does.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Entry {
    /// Position in the journal, from 1.
    pub seq: u64,
    /// When the action ran; never earlier than the entry before.
    pub at: Moment,
    /// Key of the acting person, or the name of a mechanism (`clock`).
    pub actor: String,
    /// Terminal the action came from.
    pub terminal: String,
    /// Name of the action.
    pub action: String,
    /// Done or refused.
    pub outcome: Outcome,
    /// Clauses the action carries out.
    pub clauses: Vec<String>,
    /// The record the action was about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Subject>,
    /// New versions of records.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub puts: Vec<Put>,
}

/// How an action ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Carried out.
    Done,
    /// Refused; nothing but this entry was written.
    Refused {
        /// Stable code of the refusal.
        code: String,
        /// Clauses it rests on.
        clauses: Vec<String>,
        /// What the refusal was decided by, as JSON.
        facts: serde_json::Value,
    },
}

/// A record an entry is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// Kind of the record.
    pub kind: String,
    /// Its key.
    pub key: String,
}

/// A new version of a record.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Put {
    /// Kind of the record.
    pub kind: String,
    /// Its key.
    pub key: String,
    /// Its version after this entry.
    pub version: u64,
    /// The whole record.
    pub body: Box<RawValue>,
}

/// What a job hands back to the sequencer: the head of its entry. Puts are what the unit of work collected.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Who acted.
    pub actor: String,
    /// From where.
    pub terminal: String,
    /// Which action.
    pub action: String,
    /// How it ended; a refusal undoes everything the job put.
    pub outcome: Outcome,
    /// Clauses carried out.
    pub clauses: Vec<String>,
    /// The record it was about.
    pub subject: Option<Subject>,
}

impl Entry {
    /// Seals the entry for the journal `log_id`.
    pub(crate) fn seal(
        &self,
        log_id: &str,
        sealer: &EntrySealer,
        rng: &mut dyn RngCore,
    ) -> Result<Vec<u8>, StoreError> {
        Ok(sealer.seal(log_id, self.seq, &serde_json::to_vec(self)?, rng))
    }

    /// Opens the sealed entry at `seq`.
    pub(crate) fn open(
        seq: u64,
        bytes: &[u8],
        log_id: &str,
        sealer: &EntrySealer,
    ) -> Result<Self, StoreError> {
        let plain = sealer.open(log_id, seq, bytes).map_err(|source| StoreError::Sealed { seq, source })?;
        Ok(serde_json::from_slice(&plain)?)
    }
}
