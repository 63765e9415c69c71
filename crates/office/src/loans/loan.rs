//! The loan and its states. Each transition consumes the loan and answers the next one, or refuses.

use jingui_access::Thing;
use jingui_regulation::{Date, Deadline, Level, Moment, Role};
use jingui_store::{Column, Id, Kind, Record, Stored};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::{About, Stop};
use crate::items::Item;
use crate::personnel::Person;
use crate::refusal::Refusal;
use crate::work::Work;

/// A loan, from application to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Loan {
    /// Id.
    pub id: Id,
    /// Application number, such as `2026-000045`.
    pub number: String,
    /// The item applied for.
    pub item: Id,
    /// Level of the item.
    pub level: Level,
    /// Who applies.
    pub applicant: Id,
    /// The applicant's department at that time.
    pub department: Option<Id>,
    /// What the work requires.
    pub reason: String,
    /// Taken out or read on site.
    pub mode: Mode,
    /// Working days applied for.
    pub days: u16,
    /// When it was applied for.
    pub applied_at: Moment,
    /// Where it stands.
    pub state: LoanState,
}

/// Taken out of the registry, or read in the reading room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Taken out; never for level 4.
    TakeOut,
    /// Read at the designated place.
    OnSite,
}

/// An approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Approval {
    /// Who approved.
    pub by: Id,
    /// When.
    pub at: Moment,
    /// Working days approved.
    pub days: u16,
    /// Last day on which it may be used; level 4 only (clause 3.1.3.2).
    pub usable_until: Option<Date>,
}

/// A renewal that was asked for and waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Renewal {
    /// Further working days.
    pub days: u16,
    /// Why.
    pub reason: String,
    /// When it was asked for.
    pub asked_at: Moment,
}

/// What is known while a copy is out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Out {
    /// The approval it rests on, with renewals added to its days.
    pub approval: Approval,
    /// The copy.
    pub copy: Id,
    /// Day it was taken out.
    pub since: Date,
    /// Day it is due back.
    pub due: Date,
    /// Whether the due day rests on a calendar not yet published.
    pub provisional: bool,
    /// When the borrower acknowledged the duties of clause 3.1.3.5.
    pub acknowledged_at: Moment,
    /// A renewal that waits for approval.
    pub renewal: Option<Renewal>,
    /// Day of the last reminder.
    pub reminded_on: Option<Date>,
    /// The incident opened because it is long overdue (clause 3.1.3.6).
    pub incident: Option<Id>,
}

/// Where a loan stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum LoanState {
    /// Waits for approval.
    Applied,
    /// Approved, not yet handed over.
    Approved {
        /// The approval.
        approval: Approval,
    },
    /// Not approved.
    Rejected {
        /// Who decided.
        by: Id,
        /// When.
        at: Moment,
        /// Why.
        reason: String,
    },
    /// Taken back by the applicant.
    Withdrawn {
        /// When.
        at: Moment,
    },
    /// Approved but not used in time.
    Expired {
        /// When.
        at: Moment,
        /// The approval that lapsed.
        approval: Approval,
    },
    /// Offered at the desk; the borrower has still to confirm.
    HandingOver {
        /// The approval.
        approval: Approval,
        /// The copy.
        copy: Id,
        /// Who hands over.
        by: Id,
        /// Day it will be due back when it is confirmed today.
        due: Date,
        /// Whether that day rests on a calendar not yet published.
        provisional: bool,
    },
    /// With the borrower.
    Out {
        /// What is known while it is out.
        out: Out,
        /// Day it is due back.
        due: Date,
    },
    /// Brought back; the registrar has still to check it.
    Returning {
        /// What is known while it is out.
        out: Out,
        /// Day it is due back.
        due: Date,
        /// Since when it waits for the check.
        offered_at: Moment,
    },
    /// Being read on site.
    Reading {
        /// The approval.
        approval: Approval,
        /// The copy.
        copy: Id,
        /// The session.
        session: Id,
    },
    /// Ended: the copy came back, or the session was closed.
    Returned {
        /// The approval it rested on.
        approval: Approval,
        /// The copy.
        copy: Id,
        /// When.
        at: Moment,
        /// Who took it back.
        by: Id,
        /// Whether it came back after the day it was due.
        late: bool,
        /// Damage noted at the check.
        damage: Option<String>,
    },
    /// Ended: the copy was reported lost.
    Lost {
        /// The approval it rested on.
        approval: Approval,
        /// The copy.
        copy: Id,
        /// When it was reported.
        at: Moment,
        /// The incident.
        incident: Id,
    },
}

impl LoanState {
    /// The name of the state, as stored.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Approved { .. } => "approved",
            Self::Rejected { .. } => "rejected",
            Self::Withdrawn { .. } => "withdrawn",
            Self::Expired { .. } => "expired",
            Self::HandingOver { .. } => "handing_over",
            Self::Out { .. } => "out",
            Self::Returning { .. } => "returning",
            Self::Reading { .. } => "reading",
            Self::Returned { .. } => "returned",
            Self::Lost { .. } => "lost",
        }
    }

    /// Whether it still binds somebody: applied for, approved or with the borrower.
    pub const fn is_open(&self) -> bool {
        match self {
            Self::Applied
            | Self::Approved { .. }
            | Self::HandingOver { .. }
            | Self::Out { .. }
            | Self::Returning { .. }
            | Self::Reading { .. } => true,
            Self::Rejected { .. }
            | Self::Withdrawn { .. }
            | Self::Expired { .. }
            | Self::Returned { .. }
            | Self::Lost { .. } => false,
        }
    }
}

impl Record for Loan {
    const KIND: Kind = Kind {
        name: "loan",
        columns: &[
            Column::fixed("number", "$.number"),
            Column::fixed("item", "$.item"),
            Column::new("level", "$.level"),
            Column::fixed("applicant", "$.applicant"),
            Column::new("department", "$.department"),
            Column::fixed("applied_at", "$.applied_at"),
            Column::new("state", "$.state.name"),
            Column::new("due", "$.state.due"),
            Column::new("copy", "$.state.out.copy"),
            Column::new("renewal", "$.state.out.renewal.days"),
            Column::new("usable_until", "$.state.approval.usable_until"),
        ],
        indexes: &[
            "unique:number",
            "item, applied_at",
            "applicant, state",
            "state, due",
            "state, department, level",
            "renewal, department, level",
        ],
        side: None,
    };

    fn key(&self) -> &str {
        self.id.as_str()
    }
}

impl Loan {
    /// An action about this loan: level and scope are its item's, the owner is the applicant.
    pub fn about(work: &Work<'_, '_>, id: &Id) -> Result<(About, Stored<Self>), Stop> {
        let loan = work.need::<Self>(id)?;
        let item = work.need::<Item>(&loan.item)?;
        let thing = Thing {
            owner: loan.applicant.to_string(),
            department: loan.department.as_ref().map(ToString::to_string).unwrap_or_default(),
            ..item.thing()
        };
        Ok((About::record("loan", id.as_str(), loan.version).with(thing), loan))
    }

    /// The applicant, who may still know of the item: fit for the level and inside the scope (clause 3.1.1.3). Asked
    /// again at every step towards the copy; scope, department and clearance may have changed since the application.
    pub fn borrower(&self, work: &Work<'_, '_>, level: Level) -> Result<Stored<Person>, Stop> {
        let person = Person::fit_for(work, &self.applicant, level)?;
        let scope = work.need::<Item>(&self.item)?.scope.tokens();
        if person.asker(work.today()).tokens().iter().any(|token| scope.contains(token)) {
            return Ok(person);
        }
        Err(Refusal::new("loan.outside_scope", &["3.1.1.3"])
            .fact("person", person.name.as_str())
            .fact("number", self.number.as_str())
            .cured_by(Role::Registrar)
            .into())
    }

    fn with(self, state: LoanState) -> Self {
        Self { state, ..self }
    }

    /// The refusal of a step that doesn't fit where the loan stands.
    pub fn unfit(&self) -> Refusal {
        Refusal::new("loan.state", &["3.1.3.1"])
            .fact("state", self.state.name())
            .fact("number", self.number.as_str())
    }

    /// Approved.
    pub fn approve(self, approval: Approval) -> Result<Self, Refusal> {
        match self.state {
            LoanState::Applied => Ok(self.with(LoanState::Approved { approval })),
            _ => Err(self.unfit()),
        }
    }

    /// Not approved.
    pub fn reject(self, by: Id, at: Moment, reason: String) -> Result<Self, Refusal> {
        match self.state {
            LoanState::Applied => Ok(self.with(LoanState::Rejected { by, at, reason })),
            _ => Err(self.unfit()),
        }
    }

    /// Taken back by the applicant, while nothing was handed over.
    pub fn withdraw(self, at: Moment) -> Result<Self, Refusal> {
        match self.state {
            LoanState::Applied | LoanState::Approved { .. } => Ok(self.with(LoanState::Withdrawn { at })),
            _ => Err(self.unfit()),
        }
    }

    /// The approval wasn't used in time.
    pub fn expire(self, now: Moment) -> Result<Self, Refusal> {
        match &self.state {
            LoanState::Approved { approval }
                if approval.usable_until.is_some_and(|last| now.date() > last) =>
            {
                let approval = approval.clone();
                Ok(self.with(LoanState::Expired { at: now, approval }))
            }
            _ => Err(self.unfit()),
        }
    }

    /// The approval, if the loan waits for its use today.
    pub fn usable(&self, today: Date) -> Result<&Approval, Refusal> {
        match &self.state {
            LoanState::Approved { approval } => match approval.usable_until {
                Some(last) if today > last => Err(Refusal::new("loan.approval_expired", &["3.1.3.2"])
                    .fact("usable_until", last.to_string())
                    .cured_by(Role::Staff)),
                _ => Ok(approval),
            },
            LoanState::Applied => Err(Refusal::new("loan.not_approved", &["3.1.3.1"])
                .fact("number", self.number.as_str())
                .cured_by(super::terms::approver(self.level))),
            _ => Err(self.unfit()),
        }
    }

    /// Offered to the borrower at the desk.
    pub fn hand_over(self, copy: Id, by: Id, due: Date, provisional: bool) -> Result<Self, Refusal> {
        match self.state {
            LoanState::Approved { ref approval } => {
                let approval = approval.clone();
                Ok(self.with(LoanState::HandingOver { approval, copy, by, due, provisional }))
            }
            _ => Err(self.unfit()),
        }
    }

    /// The hand-over didn't come about.
    pub fn hand_over_recalled(self) -> Result<Self, Refusal> {
        match self.state {
            LoanState::HandingOver { ref approval, .. } => {
                let approval = approval.clone();
                Ok(self.with(LoanState::Approved { approval }))
            }
            _ => Err(self.unfit()),
        }
    }

    /// The borrower has confirmed and acknowledged.
    pub fn take_out(self, now: Moment, deadline: Deadline) -> Result<Self, Refusal> {
        match self.state {
            LoanState::HandingOver { ref approval, ref copy, .. } => {
                let due = deadline.date;
                let out = Out {
                    approval: approval.clone(),
                    copy: copy.clone(),
                    since: now.date(),
                    due,
                    provisional: deadline.provisional,
                    acknowledged_at: now,
                    renewal: None,
                    reminded_on: None,
                    incident: None,
                };
                Ok(self.with(LoanState::Out { out, due }))
            }
            _ => Err(self.unfit()),
        }
    }

    /// What is known while the copy is out, in the borrower's hands.
    pub fn out(&self) -> Result<&Out, Refusal> {
        match &self.state {
            LoanState::Out { out, .. } => Ok(out),
            _ => Err(self.unfit()),
        }
    }

    /// Changes what is known while the copy is out.
    pub fn with_out(self, change: impl FnOnce(&mut Out)) -> Result<Self, Refusal> {
        match self.state {
            LoanState::Out { ref out, .. } => {
                let mut out = out.clone();
                change(&mut out);
                let due = out.due;
                Ok(self.with(LoanState::Out { out, due }))
            }
            _ => Err(self.unfit()),
        }
    }

    /// Brought back by the borrower.
    pub fn bring_back(self, now: Moment) -> Result<Self, Refusal> {
        match self.state {
            LoanState::Out { ref out, due } => {
                let out = out.clone();
                Ok(self.with(LoanState::Returning { out, due, offered_at: now }))
            }
            _ => Err(self.unfit()),
        }
    }

    /// The return didn't come about.
    pub fn return_recalled(self) -> Result<Self, Refusal> {
        match self.state {
            LoanState::Returning { ref out, due, .. } => {
                let out = out.clone();
                Ok(self.with(LoanState::Out { out, due }))
            }
            _ => Err(self.unfit()),
        }
    }

    /// Checked and taken back.
    pub fn take_back(self, now: Moment, by: Id, damage: Option<String>) -> Result<Self, Refusal> {
        match self.state {
            LoanState::Returning { ref out, due, .. } => {
                let (approval, copy) = (out.approval.clone(), out.copy.clone());
                let late = now.date() > due;
                Ok(self.with(LoanState::Returned { approval, copy, at: now, by, late, damage }))
            }
            _ => Err(self.unfit()),
        }
    }

    /// The copy was lost while it was out.
    pub fn lose(self, now: Moment, incident: Id) -> Result<Self, Refusal> {
        match self.state {
            LoanState::Out { ref out, .. } | LoanState::Returning { ref out, .. } => {
                let (approval, copy) = (out.approval.clone(), out.copy.clone());
                Ok(self.with(LoanState::Lost { approval, copy, at: now, incident }))
            }
            _ => Err(self.unfit()),
        }
    }

    /// The session on site didn't come about.
    pub fn reading_called_off(self) -> Result<Self, Refusal> {
        match self.state {
            LoanState::Reading { ref approval, .. } => {
                let approval = approval.clone();
                Ok(self.with(LoanState::Approved { approval }))
            }
            _ => Err(self.unfit()),
        }
    }

    /// A session on site has begun.
    pub fn read(self, copy: Id, session: Id) -> Result<Self, Refusal> {
        match self.state {
            LoanState::Approved { ref approval } => {
                let approval = approval.clone();
                Ok(self.with(LoanState::Reading { approval, copy, session }))
            }
            _ => Err(self.unfit()),
        }
    }

    /// The session on site is over.
    pub fn read_to_the_end(self, now: Moment, by: Id) -> Result<Self, Refusal> {
        match self.state {
            LoanState::Reading { ref approval, ref copy, .. } => {
                let (approval, copy) = (approval.clone(), copy.clone());
                Ok(self.with(LoanState::Returned { approval, copy, at: now, by, late: false, damage: None }))
            }
            _ => Err(self.unfit()),
        }
    }
}
