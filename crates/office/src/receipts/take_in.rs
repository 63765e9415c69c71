//! Registration together with the scan (登记并入库): the item, its copies and its file in one entry, so that no item
//! waits for a file that was at hand, and no file for an item. Owns nothing of its own: it is `item.register` and
//! `file.add` in one step, and refuses what either refuses.

use jingui_store::Id;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::register::{Register, Registered};
use crate::action::{About, Action, Stop};
use crate::field::Line;
use crate::files::File;
use crate::files::file::{Add, Begin, Sealed};
use crate::items::Item;
use crate::refusal::Refusal;
use crate::work::Work;

/// A file that came with the registration of its item, sealed to the ids of both before the office is asked.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Enclosed {
    /// The file's id, new.
    pub id: Id,
    /// Name of the file.
    pub name: Line,
    /// Bytes.
    pub bytes: u64,
    /// Where it lies.
    pub sealed: Sealed,
    /// Its key, wrapped by the key of its level.
    pub wrapped: Vec<u8>,
}

/// Registers an item and keeps its file. Performed by the edge for the person who registers.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TakeIn {
    /// The item's id, new.
    pub id: Id,
    /// What is registered.
    pub registration: Register,
    /// Its file.
    pub file: Enclosed,
}

/// An item with its copies and its file.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct TakenIn {
    /// The item.
    #[serde(flatten)]
    pub registered: Registered,
    /// Its file, kept; it is looked into at once.
    pub file: File,
}

impl Action for TakeIn {
    const NAME: &'static str = "item.take_in";
    const TITLE: (&'static str, &'static str) = ("登记并入库", "Register an item with its file");
    const CLAUSES: &'static [&'static str] =
        &["1.3.1", "1.3.3", "2.2.1", "2.2.2", "2.2.3", "2.2.4", "3.1.1.1", "3.3.1.4"];
    type Outcome = TakenIn;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        self.registration.about(work)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<TakenIn, Stop> {
        let Self { id, registration, file } = self;
        // An id is given once; whoever names one that is taken learns nothing of what it is.
        if work.get::<Item>(id.as_str())?.is_some() {
            return Err(Refusal::absent().into());
        }
        let level = registration.item.level;
        let registered = registration.enter_as(work, id.clone())?;
        let Enclosed { id: file, name, bytes, sealed, wrapped } = file;
        let begin = Begin { item: id, name, bytes };
        let file = Add { file, begin, level, sealed, wrapped }.perform(work)?;
        Ok(TakenIn { registered, file })
    }
}
