//! Custody of a copy: exactly one holder at every moment, and both sides confirm each change (clauses 1.3.3,
//! 3.1.1.2, 3.1.3.5, 3.1.3.6).
//!
//! Transitions consume the custody and return the next one, or refuse. There is none from borrower to borrower.

use jingui_regulation::{Date, Moment, Role};
use jingui_store::Id;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::refusal::Refusal;

/// Where a copy is and who answers for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Custody {
    /// On a registrar's desk, not yet in its place.
    Desk {
        /// Who holds it.
        holder: Id,
    },
    /// In a cabinet; its custodian holds it.
    Kept {
        /// The custodian.
        holder: Id,
        /// The cabinet.
        cabinet: Id,
        /// The slot, from 1.
        slot: u16,
    },
    /// Being handed over: the giver answers for it until the receiver has confirmed.
    Offered {
        /// Who gives, and holds it still.
        holder: Id,
        /// Who is to confirm.
        to: Id,
        /// What for.
        purpose: Purpose,
        /// Since when it waits.
        since: Moment,
        /// Where it was, to go back there when the receiver declines.
        before: Box<Custody>,
    },
    /// Lent out.
    Lent {
        /// The borrower.
        holder: Id,
        /// The loan.
        loan: Id,
        /// Day it is due back.
        due: Date,
    },
    /// Read on site, in the presence of the holder.
    Reading {
        /// Who opened the session and holds the copy.
        holder: Id,
        /// The loan under which it is read.
        loan: Id,
        /// The session.
        session: Id,
        /// Where it lay, and lies again afterwards.
        before: Box<Custody>,
    },
    /// Not where it should be; the last holder answers for it.
    Missing {
        /// The last holder.
        holder: Id,
        /// Since when.
        since: Moment,
        /// The incident.
        incident: Id,
    },
    /// Struck from the register: it was entered by mistake and there is no such paper.
    Void {
        /// Who held it last.
        holder: Id,
    },
}

/// What a hand-over is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "for", rename_all = "snake_case")]
pub enum Purpose {
    /// To be put into a cabinet by its custodian.
    Place {
        /// The cabinet.
        cabinet: Id,
        /// The slot.
        slot: u16,
    },
    /// To be taken out by the borrower.
    Loan {
        /// The loan.
        loan: Id,
        /// Day it will be due back.
        due: Date,
    },
    /// To be returned to the registrar.
    Return {
        /// The loan.
        loan: Id,
    },
}

impl Custody {
    /// The one who answers for the copy now.
    pub const fn holder(&self) -> &Id {
        match self {
            Self::Desk { holder }
            | Self::Kept { holder, .. }
            | Self::Offered { holder, .. }
            | Self::Lent { holder, .. }
            | Self::Reading { holder, .. }
            | Self::Missing { holder, .. }
            | Self::Void { holder } => holder,
        }
    }

    /// The name of the state, as stored.
    pub const fn state(&self) -> &'static str {
        match self {
            Self::Desk { .. } => "desk",
            Self::Kept { .. } => "kept",
            Self::Offered { .. } => "offered",
            Self::Lent { .. } => "lent",
            Self::Reading { .. } => "reading",
            Self::Missing { .. } => "missing",
            Self::Void { .. } => "void",
        }
    }

    /// Whether the copy rests with those who keep it, and may be handed out.
    pub const fn is_resting(&self) -> bool {
        matches!(self, Self::Desk { .. } | Self::Kept { .. })
    }

    /// Whether the copy lies in that cabinet, will lie there once a hand-over is confirmed, or goes back there.
    pub fn touches(&self, cabinet: &Id) -> bool {
        match self {
            Self::Kept { cabinet: place, .. } => place == cabinet,
            Self::Offered { purpose, before, .. } => {
                matches!(purpose, Purpose::Place { cabinet: place, .. } if place == cabinet)
                    || before.touches(cabinet)
            }
            Self::Reading { before, .. } => before.touches(cabinet),
            Self::Desk { .. } | Self::Lent { .. } | Self::Missing { .. } | Self::Void { .. } => false,
        }
    }

    /// The holder offers the copy to another. Only a resting copy goes out; a lent one only comes back.
    pub fn offer(self, by: &Id, to: Id, purpose: Purpose, since: Moment) -> Result<Self, Refusal> {
        if self.holder() != by {
            return Err(Refusal::new("copy.not_the_holder", &["1.3.3", "3.1.1.2"])
                .fact("state", self.state())
                .cured_by(Role::Registrar));
        }
        if &to == by {
            // Two people make a hand-over: nobody lends to, or checks a return of, himself or herself.
            return Err(Refusal::new("copy.to_oneself", &["3.1.1.2"]).cured_by(Role::Registrar));
        }
        let fits = match (&self, &purpose) {
            (Self::Desk { .. } | Self::Kept { .. }, Purpose::Place { .. } | Purpose::Loan { .. }) => true,
            (Self::Lent { loan: out, .. }, Purpose::Return { loan }) => out == loan,
            (Self::Lent { .. }, _) => {
                // No passing on sideways: what is lent comes back before it goes to anybody else.
                return Err(Refusal::new("copy.no_sideways", &["3.1.3.5"]).cured_by(Role::Registrar));
            }
            _ => false,
        };
        if !fits {
            return Err(self.busy());
        }
        Ok(Self::Offered { holder: by.clone(), to, purpose, since, before: Box::new(self) })
    }

    /// The receiver confirms; answers the new custody and what it was for.
    pub fn accept(self, by: &Id) -> Result<(Self, Purpose), Refusal> {
        match self {
            Self::Offered { to, purpose, .. } if &to == by => {
                let next = match &purpose {
                    Purpose::Place { cabinet, slot } => {
                        Self::Kept { holder: to, cabinet: cabinet.clone(), slot: *slot }
                    }
                    Purpose::Loan { loan, due } => Self::Lent { holder: to, loan: loan.clone(), due: *due },
                    Purpose::Return { .. } => Self::Desk { holder: to },
                };
                Ok((next, purpose))
            }
            other => Err(other.not_offered()),
        }
    }

    /// The receiver declines or the giver thinks better of it: the copy is again where it was.
    pub fn recall(self, by: &Id) -> Result<(Self, Purpose), Refusal> {
        match self {
            Self::Offered { holder, to, purpose, before, .. } if &to == by || &holder == by => {
                Ok((*before, purpose))
            }
            other => Err(other.not_offered()),
        }
    }

    /// The holder puts a resting copy into a cabinet of which he or she is the custodian.
    pub fn keep(self, by: &Id, cabinet: Id, slot: u16) -> Result<Self, Refusal> {
        if !self.is_resting() {
            return Err(self.busy());
        }
        if self.holder() != by {
            return Err(
                Refusal::new("copy.not_the_holder", &["1.3.3", "3.1.1.2"]).fact("state", self.state())
            );
        }
        Ok(Self::Kept { holder: by.clone(), cabinet, slot })
    }

    /// Taken from its place to be read on site in the holder's presence.
    pub fn read_on_site(self, by: &Id, loan: Id, session: Id) -> Result<Self, Refusal> {
        if !self.is_resting() {
            return Err(self.busy());
        }
        if self.holder() != by {
            return Err(
                Refusal::new("copy.not_the_holder", &["1.3.3", "3.1.3.2"]).fact("state", self.state())
            );
        }
        Ok(Self::Reading { holder: by.clone(), loan, session, before: Box::new(self) })
    }

    /// The session is over: back to where it lay.
    pub fn end_reading(self, ended: &Id) -> Result<Self, Refusal> {
        match self {
            Self::Reading { session, before, .. } if &session == ended => Ok(*before),
            other => Err(other.busy()),
        }
    }

    /// Extends the day a lent copy is due.
    pub fn extend(self, until: Date) -> Result<Self, Refusal> {
        match self {
            Self::Lent { holder, loan, .. } => Ok(Self::Lent { holder, loan, due: until }),
            other => Err(other.busy()),
        }
    }

    /// Reported missing; whoever held it last answers for it.
    pub fn lose(self, since: Moment, incident: Id) -> Result<Self, Refusal> {
        match self {
            Self::Missing { .. } | Self::Void { .. } => Err(self.busy()),
            other => Ok(Self::Missing { holder: other.holder().clone(), since, incident }),
        }
    }

    /// Struck from the register; only what rests with its keepers can have been a mistake.
    pub fn strike(self) -> Result<Self, Refusal> {
        if self.is_resting() { Ok(Self::Void { holder: self.holder().clone() }) } else { Err(self.busy()) }
    }

    /// Found again: on the desk of the registrar who took it in.
    pub fn find_again(self, by: Id) -> Result<Self, Refusal> {
        match self {
            Self::Missing { .. } => Ok(Self::Desk { holder: by }),
            other => Err(other.busy()),
        }
    }

    fn busy(&self) -> Refusal {
        Refusal::new("copy.state", &["1.3.3"]).fact("state", self.state())
    }

    fn not_offered(&self) -> Refusal {
        Refusal::new("copy.not_offered_to_you", &["3.1.1.2"]).fact("state", self.state())
    }
}
