//! Background reviews (clause 3.5.3): what was found, up to which level it supports a clearance, and when the next one
//! falls due. What counts is the last one; those before stand in the person's history.

use jingui_regulation::{Date, Level, Param, PersonClass};
use jingui_store::Id;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Person;
use crate::action::{About, Action, Stop};
use crate::field::Paragraph;
use crate::refusal::Refusal;
use crate::work::{Rules, Work};

/// A background review (clause 3.5.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Review {
    /// Day of the review.
    pub on: Date,
    /// Class the person was reviewed for.
    pub class: PersonClass,
    /// What came of it.
    pub result: Finding,
    /// Highest level it supports.
    pub supports: Level,
    /// First day on which it no longer counts.
    pub due: Date,
    /// Conditions, or why the person isn't fit.
    pub remark: Option<String>,
}

/// What came of a review.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// Fit.
    #[default]
    Fit,
    /// Fit under the conditions in the remark.
    Conditional,
    /// Not fit for anything above level 1.
    Unfit,
}

impl Review {
    /// Whether the review is one for that class, or for a narrower one.
    pub fn is_for(&self, class: PersonClass) -> bool {
        self.result != Finding::Unfit && self.class <= class
    }
}

/// Records the result of a background review.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordReview {
    /// The person.
    pub person: Id,
    /// Class the person was reviewed for; the next review falls due accordingly.
    pub class: PersonClass,
    /// Day of the review; not in the future.
    pub on: Date,
    /// What came of it; fit unless said otherwise.
    #[serde(default)]
    pub result: Finding,
    /// Highest level the result supports: 1 for who isn't fit.
    pub supports: Level,
    /// Conditions, or why the person isn't fit; needed for both.
    #[serde(default)]
    pub remark: Option<Paragraph>,
}

impl Action for RecordReview {
    const NAME: &'static str = "person.record_review";
    const TITLE: (&'static str, &'static str) = ("登记审查结果", "Record a background review");
    const CLAUSES: &'static [&'static str] = &["3.5.3"];
    type Outcome = Person;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        Person::about(work, &self.person)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Person, Stop> {
        let mut person = work.need::<Person>(&self.person)?.record;
        if self.on > work.today() {
            return Err(Refusal::field("on", "field.not_in_the_future")
                .fact("found", self.on.to_string())
                .into());
        }
        if self.result == Finding::Unfit && self.supports > Level::Internal {
            return Err(Refusal::field("supports", "review.unfit_supports_nothing")
                .fact("level", self.supports.number())
                .into());
        }
        if self.result != Finding::Fit && self.remark.is_none() {
            return Err(Refusal::field("remark", "review.remark_needed").into());
        }
        person.class = Some(self.class);
        person.review = Some(Review {
            on: self.on,
            class: self.class,
            result: self.result,
            supports: self.supports,
            due: self.on.plus_years(work.rules.count(years(self.class))),
            remark: self.remark.map(String::from),
        });
        // A review is the most thorough of checks: the next one is reckoned from it, if that is later.
        let check_due = next_check(work.rules, self.on);
        person.check_due = Some(person.check_due.map_or(check_due, |due| due.max(check_due)));
        work.put(&person)?;
        Ok(person)
    }
}

/// The parameter that says after how many years somebody of that class is reviewed again.
pub const fn years(class: PersonClass) -> Param {
    match class {
        PersonClass::Core => Param::ReviewYearsCore,
        PersonClass::Important => Param::ReviewYearsImportant,
        PersonClass::General => Param::ReviewYearsGeneral,
    }
}

/// When the next periodic check falls due after one on that day.
pub(super) fn next_check(rules: &Rules, on: Date) -> Date {
    on.plus_months(rules.count(Param::PersonCheckMonths))
}
