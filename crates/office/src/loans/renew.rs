//! Renewals: asked for by the borrower, decided by the same approver, within the same limit as the loan itself.

use jingui_regulation::Role;
use jingui_store::Id;
use schemars::JsonSchema;
use serde::Deserialize;

use super::loan::{Loan, Renewal};
use super::terms::within;
use crate::action::{About, Action, Stop};
use crate::field::Paragraph;
use crate::items::Copy;
use crate::refusal::Refusal;
use crate::work::Work;

/// Asks for further working days.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Renew {
    /// The loan.
    pub loan: Id,
    /// Further working days.
    #[schemars(range(min = 1, max = 60))]
    pub days: u16,
    /// Why.
    pub reason: Paragraph,
}

impl Action for Renew {
    const NAME: &'static str = "loan.renew";
    const TITLE: (&'static str, &'static str) = ("申请续借", "Ask for a renewal");
    const CLAUSES: &'static [&'static str] = &["3.1.3.3", "3.1.3.4"];
    type Outcome = Loan;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        Ok(Loan::about(work, &self.loan)?.0)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Loan, Stop> {
        let loan = work.need::<Loan>(&self.loan)?.record;
        let out = loan.out()?;
        if out.renewal.is_some() {
            return Err(Refusal::new("loan.renewal_waits", &["3.1.3.1"])
                .fact("number", loan.number.as_str())
                .into());
        }
        if work.today() > out.due {
            return Err(Refusal::new("loan.overdue_no_renewal", &["3.1.3.6"])
                .fact("due", out.due.to_string())
                .cured_by(Role::Staff)
                .into());
        }
        within_together(out.approval.days, self.days, &loan, work)?;
        let asked_at = work.now();
        let renewal = Renewal { days: self.days, reason: self.reason.into(), asked_at };
        let loan = loan.with_out(|out| out.renewal = Some(renewal))?;
        work.put(&loan)?;
        Ok(loan)
    }
}

/// Approves a renewal: the due day moves, the copy stays where it is.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApproveRenewal {
    /// The loan.
    pub loan: Id,
}

impl Action for ApproveRenewal {
    const NAME: &'static str = "loan.approve_renewal";
    const TITLE: (&'static str, &'static str) = ("批准续借", "Approve a renewal");
    const CLAUSES: &'static [&'static str] = &["3.1.3.3", "3.1.3.4"];
    type Outcome = Loan;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        Ok(Loan::about(work, &self.loan)?.0)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Loan, Stop> {
        let loan = work.need::<Loan>(&self.loan)?.record;
        let out = loan.out()?;
        let Some(renewal) = &out.renewal else { return Err(no_renewal(&loan).into()) };
        let days = out.approval.days + renewal.days;
        within_together(out.approval.days, renewal.days, &loan, work)?;
        loan.borrower(work, loan.level)?;
        // Counted anew from the day it was taken out, so that moved working days fall the same way.
        let deadline = work.rules.calendar.add_working_days(out.since, days);
        let due = deadline.date.max(out.due);
        let mut copy = work.need::<Copy>(&out.copy)?.record;
        copy.custody = copy.custody.extend(due)?;
        let loan = loan.with_out(|out| {
            out.approval.days = days;
            out.due = due;
            out.provisional = deadline.provisional;
            out.renewal = None;
        })?;
        work.put(&copy)?;
        work.put(&loan)?;
        Ok(loan)
    }
}

/// Rejects a renewal: the due day stays.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RejectRenewal {
    /// The loan.
    pub loan: Id,
}

impl Action for RejectRenewal {
    const NAME: &'static str = "loan.reject_renewal";
    const TITLE: (&'static str, &'static str) = ("不予续借", "Reject a renewal");
    const CLAUSES: &'static [&'static str] = &["3.1.3.3", "3.1.3.4"];
    type Outcome = Loan;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        Ok(Loan::about(work, &self.loan)?.0)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Loan, Stop> {
        let loan = work.need::<Loan>(&self.loan)?.record;
        if loan.out()?.renewal.is_none() {
            return Err(no_renewal(&loan).into());
        }
        let loan = loan.with_out(|out| out.renewal = None)?;
        work.put(&loan)?;
        Ok(loan)
    }
}

fn no_renewal(loan: &Loan) -> Refusal {
    Refusal::new("loan.no_renewal", &["3.1.3.1"]).fact("number", loan.number.as_str())
}

/// The limit holds over application, approval and renewals together.
fn within_together(approved: u16, further: u16, loan: &Loan, work: &Work<'_, '_>) -> Result<(), Refusal> {
    if further == 0 {
        return within(0, loan.level, work.rules);
    }
    within(approved.saturating_add(further), loan.level, work.rules)
}
