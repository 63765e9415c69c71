//! Evidence (证据): that a bundle of entries was made, of what, by whom and why (clauses 5.1.1, 5.1.2).
//!
//! Owns the act, which entries belong to it, and which of them the maker may disclose. Knows no proof, no key and no form of
//! a bundle: those are the edge's.

pub mod chosen;
pub mod disclosed;
pub mod listed;

use jingui_regulation::{Date, Moment};
use jingui_store::{Column, Id, Kind, Record};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::accountability::incident::Incident;
use crate::action::{About, Action, Stop};
use crate::field::Paragraph;
use crate::items::Item;
use crate::personnel::Person;
use crate::receipts::series;
use crate::refusal::Refusal;
use crate::work::Work;

/// The name under which the policies decide on making evidence.
pub const MAKE: &str = "evidence.make";

/// What evidence is about: one of item, person and incident, with or without days; or days alone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// An item, with its copies, loans, readings, files and incidents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<Id>,
    /// A person: what he or she did, and what concerned him or her.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<Id>,
    /// An incident, with the records it names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<Id>,
    /// First day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Date>,
    /// Last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Date>,
}

impl Choice {
    /// Refuses more than one subject, none without both days, and a last day before the first.
    pub fn check(&self) -> Result<(), Refusal> {
        let subjects = [&self.item, &self.person, &self.incident].into_iter().flatten().count();
        if subjects > 1 || (subjects == 0 && (self.from.is_none() || self.to.is_none())) {
            return Err(Refusal::field("of", "evidence.subject").fact("found", subjects));
        }
        if let (Some(from), Some(to)) = (self.from, self.to)
            && to < from
        {
            return Err(Refusal::field("of.to", "evidence.days")
                .fact("found", to.to_string())
                .fact("from", from.to_string()));
        }
        Ok(())
    }
}

/// A bundle of evidence that was made. The bundle itself isn't kept: it leaves with whoever made it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// Id.
    pub id: Id,
    /// Number, such as `证2026-000003`.
    pub number: String,
    /// What it is about.
    pub of: Choice,
    /// What it is for.
    pub why: String,
    /// When it was made; entries up to then are in it.
    pub made_at: Moment,
    /// By whom.
    pub made_by: Id,
}

impl Record for Evidence {
    const KIND: Kind = Kind {
        name: "evidence",
        columns: &[
            Column::new("number", "$.number"),
            Column::new("made_at", "$.made_at"),
            Column::new("made_by", "$.made_by"),
        ],
        indexes: &["unique:number", "made_at"],
        side: None,
    };

    fn key(&self) -> &str {
        self.id.as_str()
    }
}

/// Makes evidence. Performed by the edge, which then puts the bundle together.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MakeEvidence {
    /// What it is about.
    pub of: Choice,
    /// What it is for.
    pub why: Paragraph,
}

impl Action for MakeEvidence {
    const NAME: &'static str = MAKE;
    const TITLE: (&'static str, &'static str) = ("制作证据", "Make evidence");
    const CLAUSES: &'static [&'static str] = &["5.1.1", "5.1.2"];
    type Outcome = Evidence;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        let mut item = self.of.item.clone();
        if let Some(id) = &self.of.incident {
            let incident = work.need::<Incident>(id)?;
            let Some(concerned) = incident.record.item else {
                return Ok(About::record("incident", id.as_str(), incident.version));
            };
            item = Some(concerned);
        }
        match (item, &self.of.person) {
            (Some(item), _) => Ok(Item::about(&work.need::<Item>(&item)?)),
            (None, Some(person)) => {
                Ok(About::record("person", person.as_str(), work.need::<Person>(person)?.version))
            }
            (None, None) => Ok(About::office()),
        }
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Evidence, Stop> {
        self.of.check()?;
        let evidence = Evidence {
            id: work.new_id(),
            number: series::yearly(work, "evidence")?,
            of: self.of,
            why: self.why.into(),
            made_at: work.now(),
            made_by: work.person()?.clone(),
        };
        work.put(&evidence)?;
        Ok(evidence)
    }
}
