//! What one person proposes and another decides: grants of rights, values of parameters (clauses 1.3.3, 3.3.2.1).
//!
//! A proposal names what stands and what shall stand instead. It can be decided only while what stands is still what
//! it names: whoever confirms, confirms exactly what was read. What it does once confirmed is the business of its own
//! chapter: `personnel::rights`, `rules::parameter`.

pub mod views;

use jingui_regulation::{Date, Moment};
use jingui_store::{Column, Id, Kind, Record, Stored};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::{About, Action, Stop};
use crate::field::Line;
use crate::personnel::rights::Rights;
use crate::refusal::Refusal;
use crate::work::Work;

/// A change that waits for a second person, or what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Proposal {
    /// Id.
    pub id: Id,
    /// What it changes: the person's id, or the parameter's key. One open proposal for each.
    pub subject: String,
    /// The change.
    pub change: Change,
    /// Why.
    pub reason: String,
    /// Who proposed it.
    pub proposed_by: Id,
    /// When.
    pub proposed_at: Moment,
    /// What became of it.
    pub state: State,
}

/// What stands and what shall stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ProposedChange")]
#[serde(tag = "of", rename_all = "snake_case")]
pub enum Change {
    /// What a person is and may know.
    Rights {
        /// As it stood when it was proposed.
        before: Rights,
        /// As it shall stand.
        after: Rights,
    },
    /// The value of a parameter.
    Parameter {
        /// As it stood when it was proposed.
        before: i64,
        /// As it shall stand.
        after: i64,
        /// First day on which it holds.
        effective_on: Date,
    },
}

/// What became of a proposal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ProposalState")]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    /// Waits for a second person.
    Open,
    /// Confirmed; holds from its day on.
    Confirmed {
        /// Who, when.
        #[serde(flatten)]
        decided: Decided,
    },
    /// In force.
    Done {
        /// Who, when.
        #[serde(flatten)]
        decided: Decided,
    },
    /// Not agreed to.
    Rejected {
        /// Who, when.
        #[serde(flatten)]
        decided: Decided,
        /// Why not.
        reason: String,
    },
    /// Taken back by whoever proposed it.
    Withdrawn {
        /// When.
        at: Moment,
    },
}

/// Who decided, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Decided {
    /// Who.
    pub by: Id,
    /// When.
    pub at: Moment,
}

impl Decided {
    /// By whoever asks, now.
    pub fn now(work: &Work<'_, '_>) -> Result<Self, Stop> {
        Ok(Self { by: work.person()?.clone(), at: work.now() })
    }
}

impl Record for Proposal {
    const KIND: Kind = Kind {
        name: "proposal",
        columns: &[
            Column::new("of", "$.change.of"),
            Column::new("subject", "$.subject"),
            Column::new("state", "$.state.state"),
            Column::new("effective_on", "$.change.effective_on"),
        ],
        indexes: &["state, of", "subject"],
        side: None,
    };

    fn key(&self) -> &str {
        self.id.as_str()
    }
}

impl Proposal {
    /// Enters a proposal; refused while another on the same subject is undecided, or waits for its day.
    pub fn enter(
        work: &mut Work<'_, '_>,
        subject: String,
        change: Change,
        reason: Line,
    ) -> Result<Self, Stop> {
        for state in ["open", "confirmed"] {
            if work.exists::<Self>(&[("subject", subject.as_str().into()), ("state", state.into())])? {
                return Err(Refusal::new("proposal.another", &["1.3.3"]).into());
            }
        }
        let proposal = Self {
            id: work.new_id(),
            subject,
            change,
            reason: reason.into(),
            proposed_by: work.person()?.clone(),
            proposed_at: work.now(),
            state: State::Open,
        };
        work.put(&proposal)?;
        Ok(proposal)
    }

    /// What an action on it is about: `owner` is whom it concerns, `holder` who proposed it.
    pub fn about(stored: &Stored<Self>) -> About {
        let mut about = About::record("proposal", stored.id.as_str(), stored.version);
        if matches!(stored.change, Change::Rights { .. }) {
            about.thing.owner.clone_from(&stored.subject);
        }
        about.thing.holder = stored.proposed_by.to_string();
        about
    }

    /// The proposal while it waits for a decision.
    pub fn open(work: &Work<'_, '_>, id: &Id) -> Result<Self, Stop> {
        let proposal = work.need::<Self>(id)?.record;
        match proposal.state {
            State::Open => Ok(proposal),
            _ => Err(Refusal::new("proposal.decided", &["1.3.3"]).into()),
        }
    }

    /// Closes an open proposal that isn't agreed to.
    pub fn reject(work: &mut Work<'_, '_>, id: &Id, reason: Line) -> Result<Self, Stop> {
        let mut proposal = Self::open(work, id)?;
        proposal.state = State::Rejected { decided: Decided::now(work)?, reason: reason.into() };
        work.put(&proposal)?;
        Ok(proposal)
    }
}

/// The refusal of a proposal whose subject was changed after it was made: it is void and has to be made anew.
pub fn overtaken() -> Stop {
    Refusal::new("proposal.overtaken", &["1.3.3"]).into()
}

/// Takes an undecided proposal back.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Withdraw {
    /// The proposal.
    pub proposal: Id,
}

impl Action for Withdraw {
    const NAME: &'static str = "proposal.withdraw";
    const TITLE: (&'static str, &'static str) = ("撤回提议", "Take a proposal back");
    const CLAUSES: &'static [&'static str] = &["1.3.3"];
    type Outcome = Proposal;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        Ok(Proposal::about(&work.need::<Proposal>(&self.proposal)?))
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Proposal, Stop> {
        let mut proposal = work.need::<Proposal>(&self.proposal)?.record;
        // One that waits for its day hasn't done anything yet.
        if !matches!(proposal.state, State::Open | State::Confirmed { .. }) {
            return Err(Refusal::new("proposal.decided", &["1.3.3"]).into());
        }
        proposal.state = State::Withdrawn { at: work.now() };
        work.put(&proposal)?;
        Ok(proposal)
    }
}
