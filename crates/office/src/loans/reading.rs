//! Reading on site (clause 3.1.3.2): one transaction of room, two persons, phones deposited, pages counted out and
//! in. It can't be closed with a discrepancy.

use jingui_regulation::{Moment, Role};
use jingui_store::{Column, Id, Kind, Record};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::loan::{Loan, Mode};
use crate::accountability::incident::{self, IncidentKind};
use crate::action::{About, Action, Stop};
use crate::items::{Copy, Item};
use crate::personnel::Person;
use crate::premises::Room;
use crate::refusal::Refusal;
use crate::work::Work;

/// A reading session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReadingSession {
    /// Id.
    pub id: Id,
    /// The loan it is held under.
    pub loan: Id,
    /// The item.
    pub item: Id,
    /// The copy that is read.
    pub copy: Id,
    /// The room.
    pub room: Id,
    /// Who reads.
    pub reader: Id,
    /// Who opened it and stays present.
    pub opened_by: Id,
    /// The second person at the opening of the cabinet.
    pub second: Id,
    /// Pages counted out.
    pub pages: u32,
    /// When it was opened.
    pub opened_at: Moment,
    /// When the reader confirmed and acknowledged the duties of clause 3.1.3.5.
    #[serde(default)]
    pub reader_confirmed: Option<Moment>,
    /// When the second person confirmed to be present.
    #[serde(default)]
    pub second_confirmed: Option<Moment>,
    /// Open or closed.
    pub state: SessionState,
}

/// Whether a session is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum SessionState {
    /// Open.
    Open {
        /// The incident, when pages were found missing at the count.
        incident: Option<Id>,
    },
    /// Closed with all pages counted in.
    Closed {
        /// When.
        at: Moment,
        /// By whom.
        by: Id,
    },
    /// Called off before the reader confirmed.
    CalledOff {
        /// When.
        at: Moment,
        /// By whom.
        by: Id,
    },
}

impl Record for ReadingSession {
    const KIND: Kind = Kind {
        name: "reading_session",
        columns: &[
            Column::fixed("loan", "$.loan"),
            Column::fixed("item", "$.item"),
            Column::new("room", "$.room"),
            Column::fixed("reader", "$.reader"),
            Column::fixed("opened_at", "$.opened_at"),
            Column::new("state", "$.state.name"),
        ],
        indexes: &["state, opened_at", "item", "loan"],
        side: None,
    };

    fn key(&self) -> &str {
        self.id.as_str()
    }
}

impl ReadingSession {
    fn still_open(&self) -> Result<(), Refusal> {
        match self.state {
            SessionState::Open { .. } => Ok(()),
            SessionState::Closed { .. } | SessionState::CalledOff { .. } => {
                Err(Refusal::new("reading.closed", &["3.1.3.2"]))
            }
        }
    }

    fn about(work: &Work<'_, '_>, id: &Id) -> Result<About, Stop> {
        let session = work.need::<Self>(id)?;
        let mut thing = work.need::<Item>(&session.item)?.thing();
        thing.owner = session.reader.to_string();
        thing.holder = session.opened_by.to_string();
        thing.receiver = session.second.to_string();
        Ok(About::record("reading_session", id.as_str(), session.version).with(thing))
    }
}

/// Opens a session under an approved loan on site.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenSession {
    /// The loan.
    pub loan: Id,
    /// The copy, held by the one who opens.
    pub copy: Id,
    /// The designated room.
    pub room: Id,
    /// The second person who is present when the cabinet is opened.
    pub second: Id,
    /// Must be true: phones and the like are deposited outside.
    pub phones_deposited: bool,
    /// Pages counted out, 1 to 100,000.
    #[schemars(range(min = 1, max = 100_000))]
    pub pages: u32,
}

impl Action for OpenSession {
    const NAME: &'static str = "reading.open";
    const TITLE: (&'static str, &'static str) = ("开始现场阅读", "Open a reading session");
    const CLAUSES: &'static [&'static str] = &["3.1.1.2", "3.1.3.2"];
    type Outcome = ReadingSession;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        let (mut about, _) = Loan::about(work, &self.loan)?;
        about.thing.holder = work.need::<Copy>(&self.copy)?.custody.holder().to_string();
        Ok(about)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<ReadingSession, Stop> {
        let loan = work.need::<Loan>(&self.loan)?.record;
        let mut copy = work.need::<Copy>(&self.copy)?.record;
        let room = work.need::<Room>(&self.room)?;
        if copy.item != loan.item {
            return Err(Refusal::field("copy", "loan.other_item").fact("found", copy.label.as_str()).into());
        }
        if loan.mode != Mode::OnSite {
            return Err(Refusal::new("reading.take_out_loan", &["3.1.3.2"])
                .fact("number", loan.number.as_str())
                .into());
        }
        loan.usable(work.today())?;
        if !room.reading || room.level < copy.level {
            return Err(Refusal::new("reading.room_unfit", &["3.1.3.2"])
                .fact("room", room.name.as_str())
                .fact("level", copy.level.number())
                .cured_by(Role::Registrar)
                .into());
        }
        if !self.phones_deposited {
            return Err(Refusal::new("reading.phones", &["3.1.3.2"]).into());
        }
        if self.pages == 0 || self.pages > 100_000 {
            return Err(Refusal::field("pages", "field.at_least_one").fact("found", self.pages).into());
        }
        let by = work.person()?.clone();
        if loan.applicant == by {
            return Err(Refusal::new("copy.to_oneself", &["3.1.1.2"]).cured_by(Role::Registrar).into());
        }
        if self.second == by || self.second == loan.applicant {
            return Err(Refusal::new("reading.second_person", &["3.1.1.2"]).into());
        }
        Person::fit_for(work, &self.second, copy.level)?;
        loan.borrower(work, copy.level)?;
        let session = ReadingSession {
            id: work.new_id(),
            loan: loan.id.clone(),
            item: loan.item.clone(),
            copy: copy.id.clone(),
            room: self.room,
            reader: loan.applicant.clone(),
            opened_by: by.clone(),
            second: self.second,
            pages: self.pages,
            opened_at: work.now(),
            reader_confirmed: None,
            second_confirmed: None,
            state: SessionState::Open { incident: None },
        };
        copy.custody = copy.custody.read_on_site(&by, loan.id.clone(), session.id.clone())?;
        let loan = loan.read(copy.id.clone(), session.id.clone())?;
        work.put(&copy)?;
        work.put(&loan)?;
        work.put(&session)?;
        Ok(session)
    }
}

/// The reader confirms that the reading begins and acknowledges the duties, or the second person confirms to be
/// present at the opening of the cabinet; each for oneself.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Confirm {
    /// The session.
    pub session: Id,
    /// Must be true: the duties of clause 3.1.3.5 are acknowledged.
    pub duties: bool,
}

impl Action for Confirm {
    const NAME: &'static str = "reading.confirm";
    const TITLE: (&'static str, &'static str) = ("确认现场阅读", "Confirm a reading session");
    const CLAUSES: &'static [&'static str] = &["3.1.1.2", "3.1.3.2", "3.1.3.5"];
    type Outcome = ReadingSession;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        ReadingSession::about(work, &self.session)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<ReadingSession, Stop> {
        let mut session = work.need::<ReadingSession>(&self.session)?.record;
        session.still_open()?;
        if !self.duties {
            return Err(Refusal::new("loan.duties_not_acknowledged", &["3.1.3.5"]).into());
        }
        let (by, now) = (work.person()?.clone(), work.now());
        let place =
            if by == session.reader { &mut session.reader_confirmed } else { &mut session.second_confirmed };
        if place.replace(now).is_some() {
            return Err(Refusal::new("reading.confirmed", &["3.1.3.5"]).into());
        }
        work.put(&session)?;
        Ok(session)
    }
}

/// Calls a session off that the reader hasn't confirmed: the approval stands again.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CallOff {
    /// The session.
    pub session: Id,
}

impl Action for CallOff {
    const NAME: &'static str = "reading.call_off";
    const TITLE: (&'static str, &'static str) = ("撤销现场阅读", "Call a reading session off");
    const CLAUSES: &'static [&'static str] = &["3.1.1.2", "3.1.3.2"];
    type Outcome = ReadingSession;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        ReadingSession::about(work, &self.session)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<ReadingSession, Stop> {
        let mut session = work.need::<ReadingSession>(&self.session)?.record;
        session.still_open()?;
        if session.reader_confirmed.is_some() {
            return Err(Refusal::new("reading.confirmed", &["3.1.3.5"]).into());
        }
        let (by, now) = (work.person()?.clone(), work.now());
        let mut copy = work.need::<Copy>(&session.copy)?.record;
        copy.custody = copy.custody.end_reading(&session.id)?;
        let loan = work.need::<Loan>(&session.loan)?.record.reading_called_off()?;
        session.state = SessionState::CalledOff { at: now, by };
        work.put(&copy)?;
        work.put(&loan)?;
        work.put(&session)?;
        Ok(session)
    }
}

/// Closes a session once the pages counted in are those counted out.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CloseSession {
    /// The session.
    pub session: Id,
    /// Pages counted in.
    #[schemars(range(min = 0, max = 100_000))]
    pub pages: u32,
}

impl Action for CloseSession {
    const NAME: &'static str = "reading.close";
    const TITLE: (&'static str, &'static str) = ("结束现场阅读", "Close a reading session");
    const CLAUSES: &'static [&'static str] = &["3.1.1.2", "3.1.3.2"];
    type Outcome = ReadingSession;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        ReadingSession::about(work, &self.session)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<ReadingSession, Stop> {
        let mut session = work.need::<ReadingSession>(&self.session)?.record;
        session.still_open()?;
        if session.reader_confirmed.is_none() || session.second_confirmed.is_none() {
            return Err(Refusal::new("reading.unconfirmed", &["3.1.1.2", "3.1.3.5"]).into());
        }
        if self.pages != session.pages {
            return Err(Refusal::new("reading.pages_differ", &["3.1.3.2"])
                .fact("counted_out", session.pages)
                .fact("counted_in", self.pages)
                .cured_by(Role::Registrar)
                .into());
        }
        let (by, now) = (work.person()?.clone(), work.now());
        let mut copy = work.need::<Copy>(&session.copy)?.record;
        copy.custody = copy.custody.end_reading(&session.id)?;
        let loan = work.need::<Loan>(&session.loan)?.record.read_to_the_end(now, by.clone())?;
        session.state = SessionState::Closed { at: now, by };
        work.put(&copy)?;
        work.put(&loan)?;
        work.put(&session)?;
        Ok(session)
    }
}

/// Reports that pages are missing at the count. Opens an incident; the session stays open until they are found.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportPages {
    /// The session.
    pub session: Id,
    /// Pages counted in.
    #[schemars(range(min = 0, max = 100_000))]
    pub pages: u32,
}

impl Action for ReportPages {
    const NAME: &'static str = "reading.report_pages";
    const TITLE: (&'static str, &'static str) = ("报告页数不符", "Report missing pages");
    const CLAUSES: &'static [&'static str] = &["3.1.3.2", "5.1.3"];
    type Outcome = ReadingSession;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        ReadingSession::about(work, &self.session)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<ReadingSession, Stop> {
        let mut session = work.need::<ReadingSession>(&self.session)?.record;
        if !matches!(session.state, SessionState::Open { incident: None }) || self.pages == session.pages {
            return Err(Refusal::new("reading.nothing_to_report", &["3.1.3.2"]).into());
        }
        let copy = work.need::<Copy>(&session.copy)?;
        let kind = IncidentKind::PagesMissing { session: session.id.clone(), copy: copy.id.clone() };
        let what = format!("{} 应为 {} 页，清点 {} 页", copy.label, session.pages, self.pages);
        session.state = SessionState::Open { incident: Some(incident::open(work, kind, what)?.id) };
        work.put(&session)?;
        Ok(session)
    }
}
