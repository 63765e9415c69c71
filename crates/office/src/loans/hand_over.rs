//! Handing a copy to the borrower: the holder offers it, the borrower confirms and acknowledges the duties of
//! clause 3.1.3.5. Both stand at the desk; either can call it off until both have confirmed.

use jingui_store::Id;
use schemars::JsonSchema;
use serde::Deserialize;

use super::apply::top_secret_stays;
use super::loan::{Loan, LoanState, Mode};
use crate::action::{About, Action, Stop};
use crate::items::{Copy, Purpose};
use crate::refusal::Refusal;
use crate::work::Work;

use jingui_regulation::Level;

/// Offers a copy to the borrower of an approved loan.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HandOver {
    /// The loan.
    pub loan: Id,
    /// The copy, held by the one who hands it over.
    pub copy: Id,
}

impl Action for HandOver {
    const NAME: &'static str = "loan.hand_over";
    const TITLE: (&'static str, &'static str) = ("交付借阅文件", "Hand a copy to the borrower");
    const CLAUSES: &'static [&'static str] = &["3.1.1.2", "3.1.3.2", "3.1.3.3", "3.1.3.4"];
    type Outcome = Loan;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        let (mut about, _) = Loan::about(work, &self.loan)?;
        let copy = work.need::<Copy>(&self.copy)?;
        about.thing.holder = copy.custody.holder().to_string();
        Ok(about)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Loan, Stop> {
        let loan = work.need::<Loan>(&self.loan)?.record;
        let mut copy = work.need::<Copy>(&self.copy)?.record;
        if copy.item != loan.item {
            return Err(Refusal::field("copy", "loan.other_item").fact("found", copy.label.as_str()).into());
        }
        // The item's level counts too: it may have been raised since the application.
        if loan.level == Level::TopSecret || copy.level == Level::TopSecret {
            return Err(top_secret_stays().into());
        }
        if loan.mode == Mode::OnSite {
            return Err(Refusal::new("loan.on_site_only", &["3.1.3.2"])
                .fact("number", loan.number.as_str())
                .into());
        }
        let today = work.today();
        let days = loan.usable(today)?.days;
        loan.borrower(work, copy.level)?;
        let deadline = work.rules.calendar.add_working_days(today, days);
        let by = work.person()?.clone();
        let purpose = Purpose::Loan { loan: loan.id.clone(), due: deadline.date };
        copy.custody = copy.custody.offer(&by, loan.applicant.clone(), purpose, work.now())?;
        let loan = loan.hand_over(self.copy, by, deadline.date, deadline.provisional)?;
        work.put(&copy)?;
        work.put(&loan)?;
        Ok(loan)
    }
}

/// The borrower confirms the hand-over and acknowledges: kept safe, not lent on, copied, excerpted, photographed.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Acknowledge {
    /// The loan.
    pub loan: Id,
    /// Must be true: the duties of clause 3.1.3.5 are acknowledged.
    pub duties: bool,
}

impl Action for Acknowledge {
    const NAME: &'static str = "loan.acknowledge";
    const TITLE: (&'static str, &'static str) = ("确认领取并承诺", "Confirm and acknowledge");
    const CLAUSES: &'static [&'static str] = &["3.1.1.2", "3.1.3.5"];
    type Outcome = Loan;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        Ok(Loan::about(work, &self.loan)?.0)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Loan, Stop> {
        if !self.duties {
            return Err(Refusal::new("loan.duties_not_acknowledged", &["3.1.3.5"]).into());
        }
        let loan = work.need::<Loan>(&self.loan)?.record;
        let LoanState::HandingOver { copy, approval, .. } = &loan.state else {
            return Err(loan.unfit().into());
        };
        // The period begins now: the copy may have waited at the desk for days.
        let deadline = work.rules.calendar.add_working_days(work.today(), approval.days);
        let mut copy = work.need::<Copy>(copy)?.record;
        let by = work.person()?.clone();
        loan.borrower(work, copy.level)?;
        copy.custody = copy.custody.accept(&by)?.0.extend(deadline.date)?;
        let loan = loan.take_out(work.now(), deadline)?;
        work.put(&copy)?;
        work.put(&loan)?;
        Ok(loan)
    }
}
