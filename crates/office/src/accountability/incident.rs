//! An incident is opened by the action that finds something wrong, and closed by the office head.

use jingui_regulation::Moment;
use jingui_store::{Column, Id, Kind, Record};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::{About, Action, Stop};
use crate::field::Paragraph;
use crate::items::{Copy, Item};
use crate::receipts::series;
use crate::refusal::Refusal;
use crate::work::Work;

/// Something that went wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Incident {
    /// Id.
    pub id: Id,
    /// Number, such as `2026-000003`.
    pub number: String,
    /// What kind of thing went wrong, and with what.
    pub about: IncidentKind,
    /// The item concerned, if one is.
    pub item: Option<Id>,
    /// What is known.
    pub description: String,
    /// When it was opened.
    pub opened_at: Moment,
    /// Who or what opened it.
    pub opened_by: String,
    /// Open or closed.
    pub state: IncidentState,
}

/// Kinds of incidents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum IncidentKind {
    /// An envelope came with its seal broken (clause 3.1.1.1).
    BrokenSeal {
        /// The receipt.
        receipt: Id,
    },
    /// A loan is overdue beyond the parameter (clause 3.1.3.6).
    Overdue {
        /// The loan.
        loan: Id,
        /// The copy.
        copy: Id,
    },
    /// A copy came back damaged or incomplete (clause 3.1.3.6).
    Damaged {
        /// The copy.
        copy: Id,
        /// The loan.
        loan: Id,
    },
    /// A copy is lost.
    Lost {
        /// The copy.
        copy: Id,
    },
    /// Pages are missing at the end of a reading session (clause 3.1.3.2).
    PagesMissing {
        /// The session.
        session: Id,
        /// The copy.
        copy: Id,
    },
}

/// Whether an incident is settled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum IncidentState {
    /// Open.
    Open,
    /// Closed by the office head.
    Closed {
        /// When.
        at: Moment,
        /// By whom.
        by: Id,
        /// What was found and done.
        conclusion: String,
    },
}

impl Record for Incident {
    const KIND: Kind = Kind {
        name: "incident",
        columns: &[
            Column::fixed("number", "$.number"),
            Column::new("kind", "$.about.kind"),
            Column::new("item", "$.item"),
            Column::new("state", "$.state.name"),
            Column::fixed("opened_at", "$.opened_at"),
        ],
        indexes: &["unique:number", "state, opened_at", "item"],
        side: None,
    };

    fn key(&self) -> &str {
        self.id.as_str()
    }
}

/// Opens an incident on behalf of the action that found it.
pub fn open(work: &mut Work<'_, '_>, about: IncidentKind, description: String) -> Result<Incident, Stop> {
    let copy = match &about {
        IncidentKind::BrokenSeal { .. } => None,
        IncidentKind::Overdue { copy, .. }
        | IncidentKind::Damaged { copy, .. }
        | IncidentKind::Lost { copy }
        | IncidentKind::PagesMissing { copy, .. } => Some(work.need::<Copy>(copy)?.record.item),
    };
    let incident = Incident {
        id: work.new_id(),
        number: series::yearly(work, "incident")?,
        about,
        item: copy,
        description,
        opened_at: work.now(),
        opened_by: work.caller().name().to_owned(),
        state: IncidentState::Open,
    };
    work.put(&incident)?;
    Ok(incident)
}

/// Closes an incident with what was found and done.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CloseIncident {
    /// The incident.
    pub incident: Id,
    /// What was found and done.
    pub conclusion: Paragraph,
}

impl Action for CloseIncident {
    const NAME: &'static str = "incident.close";
    const TITLE: (&'static str, &'static str) = ("事件结案", "Close an incident");
    const CLAUSES: &'static [&'static str] = &["5.1.3"];
    type Outcome = Incident;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        let incident = work.need::<Incident>(&self.incident)?;
        let about = About::record("incident", self.incident.as_str(), incident.version);
        match &incident.item {
            Some(item) => Ok(about.with(work.need::<Item>(item)?.thing())),
            None => Ok(about),
        }
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Incident, Stop> {
        let mut incident = work.need::<Incident>(&self.incident)?.record;
        if incident.state != IncidentState::Open {
            return Err(Refusal::new("incident.closed", &["5.1.3"])
                .fact("number", incident.number.as_str())
                .into());
        }
        let by = work.person()?.clone();
        incident.state = IncidentState::Closed { at: work.now(), by, conclusion: self.conclusion.into() };
        work.put(&incident)?;
        Ok(incident)
    }
}
