//! Who answers for a room (clause 1.3.3): another person is named when somebody leaves or is moved.

use jingui_store::Id;
use schemars::JsonSchema;
use serde::Deserialize;

use super::Room;
use crate::action::{About, Action, Stop};
use crate::personnel::Person;
use crate::work::Work;

/// Names another person who answers for a room; may know of the room's level.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NameResponsible {
    /// The room.
    pub room: Id,
    /// Who answers for it from now on.
    pub responsible: Id,
}

impl Action for NameResponsible {
    const NAME: &'static str = "room.name_responsible";
    const TITLE: (&'static str, &'static str) = ("指定房间责任人", "Name who answers for a room");
    const CLAUSES: &'static [&'static str] = &["1.3.3"];
    type Outcome = Room;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        Ok(About::record("room", self.room.as_str(), work.need::<Room>(&self.room)?.version))
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Room, Stop> {
        let mut room = work.need::<Room>(&self.room)?.record;
        Person::fit_for(work, &self.responsible, room.level)?;
        room.responsible = self.responsible;
        work.put(&room)?;
        Ok(room)
    }
}
