//! Bringing back and taking back, with the check that clause 3.1.3.6 asks for; and what is lost.

use jingui_regulation::Role;
use jingui_store::Id;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::loan::{Loan, LoanState};
use crate::accountability::incident::{self, IncidentKind};
use crate::action::{About, Action, Stop};
use crate::field::Paragraph;
use crate::items::{Copy, Custody, Purpose};
use crate::personnel::Person;
use crate::refusal::Refusal;
use crate::work::Work;

/// The borrower brings the copy back to a registrar, who has then to check it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BringBack {
    /// The loan.
    pub loan: Id,
    /// The registrar who takes it.
    pub to: Id,
    /// The copy that lies on the desk, where its label was scanned.
    #[serde(default)]
    pub copy: Option<Id>,
}

impl Action for BringBack {
    const NAME: &'static str = "loan.bring_back";
    const TITLE: (&'static str, &'static str) = ("归还文件", "Bring a copy back");
    const CLAUSES: &'static [&'static str] = &["3.1.1.2", "3.1.3.6"];
    type Outcome = Loan;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        Ok(Loan::about(work, &self.loan)?.0)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Loan, Stop> {
        let loan = work.need::<Loan>(&self.loan)?.record;
        let mut copy = work.need::<Copy>(&loan.out()?.copy)?.record;
        if self.copy.is_some_and(|brought| brought != copy.id) {
            return Err(Refusal::new("loan.other_copy", &["3.1.3.6"])
                .fact("label", copy.label.as_str())
                .cured_by(Role::Registrar)
                .into());
        }
        let to = Person::fit_for(work, &self.to, copy.level)?;
        if !to.roles.contains(&Role::Registrar) && !to.roles.contains(&Role::Custodian) {
            return Err(Refusal::new("copy.no_sideways", &["3.1.3.5"])
                .fact("person", to.name.as_str())
                .cured_by(Role::Registrar)
                .into());
        }
        let by = work.person()?.clone();
        let purpose = Purpose::Return { loan: loan.id.clone() };
        copy.custody = copy.custody.offer(&by, self.to, purpose, work.now())?;
        let loan = loan.bring_back(work.now())?;
        work.put(&copy)?;
        work.put(&loan)?;
        Ok(loan)
    }
}

/// How a copy came back.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "condition", rename_all = "snake_case", deny_unknown_fields)]
pub enum Condition {
    /// Complete and undamaged.
    Sound,
    /// Incomplete or damaged; opens an incident.
    Damaged {
        /// What was found.
        finding: Paragraph,
    },
}

/// The registrar checks and takes back.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TakeBack {
    /// The loan.
    pub loan: Id,
    /// What the check found.
    pub check: Condition,
}

impl Action for TakeBack {
    const NAME: &'static str = "loan.take_back";
    const TITLE: (&'static str, &'static str) = ("清点收回", "Check and take back");
    const CLAUSES: &'static [&'static str] = &["3.1.3.6"];
    type Outcome = Loan;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        let (mut about, loan) = Loan::about(work, &self.loan)?;
        if let LoanState::Returning { out, .. } = &loan.state {
            let copy = work.need::<Copy>(&out.copy)?;
            if let Custody::Offered { to, .. } = &copy.custody {
                about.thing.receiver = to.to_string();
            }
        }
        Ok(about)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Loan, Stop> {
        let loan = work.need::<Loan>(&self.loan)?.record;
        let LoanState::Returning { out, .. } = &loan.state else { return Err(loan.unfit().into()) };
        let mut copy = work.need::<Copy>(&out.copy)?.record;
        let by = work.person()?.clone();
        (copy.custody, _) = copy.custody.accept(&by)?;
        let damage = match self.check {
            Condition::Sound => None,
            Condition::Damaged { finding } => {
                let finding = String::from(finding);
                let kind = IncidentKind::Damaged { copy: copy.id.clone(), loan: loan.id.clone() };
                incident::open(work, kind, format!("{} {finding}", copy.label))?;
                copy.damage = Some(finding.clone());
                Some(finding)
            }
        };
        let loan = loan.take_back(work.now(), by, damage)?;
        work.put(&copy)?;
        work.put(&loan)?;
        Ok(loan)
    }
}

/// Reports a copy as lost: by the borrower while it is out, or by its keeper.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportLost {
    /// The copy.
    pub copy: Id,
    /// What is known: since when, where last seen.
    pub circumstances: Paragraph,
}

impl Action for ReportLost {
    const NAME: &'static str = "copy.report_lost";
    const TITLE: (&'static str, &'static str) = ("报告丢失", "Report a copy as lost");
    const CLAUSES: &'static [&'static str] = &["3.1.1.4", "3.1.3.6", "5.1.3"];
    type Outcome = Copy;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        Ok(Copy::about(work, &self.copy)?.0)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Copy, Stop> {
        let mut copy = work.need::<Copy>(&self.copy)?.record;
        let loan = match &copy.custody {
            Custody::Lent { loan, .. } | Custody::Offered { purpose: Purpose::Return { loan }, .. } => {
                Some(loan.clone())
            }
            Custody::Offered { purpose: Purpose::Loan { .. }, .. } | Custody::Reading { .. } => {
                // First the hand-over or the session is brought to its end; else its loan would hang in the air.
                return Err(Refusal::new("copy.state", &["1.3.3"])
                    .fact("state", copy.custody.state())
                    .into());
            }
            _ => None,
        };
        let kind = IncidentKind::Lost { copy: copy.id.clone() };
        let incident = incident::open(work, kind, format!("{} {}", copy.label, self.circumstances))?;
        let now = work.now();
        copy.custody = copy.custody.lose(now, incident.id.clone())?;
        if let Some(loan) = loan {
            let loan = work.need::<Loan>(&loan)?.record.lose(now, incident.id)?;
            work.put(&loan)?;
        }
        work.put(&copy)?;
        Ok(copy)
    }
}
