//! Going on although somebody outside knows of entries that the ledger hasn't: who decided it, what was given up, who had
//! said so (clauses 1.3.1, 5.1.2). Never decided here, and never by the process itself: it is journaled once the key holders
//! have decided at the door.

use jingui_regulation::Moment;
use jingui_store::{Column, Id, Kind, Record, StoreError};
use rusqlite::Connection;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::opening::Attempt;
use crate::action::{About, Action, Stop};
use crate::work::Work;

/// How a checkpoint kept outside contradicts the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Contradiction {
    /// It knows of more entries: the ledger was put back to an older state.
    Ahead,
    /// It is of another history.
    Forked,
}

/// What a checkpoint kept outside says that the ledger hasn't.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Loss {
    /// Who says so: a witness by its name, a file, a place of backups.
    pub told_by: String,
    /// How it contradicts.
    pub how: Contradiction,
    /// Entries under the checkpoint kept outside.
    pub size: u64,
    /// Its root, hexadecimal; nothing where a witness told only how many entries it saw.
    pub root: Option<String>,
    /// When it was witnessed, taken or kept, as far as that is known.
    pub at: Option<Moment>,
}

impl Loss {
    /// Whether both speak of the same checkpoint.
    fn is(&self, other: &Self) -> bool {
        let same = match (&self.root, &other.root) {
            (Some(one), Some(two)) => one == two,
            _ => self.told_by == other.told_by,
        };
        same && self.size == other.size
    }
}

/// A key holder, as the seal names them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Holder {
    /// Number of the share.
    pub number: u8,
    /// Name.
    pub name: String,
}

/// That it was decided to go on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GoneOn {
    /// Id.
    pub id: Id,
    /// When it was journaled.
    pub at: Moment,
    /// What was decided.
    #[serde(flatten)]
    pub decision: GoOn,
}

impl Record for GoneOn {
    const KIND: Kind =
        Kind { name: "gone_on", columns: &[Column::new("at", "$.at")], indexes: &["at"], side: None };

    fn key(&self) -> &str {
        self.id.as_str()
    }
}

/// Whether it was decided before to go on although that is missing.
pub fn given_up(conn: &Connection, loss: &Loss) -> Result<bool, StoreError> {
    let mut statement = conn.prepare_cached("SELECT body FROM gone_on ORDER BY at DESC")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let before: GoneOn = serde_json::from_str(row.get_ref(0)?.as_str().unwrap_or_default())?;
        if before.decision.losses.iter().any(|given_up| given_up.is(loss)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Journals the decision to go on. Performed by the process itself, before it serves anybody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GoOn {
    /// Entries of the ledger when it was decided.
    pub journal: u64,
    /// When the last of them was made: what came after is missing.
    pub since: Option<Moment>,
    /// What is missing, and who says so.
    pub losses: Vec<Loss>,
    /// What was typed by those who decided.
    pub sentence: String,
    /// The set of shares, where there is one.
    pub set: Option<String>,
    /// The key holders who decided; none where a passphrase or key file opens the office.
    pub holders: Vec<Holder>,
    /// The security auditor who decided with whoever has passphrase or key file.
    pub auditor: Option<Id>,
    /// What was tried at the door, oldest first.
    pub attempts: Vec<Attempt>,
}

impl Action for GoOn {
    const NAME: &'static str = "seal.go_on";
    const TITLE: (&'static str, &'static str) =
        ("账本被退回后继续使用", "Go on behind a checkpoint kept outside");
    const CLAUSES: &'static [&'static str] = &["1.3.1", "5.1.2"];
    type Outcome = GoneOn;

    fn about(&self, _: &Work<'_, '_>) -> Result<About, Stop> {
        Ok(About::office())
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<GoneOn, Stop> {
        let gone_on = GoneOn { id: work.new_id(), at: work.now(), decision: self };
        work.put(&gone_on)?;
        Ok(gone_on)
    }
}
