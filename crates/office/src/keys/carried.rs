//! What the process carried out of a change of keys, journaled by it. The file of keys was written and is on the disk when
//! it says so; the keys themselves never come here.

use jingui_store::Id;
use schemars::JsonSchema;
use serde::Deserialize;

use super::change::{CLAUSES, ChangeState, KeyChange};
use crate::action::{About, Action, Stop};
use crate::work::Work;

/// The keys were rotated: everything from this entry on is sealed under the new ones.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rotated {
    /// The change.
    pub change: Id,
    /// Epoch of entry keys in force.
    pub entry_epoch: u32,
    /// Epoch of level keys in force.
    pub level_epoch: u32,
}

impl Action for Rotated {
    const NAME: &'static str = "key.rotated";
    const TITLE: (&'static str, &'static str) = ("密钥已更换", "Note that keys were rotated");
    const CLAUSES: &'static [&'static str] = CLAUSES;
    type Outcome = KeyChange;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        KeyChange::about(work, &self.change)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<KeyChange, Stop> {
        let mut change = work.need::<KeyChange>(&self.change)?.record;
        let ChangeState::Approved { .. } = change.state else { return Err(change.unfit().into()) };
        let Self { entry_epoch, level_epoch, .. } = self;
        let (at, rewrapped, rewrapped_at) = (work.now(), 0, None);
        change.state = ChangeState::Rotated { at, entry_epoch, level_epoch, rewrapped, rewrapped_at };
        work.put(&change)?;
        Ok(change)
    }
}

/// A key of a file in another wrapping.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rewrapping {
    /// The file.
    pub file: Id,
    /// Its key as it was wrapped.
    pub from: Vec<u8>,
    /// Its key as it is to be wrapped.
    pub wrapped: Vec<u8>,
}

/// Wraps keys of files anew, so many at a time. They stand beside the journal, never in it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rewrap {
    /// Which.
    pub keys: Vec<Rewrapping>,
    /// Whether these are the last.
    pub last: bool,
}

impl Action for Rewrap {
    const NAME: &'static str = "key.rewrap";
    const TITLE: (&'static str, &'static str) = ("重新包裹文件密钥", "Wrap keys of files anew");
    const CLAUSES: &'static [&'static str] = CLAUSES;
    /// How many were wrapped anew.
    type Outcome = u64;

    fn about(&self, _: &Work<'_, '_>) -> Result<About, Stop> {
        Ok(About::office())
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<u64, Stop> {
        let mut done = 0;
        for Rewrapping { file, from, wrapped } in &self.keys {
            // A key that was destroyed meanwhile stays destroyed.
            done += u64::from(work.rewrap_file_key(file, from, wrapped)?);
        }
        let now = work.now();
        let rotations = work.find::<KeyChange>(&[("state", "rotated".into())])?;
        let newest = rotations.into_iter().map(|one| one.record).max_by(|one, other| one.id.cmp(&other.id));
        if let Some(mut change) = newest
            && let ChangeState::Rotated { rewrapped, rewrapped_at, .. } = &mut change.state
        {
            *rewrapped += done;
            *rewrapped_at = self.last.then_some(now);
            work.put(&change)?;
        }
        Ok(done)
    }
}

/// The new seal is in force: the shares of this set open, and none from before.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Resealed {
    /// The change.
    pub change: Id,
    /// The set.
    pub set: String,
}

impl Action for Resealed {
    const NAME: &'static str = "key.resealed";
    const TITLE: (&'static str, &'static str) = ("密钥份额已更换", "Note that the key was split anew");
    const CLAUSES: &'static [&'static str] = CLAUSES;
    type Outcome = KeyChange;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        KeyChange::about(work, &self.change)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<KeyChange, Stop> {
        let mut change = work.need::<KeyChange>(&self.change)?.record;
        if !change.is_confirmed() {
            return Err(change.unfit().into());
        }
        change.state = ChangeState::Resealed { at: work.now(), set: self.set };
        work.put(&change)?;
        Ok(change)
    }
}

/// The shares that were being handed out are gone with the process that dealt them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BreakOff {
    /// The change.
    pub change: Id,
}

impl Action for BreakOff {
    const NAME: &'static str = "key.break_off";
    const TITLE: (&'static str, &'static str) = ("密钥变更中断", "Note that a change of keys broke off");
    const CLAUSES: &'static [&'static str] = CLAUSES;
    type Outcome = KeyChange;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        KeyChange::about(work, &self.change)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<KeyChange, Stop> {
        let mut change = work.need::<KeyChange>(&self.change)?.record;
        let ChangeState::Collecting { .. } = change.state else { return Err(change.unfit().into()) };
        change.state = ChangeState::BrokenOff { at: work.now() };
        work.put(&change)?;
        Ok(change)
    }
}
