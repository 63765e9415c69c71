//! Reading on a screen: a reading is opened for one file by one person at one terminal, and every page shown is an
//! entry of the journal. The right is asked anew for each page, so that one that was taken stops at the next.

use jingui_access::Thing;
use jingui_regulation::{Level, Moment, Role};
use jingui_store::{Column, Id, Kind, Record};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::file::{File, FileState};
use crate::action::{About, Action, Stop};
use crate::items::Item;
use crate::loans::ReadingSession;
use crate::loans::reading::SessionState;
use crate::personnel::Person;
use crate::premises::Room;
use crate::refusal::Refusal;
use crate::work::Work;

/// A reading: one person, one file, one terminal, from its opening on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reading {
    /// Id.
    pub id: Id,
    /// The item.
    pub item: Id,
    /// The file.
    pub file: Id,
    /// Who reads.
    pub reader: Id,
    /// At which terminal.
    pub terminal: String,
    /// The session on site it is part of, for top secret.
    pub session: Option<Id>,
    /// What the invisible mark on its pages says: sixteen hexadecimal digits, given to no other reading.
    pub mark: String,
    /// When it was opened.
    pub opened_at: Moment,
}

impl Record for Reading {
    const KIND: Kind = Kind {
        name: "reading",
        columns: &[
            Column::new("item", "$.item"),
            Column::new("file", "$.file"),
            Column::new("reader", "$.reader"),
            Column::new("mark", "$.mark"),
            Column::new("opened_at", "$.opened_at"),
        ],
        indexes: &["item, opened_at", "reader, opened_at", "unique:mark"],
        side: None,
    };

    fn key(&self) -> &str {
        self.id.as_str()
    }
}

/// A page that was shown in a reading. Each showing is an entry of its own; this is what they come to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PageRead {
    /// Reading and page, as key.
    pub id: String,
    /// The reading.
    pub reading: Id,
    /// The item.
    pub item: Id,
    /// Who read.
    pub reader: Id,
    /// The page, from 1.
    pub page: u32,
    /// How often it was shown.
    pub times: u32,
    /// When first.
    pub first_at: Moment,
    /// When last.
    pub last_at: Moment,
}

impl Record for PageRead {
    const KIND: Kind = Kind {
        name: "page_read",
        columns: &[
            Column::new("reading", "$.reading"),
            Column::new("item", "$.item"),
            Column::new("reader", "$.reader"),
            Column::new("page", "$.page"),
            Column::new("first_at", "$.first_at"),
        ],
        indexes: &["item, first_at", "reader, first_at", "reading, page"],
        side: None,
    };

    fn key(&self) -> &str {
        &self.id
    }
}

/// Top secret is shown only within a session on site that both have confirmed, at a terminal of its room.
fn on_site(work: &Work<'_, '_>, item: &Item) -> Result<Option<Id>, Stop> {
    if item.marking.level() != Level::TopSecret {
        return Ok(None);
    }
    let me = work.person()?;
    let none = || Refusal::new("view.no_session", &["3.1.3.2"]).cured_by(Role::Custodian);
    let session = work
        .find::<ReadingSession>(&[("item", (&item.id).into()), ("state", "open".into())])?
        .into_iter()
        .find(|session| &session.reader == me)
        .ok_or_else(none)?
        .record;
    let confirmed = session.reader_confirmed.is_some() && session.second_confirmed.is_some();
    if !confirmed || !matches!(session.state, SessionState::Open { .. }) {
        return Err(none().into());
    }
    let room = work.need::<Room>(&session.room)?;
    let terminal = work.caller().terminal();
    if !room.terminals.iter().any(|known| known == terminal) {
        return Err(Refusal::new("view.other_terminal", &["3.1.3.2"])
            .fact("room", room.name.as_str())
            .fact("terminal", terminal)
            .cured_by(Role::SecurityAdministrator)
            .into());
    }
    Ok(Some(session.id))
}

fn readable_pages(file: &File) -> Result<u32, Refusal> {
    match &file.state {
        FileState::Ready { pages, .. } => Ok(*pages),
        FileState::Faulty { .. } => Err(Refusal::new("view.faulty", &["3.3.1.4"]).cured_by(Role::Registrar)),
        FileState::Arriving | FileState::Kept { .. } => Err(Refusal::new("view.not_ready", &["3.3.1.4"])),
        FileState::Removed { .. } => Err(Refusal::new("view.removed", &["3.3.1.4"])),
    }
}

/// Opens a file for reading.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenReading {
    /// The file.
    pub file: Id,
}

impl Action for OpenReading {
    const NAME: &'static str = "view.open";
    const TITLE: (&'static str, &'static str) = ("打开文件阅读", "Open a file for reading");
    const CLAUSES: &'static [&'static str] = &["3.1.1.3", "3.1.3.2", "3.1.3.5"];
    type Outcome = Reading;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        File::about(work, &self.file)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Reading, Stop> {
        let file = work.need::<File>(&self.file)?.record;
        readable_pages(&file)?;
        let item = work.need::<Item>(&file.item)?.record;
        item.standing()?;
        let session = on_site(work, &item)?;
        let mark = format!("{:016x}", work.random().next_u64());
        let reading = Reading {
            id: work.new_id(),
            item: item.id,
            file: file.id,
            reader: work.person()?.clone(),
            terminal: work.caller().terminal().to_owned(),
            session,
            mark,
            opened_at: work.now(),
        };
        work.put(&reading)?;
        Ok(reading)
    }
}

/// Shows a page. Performed by the edge before the page leaves: no trace, no page.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShowPage {
    /// The reading.
    pub reading: Id,
    /// The page, from 1.
    pub page: u32,
}

/// Looks at a file that is open for reading without a page of it: how many there are, what they look like from afar, where
/// words stand. Performed by the edge.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LookAround {
    /// The reading.
    pub reading: Id,
}

/// What the edge needs to show the page.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Shown {
    /// The reading.
    pub reading: Reading,
    /// The file.
    pub file: File,
    /// The item's register number.
    pub register_number: String,
    /// What the visible watermark says.
    pub lines: Vec<String>,
}

/// Pages are asked for by whoever opened the reading; the right to know the item is asked anew.
fn about_reading(work: &Work<'_, '_>, reading: &Id) -> Result<About, Stop> {
    let reading = work.need::<Reading>(reading)?;
    let mut about = File::about(work, &reading.file)?;
    about.thing = Thing { owner: reading.reader.to_string(), ..about.thing };
    Ok(about)
}

/// The reading with its file as long as it may go on: the file can be read, the terminal is the same, and for top secret
/// the session on site is still open.
fn going_on(work: &Work<'_, '_>, reading: &Id) -> Result<(Shown, u32), Stop> {
    let reading = work.need::<Reading>(reading)?.record;
    let file = work.need::<File>(&reading.file)?.record;
    let pages = readable_pages(&file)?;
    let item = work.need::<Item>(&reading.item)?.record;
    item.standing()?;
    if on_site(work, &item)? != reading.session || work.caller().terminal() != reading.terminal {
        return Err(Refusal::new("view.over", &["3.1.3.2"]).into());
    }
    let person = work.need::<Person>(&reading.reader)?.record;
    let number = item.register_number;
    let lines =
        vec![person.name, person.staff_number, reading.terminal.clone(), work.now().local(), number.clone()];
    Ok((Shown { reading, file, register_number: number, lines }, pages))
}

impl Action for LookAround {
    const NAME: &'static str = "view.look";
    const TITLE: (&'static str, &'static str) = ("翻检文件", "Look around in a file");
    const CLAUSES: &'static [&'static str] = &["3.1.1.3", "3.1.3.2", "3.1.3.5"];
    type Outcome = Shown;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        about_reading(work, &self.reading)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Shown, Stop> {
        Ok(going_on(work, &self.reading)?.0)
    }
}

impl Action for ShowPage {
    const NAME: &'static str = "view.page";
    const TITLE: (&'static str, &'static str) = ("阅读一页", "Read a page");
    const CLAUSES: &'static [&'static str] = &["3.1.1.3", "3.1.3.2", "3.1.3.5", "5.1.2"];
    type Outcome = Shown;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        about_reading(work, &self.reading)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Shown, Stop> {
        let (shown, pages) = going_on(work, &self.reading)?;
        if self.page == 0 || self.page > pages {
            return Err(Refusal::field("page", "view.no_such_page")
                .fact("found", self.page)
                .fact("pages", pages)
                .into());
        }
        let id = format!("{}-{:05}", shown.reading.id, self.page);
        let now = work.now();
        let read = match work.get::<PageRead>(&id)? {
            Some(before) => PageRead { times: before.times + 1, last_at: now, ..before.record },
            None => PageRead {
                id,
                reading: shown.reading.id.clone(),
                item: shown.reading.item.clone(),
                reader: shown.reading.reader.clone(),
                page: self.page,
                times: 1,
                first_at: now,
                last_at: now,
            },
        };
        work.put(&read)?;
        Ok(shown)
    }
}
