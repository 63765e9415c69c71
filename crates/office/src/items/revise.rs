//! Corrections of a register entry by the registrar. Level and period aren't corrected here: see [`super::mend`].

use jingui_regulation::{Category, Date, Urgency};
use jingui_store::Id;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Item, Scope};
use crate::action::{About, Action, Stop};
use crate::field::{Line, Paragraph};
use crate::personnel::{Department, Person};
use crate::receipts::DocumentNumber;
use crate::receipts::register::{duplicate, issued};
use crate::refusal::Refusal;
use crate::work::Work;

/// Corrects what describes an item; every version stays in its history. Send `If-Match` with the version seen.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Revise {
    /// The item.
    pub item: Id,
    /// Document number.
    #[serde(default)]
    pub document_number: Option<DocumentNumber>,
    /// Title.
    pub title: Line,
    /// Issuing unit.
    pub source: Line,
    /// Category.
    pub category: Category,
    /// Day of issue as printed; left out, it stays.
    #[serde(default)]
    pub dated: Option<Date>,
    /// Day of receipt; left out, it stays.
    #[serde(default)]
    pub received_on: Option<Date>,
    /// Basis of the classification.
    #[serde(default)]
    pub basis: Option<Line>,
    /// Urgency.
    pub urgency: Urgency,
    /// Who answers for it.
    pub responsible: Id,
    /// Department that handles it.
    #[serde(default)]
    pub department: Option<Id>,
    /// Remark.
    #[serde(default)]
    pub remark: Option<Paragraph>,
}

impl Action for Revise {
    const NAME: &'static str = "item.revise";
    const TITLE: (&'static str, &'static str) = ("更正登记", "Correct a register entry");
    const CLAUSES: &'static [&'static str] = &["3.1.1.1"];
    type Outcome = Item;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        Ok(Item::about(&work.need::<Item>(&self.item)?))
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Item, Stop> {
        let mut item = work.need::<Item>(&self.item)?.record;
        item.standing()?;
        Person::fit_for(work, &self.responsible, item.marking.level())?;
        if let Some(department) = &self.department {
            work.need::<Department>(department)?;
        }
        let source: String = self.source.into();
        let number = self.document_number.map(String::from);
        if number.is_some() && (number != item.document_number || source != item.source) {
            duplicate(work, number.as_deref(), &source)?;
        }
        item.received_on = self.received_on.unwrap_or(item.received_on);
        item.dated = self.dated.unwrap_or(item.dated);
        issued("dated", item.dated, item.received_on)?;
        if item.received_on > work.today() {
            return Err(Refusal::field("received_on", "item.received_later")
                .fact("found", item.received_on.to_string())
                .into());
        }
        // The period counts from the day of issue.
        item.declassifies_on = item.declassification();
        item.document_number = number;
        item.title = self.title.into();
        item.source = source;
        item.category = self.category;
        item.basis = self.basis.map(Into::into);
        item.urgency = self.urgency;
        item.responsible = self.responsible;
        item.department = self.department;
        item.remark = self.remark.map(Into::into);
        work.put(&item)?;
        Ok(item)
    }
}

/// Changes who may know of an item.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rescope {
    /// The item.
    pub item: Id,
    /// The new scope.
    pub scope: Scope,
}

impl Action for Rescope {
    const NAME: &'static str = "item.rescope";
    const TITLE: (&'static str, &'static str) = ("调整知悉范围", "Change the need-to-know scope");
    const CLAUSES: &'static [&'static str] = &["3.1.1.3"];
    type Outcome = Item;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        Ok(Item::about(&work.need::<Item>(&self.item)?))
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Item, Stop> {
        let mut item = work.need::<Item>(&self.item)?.record;
        item.standing()?;
        item.scope = self.scope.checked(item.marking.level(), work)?;
        work.put(&item)?;
        Ok(item)
    }
}
