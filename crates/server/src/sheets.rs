//! Lists as workbooks: as filtered, as sorted, and only what the reader may know of, like the lists themselves.

use std::collections::HashMap;

use jingui_forms::{Cell, Column, FormsError, RefusedLine, noted_table, refusal_report};
use jingui_intake::RefusedRow;
use jingui_office::accountability::incident::{Incident, IncidentState};
use jingui_office::accountability::views as incidents;
use jingui_office::files::knew::{KnewFilter, knew as who_knew};
use jingui_office::items::{Copy, Custody, Item, views as items};
use jingui_office::loans::reading::SessionState;
use jingui_office::loans::{Loan, LoanState, ReadingSession, views as loans};
use jingui_office::page::{Cursor, Rows};
use jingui_office::personnel::{Department, views as people};
use jingui_office::premises::{Cabinet, Room, views as premises};
use jingui_office::receipts::{Receipt, views as receipts};
use jingui_office::supervision::journal;
use jingui_regulation::Level;
use jingui_store::{Id, StoreError};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::as_of;
use crate::language::Language;
use crate::view::{Fault, Look, Nothing};
use crate::wording;

/// Rows read at once.
pub(crate) const PAGE: u16 = 200;
/// Most rows of a workbook; a longer list is exported in parts, by its filters.
const MOST: usize = 100_000;

/// A heading, Chinese and English, with its width in characters.
pub(crate) type Heading = (&'static str, &'static str, f64);

/// `GET /api/items.xlsx`.
pub(crate) fn items(look: &Look<'_>, filter: items::ItemFilter) -> Result<Vec<u8>, Fault> {
    const HEADINGS: &[Heading] = &[
        ("登记号", "Register number", 16.0),
        ("文号", "Document number", 24.0),
        ("标题", "Title", 60.0),
        ("来文单位", "Source", 24.0),
        ("类别", "Category", 28.0),
        ("密级", "Marking", 14.0),
        ("成文日期", "Dated", 12.0),
        ("收文日期", "Received", 12.0),
        ("紧急程度", "Urgency", 10.0),
        ("份数", "Copies", 8.0),
        ("承办部门", "Department", 20.0),
        ("备注", "Remark", 30.0),
    ];
    let names = Names::read(look)?;
    let mut filter = items::ItemFilter { limit: Some(PAGE), cursor: None, ..filter };
    let rows = pages(|cursor| {
        filter.cursor = cursor;
        items::list(look.conn, look.asker, &filter)
    })?;
    let rows = rows.iter().map(|row| {
        let item: Item = read(&row.item)?;
        Ok(vec![
            Cell::Text(item.register_number),
            text(item.document_number),
            Cell::Text(item.title),
            Cell::Text(item.source),
            Cell::Text(wording::category(look.office.pack(), item.category, look.language)),
            Cell::Text(item.marking.to_string()),
            Cell::Text(item.dated.to_string()),
            Cell::Text(item.received_on.to_string()),
            Cell::Text(wording::coded(&item.urgency, look.language)),
            Cell::Number(item.copies),
            Cell::Text(names.department(item.department.as_ref())),
            text(item.remark),
        ])
    });
    workbook(look, ("文件台账", "Items"), HEADINGS, rows)
}

/// `GET /api/knew.xlsx`.
pub(crate) fn knew(look: &Look<'_>, filter: KnewFilter) -> Result<Vec<u8>, Fault> {
    const HEADINGS: &[Heading] = &[
        ("登记号", "Register number", 16.0),
        ("标题", "Title", 60.0),
        ("密级", "Level", 8.0),
        ("姓名", "Person", 12.0),
        ("方式", "How", 14.0),
        ("自", "From", 18.0),
        ("至", "Until", 18.0),
        ("份", "Copy", 22.0),
        ("电子件", "File", 28.0),
        ("页", "Pages", 20.0),
        ("批准人", "Approved by", 12.0),
        ("借阅编号", "Loan", 16.0),
    ];
    let names = Names::read(look)?;
    let rows = who_knew(look.conn, look.asker, &filter)?;
    let rows = rows.into_iter().map(|knew| {
        Ok(vec![
            Cell::Text(knew.register_number),
            Cell::Text(knew.title),
            Cell::Text(look.language.pick(knew.level.zh(), knew.level.en()).to_owned()),
            Cell::Text(names.person(&knew.person)),
            Cell::Text(wording::coded(&knew.how, look.language)),
            Cell::Text(knew.from.local()),
            Cell::Text(knew.until.map(jingui_regulation::Moment::local).unwrap_or_default()),
            text(knew.copy),
            text(knew.file),
            text(knew.pages),
            Cell::Text(knew.approved_by.map(|id| names.person(&id)).unwrap_or_default()),
            text(knew.loan),
        ])
    });
    workbook(look, ("谁知悉", "Who knew"), HEADINGS, rows)
}

/// `GET /api/loans.xlsx`.
pub(crate) fn loans(look: &Look<'_>, filter: loans::LoanFilter) -> Result<Vec<u8>, Fault> {
    const HEADINGS: &[Heading] = &[
        ("借阅编号", "Loan", 16.0),
        ("登记号", "Register number", 16.0),
        ("标题", "Title", 60.0),
        ("密级", "Level", 10.0),
        ("申请人", "Applicant", 12.0),
        ("部门", "Department", 20.0),
        ("事由", "Reason", 40.0),
        ("工作日", "Working days", 10.0),
        ("申请时间", "Applied", 18.0),
        ("状态", "State", 12.0),
        ("应还日期", "Due", 12.0),
    ];
    let names = Names::read(look)?;
    let mut filter = loans::LoanFilter { limit: Some(PAGE), cursor: None, ..filter };
    let rows = pages(|cursor| {
        filter.cursor = cursor;
        loans::list(look.conn, look.asker, &filter)
    })?;
    let rows = rows.iter().map(|row| {
        let loan: Loan = read(&row.loan)?;
        let due = match &loan.state {
            LoanState::Out { due, .. }
            | LoanState::Returning { due, .. }
            | LoanState::HandingOver { due, .. } => {
                let provisional = look.rules.calendar.is_provisional(due.year());
                let mark = match look.language {
                    Language::Chinese => "（暂定）",
                    Language::English => " (provisional)",
                };
                format!("{due}{}", if provisional { mark } else { "" })
            }
            _ => String::new(),
        };
        Ok(vec![
            Cell::Text(loan.number),
            text(row.register_number.clone()),
            text(row.title.clone()),
            Cell::Text(level(loan.level, look.language)),
            Cell::Text(names.person(&loan.applicant)),
            Cell::Text(names.department(loan.department.as_ref())),
            Cell::Text(loan.reason),
            Cell::Number(loan.days.into()),
            Cell::Text(loan.applied_at.local()),
            Cell::Text(wording::state(loan.state.name(), look.language).to_owned()),
            Cell::Text(due),
        ])
    });
    workbook(look, ("借阅台账", "Loans"), HEADINGS, rows)
}

/// `GET /api/receipts.xlsx`.
pub(crate) fn receipts(look: &Look<'_>, filter: receipts::ReceiptFilter) -> Result<Vec<u8>, Fault> {
    const HEADINGS: &[Heading] = &[
        ("收文编号", "Receipt", 16.0),
        ("来文单位", "Source", 30.0),
        ("送达方式", "Channel", 16.0),
        ("信封号", "Envelope", 16.0),
        ("封装", "Seal", 10.0),
        ("件数", "Items inside", 8.0),
        ("已登记", "Registered", 8.0),
        ("签收时间", "Signed for", 18.0),
        ("签收人", "By", 12.0),
        ("备注", "Remark", 30.0),
    ];
    let names = Names::read(look)?;
    let mut filter = receipts::ReceiptFilter { limit: Some(PAGE), cursor: None, ..filter };
    let found = pages(|cursor| {
        filter.cursor = cursor;
        receipts::list(look.conn, look.asker, &filter)
    })?;
    let rows = found.iter().map(|shown| {
        let receipt: Receipt = read(&shown.record)?;
        Ok(vec![
            Cell::Text(receipt.number),
            Cell::Text(receipt.source),
            Cell::Text(wording::coded(&receipt.channel, look.language)),
            text(receipt.envelope),
            Cell::Text(wording::coded(&receipt.seal, look.language)),
            Cell::Number(receipt.pieces.into()),
            Cell::Number(u32::try_from(receipt.items.len()).unwrap_or(u32::MAX)),
            Cell::Text(receipt.received_at.local()),
            Cell::Text(names.person(&receipt.received_by)),
            text(receipt.remark),
        ])
    });
    workbook(look, ("收文登记", "Receipts"), HEADINGS, rows)
}

/// `GET /api/reading-sessions.xlsx`.
pub(crate) fn sessions(look: &Look<'_>, filter: loans::SessionFilter) -> Result<Vec<u8>, Fault> {
    const HEADINGS: &[Heading] = &[
        ("登记号", "Register number", 16.0),
        ("标题", "Title", 50.0),
        ("份", "Copy", 16.0),
        ("阅读人", "Reader", 12.0),
        ("阅文室", "Room", 18.0),
        ("经办人", "Opened by", 12.0),
        ("在场第二人", "Second person", 12.0),
        ("开始", "Begun", 18.0),
        ("交出页数", "Pages out", 10.0),
        ("状态", "State", 10.0),
        ("结束", "Ended", 18.0),
    ];
    let names = Names::read(look)?;
    let rooms: HashMap<Id, String> = premises::rooms(look.conn, look.asker)?
        .iter()
        .map(|shown| read::<Room>(&shown.record).map(|room| (room.id, room.name)))
        .collect::<Result<_, _>>()?;
    let mut filter = loans::SessionFilter { limit: Some(PAGE), cursor: None, ..filter };
    let found = pages(|cursor| {
        filter.cursor = cursor;
        loans::sessions(look.conn, look.asker, &filter)
    })?;
    let rows = found.iter().map(|row| {
        let session: ReadingSession = read(&row.session)?;
        let (state, ended) = match &session.state {
            SessionState::Open { .. } => (look.language.pick("进行中", "open"), None),
            SessionState::Closed { at, .. } => (look.language.pick("已结束", "closed"), Some(at.local())),
            SessionState::CalledOff { at, .. } => {
                (look.language.pick("已撤销", "called off"), Some(at.local()))
            }
        };
        Ok(vec![
            Cell::Text(row.register_number.clone()),
            Cell::Text(row.title.clone()),
            Cell::Text(row.label.clone()),
            Cell::Text(names.person(&session.reader)),
            text(rooms.get(&session.room).cloned()),
            Cell::Text(names.person(&session.opened_by)),
            Cell::Text(names.person(&session.second)),
            Cell::Text(session.opened_at.local()),
            Cell::Number(session.pages),
            Cell::Text(state.to_owned()),
            text(ended),
        ])
    });
    workbook(look, ("现场阅读", "Reading sessions"), HEADINGS, rows)
}

/// `GET /api/incidents.xlsx`.
pub(crate) fn incidents(look: &Look<'_>, filter: incidents::IncidentFilter) -> Result<Vec<u8>, Fault> {
    const HEADINGS: &[Heading] = &[
        ("编号", "Number", 16.0),
        ("类型", "Kind", 16.0),
        ("发现时间", "Opened", 18.0),
        ("登记", "By", 12.0),
        ("情况", "What is known", 60.0),
        ("结案时间", "Closed", 18.0),
        ("结案人", "Closed by", 12.0),
        ("结论", "Conclusion", 60.0),
    ];
    let names = Names::read(look)?;
    let mut filter = incidents::IncidentFilter { limit: Some(PAGE), cursor: None, ..filter };
    let found = pages(|cursor| {
        filter.cursor = cursor;
        incidents::list(look.conn, look.asker, &filter)
    })?;
    let rows = found.iter().map(|shown| {
        let incident: Incident = read(&shown.record)?;
        let (at, by, conclusion) = match incident.state {
            IncidentState::Open => (None, None, None),
            IncidentState::Closed { at, by, conclusion } => {
                (Some(at.local()), Some(names.person(&by)), Some(conclusion))
            }
        };
        Ok(vec![
            Cell::Text(incident.number),
            Cell::Text(wording::incident(&incident.about, look.language).to_owned()),
            Cell::Text(incident.opened_at.local()),
            Cell::Text(names.actor(&incident.opened_by, look.language)),
            Cell::Text(incident.description),
            text(at),
            text(by),
            text(conclusion),
        ])
    });
    workbook(look, ("事件", "Incidents"), HEADINGS, rows)
}

/// `GET /api/journal.xlsx`: for the security auditor, without titles like the list itself.
pub(crate) fn journal(look: &Look<'_>, filter: journal::JournalFilter) -> Result<Vec<u8>, Fault> {
    const HEADINGS: &[Heading] = &[
        ("账号", "Entry", 10.0),
        ("时间", "When", 20.0),
        ("何人", "Who", 14.0),
        ("事项", "Action", 24.0),
        ("结果", "Result", 12.0),
        ("原因", "Reason", 40.0),
        ("对象", "Subject", 20.0),
        ("条款", "Clauses", 30.0),
        ("终端", "Terminal", 20.0),
    ];
    let names = Names::read(look)?;
    let titles: HashMap<&str, (&str, &str)> =
        jingui_office::actions().iter().map(|action| (action.name, action.title)).collect();
    let mut filter = journal::JournalFilter { limit: Some(PAGE), cursor: None, ..filter };
    if journal::list(look.office, look.conn, look.asker, &filter)?.is_none() {
        return Err(Fault::Absent);
    }
    let found = pages(|cursor| {
        filter.cursor = cursor;
        let rows = journal::list(look.office, look.conn, look.asker, &filter)?;
        Ok(rows.unwrap_or(Rows { rows: Vec::new(), next: None }))
    })?;
    let rows = found.into_iter().map(|entry| {
        let action = titles
            .get(entry.action.as_str())
            .map_or(entry.action.clone(), |title| look.language.pick(title.0, title.1).to_owned());
        let result = if entry.refused.is_some() {
            look.language.pick("不予办理", "refused")
        } else {
            look.language.pick("已办理", "done")
        };
        let reason = wording::reason(look.office, &entry, look.language).or(entry.refused);
        Ok(vec![
            Cell::Number(u32::try_from(entry.seq).unwrap_or(u32::MAX)),
            Cell::Text(entry.at.local()),
            Cell::Text(entry.actor_name.unwrap_or_else(|| names.actor(&entry.actor, look.language))),
            Cell::Text(action),
            Cell::Text(result.to_owned()),
            text(reason),
            text(entry.subject_number),
            Cell::Text(entry.clauses.join(" ")),
            Cell::Text(entry.terminal),
        ])
    });
    workbook(look, ("账本", "Journal"), HEADINGS, rows)
}

/// `GET /api/cabinets/{cabinet}/contents.xlsx`.
pub(crate) fn cabinet(look: &Look<'_>, _: Nothing) -> Result<Vec<u8>, Fault> {
    const HEADINGS: &[Heading] = &[
        ("格", "Slot", 8.0),
        ("份", "Copy", 16.0),
        ("密级", "Level", 12.0),
        ("文号", "Document number", 24.0),
        ("标题", "Title", 60.0),
    ];
    let found = premises::cabinet(look.conn, look.asker, &look.id("cabinet")?)?.ok_or(Fault::Absent)?;
    let cabinet: Cabinet = read(&found.cabinet)?;
    let rows = found.contents.iter().map(|content| {
        let copy: Copy = read(&content.copy)?;
        let slot = match copy.custody {
            Custody::Kept { slot, .. } => Cell::Number(slot.into()),
            _ => Cell::Empty,
        };
        Ok(vec![
            slot,
            Cell::Text(copy.label),
            Cell::Text(level(copy.level, look.language)),
            text(content.document_number.clone()),
            Cell::Text(content.title.clone()),
        ])
    });
    workbook(look, (&cabinet.name, &cabinet.name), HEADINGS, rows)
}

/// The refused rows of an import, with the cells as they were, to be mended and imported again.
pub(crate) fn refused(rows: &[RefusedRow]) -> Result<Vec<u8>, FormsError> {
    let line = |row: &RefusedRow| RefusedLine {
        sheet: row.sheet.clone(),
        row: row.sheet_row,
        column: row.column.clone(),
        found: row.found.clone(),
        expected: row.expected.clone(),
        cells: row.cells.clone(),
    };
    refusal_report(&rows.iter().map(line).collect::<Vec<_>>())
}

/// All pages of a list, up to [`MOST`] rows.
pub(crate) fn pages<T>(
    mut page: impl FnMut(Option<Cursor>) -> Result<Rows<T>, StoreError>,
) -> Result<Vec<T>, Fault> {
    let mut all = Vec::new();
    let mut cursor = None;
    loop {
        let Rows { rows, next } = page(cursor)?;
        all.extend(rows);
        // A cursor that the list itself gave out always reads back.
        cursor = next.and_then(|next| serde_json::from_value(next.into()).ok());
        if cursor.is_none() || all.len() >= MOST {
            return Ok(all);
        }
    }
}

pub(crate) fn read<T: DeserializeOwned>(body: &RawValue) -> Result<T, StoreError> {
    Ok(serde_json::from_str(body.get())?)
}

pub(crate) fn text(value: Option<String>) -> Cell {
    value.map_or(Cell::Empty, Cell::Text)
}

pub(crate) fn level(level: Level, language: Language) -> String {
    language.pick(level.zh(), level.en()).to_owned()
}

fn columns(headings: &[Heading], language: Language) -> Vec<Column> {
    headings.iter().map(|(zh, en, width)| Column::new(language.pick(zh, en), *width)).collect()
}

pub(crate) fn workbook(
    look: &Look<'_>,
    title: (&str, &str),
    headings: &[Heading],
    rows: impl Iterator<Item = Result<Vec<Cell>, StoreError>>,
) -> Result<Vec<u8>, Fault> {
    let then = look.past.map(|at| match look.language {
        Language::Chinese => format!("截至 {} 的登记，不是现在的情况", as_of::told(at)),
        Language::English => format!("as of {}, not as it is now", as_of::told(at)),
    });
    noted_workbook(look, title, then.as_deref(), headings, rows)
}

/// A workbook with a line above its headings.
pub(crate) fn noted_workbook(
    look: &Look<'_>,
    title: (&str, &str),
    note: Option<&str>,
    headings: &[Heading],
    rows: impl Iterator<Item = Result<Vec<Cell>, StoreError>>,
) -> Result<Vec<u8>, Fault> {
    let language = look.language;
    let rows: Vec<Vec<Cell>> = rows.collect::<Result<_, _>>()?;
    noted_table(language.pick(title.0, title.1), note, &columns(headings, language), rows).map_err(|error| {
        tracing::error!(%error, "a workbook could not be written");
        Fault::Store(StoreError::BrokeOff)
    })
}

/// Names of people and departments, read once for a workbook.
pub(crate) struct Names {
    people: HashMap<Id, String>,
    departments: HashMap<Id, String>,
}

impl Names {
    pub(crate) fn read(look: &Look<'_>) -> Result<Self, StoreError> {
        let people = people::directory(look.conn, look.asker)?;
        let departments = people::departments(look.conn, look.asker)?;
        let named = departments.iter().map(|shown| {
            let department: Department = read(&shown.record)?;
            Ok((department.id, department.name))
        });
        Ok(Self {
            people: people.into_iter().map(|person| (person.id, person.name)).collect(),
            departments: named.collect::<Result<_, StoreError>>()?,
        })
    }

    pub(crate) fn person(&self, id: &Id) -> String {
        self.people.get(id).cloned().unwrap_or_default()
    }

    /// The name of the person or department that an id names.
    pub(crate) fn of(&self, id: &Id) -> Option<&String> {
        self.people.get(id).or_else(|| self.departments.get(id))
    }

    /// A person's name, or that of a mechanism.
    pub(crate) fn actor(&self, actor: &str, language: Language) -> String {
        match actor {
            "clock" => language.pick("时钟", "clock").to_owned(),
            "founder" => language.pick("初建", "founder").to_owned(),
            _ => actor.parse().map(|id| self.person(&id)).unwrap_or_default(),
        }
    }

    pub(crate) fn department(&self, id: Option<&Id>) -> String {
        id.and_then(|id| self.departments.get(id)).cloned().unwrap_or_default()
    }
}
