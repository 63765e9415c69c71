//! Items go from one person's responsibility to another's, all of a level at once: for who leaves or is moved (clauses
//! 1.3.3, 3.5.4). Papers don't move by it.

use jingui_regulation::Level;
use jingui_store::Id;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Item;
use crate::action::{About, Action, Stop};
use crate::personnel::Person;
use crate::refusal::Refusal;
use crate::work::Work;

/// Most items in one entry; who answers for more is asked again until none is left.
const MOST: u32 = 500;

/// Entrusts the items of a level that one person answers for to another.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Entrust {
    /// Who answers for them now.
    pub from: Id,
    /// Who answers for them from now on; may know of that level.
    pub to: Id,
    /// Their level.
    pub level: Level,
}

/// What was entrusted.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Entrusted {
    /// How many items.
    pub moved: u64,
    /// How many of that level are left; ask again.
    pub left: u64,
}

impl Action for Entrust {
    const NAME: &'static str = "item.entrust";
    const TITLE: (&'static str, &'static str) = ("移交文件责任", "Entrust items to another person");
    const CLAUSES: &'static [&'static str] = &["1.3.3", "3.5.4"];
    type Outcome = Entrusted;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        let mut about = Person::about(work, &self.from)?;
        about.thing.level = self.level.number();
        Ok(about)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Entrusted, Stop> {
        Person::fit_for(work, &self.to, self.level)?;
        if self.from == self.to {
            return Err(Refusal::field("to", "item.entrusted_already").into());
        }
        let of_this_level =
            [("responsible", (&self.from).into()), ("level", i64::from(self.level.number()).into())];
        let all = work.count::<Item>(&of_this_level)?;
        let items = work.first::<Item>(&of_this_level, MOST)?;
        let moved = u64::try_from(items.len()).unwrap_or(u64::MAX);
        for mut item in items {
            item.record.responsible = self.to.clone();
            work.put(&item.record)?;
        }
        Ok(Entrusted { moved, left: all.saturating_sub(moved) })
    }
}
