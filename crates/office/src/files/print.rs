//! Printing a file: applied for, approved like a loan of that level, then made by a keeper as numbered copies that are
//! managed like the original's (clause 3.1.3.5, field rules). Nothing leaves the screen for paper in any other way.

use jingui_access::Thing;
use jingui_regulation::{Level, Moment, Role};
use jingui_store::{Column, Id, Kind, Record, Stored};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::file::{File, FileState};
use crate::action::{About, Action, Stop};
use crate::field::Paragraph;
use crate::items::reading::by_duty;
use crate::items::{Copy, Item};
use crate::personnel::Person;
use crate::receipts::register::copies_of;
use crate::refusal::Refusal;
use crate::work::Work;

/// Most copies of one application.
const MOST: u32 = 50;
/// Most copies an item may have.
const MOST_OF_ITEM: u32 = 500;

/// An application to print a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Print {
    /// Id.
    pub id: Id,
    /// The item.
    pub item: Id,
    /// The file.
    pub file: Id,
    /// Level of the item when it was applied for.
    pub level: Level,
    /// Who applied, and gets the copies.
    pub applicant: Id,
    /// The applicant's department.
    pub department: Option<Id>,
    /// How many copies.
    pub copies: u32,
    /// What for.
    pub reason: String,
    /// When it was applied for.
    pub applied_at: Moment,
    /// What the invisible mark on its sheets says: sixteen hexadecimal digits.
    pub mark: String,
    /// How far it is.
    pub state: PrintState,
}

/// How far a print is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum PrintState {
    /// Waits for a decision.
    Applied,
    /// Approved; a keeper may make it.
    Approved {
        /// Who approved.
        by: Id,
        /// When.
        at: Moment,
    },
    /// Not approved.
    Rejected {
        /// Who decided.
        by: Id,
        /// When.
        at: Moment,
        /// Why.
        reason: String,
    },
    /// Made: its copies are in the register.
    Made {
        /// Who approved.
        approved_by: Id,
        /// Who made it.
        by: Id,
        /// When.
        at: Moment,
        /// Labels of the copies, in the order of the sheets.
        labels: Vec<String>,
        /// How often each copy may go through the printer: once, and once more for each spoilt printing.
        rounds: Vec<u32>,
    },
}

impl PrintState {
    const fn name(&self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Approved { .. } => "approved",
            Self::Rejected { .. } => "rejected",
            Self::Made { .. } => "made",
        }
    }
}

impl Record for Print {
    const KIND: Kind = Kind {
        name: "print",
        columns: &[
            Column::fixed("item", "$.item"),
            Column::fixed("file", "$.file"),
            Column::fixed("applicant", "$.applicant"),
            Column::new("state", "$.state.name"),
            Column::new("mark", "$.mark"),
        ],
        indexes: &["item", "applicant", "state", "unique:mark"],
        side: None,
    };

    fn key(&self) -> &str {
        self.id.as_str()
    }
}

impl Print {
    fn about(work: &Work<'_, '_>, id: &Id) -> Result<(About, Stored<Self>), Stop> {
        let print = work.need::<Self>(id)?;
        let item = work.need::<Item>(&print.item)?;
        let thing = Thing {
            owner: print.applicant.to_string(),
            department: print.department.as_ref().map(ToString::to_string).unwrap_or_default(),
            holder: match &print.state {
                PrintState::Made { by, .. } => by.to_string(),
                _ => String::new(),
            },
            ..item.thing()
        };
        Ok((About::record("print", id.as_str(), print.version).with(thing), print))
    }

    /// Whether it may go on: the entry stands, the level is no higher than what was applied for, the file can be read, and the
    /// applicant may still know of the item (clause 3.1.1.3). Asked again at every step towards the paper.
    fn goes_on(&self, work: &Work<'_, '_>) -> Result<(Item, File, Person), Stop> {
        let item = work.need::<Item>(&self.item)?.record;
        item.standing()?;
        if item.marking.level() > self.level {
            return Err(Refusal::new("print.level", &["3.1.3.5"]).into());
        }
        let file = work.need::<File>(&self.file)?.record;
        if !matches!(file.state, FileState::Ready { .. }) {
            return Err(Refusal::new("view.removed", &["3.3.1.4"]).into());
        }
        let person = Person::fit_for(work, &self.applicant, item.marking.level())?.record;
        let asker = person.asker(work.today());
        let scope = item.scope.tokens();
        if !by_duty(&asker) && !asker.tokens().iter().any(|token| scope.contains(token)) {
            return Err(Refusal::new("print.outside_scope", &["3.1.1.3"])
                .fact("person", person.name.as_str())
                .cured_by(Role::Registrar)
                .into());
        }
        Ok((item, file, person))
    }

    fn unfit(&self) -> Refusal {
        Refusal::new("print.state", &["3.1.3.5"]).fact("state", self.state.name())
    }
}

/// Applies to print a file.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApplyPrint {
    /// The file.
    pub file: Id,
    /// How many copies, 1 to 50.
    #[schemars(range(min = 1, max = 50))]
    pub copies: u32,
    /// What for.
    pub reason: Paragraph,
}

impl Action for ApplyPrint {
    const NAME: &'static str = "print.apply";
    const TITLE: (&'static str, &'static str) = ("申请打印", "Apply to print a file");
    const CLAUSES: &'static [&'static str] = &["3.1.3.5"];
    type Outcome = Print;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        File::about(work, &self.file)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Print, Stop> {
        let file = work.need::<File>(&self.file)?.record;
        let item = work.need::<Item>(&file.item)?.record;
        item.standing()?;
        let level = item.marking.level();
        if level == Level::TopSecret {
            return Err(Refusal::new("print.top_secret", &["3.1.3.2", "3.1.3.5"]).into());
        }
        if !matches!(file.state, FileState::Ready { .. }) {
            return Err(Refusal::new("view.not_ready", &["3.3.1.4"]).into());
        }
        if self.copies == 0 || self.copies > MOST {
            return Err(Refusal::field("copies", "print.copies")
                .fact("found", self.copies)
                .fact("most", MOST)
                .into());
        }
        let me = work.person()?.clone();
        let own = work.find::<Print>(&[("file", (&file.id).into()), ("applicant", (&me).into())])?;
        let open =
            |one: &Stored<Print>| matches!(one.state, PrintState::Applied | PrintState::Approved { .. });
        if own.iter().any(open) {
            return Err(Refusal::new("print.applied_already", &["3.1.3.5"]).into());
        }
        let department = work.need::<Person>(&me)?.record.department;
        let mark = format!("{:016x}", work.random().next_u64());
        let print = Print {
            id: work.new_id(),
            item: item.id,
            file: file.id,
            level,
            applicant: me,
            department,
            copies: self.copies,
            reason: self.reason.into(),
            applied_at: work.now(),
            mark,
            state: PrintState::Applied,
        };
        work.put(&print)?;
        Ok(print)
    }
}

/// Approves a print.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApprovePrint {
    /// The print.
    pub print: Id,
}

impl Action for ApprovePrint {
    const NAME: &'static str = "print.approve";
    const TITLE: (&'static str, &'static str) = ("批准打印", "Approve a print");
    const CLAUSES: &'static [&'static str] = &["3.1.3.3", "3.1.3.4", "3.1.3.5"];
    type Outcome = Print;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        Ok(Print::about(work, &self.print)?.0)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Print, Stop> {
        let mut print = work.need::<Print>(&self.print)?.record;
        if print.state != PrintState::Applied {
            return Err(print.unfit().into());
        }
        print.goes_on(work)?;
        print.state = PrintState::Approved { by: work.person()?.clone(), at: work.now() };
        work.put(&print)?;
        Ok(print)
    }
}

/// Rejects a print, with the reason.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RejectPrint {
    /// The print.
    pub print: Id,
    /// Why.
    pub reason: Paragraph,
}

impl Action for RejectPrint {
    const NAME: &'static str = "print.reject";
    const TITLE: (&'static str, &'static str) = ("不予批准打印", "Reject a print");
    const CLAUSES: &'static [&'static str] = &["3.1.3.3", "3.1.3.4", "3.1.3.5"];
    type Outcome = Print;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        Ok(Print::about(work, &self.print)?.0)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Print, Stop> {
        let mut print = work.need::<Print>(&self.print)?.record;
        // An approval that was given is taken back in the same way, as long as nothing was made.
        if !matches!(print.state, PrintState::Applied | PrintState::Approved { .. }) {
            return Err(print.unfit().into());
        }
        let reason = self.reason.into();
        print.state = PrintState::Rejected { by: work.person()?.clone(), at: work.now(), reason };
        work.put(&print)?;
        Ok(print)
    }
}

/// Makes an approved print: its copies come into the register, on the desk of who makes them, and are handed over from there.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MakePrint {
    /// The print.
    pub print: Id,
}

impl Action for MakePrint {
    const NAME: &'static str = "print.make";
    const TITLE: (&'static str, &'static str) = ("制作打印件", "Make a print");
    const CLAUSES: &'static [&'static str] = &["3.1.1.1", "3.1.3.5"];
    type Outcome = Print;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        Ok(Print::about(work, &self.print)?.0)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Print, Stop> {
        let mut print = work.need::<Print>(&self.print)?.record;
        let PrintState::Approved { by: approved_by, .. } = print.state.clone() else {
            return Err(print.unfit().into());
        };
        let (mut item, ..) = print.goes_on(work)?;
        if item.copies.saturating_add(print.copies) > MOST_OF_ITEM {
            return Err(Refusal::field("copies", "field.one_to_five_hundred")
                .fact("found", item.copies.saturating_add(print.copies))
                .into());
        }
        let known = work.find::<Copy>(&[("item", (&item.id).into())])?;
        let last = known.iter().map(|copy| copy.number).max().unwrap_or(0);
        item.copies += print.copies;
        work.put(&item)?;
        let numbers = (last + 1..=last + print.copies).collect();
        let copies = copies_of(work, &item, numbers, None)?;
        print.state = PrintState::Made {
            approved_by,
            by: work.person()?.clone(),
            at: work.now(),
            rounds: vec![1; copies.len()],
            labels: copies.into_iter().map(|copy| copy.label).collect(),
        };
        work.put(&print)?;
        Ok(print)
    }
}

/// A sheet that was given out for the printer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SheetGiven {
    /// Print, copy and page, as key.
    pub id: String,
    /// The print.
    pub print: Id,
    /// How often.
    pub times: u32,
    /// When last.
    pub at: Moment,
}

impl Record for SheetGiven {
    const KIND: Kind = Kind {
        name: "sheet_given",
        columns: &[Column::new("print", "$.print")],
        indexes: &["print"],
        side: None,
    };

    fn key(&self) -> &str {
        &self.id
    }
}

/// Lets a copy through the printer once more because the printing was spoilt; the reason stays in the journal.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PrintAgain {
    /// The print.
    pub print: Id,
    /// Which of its copies, from 1.
    #[schemars(range(min = 1, max = 50))]
    pub copy: u32,
    /// What was spoilt, and where the spoilt sheets are.
    pub reason: Paragraph,
}

/// A spoilt printing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Spoilt {
    /// Id.
    pub id: Id,
    /// The print.
    pub print: Id,
    /// Label of the copy.
    pub label: String,
    /// Who told.
    pub by: Id,
    /// When.
    pub at: Moment,
    /// What was spoilt.
    pub reason: String,
}

impl Record for Spoilt {
    const KIND: Kind = Kind {
        name: "spoilt_printing",
        columns: &[Column::new("print", "$.print")],
        indexes: &["print"],
        side: None,
    };

    fn key(&self) -> &str {
        self.id.as_str()
    }
}

impl Action for PrintAgain {
    const NAME: &'static str = "print.again";
    const TITLE: (&'static str, &'static str) = ("重打一份", "Print a copy again");
    const CLAUSES: &'static [&'static str] = &["3.1.3.5"];
    type Outcome = Spoilt;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        Ok(Print::about(work, &self.print)?.0)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Spoilt, Stop> {
        let mut print = work.need::<Print>(&self.print)?.record;
        print.goes_on(work)?;
        let unfit = print.unfit();
        let PrintState::Made { labels, rounds, .. } = &mut print.state else { return Err(unfit.into()) };
        let place = usize::try_from(self.copy).ok().and_then(|copy| copy.checked_sub(1));
        let (Some(label), Some(round)) = (
            place.and_then(|place| labels.get(place)).cloned(),
            place.and_then(|place| rounds.get_mut(place)),
        ) else {
            return Err(Refusal::field("copy", "item.no_such_copy").fact("found", self.copy).into());
        };
        *round += 1;
        let spoilt = Spoilt {
            id: work.new_id(),
            print: print.id.clone(),
            label,
            by: work.person()?.clone(),
            at: work.now(),
            reason: self.reason.into(),
        };
        work.put(&print)?;
        work.put(&spoilt)?;
        Ok(spoilt)
    }
}

/// Gives out one sheet for the printer. Performed by the edge, for who made the print and on the day it was made.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GiveSheet {
    /// The print.
    pub print: Id,
    /// Which of its copies, from 1.
    pub copy: u32,
    /// The page, from 1.
    pub page: u32,
}

/// What the edge needs to give out the sheet.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Sheet {
    /// The file.
    pub file: File,
    /// What the invisible mark says.
    pub mark: String,
    /// What the visible watermark says.
    pub lines: Vec<String>,
}

impl Action for GiveSheet {
    const NAME: &'static str = "print.sheet";
    const TITLE: (&'static str, &'static str) = ("打印一页", "Print a sheet");
    const CLAUSES: &'static [&'static str] = &["3.1.3.5", "5.1.2"];
    type Outcome = Sheet;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        Ok(Print::about(work, &self.print)?.0)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Sheet, Stop> {
        let print = work.need::<Print>(&self.print)?.record;
        let PrintState::Made { at, labels, rounds, .. } = &print.state else {
            return Err(print.unfit().into());
        };
        if at.date() != work.today() {
            return Err(Refusal::new("print.day_over", &["3.1.3.5"]).cured_by(Role::Registrar).into());
        }
        let (_, file, person) = print.goes_on(work)?;
        let FileState::Ready { pages, .. } = file.state else { return Err(print.unfit().into()) };
        let label = usize::try_from(self.copy).ok().and_then(|copy| labels.get(copy.checked_sub(1)?));
        let (Some(label), true) = (label, (1..=pages).contains(&self.page)) else {
            return Err(Refusal::field("page", "view.no_such_page")
                .fact("found", self.page)
                .fact("pages", pages)
                .into());
        };
        let id = format!("{}-{:02}-{:05}", print.id, self.copy, self.page);
        let before = work.get::<SheetGiven>(&id)?.map_or(0, |given| given.times);
        let round = usize::try_from(self.copy).ok().and_then(|copy| rounds.get(copy.checked_sub(1)?));
        if before >= round.copied().unwrap_or(0) {
            return Err(Refusal::new("print.sheet_given", &["3.1.3.5"])
                .fact("label", label.as_str())
                .fact("page", self.page)
                .into());
        }
        let given = SheetGiven { id, print: print.id.clone(), times: before + 1, at: work.now() };
        work.put(&given)?;
        let lines = vec![person.name, person.staff_number, label.clone(), at.local()];
        Ok(Sheet { file, mark: print.mark, lines })
    }
}
