//! The opening of the sealed office, journaled once it is open, with every try that led there.

use jingui_regulation::Moment;
use jingui_store::{Column, Id, Kind, Record};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::{About, Action, Stop};
use crate::work::Work;

/// One try to open the sealed office.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Attempt {
    /// When.
    pub at: Moment,
    /// From where.
    pub terminal: String,
    /// Number of the share, where one was given that could be read.
    pub share: Option<u8>,
    /// `taken`, or the code by which it was refused.
    pub outcome: String,
}

/// The office was opened: its process began to serve.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Opening {
    /// Id.
    pub id: Id,
    /// When.
    pub at: Moment,
    /// Suite of its algorithms.
    pub suite: String,
    /// The set of shares by which it opened; nothing where it opens by a passphrase or key file.
    pub set: Option<String>,
    /// What was tried at its door, oldest first; nothing where it was opened from the machine itself.
    pub attempts: Vec<Attempt>,
    /// Epoch of the keys that entries are sealed under from here on.
    pub entry_epoch: u32,
    /// Epoch of the keys that keys of files are wrapped under.
    pub level_epoch: u32,
}

impl Record for Opening {
    const KIND: Kind =
        Kind { name: "opening", columns: &[Column::new("at", "$.at")], indexes: &["at"], side: None };

    fn key(&self) -> &str {
        self.id.as_str()
    }
}

/// Journals that the office was opened. Performed by the process itself, before it serves anybody.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Open {
    /// Suite of its algorithms.
    pub suite: String,
    /// The set of shares, where there is one.
    pub set: Option<String>,
    /// What was tried.
    pub attempts: Vec<Attempt>,
    /// Epoch of entry keys.
    pub entry_epoch: u32,
    /// Epoch of level keys.
    pub level_epoch: u32,
}

impl Action for Open {
    const NAME: &'static str = "seal.open";
    const TITLE: (&'static str, &'static str) = ("启封", "Open the sealed office");
    const CLAUSES: &'static [&'static str] = &["1.3.1", "3.3.1.4"];
    type Outcome = Opening;

    fn about(&self, _: &Work<'_, '_>) -> Result<About, Stop> {
        Ok(About::office())
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Opening, Stop> {
        let Self { suite, set, attempts, entry_epoch, level_epoch } = self;
        let (id, at) = (work.new_id(), work.now());
        let opening = Opening { id, at, suite, set, attempts, entry_epoch, level_epoch };
        work.put(&opening)?;
        Ok(opening)
    }
}
