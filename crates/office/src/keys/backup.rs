//! Backups and drills as the journal knows them (clause 3.3.1.4): when one was taken, what it holds, what a drill proved.

use jingui_regulation::Moment;
use jingui_store::{Column, Id, Kind, Record, StoreError};
use rusqlite::{Connection, OptionalExtension as _};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::{About, Action, Stop};
use crate::refusal::Refusal;
use crate::work::Work;

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Done {
    /// A backup was taken, and read back.
    Backup,
    /// A backup was restored in a scratch place and verified whole.
    Drill,
    /// The office itself was restored from a backup.
    Restored,
}

/// A backup that was taken, tried or restored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Backup {
    /// Id.
    pub id: Id,
    /// When.
    pub at: Moment,
    /// What was done.
    #[serde(flatten)]
    pub particulars: Particulars,
}

/// What there is to say of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Particulars {
    /// What was done.
    pub done: Done,
    /// The place, as it was named.
    pub place: String,
    /// Entries it holds.
    pub entries: u64,
    /// Files and parts of files it holds.
    pub files: u64,
    /// Files that the registers have and the vault, or the backup, hasn't.
    pub missing: u64,
    /// Entries known to have been beyond those that were restored.
    pub behind: Option<u64>,
    /// When it was done, where it is noted later: a drill beside the running office.
    #[serde(default)]
    pub done_at: Option<Moment>,
    /// Digest of the signed result by which the running office learnt of a drill; none counts twice.
    #[serde(default)]
    pub proof: Option<String>,
}

impl Record for Backup {
    const KIND: Kind = Kind {
        name: "backup",
        columns: &[Column::new("done", "$.done"), Column::new("at", "$.at"), Column::new("proof", "$.proof")],
        indexes: &["done, at", "proof"],
        side: None,
    };

    fn key(&self) -> &str {
        self.id.as_str()
    }
}

/// When that was last done; nothing when never.
pub fn last(conn: &Connection, done: Done) -> Result<Option<Moment>, StoreError> {
    let word = crate::page::word(&done);
    let at: Option<String> = conn
        .prepare_cached("SELECT at FROM backup WHERE done = ?1 ORDER BY at DESC LIMIT 1")?
        .query_row([word], |row| row.get(0))
        .optional()?;
    Ok(at.map(|at| serde_json::from_value(at.into())).transpose()?)
}

/// Notes what was done. Performed by the process itself.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Note(Particulars);

impl Action for Note {
    const NAME: &'static str = "backup.note";
    const TITLE: (&'static str, &'static str) = ("备份记录", "Note a backup");
    const CLAUSES: &'static [&'static str] = &["1.3.1", "3.3.1.4"];
    type Outcome = Backup;

    fn about(&self, _: &Work<'_, '_>) -> Result<About, Stop> {
        Ok(About::office())
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Backup, Stop> {
        if let Some(proof) = &self.0.proof
            && let Some(before) = work.find::<Backup>(&[("proof", proof.as_str().into())])?.first()
        {
            return Err(Refusal::new("backup.noted", &["3.3.1.4"]).fact("at", before.at.to_string()).into());
        }
        let now = work.now();
        let at = self.0.done_at.map_or(now, |at| at.min(now));
        let backup = Backup { id: work.new_id(), at, particulars: self.0 };
        work.put(&backup)?;
        Ok(backup)
    }
}
