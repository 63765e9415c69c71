//! Files that were destroyed after the backup from which the office was restored: the registers of that backup still have
//! them, their keys and bytes are gone everywhere. The registers are made to say so before anything opens (clause 3.3.1.4).

use jingui_store::Id;
use schemars::JsonSchema;
use serde::Deserialize;

use super::file::{File, FileState};
use super::words;
use crate::action::{About, Action, Stop};
use crate::work::Work;

/// Notes that a file was destroyed after the backup that was restored. Performed by the restoring process itself; a file
/// that the registers have as removed stays as it is.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DestroyedSince {
    /// The file.
    pub file: Id,
    /// Number of the newer backup that knows of it.
    pub backup: u64,
    /// Its place in the list of destroyed files there, from 1.
    pub place: u64,
}

impl Action for DestroyedSince {
    const NAME: &'static str = "file.destroyed_since";
    const TITLE: (&'static str, &'static str) =
        ("备份后已销毁", "Note that a file was destroyed after the backup");
    const CLAUSES: &'static [&'static str] = &["3.3.1.4"];
    type Outcome = File;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        File::about(work, &self.file)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<File, Stop> {
        let mut file = work.need::<File>(&self.file)?.record;
        if let FileState::Removed { .. } = file.state {
            return Ok(file);
        }
        work.destroy_file_key(&file.id)?;
        words::remove(work, &file.id)?;
        let reason = format!("备份之后已销毁（第 {} 次备份所附销毁清单第 {} 项）", self.backup, self.place);
        file.state = FileState::Removed { at: work.now(), by: None, reason };
        work.put(&file)?;
        Ok(file)
    }
}
