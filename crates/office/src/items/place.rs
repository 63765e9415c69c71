//! Putting copies where they belong, and the confirmations of a hand-over between those who keep them.

use jingui_regulation::Level;
use jingui_store::Id;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Copy, Custody, Purpose};
use crate::action::{About, Action, Stop};
use crate::loans;
use crate::personnel::Person;
use crate::premises::Cabinet;
use crate::refusal::Refusal;
use crate::work::Work;

/// Puts a copy into a cabinet. Into one's own at once; into another custodian's as an offer that this one confirms.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// The copy.
    pub copy: Id,
    /// The cabinet.
    pub cabinet: Id,
    /// The slot, from 1.
    pub slot: u16,
}

impl Action for Place {
    const NAME: &'static str = "copy.place";
    const TITLE: (&'static str, &'static str) = ("入柜", "Put a copy in its place");
    const CLAUSES: &'static [&'static str] = &["3.1.1.1", "3.1.1.2", "3.1.1.3", "3.1.1.4"];
    type Outcome = Copy;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        Ok(Copy::about(work, &self.copy)?.0)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Copy, Stop> {
        let mut copy = work.need::<Copy>(&self.copy)?.record;
        let cabinet = work.need::<Cabinet>(&self.cabinet)?;
        let by = work.person()?.clone();
        copy.custody = into_cabinet(copy.custody, copy.level, &by, &cabinet, self.slot, work)?;
        work.put(&copy)?;
        Ok(copy)
    }
}

/// The custody of a copy that `by` puts into `cabinet`: kept, or offered to the cabinet's custodian.
pub fn into_cabinet(
    custody: Custody,
    level: Level,
    by: &Id,
    cabinet: &Cabinet,
    slot: u16,
    work: &Work<'_, '_>,
) -> Result<Custody, Stop> {
    cabinet.accept(level, slot)?;
    if &cabinet.custodian == by {
        // A custodian who may no longer know hands it on; keeping it is over.
        Person::fit_for(work, by, level)?;
        return Ok(custody.keep(by, cabinet.id.clone(), slot)?);
    }
    Person::fit_for(work, &cabinet.custodian, level)?;
    let purpose = Purpose::Place { cabinet: cabinet.id.clone(), slot };
    Ok(custody.offer(by, cabinet.custodian.clone(), purpose, work.now())?)
}

/// The receiver confirms a hand-over: the custodian what goes into the cabinet, the registrar what comes back.
///
/// A borrower confirms with `loan.acknowledge`, which also acknowledges the duties of clause 3.1.3.5.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Accept {
    /// The copy.
    pub copy: Id,
}

impl Action for Accept {
    const NAME: &'static str = "copy.accept";
    const TITLE: (&'static str, &'static str) = ("确认接收", "Confirm a hand-over");
    const CLAUSES: &'static [&'static str] = &["1.3.3", "3.1.1.2"];
    type Outcome = Copy;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        Ok(Copy::about(work, &self.copy)?.0)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Copy, Stop> {
        let mut copy = work.need::<Copy>(&self.copy)?.record;
        let by = work.person()?.clone();
        Person::stays(work, &by)?;
        let (custody, purpose) = copy.custody.accept(&by)?;
        match purpose {
            Purpose::Place { cabinet, slot } => {
                // The cabinet may have changed between offer and confirmation.
                work.need::<Cabinet>(&cabinet)?.accept(copy.level, slot)?;
            }
            Purpose::Loan { .. } => return Err(Refusal::new("copy.acknowledge_loan", &["3.1.3.5"]).into()),
            Purpose::Return { .. } => return Err(Refusal::new("copy.check_return", &["3.1.3.6"]).into()),
        }
        copy.custody = custody;
        work.put(&copy)?;
        Ok(copy)
    }
}

/// The receiver declines, or the giver takes an offer back: the copy is again where it was.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Recall {
    /// The copy.
    pub copy: Id,
}

impl Action for Recall {
    const NAME: &'static str = "copy.recall";
    const TITLE: (&'static str, &'static str) = ("撤回或拒收交接", "Decline or take back a hand-over");
    const CLAUSES: &'static [&'static str] = &["1.3.3", "3.1.1.2"];
    type Outcome = Copy;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        Ok(Copy::about(work, &self.copy)?.0)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Copy, Stop> {
        let mut copy = work.need::<Copy>(&self.copy)?.record;
        let by = work.person()?.clone();
        let (custody, purpose) = copy.custody.recall(&by)?;
        copy.custody = custody;
        match purpose {
            Purpose::Place { .. } => {}
            Purpose::Loan { loan, .. } => loans::hand_over_recalled(work, &loan)?,
            Purpose::Return { loan } => loans::return_recalled(work, &loan)?,
        }
        work.put(&copy)?;
        Ok(copy)
    }
}

/// A missing copy is found again; the registrar takes it in.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FoundAgain {
    /// The copy.
    pub copy: Id,
}

impl Action for FoundAgain {
    const NAME: &'static str = "copy.found";
    const TITLE: (&'static str, &'static str) = ("找回登记", "Record a missing copy as found");
    const CLAUSES: &'static [&'static str] = &["3.1.1.4"];
    type Outcome = Copy;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        Ok(Copy::about(work, &self.copy)?.0)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Copy, Stop> {
        let mut copy = work.need::<Copy>(&self.copy)?.record;
        let by = work.person()?.clone();
        copy.custody = copy.custody.find_again(by)?;
        work.put(&copy)?;
        Ok(copy)
    }
}
