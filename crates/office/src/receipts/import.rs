//! Old ledgers come in: rows that `jingui-intake` has read become items and copies, many to one journal entry.
//!
//! A row that is already there is counted and left alone, so importing the same file again adds nothing; a row that
//! can't be registered refuses itself only.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::mpsc::{Receiver, sync_channel};

use jingui_intake::{LedgerRow, Outcome};
use jingui_regulation::{Category, Channel, Date, Level, Moment, Period, Urgency};
use jingui_store::{Column, Id, Kind, Record, StoreError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::register::{Checked, Numbers, Particulars, PlaceAt, check, duplicate, enter};
use super::{DocumentNumber, series};
use crate::action::{About, Action, Stop};
use crate::field::{Line, Paragraph};
use crate::items::{Item, Scope};
use crate::perform::{Office, Performed, Request, Unable};
use crate::personnel::Department;
use crate::premises::Cabinet;
use crate::refusal::Refusal;
use crate::work::{Caller, Work};

/// Rows in one journal entry: large enough to be quick, small enough that others get their turn in between.
const ROWS: usize = 250;
/// Entries handed to the writer ahead of the answer to the first of them: it never waits for rows, and commits a few
/// entries at once.
const AHEAD: usize = 3;

/// One import of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ImportRun {
    /// Id.
    pub id: Id,
    /// Name of the file.
    pub file: String,
    /// SHA-256 of the file, hexadecimal.
    pub digest: String,
    /// Rows the file offered.
    pub rows: u64,
    /// Who imported it.
    pub by: Id,
    /// When it began.
    pub began_at: Moment,
    /// What came of it, once it is finished.
    pub result: Option<ImportResult>,
}

/// What came of an import.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportResult {
    /// Items registered.
    pub accepted: u64,
    /// Rows that were in the register before.
    pub present: u64,
    /// Rows refused.
    pub refused: u64,
}

impl Record for ImportRun {
    const KIND: Kind = Kind {
        name: "import_run",
        columns: &[Column::new("began_at", "$.began_at"), Column::new("by", "$.by")],
        indexes: &["began_at"],
        side: None,
    };

    fn key(&self) -> &str {
        self.id.as_str()
    }
}

/// Begins an import: which file, how many rows.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BeginImport {
    /// Name of the file.
    pub file: Line,
    /// SHA-256 of the file, hexadecimal.
    pub digest: Line,
    /// Rows the file offers.
    pub rows: u64,
}

impl Action for BeginImport {
    const NAME: &'static str = "import.begin";
    const TITLE: (&'static str, &'static str) = ("开始导入台账", "Begin a ledger import");
    const CLAUSES: &'static [&'static str] = &["3.1.1.1"];
    type Outcome = ImportRun;

    fn about(&self, _: &Work<'_, '_>) -> Result<About, Stop> {
        Ok(About::office())
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<ImportRun, Stop> {
        let run = ImportRun {
            id: work.new_id(),
            file: self.file.into(),
            digest: self.digest.into(),
            rows: self.rows,
            by: work.person()?.clone(),
            began_at: work.now(),
            result: None,
        };
        work.put(&run)?;
        Ok(run)
    }
}

/// Ends an import with its counts.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FinishImport {
    /// The import.
    pub run: Id,
    /// What came of it.
    pub result: ImportResult,
}

impl Action for FinishImport {
    const NAME: &'static str = "import.finish";
    const TITLE: (&'static str, &'static str) = ("结束导入台账", "Finish a ledger import");
    const CLAUSES: &'static [&'static str] = &["3.1.1.1"];
    type Outcome = ImportRun;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        let run = work.need::<ImportRun>(&self.run)?;
        let mut about = About::record("import_run", self.run.as_str(), run.version);
        about.thing.owner = run.by.to_string();
        Ok(about)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<ImportRun, Stop> {
        let mut run = work.need::<ImportRun>(&self.run)?.record;
        run.result = Some(self.result);
        work.put(&run)?;
        Ok(run)
    }
}

/// A row of an old ledger, folded and checked as far as a row can be by itself.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// Identity of the row: the same row of the same ledger always has the same.
    pub key: Line,
    /// Document number.
    #[serde(default)]
    pub document_number: Option<DocumentNumber>,
    /// Title.
    pub title: Line,
    /// Issuing unit.
    #[serde(default)]
    pub source: Option<Line>,
    /// Level.
    pub level: Level,
    /// Period as marked.
    #[serde(default)]
    pub period: Option<Period>,
    /// Day of receipt.
    #[serde(default)]
    pub received_on: Option<Date>,
    /// Copy numbers.
    #[serde(default)]
    pub copy_numbers: Vec<u32>,
    /// Number of copies.
    pub copies: u32,
    /// Urgency.
    #[serde(default)]
    pub urgency: Urgency,
    /// How it came.
    #[serde(default)]
    pub channel: Option<Channel>,
    /// Where it lies, as written.
    #[serde(default)]
    pub place: Option<Line>,
    /// Department that handles it, as written.
    #[serde(default)]
    pub department: Option<Line>,
    /// Remark.
    #[serde(default)]
    pub remark: Option<Paragraph>,
}

/// What the ledger doesn't say and the registrar decides for the whole file.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Defaults {
    /// Category.
    pub category: Category,
    /// Need-to-know scope of rows whose department isn't known here.
    pub scope: Scope,
}

/// Registers rows of an old ledger.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportRows {
    /// The import they belong to.
    pub run: Id,
    /// What the registrar decided for the file.
    pub defaults: Defaults,
    /// The rows, at most 1,000.
    #[schemars(length(max = 1000))]
    pub rows: Vec<Row>,
}

/// What became of the rows.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct RowsImported {
    /// Items registered.
    pub accepted: u64,
    /// Rows that were in the register before.
    pub present: u64,
    /// Rows refused.
    pub refused: Vec<RowRefused>,
}

/// A row that couldn't be registered.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RowRefused {
    /// Position in the list of rows, from 0.
    pub row: usize,
    /// Code of the refusal.
    pub code: String,
    /// What it was decided by.
    pub facts: Value,
}

impl Action for ImportRows {
    const NAME: &'static str = "import.rows";
    const TITLE: (&'static str, &'static str) = ("导入台账登记", "Register rows of an old ledger");
    const CLAUSES: &'static [&'static str] = &["1.3.1", "3.1.1.1"];
    type Outcome = RowsImported;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        let run = work.need::<ImportRun>(&self.run)?;
        let mut about = About::record("import_run", self.run.as_str(), run.version);
        about.thing.owner = run.by.to_string();
        // No level here: a row above the registrar's clearance refuses itself, not the hundreds beside it. The check
        // of each row's responsible person sees to that.
        Ok(about)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<RowsImported, Stop> {
        if self.rows.len() > 1_000 {
            return Err(Refusal::field("rows", "field.thousand_rows").fact("found", self.rows.len()).into());
        }
        let mut outcome = RowsImported::default();
        let mut desk = Desk::default();
        let mut serial = series::take(work, "serial", self.rows.len() as u64)?;
        for (place, row) in self.rows.into_iter().enumerate() {
            if work.exists::<Item>(&[("origin", row.key.as_str().into())])? {
                outcome.present += 1;
                continue;
            }
            match import_row(work, &mut desk, &self.defaults, row, serial) {
                Ok(()) => outcome.accepted += 1,
                Err(Stop::Refused(refusal)) => outcome.refused.push(RowRefused {
                    row: place,
                    code: refusal.code.to_owned(),
                    facts: Value::Object(refusal.facts),
                }),
                Err(stop) => return Err(stop),
            }
            serial += 1;
        }
        for (year, numbers) in desk.numbers {
            series::take(work, &yearly(year), numbers.taken)?;
        }
        Ok(outcome)
    }
}

/// What rows of one entry share, so that it is looked up once and not for each row.
#[derive(Default)]
struct Desk {
    departments: HashMap<String, Option<Id>>,
    places: HashMap<String, Option<(Cabinet, u16)>>,
    numbers: BTreeMap<i16, Taken>,
}

/// Register numbers of a year: the last one before this entry, and how many rows have taken one since.
struct Taken {
    last: u64,
    taken: u64,
}

fn yearly(year: i16) -> String {
    format!("item-{year}")
}

impl Desk {
    fn department(&mut self, work: &Work<'_, '_>, name: &str) -> Result<Option<Id>, Stop> {
        if let Some(known) = self.departments.get(name) {
            return Ok(known.clone());
        }
        let found = work.find::<Department>(&[("name", name.into())])?.pop().map(|found| found.record.id);
        self.departments.insert(name.to_owned(), found.clone());
        Ok(found)
    }

    fn place(&mut self, work: &Work<'_, '_>, text: &str) -> Result<Option<(Cabinet, u16)>, Stop> {
        if let Some(known) = self.places.get(text) {
            return Ok(known.clone());
        }
        let found = place_of(work, text)?;
        self.places.insert(text.to_owned(), found.clone());
        Ok(found)
    }

    /// The next register number of a year; its series is put once, when all rows are done.
    fn number(&mut self, work: &Work<'_, '_>, year: i16) -> Result<u64, Stop> {
        let numbers = match self.numbers.entry(year) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(Taken { last: series::last(work, &yearly(year))?, taken: 0 }),
        };
        numbers.taken += 1;
        Ok(numbers.last + numbers.taken)
    }
}

/// Registers one row. Whatever can be refused is refused before a number is taken or anything is put.
fn import_row(
    work: &mut Work<'_, '_>,
    desk: &mut Desk,
    defaults: &Defaults,
    row: Row,
    serial: u64,
) -> Result<(), Stop> {
    let received_on = row.received_on.unwrap_or_else(|| work.today());
    if received_on > work.today() {
        return Err(Refusal::field("date", "field.not_in_the_future")
            .fact("found", received_on.to_string())
            .into());
    }
    let department = match &row.department {
        Some(name) => desk.department(work, name.as_str())?,
        None => None,
    };
    let scope = match &department {
        Some(department) => Scope::Named { people: Vec::new(), departments: vec![department.clone()] },
        None => defaults.scope.clone(),
    };
    let by = work.person()?.clone();
    let place_at = match &row.place {
        Some(text) => desk
            .place(work, text.as_str())?
            .filter(|(cabinet, slot)| cabinet.custodian == by && cabinet.accept(row.level, *slot).is_ok())
            .map(|(cabinet, slot)| PlaceAt { cabinet: cabinet.id, slot }),
        None => None,
    };
    let particulars = Particulars {
        document_number: row.document_number,
        title: row.title,
        source: row
            .source
            .map_or_else(|| "未注明".parse(), Ok)
            .map_err(|_| Refusal::field("source", "field.line"))?,
        category: defaults.category,
        level: row.level,
        period: row.period,
        dated: Some(received_on),
        basis: None,
        urgency: row.urgency,
        scope,
        responsible: None,
        department,
        copy_numbers: row.copy_numbers,
        copies: row.copies,
        remark: remark(row.remark, if place_at.is_none() { row.place.as_ref() } else { None }),
    };
    let checked: Checked = check(work, particulars, received_on)?;
    duplicate(work, checked.number(), checked.source())?;
    let year = received_on.year();
    let number = desk.number(work, year)?;
    let numbers = Numbers { id: work.new_id(), register: format!("{year}-{number:06}"), serial };
    enter(work, checked, numbers, None, Some(row.key.into()), place_at.as_ref())?;
    Ok(())
}

/// The cabinet and slot that a ledger means by `文件柜5-2层`: a cabinet of that name, slot 2; or the whole text as a
/// cabinet's name, slot 1.
fn place_of(work: &Work<'_, '_>, text: &str) -> Result<Option<(Cabinet, u16)>, Stop> {
    let named = |name: &str| -> Result<Option<Cabinet>, Stop> {
        Ok(work.find::<Cabinet>(&[("name", name.into())])?.pop().map(|stored| stored.record))
    };
    if let Some((name, slot)) = text.rsplit_once('-')
        && let Ok(slot) = slot.trim_end_matches(['层', '格', '号']).parse()
        && let Some(cabinet) = named(name)?
    {
        return Ok(Some((cabinet, slot)));
    }
    Ok(named(text)?.map(|cabinet| (cabinet, 1)))
}

/// A place that isn't known here is kept as a remark, so that nothing of the old ledger is lost.
fn remark(remark: Option<Paragraph>, place: Option<&Line>) -> Option<Paragraph> {
    let Some(place) = place else { return remark };
    let text = match &remark {
        Some(remark) => format!("{remark}\n原存放位置：{place}"),
        None => format!("原存放位置：{place}"),
    };
    text.parse().ok().or(remark)
}

/// A row that the register refused, with the row it was.
#[derive(Debug, Clone)]
pub struct Refused {
    /// Place of the row among the accepted rows that were handed in.
    pub row: usize,
    /// Code of the refusal.
    pub code: String,
    /// What it was decided by.
    pub facts: Value,
}

/// What came of an import, and which rows the register itself refused.
#[derive(Debug, Clone, Default)]
pub struct Imported {
    /// Counts as journaled; rows refused while reading included.
    pub result: ImportResult,
    /// Rows refused by the register, besides those refused while reading.
    pub refused: Vec<Refused>,
}

/// Why an import broke off. What was registered before stays; importing again goes on where it broke off.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// An action of the import was refused as a whole.
    #[error("the import was refused ({})", .0.code)]
    Refused(Box<Refusal>),
    /// An action could not be performed.
    #[error("the import broke off; import the file again to go on")]
    Unable(#[from] Unable),
    /// A row could not be put into a request.
    #[error("a row could not be handed on")]
    Row(#[from] serde_json::Error),
}

/// The file an import is about.
#[derive(Debug, Clone)]
pub struct File {
    /// Its name.
    pub name: String,
    /// SHA-256 of its bytes, hexadecimal.
    pub digest: String,
}

/// Imports what was read from a file, as `caller`. `progress` is told (rows done, rows in all) after each entry and
/// answers whether to go on.
pub fn run(
    office: &Office,
    caller: &Caller,
    file: &File,
    outcome: &Outcome,
    defaults: &Defaults,
    mut progress: impl FnMut(u64, u64) -> bool,
) -> Result<Imported, ImportError> {
    let rows = outcome.accepted.len() as u64;
    let begin = serde_json::json!({ "file": file.name, "digest": file.digest, "rows": rows + outcome.refused.len() as u64 });
    let run: ImportRun = serde_json::from_value(act(office, caller, BeginImport::NAME, &begin)?)?;
    let mut imported = Imported::default();
    imported.result.refused = outcome.refused.len() as u64;
    let mut chunks = outcome.accepted.chunks(ROWS);
    let mut waiting: VecDeque<(usize, Receiver<_>)> = VecDeque::new();
    let (mut goes_on, mut far) = (true, 0);
    loop {
        while goes_on
            && waiting.len() < AHEAD
            && let Some(ledger_rows) = chunks.next()
        {
            let rows_json: Vec<Value> = ledger_rows.iter().map(row).collect();
            let input = serde_json::json!({ "run": run.id, "defaults": defaults, "rows": rows_json });
            let (sender, receiver) = sync_channel(1);
            let answer = move |performed| drop(sender.send(performed));
            office.submit(request(caller, ImportRows::NAME, &input)?, answer);
            waiting.push_back((ledger_rows.len(), receiver));
        }
        let Some((many, receiver)) = waiting.pop_front() else { break };
        let done = result(receiver.recv().unwrap_or(Err(Unable::Store(StoreError::Stopped))))?;
        let done: RowsImported = serde_json::from_value(done)?;
        imported.result.accepted += done.accepted;
        imported.result.present += done.present;
        imported.result.refused += done.refused.len() as u64;
        imported.refused.extend(done.refused.into_iter().map(|refused| Refused {
            row: far + refused.row,
            code: refused.code,
            facts: refused.facts,
        }));
        far += many;
        goes_on &= progress(far as u64, rows);
    }
    let finish = serde_json::json!({ "run": run.id, "result": imported.result });
    act(office, caller, FinishImport::NAME, &finish)?;
    Ok(imported)
}

fn act(office: &Office, caller: &Caller, action: &str, input: &Value) -> Result<Value, ImportError> {
    result(office.perform(request(caller, action, input)?))
}

fn request(caller: &Caller, action: &str, input: &Value) -> Result<Request, ImportError> {
    let input = serde_json::value::to_raw_value(input)?;
    Ok(Request { caller: caller.clone(), action: action.to_owned(), input, seen: None })
}

fn result(performed: Result<Performed, Unable>) -> Result<Value, ImportError> {
    performed?.result.map_err(|refusal| ImportError::Refused(Box::new(refusal)))
}

/// A ledger row as the action takes it.
fn row(row: &LedgerRow) -> Value {
    let text = |value: &Option<String>| value.as_deref().filter(|text| !text.is_empty()).map(str::to_owned);
    serde_json::json!({
        "key": row.key(),
        "document_number": text(&row.number),
        "title": row.title,
        "source": text(&row.source),
        "level": row.level,
        "period": row.period,
        "received_on": row.date,
        "copy_numbers": row.copy_numbers,
        "copies": row.copies,
        "urgency": row.urgency,
        "channel": row.channel,
        "place": text(&row.place),
        "department": text(&row.department),
        "remark": text(&row.remark),
    })
}
