//! What the clock does about loans: it reminds, lets unused approvals lapse, and opens an incident for what is long
//! overdue (clauses 3.1.3.2, 3.1.3.6). It acts through journaled actions like everybody else.

use jingui_regulation::{Date, Param};
use jingui_store::Id;
use schemars::JsonSchema;
use serde::Deserialize;

use super::loan::Loan;
use crate::accountability::incident::{self, IncidentKind};
use crate::action::{About, Action, Stop};
use crate::items::Item;
use crate::refusal::Refusal;
use crate::work::{Rules, Work};

/// Whether a loan due on `due` is reminded of on `today`: from some working days before it on.
pub fn reminds(due: Date, today: Date, rules: &Rules) -> bool {
    let ahead = rules.count(Param::ReminderDays);
    today >= due || rules.calendar.add_working_days(today, ahead).date >= due
}

/// Whether a loan due on `due` is so late on `today` that an incident is opened.
pub fn escalates(due: Date, today: Date, rules: &Rules) -> bool {
    today > due
        && today >= rules.calendar.add_working_days(due, rules.count(Param::LoanOverdueIncidentDays)).date
}

/// Reminds the borrower, and once it is late the head too. Once a day for each loan.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Remind {
    /// The loan.
    pub loan: Id,
}

impl Action for Remind {
    const NAME: &'static str = "loan.remind";
    const TITLE: (&'static str, &'static str) = ("到期提醒", "Remind of a due loan");
    const CLAUSES: &'static [&'static str] = &["1.3.2", "3.1.3.6"];
    type Outcome = Loan;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        Ok(Loan::about(work, &self.loan)?.0)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Loan, Stop> {
        let today = work.today();
        let loan = work.need::<Loan>(&self.loan)?.record;
        let out = loan.out()?;
        if out.reminded_on == Some(today) || !reminds(out.due, today, work.rules) {
            return Err(loan.unfit().into());
        }
        let loan = loan.with_out(|out| out.reminded_on = Some(today))?;
        work.put(&loan)?;
        Ok(loan)
    }
}

/// Lets an approval lapse that wasn't used in time.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expire {
    /// The loan.
    pub loan: Id,
}

impl Action for Expire {
    const NAME: &'static str = "loan.expire";
    const TITLE: (&'static str, &'static str) = ("批准过期失效", "Let an approval lapse");
    const CLAUSES: &'static [&'static str] = &["3.1.3.2"];
    type Outcome = Loan;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        Ok(Loan::about(work, &self.loan)?.0)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Loan, Stop> {
        let now = work.now();
        let loan = work.need::<Loan>(&self.loan)?.record.expire(now)?;
        work.put(&loan)?;
        Ok(loan)
    }
}

/// Opens the incident of a loan that is overdue by more than the parameter allows.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Escalate {
    /// The loan.
    pub loan: Id,
}

impl Action for Escalate {
    const NAME: &'static str = "loan.escalate";
    const TITLE: (&'static str, &'static str) = ("超期未还转事件", "Open an incident for an overdue loan");
    const CLAUSES: &'static [&'static str] = &["3.1.3.6"];
    type Outcome = Loan;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        Ok(Loan::about(work, &self.loan)?.0)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Loan, Stop> {
        let loan = work.need::<Loan>(&self.loan)?.record;
        let out = loan.out()?;
        if out.incident.is_some() || !escalates(out.due, work.today(), work.rules) {
            return Err(loan.unfit().into());
        }
        let item = work.need::<Item>(&loan.item)?;
        let what = format!("借阅 {} 超期未还：收文 {}，应还 {}", loan.number, item.register_number, out.due);
        let kind = IncidentKind::Overdue { loan: loan.id.clone(), copy: out.copy.clone() };
        let incident = incident::open(work, kind, what)?;
        let loan = loan.with_out(|out| out.incident = Some(incident.id))?;
        work.put(&loan)?;
        Ok(loan)
    }
}

/// A new calendar was published: a loan's due day is reckoned again, never to the borrower's disadvantage.
pub fn reckon_again(loan: Loan, rules: &Rules) -> Result<Option<Loan>, Refusal> {
    let Ok(out) = loan.out() else { return Ok(None) };
    let deadline = rules.calendar.add_working_days(out.since, out.approval.days);
    let due = deadline.date.max(out.due);
    if due == out.due && deadline.provisional == out.provisional {
        return Ok(None);
    }
    loan.with_out(|out| {
        out.due = due;
        out.provisional = deadline.provisional;
    })
    .map(Some)
}
