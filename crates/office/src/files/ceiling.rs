//! The level ceiling: up to which level content may be put into this installation at all. Above it only registers are
//! kept. It ships at level 1; a recorded approval of the secrecy authority raises it, entered by the security
//! administrator and confirmed by the office head (field rules, clause 1.3.1).

use jingui_regulation::{Date, Level, Moment, Param, Role};
use jingui_store::{Column, Id, Kind, Record};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::{About, Action, Stop};
use crate::field::Line;
use crate::refusal::Refusal;
use crate::work::Work;

/// An approval to keep content up to a level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ContentApproval {
    /// Id.
    pub id: Id,
    /// Highest level whose content may be kept.
    pub level: Level,
    /// Number of the approval.
    pub number: String,
    /// The authority that gave it.
    pub authority: String,
    /// Last day on which it holds.
    pub valid_until: Date,
    /// Who entered it.
    pub entered_by: Id,
    /// When.
    pub entered_at: Moment,
    /// Who confirmed it; until then it has no effect.
    pub confirmed_by: Option<Id>,
    /// When.
    pub confirmed_at: Option<Moment>,
}

impl Record for ContentApproval {
    const KIND: Kind = Kind {
        name: "content_approval",
        columns: &[Column::new("number", "$.number"), Column::new("valid_until", "$.valid_until")],
        indexes: &["unique:number", "valid_until"],
        side: None,
    };

    fn key(&self) -> &str {
        self.id.as_str()
    }
}

/// The highest level whose content may be put in today.
pub fn ceiling(work: &Work<'_, '_>) -> Result<Level, Stop> {
    let today = work.today();
    let shipped = Level::new(work.rules.parameters.value(Param::ContentCeiling)).unwrap_or(Level::Internal);
    let approvals: Vec<ContentApproval> =
        work.find::<ContentApproval>(&[])?.into_iter().map(|approval| approval.record).collect();
    Ok(highest(&approvals, shipped, today))
}

/// The highest level by these approvals on that day.
pub(super) fn highest(approvals: &[ContentApproval], shipped: Level, today: Date) -> Level {
    let hold = approvals.iter().filter(|one| one.confirmed_by.is_some() && one.valid_until >= today);
    hold.map(|approval| approval.level).fold(shipped, Level::max)
}

/// Refuses content above the ceiling.
pub fn admit(work: &Work<'_, '_>, level: Level) -> Result<(), Stop> {
    let ceiling = ceiling(work)?;
    if level <= ceiling {
        return Ok(());
    }
    Err(Refusal::new("file.above_ceiling", &["1.3.1", "3.3.1.4"])
        .fact("level", level.number())
        .fact("ceiling", ceiling.number())
        .cured_by(Role::SecurityAdministrator)
        .cured_by(Role::OfficeHead)
        .into())
}

/// Enters an approval; it holds once the office head has confirmed it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EnterApproval {
    /// Highest level whose content may be kept.
    pub level: Level,
    /// Number of the approval.
    pub number: Line,
    /// The authority that gave it.
    pub authority: Line,
    /// Last day on which it holds.
    pub valid_until: Date,
}

impl Action for EnterApproval {
    const NAME: &'static str = "ceiling.enter";
    const TITLE: (&'static str, &'static str) = ("录入内容上限批准", "Enter a content approval");
    const CLAUSES: &'static [&'static str] = &["1.3.1", "3.3.1.4"];
    type Outcome = ContentApproval;

    fn about(&self, _: &Work<'_, '_>) -> Result<About, Stop> {
        Ok(About::office())
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<ContentApproval, Stop> {
        if self.valid_until < work.today() {
            return Err(Refusal::field("valid_until", "ceiling.lapsed")
                .fact("found", self.valid_until.to_string())
                .into());
        }
        if work.exists::<ContentApproval>(&[("number", self.number.as_str().into())])? {
            return Err(Refusal::new("name_taken", &["1.3.1"]).fact("name", self.number.as_str()).into());
        }
        let approval = ContentApproval {
            id: work.new_id(),
            level: self.level,
            number: self.number.into(),
            authority: self.authority.into(),
            valid_until: self.valid_until,
            entered_by: work.person()?.clone(),
            entered_at: work.now(),
            confirmed_by: None,
            confirmed_at: None,
        };
        work.put(&approval)?;
        Ok(approval)
    }
}

/// Confirms an approval that the security administrator entered.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmApproval {
    /// The approval.
    pub approval: Id,
}

impl Action for ConfirmApproval {
    const NAME: &'static str = "ceiling.confirm";
    const TITLE: (&'static str, &'static str) = ("确认内容上限批准", "Confirm a content approval");
    const CLAUSES: &'static [&'static str] = &["1.3.1", "3.3.1.4"];
    type Outcome = ContentApproval;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        let approval = work.need::<ContentApproval>(&self.approval)?;
        Ok(About::record("content_approval", self.approval.as_str(), approval.version))
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<ContentApproval, Stop> {
        let mut approval = work.need::<ContentApproval>(&self.approval)?.record;
        if approval.confirmed_by.is_some() {
            return Err(Refusal::new("ceiling.confirmed", &["1.3.1"]).into());
        }
        approval.confirmed_by = Some(work.person()?.clone());
        approval.confirmed_at = Some(work.now());
        work.put(&approval)?;
        Ok(approval)
    }
}
