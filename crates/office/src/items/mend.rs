//! Mending a registration that was wrong: copies that were not entered, a level or period read wrongly off the paper,
//! an entry that should not be there at all.
//!
//! The registrar adds; what lowers a protection or takes away from the register, the office head does. Nothing is
//! erased: every version stays, and a struck entry keeps its number.

use jingui_regulation::{Level, Limits, Period, Role};
use jingui_store::{Id, Stored};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Copy, Custody, Item, Scope, Void};
use crate::action::{About, Action, Stop};
use crate::field::Paragraph;
use crate::files::words;
use crate::loans::Loan;
use crate::personnel::Person;
use crate::premises::Cabinet;
use crate::receipts::Receipt;
use crate::receipts::register::{Registered, copies_of, copy_numbers, marked};
use crate::refusal::Refusal;
use crate::work::Work;

/// Most copies that an item may have.
const MOST: u32 = 500;

/// Enters copies that were left out at registration; they lie on the registrar's desk.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddCopies {
    /// The item.
    pub item: Id,
    /// Copy numbers as printed, one for each copy to add.
    #[schemars(length(min = 1, max = 500), inner(range(min = 1, max = 999_999)))]
    pub copy_numbers: Vec<u32>,
}

impl Action for AddCopies {
    const NAME: &'static str = "item.add_copies";
    const TITLE: (&'static str, &'static str) = ("补登份数", "Enter copies that were left out");
    const CLAUSES: &'static [&'static str] = &["3.1.1.1"];
    type Outcome = Registered;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        Ok(Item::about(&work.need::<Item>(&self.item)?))
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Registered, Stop> {
        let mut item = work.need::<Item>(&self.item)?.record;
        item.standing()?;
        let added = u32::try_from(self.copy_numbers.len()).unwrap_or(u32::MAX);
        let numbers = copy_numbers(&self.copy_numbers, added)?;
        let known = work.find::<Copy>(&[("item", (&item.id).into())])?;
        if let Some(twice) = known.iter().find(|copy| numbers.contains(&copy.number)) {
            return Err(Refusal::field("copy_numbers", "item.copy_known")
                .fact("found", twice.label.as_str())
                .into());
        }
        if item.copies.saturating_add(added) > MOST {
            return Err(Refusal::field("copy_numbers", "field.one_to_five_hundred")
                .fact("found", item.copies.saturating_add(added))
                .into());
        }
        item.copies += added;
        work.put(&item)?;
        let copies = copies_of(work, &item, numbers, None)?;
        Ok(Registered { item, copies })
    }
}

/// Corrects a level or period that was read wrongly off the paper. No change of classification: that takes a decision.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mark {
    /// The item.
    pub item: Id,
    /// The level as printed.
    pub level: Level,
    /// The period as printed; left out, the level's maximum applies.
    #[serde(default)]
    pub period: Option<Period>,
    /// The need-to-know scope, where the level asks for another; left out, it stays.
    #[serde(default)]
    pub scope: Option<Scope>,
    /// How the mistake was made.
    pub reason: Paragraph,
}

impl Action for Mark {
    const NAME: &'static str = "item.mark";
    const TITLE: (&'static str, &'static str) = ("更正密级期限", "Correct level and period");
    const CLAUSES: &'static [&'static str] = &["2.2.1", "2.2.2", "2.2.3", "2.2.4", "3.1.1.1"];
    type Outcome = Item;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        let mut about = Item::about(&work.need::<Item>(&self.item)?);
        // Neither what it was nor what it becomes may be above the one who mends it.
        about.thing.level = about.thing.level.max(self.level.number());
        Ok(about)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Item, Stop> {
        let mut item = work.need::<Item>(&self.item)?.record;
        item.standing()?;
        let limits = Limits::from(&work.rules.parameters);
        item.marking = marked(self.level, self.period, &limits)?;
        item.declassifies_on = item.declassification();
        item.scope = self.scope.unwrap_or(item.scope).checked(self.level, work)?;
        Person::fit_for(work, &item.responsible, self.level)?;
        no_open_loan(work, &item)?;
        for Stored { record: mut copy, .. } in work.find::<Copy>(&[("item", (&item.id).into())])? {
            match &copy.custody {
                // A cabinet that isn't good enough for the true level has to be left first.
                Custody::Kept { cabinet, slot, .. } => {
                    work.need::<Cabinet>(cabinet)?.accept(self.level, *slot)?;
                }
                Custody::Desk { .. } | Custody::Missing { .. } | Custody::Void { .. } => {}
                other => {
                    return Err(Refusal::new("copy.state", &["1.3.3"]).fact("state", other.state()).into());
                }
            }
            copy.level = self.level;
            work.put(&copy)?;
        }
        work.put(&item)?;
        words::follow(work, &item)?;
        Ok(item)
    }
}

/// Strikes copies, or the whole entry, that were registered by mistake. Numbers stay taken and visible.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Strike {
    /// The item.
    pub item: Id,
    /// The copies to strike; left out, all of them and with them the entry.
    #[serde(default)]
    #[schemars(length(max = 500))]
    pub copies: Vec<Id>,
    /// Why.
    pub reason: Paragraph,
}

impl Action for Strike {
    const NAME: &'static str = "item.strike";
    const TITLE: (&'static str, &'static str) = ("作废登记", "Strike a registration");
    const CLAUSES: &'static [&'static str] = &["3.1.1.1"];
    type Outcome = Item;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        Ok(Item::about(&work.need::<Item>(&self.item)?))
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Item, Stop> {
        let mut item = work.need::<Item>(&self.item)?.record;
        item.standing()?;
        no_open_loan(work, &item)?;
        let by = work.person()?.clone();
        let reason = String::from(self.reason);
        let mut struck = 0;
        for Stored { record: mut copy, .. } in work.find::<Copy>(&[("item", (&item.id).into())])? {
            let named = self.copies.is_empty() || self.copies.contains(&copy.id);
            if !named || matches!(copy.custody, Custody::Void { .. }) {
                continue;
            }
            copy.custody = copy.custody.strike()?;
            work.put(&copy)?;
            struck += 1;
        }
        if struck == 0 {
            return Err(Refusal::field("copies", "item.no_such_copy").into());
        }
        item.copies = item.copies.saturating_sub(struck);
        if item.copies == 0 {
            item.declassifies_on = None;
            item.void = Some(Void { at: work.now(), by, reason });
            if let Some(receipt) = &item.receipt {
                let receipt = work.need::<Receipt>(receipt)?.record.struck(&item.id);
                work.put(&receipt)?;
            }
        }
        work.put(&item)?;
        words::follow(work, &item)?;
        Ok(item)
    }
}

/// Whoever applied or holds a copy did so for the entry as it stands: those loans end first.
fn no_open_loan(work: &Work<'_, '_>, item: &Item) -> Result<(), Stop> {
    let loans = work.find::<Loan>(&[("item", (&item.id).into())])?;
    match loans.iter().find(|loan| loan.state.is_open()) {
        None => Ok(()),
        Some(loan) => Err(Refusal::new("item.on_loan", &["3.1.1.1"])
            .fact("number", loan.number.as_str())
            .fact("state", loan.state.name())
            .cured_by(Role::Registrar)
            .into()),
    }
}
