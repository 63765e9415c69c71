//! Applying for a loan 《文件借阅申请表》 and taking the application back (clause 3.1.3.1).

use jingui_store::Id;
use schemars::JsonSchema;
use serde::Deserialize;

use super::loan::{Loan, LoanState, Mode};
use super::terms::within;
use crate::action::{About, Action, Stop};
use crate::field::Paragraph;
use crate::items::{Copy, Item};
use crate::personnel::Person;
use crate::receipts::series;
use crate::refusal::Refusal;
use crate::work::Work;

use jingui_regulation::{Level, Role};

/// Applies for a loan: which item, why, for how many working days.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Apply {
    /// The item.
    pub item: Id,
    /// What the work requires.
    pub reason: Paragraph,
    /// Working days.
    #[schemars(range(min = 1, max = 60))]
    pub days: u16,
    /// Taken out or read on site; level 4 is read on site only.
    pub mode: Mode,
}

impl Action for Apply {
    const NAME: &'static str = "loan.apply";
    const TITLE: (&'static str, &'static str) = ("申请借阅", "Apply for a loan");
    const CLAUSES: &'static [&'static str] = &["3.1.3.1", "3.1.3.2", "3.1.3.3", "3.1.3.4"];
    type Outcome = Loan;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        Ok(Item::about(&work.need::<Item>(&self.item)?))
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Loan, Stop> {
        let item = work.need::<Item>(&self.item)?.record;
        item.standing()?;
        let level = item.marking.level();
        let applicant = work.person()?.clone();
        if level == Level::TopSecret && self.mode == Mode::TakeOut {
            return Err(top_secret_stays().into());
        }
        within(self.days, level, work.rules)?;
        let person = Person::fit_for(work, &applicant, level)?.record;
        for loan in work.find::<Loan>(&[("item", (&item.id).into())])? {
            if loan.applicant == applicant && loan.state.is_open() {
                return Err(Refusal::new("loan.already", &["3.1.3.1"])
                    .fact("number", loan.number.as_str())
                    .fact("state", loan.state.name())
                    .into());
            }
        }
        if !work.exists::<Copy>(&[("item", (&item.id).into())])? {
            return Err(Refusal::new("loan.no_copy", &["3.1.1.1"]).into());
        }
        let loan = Loan {
            id: work.new_id(),
            number: series::yearly(work, "loan")?,
            item: item.id,
            level,
            applicant,
            department: person.department,
            reason: self.reason.into(),
            mode: self.mode,
            days: self.days,
            applied_at: work.now(),
            state: LoanState::Applied,
        };
        work.put(&loan)?;
        Ok(loan)
    }
}

/// Top secret is read at the designated place and never taken out, whoever asks (clause 3.1.3.2).
pub fn top_secret_stays() -> Refusal {
    Refusal::new("loan.top_secret_take_out", &["3.1.3.2"]).cured_by(Role::Registrar)
}

/// Takes one's application back.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Withdraw {
    /// The loan.
    pub loan: Id,
}

impl Action for Withdraw {
    const NAME: &'static str = "loan.withdraw";
    const TITLE: (&'static str, &'static str) = ("撤回借阅申请", "Withdraw an application");
    const CLAUSES: &'static [&'static str] = &["3.1.3.1"];
    type Outcome = Loan;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        Ok(Loan::about(work, &self.loan)?.0)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Loan, Stop> {
        let now = work.now();
        let loan = work.need::<Loan>(&self.loan)?.record.withdraw(now)?;
        work.put(&loan)?;
        Ok(loan)
    }
}
