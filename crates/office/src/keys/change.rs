//! A change of the office's keys: a rotation, or other key holders. One person proposes it, another decides, and the process
//! carries it out (clauses 1.3.1, 3.3.1.4, 3.3.2.1). Owns the proposal, how far it is, and who may hold a share; knows
//! no key and no share.

use std::collections::BTreeSet;

use jingui_access::{Thing, person_token};
use jingui_regulation::{Moment, Role};
use jingui_store::{Column, Id, Kind, Record, Stored};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::opening::Opening;
use crate::action::{About, Action, Stop};
use crate::field::Paragraph;
use crate::personnel::{Account, Person};
use crate::refusal::Refusal;
use crate::work::Work;

/// Clauses that every one of these verbs carries out.
pub(super) const CLAUSES: &[&str] = &["1.3.1", "3.3.1.4"];
/// Most key holders, as the seal takes them.
const HOLDERS: usize = 16;

/// A change of keys that was proposed, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KeyChange {
    /// Id.
    pub id: Id,
    /// What is wanted; never changes.
    pub wanted: Wanted,
    /// Why.
    pub reason: String,
    /// Who proposed it.
    pub proposed_by: Id,
    /// When.
    pub proposed_at: Moment,
    /// Who approved or rejected it.
    pub decided_by: Option<Id>,
    /// When.
    pub decided_at: Option<Moment>,
    /// How far it is.
    pub state: ChangeState,
}

/// What is to change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Wanted {
    /// A new epoch of keys.
    Rotation {
        /// Of the key that entries are sealed under.
        entries: bool,
        /// Of the keys that keys of files are wrapped under.
        levels: bool,
    },
    /// The key split anew: no share and no passphrase from before opens from then on.
    Holders {
        /// How many open.
        needed: u8,
        /// Who gets a share.
        holders: Vec<Id>,
    },
}

/// How far a change is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "name", rename_all = "snake_case")]
#[schemars(rename = "KeyChangeState")]
pub enum ChangeState {
    /// Waits for the second person.
    Proposed,
    /// The second person said no.
    Rejected {
        /// Why.
        reason: String,
    },
    /// It was called off before it took effect.
    CalledOff {
        /// When.
        at: Moment,
        /// By whom.
        by: Id,
        /// Why.
        reason: String,
    },
    /// A rotation that was decided; the process carries it out at once, or after its next start.
    Approved {
        /// Epoch of entry keys to be reached.
        entry_epoch: u32,
        /// Epoch of level keys to be reached.
        level_epoch: u32,
    },
    /// New shares are handed out; the seal from before stays in force until every holder has confirmed.
    Collecting {
        /// The set of shares, once one was handed out.
        set: Option<String>,
        /// Who collected a share.
        collected: Vec<Id>,
        /// Who typed it back.
        confirmed: Vec<Id>,
    },
    /// The keys were rotated.
    Rotated {
        /// When.
        at: Moment,
        /// Epoch of entry keys in force since.
        entry_epoch: u32,
        /// Epoch of level keys in force since.
        level_epoch: u32,
        /// Keys of files that were wrapped anew since.
        rewrapped: u64,
        /// When all of them were.
        rewrapped_at: Option<Moment>,
    },
    /// The new seal is in force.
    Resealed {
        /// When.
        at: Moment,
        /// The set of shares that opens.
        set: String,
    },
    /// The process ended while shares were handed out: they open nothing, and it must be begun again.
    BrokenOff {
        /// When that was found.
        at: Moment,
    },
}

impl ChangeState {
    const fn word(&self) -> &'static str {
        match self {
            Self::Proposed => "key_proposed",
            Self::Rejected { .. } => "key_rejected",
            Self::CalledOff { .. } => "key_called_off",
            Self::Approved { .. } => "key_approved",
            Self::Collecting { .. } => "key_collecting",
            Self::Rotated { .. } => "key_rotated",
            Self::Resealed { .. } => "key_resealed",
            Self::BrokenOff { .. } => "key_broken_off",
        }
    }
}

impl Record for KeyChange {
    const KIND: Kind = Kind {
        name: "key_change",
        columns: &[Column::new("state", "$.state.name")],
        indexes: &["state"],
        side: None,
    };

    fn key(&self) -> &str {
        self.id.as_str()
    }
}

/// States in which a change isn't over: there is at most one such change.
const OPEN: [&str; 3] = ["proposed", "approved", "collecting"];

impl KeyChange {
    /// Who gets a share by it; nobody by a rotation.
    pub fn holders(&self) -> &[Id] {
        match &self.wanted {
            Wanted::Holders { holders, .. } => holders,
            Wanted::Rotation { .. } => &[],
        }
    }

    /// Whether it isn't over yet: no other change is begun before it is.
    pub const fn is_open(&self) -> bool {
        matches!(
            self.state,
            ChangeState::Proposed | ChangeState::Approved { .. } | ChangeState::Collecting { .. }
        )
    }

    /// Whether every holder has typed the own share back.
    pub fn is_confirmed(&self) -> bool {
        match &self.state {
            ChangeState::Collecting { confirmed, .. } => {
                self.holders().iter().all(|holder| confirmed.contains(holder))
            }
            _ => false,
        }
    }

    /// An action about this change: it is the proposer's, and its scope are those who get a share.
    pub(super) fn about(work: &Work<'_, '_>, id: &Id) -> Result<About, Stop> {
        let Stored { version, record } = work.need::<Self>(id)?;
        let scope = record.holders().iter().map(|holder| person_token(holder.as_str())).collect();
        let thing = Thing { owner: record.proposed_by.to_string(), scope, ..Thing::default() };
        Ok(About::record("key_change", id.as_str(), version).with(thing))
    }

    /// It isn't in the state that this takes.
    pub(super) fn unfit(&self) -> Refusal {
        Refusal::new("key.state", CLAUSES).fact("state", self.state.word())
    }

    fn propose(work: &mut Work<'_, '_>, wanted: Wanted, reason: Paragraph) -> Result<Self, Stop> {
        for state in OPEN {
            if work.exists::<Self>(&[("state", state.into())])? {
                return Err(Refusal::new("key.one_at_a_time", CLAUSES)
                    .cured_by(Role::OfficeHead)
                    .cured_by(Role::SecurityAdministrator)
                    .into());
            }
        }
        let change = Self {
            id: work.new_id(),
            wanted,
            reason: reason.into(),
            proposed_by: work.person()?.clone(),
            proposed_at: work.now(),
            decided_by: None,
            decided_at: None,
            state: ChangeState::Proposed,
        };
        work.put(&change)?;
        Ok(change)
    }

    fn decide(mut self, work: &mut Work<'_, '_>, state: ChangeState) -> Result<Self, Stop> {
        if self.state != ChangeState::Proposed {
            return Err(self.unfit().into());
        }
        self.decided_by = Some(work.person()?.clone());
        self.decided_at = Some(work.now());
        self.state = state;
        work.put(&self)?;
        Ok(self)
    }
}

/// Refuses holders who can't be: gone, without an account to collect a share by, named twice, or so chosen that
/// administrators alone would open the office.
fn admit(work: &Work<'_, '_>, needed: u8, holders: &[Id]) -> Result<(), Stop> {
    let least = usize::from(needed);
    if !(2..=HOLDERS).contains(&holders.len()) {
        return Err(Refusal::field("holders", "key.holders").fact("found", holders.len()).into());
    }
    if !(2..=holders.len()).contains(&least) {
        let of = holders.len();
        return Err(Refusal::field("needed", "key.needed").fact("found", needed).fact("of", of).into());
    }
    let mut administrators = 0;
    let mut seen = BTreeSet::new();
    for id in holders {
        let person = work.need::<Person>(id)?.record;
        let name = person.name.as_str();
        if !seen.insert(id) {
            return Err(Refusal::new("key.twice", CLAUSES).fact("person", name).into());
        }
        if !person.is_active() {
            return Err(Refusal::new("person.left", &["3.5.4"]).fact("person", name).into());
        }
        let accounts = work.find::<Account>(&[("person", id.into())])?;
        if !accounts.iter().any(|account| account.record.open) {
            return Err(Refusal::new("key.no_account", CLAUSES)
                .fact("person", name)
                .cured_by(Role::SecurityAdministrator)
                .into());
        }
        administrators += usize::from(person.roles.iter().any(|role| role.is_administrator()));
    }
    if administrators >= least {
        return Err(Refusal::new("key.administrators_alone", &["3.3.2.1"])
            .fact("needed", needed)
            .fact("found", administrators)
            .cured_by(Role::SecurityAdministrator)
            .into());
    }
    Ok(())
}

/// Proposes new keys.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposeRotation {
    /// Whether entries are to be sealed under a new key.
    pub entries: bool,
    /// Whether keys of files are to be wrapped under new keys.
    pub levels: bool,
    /// Why.
    pub reason: Paragraph,
}

impl Action for ProposeRotation {
    const NAME: &'static str = "key.propose_rotation";
    const TITLE: (&'static str, &'static str) = ("提议更换密钥", "Propose a rotation of keys");
    const CLAUSES: &'static [&'static str] = CLAUSES;
    type Outcome = KeyChange;

    fn about(&self, _: &Work<'_, '_>) -> Result<About, Stop> {
        Ok(About::office())
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<KeyChange, Stop> {
        let Self { entries, levels, reason } = self;
        if !entries && !levels {
            return Err(Refusal::field("entries", "key.nothing").fact("found", false).into());
        }
        KeyChange::propose(work, Wanted::Rotation { entries, levels }, reason)
    }
}

/// Proposes other key holders.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposeHolders {
    /// How many open, at least 2.
    pub needed: u8,
    /// Who gets a share, 2 to 16.
    #[schemars(length(min = 2, max = 16))]
    pub holders: Vec<Id>,
    /// Why.
    pub reason: Paragraph,
}

impl Action for ProposeHolders {
    const NAME: &'static str = "key.propose_holders";
    const TITLE: (&'static str, &'static str) = ("提议更换密钥持有人", "Propose other key holders");
    const CLAUSES: &'static [&'static str] = CLAUSES;
    type Outcome = KeyChange;

    fn about(&self, _: &Work<'_, '_>) -> Result<About, Stop> {
        Ok(About::office())
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<KeyChange, Stop> {
        let Self { needed, holders, reason } = self;
        admit(work, needed, &holders)?;
        KeyChange::propose(work, Wanted::Holders { needed, holders }, reason)
    }
}

/// Approves a change that somebody else proposed.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApproveKeyChange {
    /// The change.
    pub change: Id,
}

impl Action for ApproveKeyChange {
    const NAME: &'static str = "key.approve";
    const TITLE: (&'static str, &'static str) = ("批准密钥变更", "Approve a change of keys");
    const CLAUSES: &'static [&'static str] = CLAUSES;
    type Outcome = KeyChange;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        KeyChange::about(work, &self.change)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<KeyChange, Stop> {
        let change = work.need::<KeyChange>(&self.change)?.record;
        if change.state != ChangeState::Proposed {
            return Err(change.unfit().into());
        }
        let state = match &change.wanted {
            Wanted::Rotation { entries, levels } => {
                let (entry_epoch, level_epoch) = epochs(work)?;
                ChangeState::Approved {
                    entry_epoch: entry_epoch + u32::from(*entries),
                    level_epoch: level_epoch + u32::from(*levels),
                }
            }
            Wanted::Holders { needed, holders } => {
                // Who was fit when it was proposed may have left since.
                admit(work, *needed, holders)?;
                let deciding = [&change.proposed_by, work.person()?];
                let own = deciding.iter().filter(|person| holders.contains(person)).count();
                if own >= usize::from(*needed) {
                    return Err(Refusal::new("key.own_quorum", &["3.3.2.1"]).fact("needed", *needed).into());
                }
                ChangeState::Collecting { set: None, collected: Vec::new(), confirmed: Vec::new() }
            }
        };
        change.decide(work, state)
    }
}

/// The newest epochs the journal knows of: what the last opening found, or what was reached since.
fn epochs(work: &Work<'_, '_>) -> Result<(u32, u32), Stop> {
    let openings = work.find::<Opening>(&[])?.into_iter().map(|one| one.record);
    let rotations = work.find::<KeyChange>(&[("state", "rotated".into())])?;
    let rotations = rotations.into_iter().filter_map(|one| match one.record.state {
        ChangeState::Rotated { entry_epoch, level_epoch, .. } => Some((entry_epoch, level_epoch)),
        _ => None,
    });
    let known = openings.map(|one| (one.entry_epoch, one.level_epoch)).chain(rotations);
    Ok(known.fold((0, 0), |newest, one| (newest.0.max(one.0), newest.1.max(one.1))))
}

/// Rejects a change that somebody else proposed.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RejectKeyChange {
    /// The change.
    pub change: Id,
    /// Why.
    pub reason: Paragraph,
}

impl Action for RejectKeyChange {
    const NAME: &'static str = "key.reject";
    const TITLE: (&'static str, &'static str) = ("不批准密钥变更", "Reject a change of keys");
    const CLAUSES: &'static [&'static str] = CLAUSES;
    type Outcome = KeyChange;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        KeyChange::about(work, &self.change)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<KeyChange, Stop> {
        let change = work.need::<KeyChange>(&self.change)?.record;
        change.decide(work, ChangeState::Rejected { reason: self.reason.into() })
    }
}

/// Calls a change off before it takes effect. The seal and the keys in force stay.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CallOffKeyChange {
    /// The change.
    pub change: Id,
    /// Why.
    pub reason: Paragraph,
}

impl Action for CallOffKeyChange {
    const NAME: &'static str = "key.call_off";
    const TITLE: (&'static str, &'static str) = ("撤回密钥变更", "Call a change of keys off");
    const CLAUSES: &'static [&'static str] = CLAUSES;
    type Outcome = KeyChange;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        KeyChange::about(work, &self.change)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<KeyChange, Stop> {
        let mut change = work.need::<KeyChange>(&self.change)?.record;
        // Once everybody has confirmed the new seal is being written, and a rotation as soon as it is decided.
        let early = match change.state {
            ChangeState::Proposed => true,
            ChangeState::Collecting { .. } => !change.is_confirmed(),
            _ => false,
        };
        if !early {
            return Err(change.unfit().into());
        }
        let (at, by) = (work.now(), work.person()?.clone());
        change.state = ChangeState::CalledOff { at, by, reason: self.reason.into() };
        work.put(&change)?;
        Ok(change)
    }
}

/// Hands a holder's share out: journaled before it is shown, and once only. Performed by the edge for the holder.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Collect {
    /// The change.
    pub change: Id,
    /// The set that the share belongs to; no secret, it stands at the head of each sheet.
    pub set: String,
}

impl Action for Collect {
    const NAME: &'static str = "key.collect";
    const TITLE: (&'static str, &'static str) = ("领取密钥份额", "Collect a share of the key");
    const CLAUSES: &'static [&'static str] = CLAUSES;
    type Outcome = KeyChange;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        KeyChange::about(work, &self.change)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<KeyChange, Stop> {
        let mut change = work.need::<KeyChange>(&self.change)?.record;
        let me = work.person()?.clone();
        let refused = change.unfit();
        let ChangeState::Collecting { set, collected, .. } = &mut change.state else {
            return Err(refused.into());
        };
        if collected.contains(&me) {
            return Err(Refusal::new("key.collected", CLAUSES).cured_by(Role::SecurityAdministrator).into());
        }
        *set = Some(self.set);
        collected.push(me);
        work.put(&change)?;
        Ok(change)
    }
}

/// A holder typed the own share back from paper. Performed by the edge, which compared it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Confirm {
    /// The change.
    pub change: Id,
}

impl Action for Confirm {
    const NAME: &'static str = "key.confirm";
    const TITLE: (&'static str, &'static str) = ("确认密钥份额", "Confirm a share of the key");
    const CLAUSES: &'static [&'static str] = CLAUSES;
    type Outcome = KeyChange;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        KeyChange::about(work, &self.change)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<KeyChange, Stop> {
        let mut change = work.need::<KeyChange>(&self.change)?.record;
        let me = work.person()?.clone();
        let refused = change.unfit();
        let ChangeState::Collecting { collected, confirmed, .. } = &mut change.state else {
            return Err(refused.into());
        };
        if !collected.contains(&me) {
            return Err(Refusal::new("key.not_collected", CLAUSES).into());
        }
        if !confirmed.contains(&me) {
            confirmed.push(me);
            work.put(&change)?;
        }
        Ok(change)
    }
}
