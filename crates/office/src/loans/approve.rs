//! Deciding on an application: by the right approver, never by the applicant (clauses 3.1.3.2 – 3.1.3.4).
//!
//! Who may approve which level is the access policy's; here stands what an approval must contain.

use jingui_regulation::{Level, Param};
use jingui_store::Id;
use schemars::JsonSchema;
use serde::Deserialize;

use super::loan::{Approval, Loan};
use super::terms::within;
use crate::action::{About, Action, Stop};
use crate::field::Paragraph;
use crate::refusal::Refusal;
use crate::work::Work;

/// Approves a loan, for the days applied for or fewer.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Approve {
    /// The loan.
    pub loan: Id,
    /// Working days; left out, as applied for.
    #[serde(default)]
    pub days: Option<u16>,
}

impl Action for Approve {
    const NAME: &'static str = "loan.approve";
    const TITLE: (&'static str, &'static str) = ("批准借阅", "Approve a loan");
    const CLAUSES: &'static [&'static str] = &["3.1.3.2", "3.1.3.3", "3.1.3.4"];
    type Outcome = Loan;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        Ok(Loan::about(work, &self.loan)?.0)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Loan, Stop> {
        let loan = work.need::<Loan>(&self.loan)?.record;
        let days = self.days.unwrap_or(loan.days);
        if days > loan.days {
            return Err(Refusal::field("days", "loan.more_than_asked")
                .fact("found", days)
                .fact("asked", loan.days)
                .into());
        }
        within(days, loan.level, work.rules)?;
        // Commitment or review may have lapsed since the application, or the scope may have changed.
        loan.borrower(work, loan.level)?;
        let usable_until = (loan.level == Level::TopSecret).then(|| {
            let days = work.rules.count(Param::LoanApprovalTopSecret);
            work.rules.calendar.add_working_days(work.today(), days).date
        });
        let by = work.person()?.clone();
        let approval = Approval { by, at: work.now(), days, usable_until };
        let loan = loan.approve(approval)?;
        work.put(&loan)?;
        Ok(loan)
    }
}

/// Rejects an application, with the reason.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reject {
    /// The loan.
    pub loan: Id,
    /// Why.
    pub reason: Paragraph,
}

impl Action for Reject {
    const NAME: &'static str = "loan.reject";
    const TITLE: (&'static str, &'static str) = ("不予批准借阅", "Reject an application");
    const CLAUSES: &'static [&'static str] = &["3.1.3.2", "3.1.3.3", "3.1.3.4"];
    type Outcome = Loan;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        Ok(Loan::about(work, &self.loan)?.0)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Loan, Stop> {
        let (by, now) = (work.person()?.clone(), work.now());
        let loan = work.need::<Loan>(&self.loan)?.record.reject(by, now, self.reason.into())?;
        work.put(&loan)?;
        Ok(loan)
    }
}
