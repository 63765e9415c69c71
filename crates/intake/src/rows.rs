//! Rows are read one by one. What one of them can't be is told with sheet, row, column, what was found, what is
//! expected.

use std::collections::BTreeSet;

use jingui_regulation::{Channel, Level, Limits, Marking, Urgency, fold};

use crate::book::{Book, SheetRow};
use crate::recognise::{Field, SheetPlan};
use crate::row::{LedgerRow, Outcome, RefusedRow};

/// Reads every sheet as planned.
pub fn read(book: &Book, plans: &[SheetPlan], limits: &Limits) -> Outcome {
    let mut outcome = Outcome::default();
    // A number that the same unit has used before is a duplicate, over all sheets of the file.
    let mut taken = BTreeSet::new();
    for plan in plans.iter().filter(|plan| plan.read) {
        let Some(sheet) = book.sheets.iter().find(|sheet| sheet.name == plan.sheet) else { continue };
        if !plan.columns.contains_key(&Field::Title) {
            outcome.refused.push(whole_sheet(plan));
            continue;
        }
        for row in sheet.rows.iter().filter(|row| row.number > plan.header.unwrap_or(0)) {
            let reader = Reader { plan, row };
            if reader.is_no_row() {
                continue;
            }
            match reader.read(*limits, &taken) {
                Ok(read) => {
                    taken.extend(identity(&read));
                    outcome.accepted.push(read);
                }
                Err(refused) => outcome.refused.push(*refused),
            }
        }
    }
    outcome
}

/// What a document is known by: unit and number.
fn identity(row: &LedgerRow) -> Option<(String, String)> {
    let number = row.number.as_ref()?;
    Some((fold::search(row.source.as_deref().unwrap_or_default()), fold::search(number)))
}

/// A ledger without a column for titles is one error, not one for each row.
fn whole_sheet(plan: &SheetPlan) -> RefusedRow {
    RefusedRow {
        sheet: plan.sheet.clone(),
        sheet_row: plan.header.unwrap_or(1),
        row: None,
        number: None,
        level: None,
        field: "title".into(),
        column: plan.headings.join(" "),
        found: "没有对应“标题”的列".into(),
        expected: "指定哪一列是文件标题 / say which column holds the title".into(),
        cells: plan.headings.clone(),
    }
}

struct Reader<'r> {
    plan: &'r SheetPlan,
    row: &'r SheetRow,
}

type Refused = Box<RefusedRow>;

impl Reader<'_> {
    fn cell(&self, field: Field) -> &str {
        self.plan
            .columns
            .get(&field)
            .and_then(|column| self.row.cells.get(*column))
            .map_or("", |text| text.trim())
    }

    /// A field that may be blank: folded, control characters dropped with it.
    fn text(&self, field: Field) -> Option<String> {
        let text = fold::text(self.cell(field)).ok()?;
        (!text.is_empty()).then_some(text)
    }

    /// Repeated headers, totals, subtitles: rows that hold no document.
    fn is_no_row(&self) -> bool {
        let filled: Vec<&str> =
            self.row.cells.iter().map(|cell| cell.trim()).filter(|cell| !cell.is_empty()).collect();
        let folded: Vec<String> = filled.iter().map(|cell| fold::search(cell)).collect();
        let total = ["合计", "总计", "小计", "共计"];
        let repeats = |field: Field| {
            let heading = self.plan.columns.get(&field).and_then(|column| self.plan.headings.get(*column));
            heading.is_some_and(|heading| {
                !heading.trim().is_empty() && fold::search(heading) == fold::search(self.cell(field))
            })
        };
        let own: Vec<Field> = [Field::Title, Field::Number, Field::Level, Field::Source]
            .into_iter()
            .filter(|field| !self.cell(*field).is_empty())
            .collect();
        folded.iter().any(|cell| total.iter().any(|word| cell.starts_with(word)) && own.len() < 3)
            || (repeats(Field::Title) && (repeats(Field::Number) || repeats(Field::Level)))
            || own.is_empty()
            // One cell alone is a subtitle (a month, a department) unless it is the title column of a narrow ledger.
            || (filled.len() == 1 && self.plan.columns.len() > 2)
    }

    fn refuse(&self, code: &str, field: Field, found: &str, expected: impl Into<String>) -> Refused {
        let heading = self.plan.columns.get(&field).and_then(|column| self.plan.headings.get(*column));
        Box::new(RefusedRow {
            sheet: self.plan.sheet.clone(),
            sheet_row: self.row.number,
            row: self.row_number(),
            number: self.number().ok().flatten(),
            level: self.level().ok().map(|(level, _)| level),
            field: code.to_owned(),
            column: heading.cloned().unwrap_or_default(),
            found: found.chars().take(200).collect(),
            expected: expected.into(),
            cells: self.row.cells.clone(),
        })
    }

    fn row_number(&self) -> Option<u32> {
        let text = self.text(Field::Row)?;
        text.trim_end_matches(['.', '、']).parse().ok()
    }

    fn number(&self) -> Result<Option<String>, fold::FoldError> {
        let cell = self.cell(Field::Number);
        if cell.is_empty() || ["-", "—", "/", "无"].contains(&cell) {
            return Ok(None);
        }
        fold::document_number(cell).map(Some)
    }

    fn level(&self) -> Result<(Level, Option<&str>), fold::FoldError> {
        let cell = self.cell(Field::Level);
        // The word alone decides the level; the period is looked at by itself, so that its fault is told as its own.
        let split = cell.find(|c: char| "★☆*＊✩✭※⭐".contains(c));
        let (word, period) = match split {
            Some(at) => (cell.get(..at).unwrap_or(cell), cell.get(at..)),
            None => (cell, None),
        };
        match (fold::marking(word), period) {
            (Ok((level, None)), Some(period)) => Ok((level, Some(period))),
            (Ok((level, Some(_))), _) => Ok((level, Some(cell))),
            (Ok((level, None)), None) => Ok((level, None)),
            (Err(error), _) => {
                // "机密10年" and "机密长期" have no star between them.
                let word: String = word.chars().take_while(|c| !c.is_numeric() && *c != '长').collect();
                match fold::marking(&word) {
                    Ok((level, _)) if word.len() < cell.len() => Ok((level, cell.get(word.len()..))),
                    _ => Err(error),
                }
            }
        }
    }

    fn read(&self, limits: Limits, taken: &BTreeSet<(String, String)>) -> Result<LedgerRow, Refused> {
        if !self.plan.columns.contains_key(&Field::Level) {
            return Err(self.refuse("level", Field::Level, "", "台账没有对应“密级”的列，请在列对应中指定"));
        }
        let (level, marked) = self.level().map_err(|error| {
            self.refuse("level", Field::Level, self.cell(Field::Level), error.expected.zh)
        })?;
        let title_cell = self.cell(Field::Title);
        let title = fold::text(title_cell)
            .ok()
            .filter(|title| !title.is_empty() && title.chars().count() <= 200)
            .ok_or_else(|| self.refuse("title", Field::Title, title_cell, "标题，1 至 200 字"))?;
        let period = self.period(level, marked, limits)?;
        let date_cell = self.cell(Field::Date);
        let date = match (date_cell.is_empty(), self.plan.columns.contains_key(&Field::Date)) {
            (true, false) => None,
            (true, true) => return Err(self.refuse("date", Field::Date, "", "收文日期，如 2026-11-23")),
            _ => Some(
                fold::date(date_cell)
                    .map_err(|error| self.refuse("date", Field::Date, date_cell, error.expected.zh))?,
            ),
        };
        let number_cell = self.cell(Field::Number);
        let number = self
            .number()
            .map_err(|error| self.refuse("number", Field::Number, number_cell, error.expected.zh))?;
        let (copies, copy_numbers) = self.copies()?;
        let row = LedgerRow {
            sheet: self.plan.sheet.clone(),
            sheet_row: self.row.number,
            row: self.row_number(),
            number,
            level,
            period,
            date,
            title,
            copies,
            copy_numbers,
            source: self.text(Field::Source),
            urgency: urgency(&self.text(Field::Urgency).unwrap_or_default()),
            channel: self.text(Field::Channel).map(|text| channel(&text)),
            place: self.text(Field::Place),
            department: self.text(Field::Department),
            signed_by: self.text(Field::SignedBy),
            remark: self.text(Field::Remark),
        };
        if identity(&row).is_some_and(|identity| taken.contains(&identity)) {
            return Err(self.refuse("duplicate", Field::Number, number_cell, "同一来文单位的文号不得重复"));
        }
        Ok(row)
    }

    fn period(
        &self,
        level: Level,
        marked: Option<&str>,
        limits: Limits,
    ) -> Result<Option<jingui_regulation::Period>, Refused> {
        let own = self.cell(Field::Period);
        let (field, text) = match marked {
            Some(text) => (Field::Level, text),
            // One column chosen for both has been read as the level already.
            None if !own.is_empty()
                && self.plan.columns.get(&Field::Period) != self.plan.columns.get(&Field::Level) =>
            {
                (Field::Period, own)
            }
            // No ★ and no period: unmarked.
            None => return Ok(None),
        };
        let most = limits.years(level);
        let refused =
            || self.refuse("period", field, self.cell(field), format!("不超过 {most} 年，如 {most}年"));
        let bare: String = text.chars().filter(|c| !"★☆*＊✩✭※⭐()（） 　".contains(*c)).collect();
        if bare.is_empty() {
            return Ok(None);
        }
        // A level-1 item is no state secret and carries no ★ period.
        if level == Level::Internal && field == Field::Level {
            return Err(refused());
        }
        let period = fold::period(&bare).map_err(|_| refused())?;
        Marking::new(level, Some(period), &limits).map_err(|_| refused())?;
        Ok(Some(period))
    }

    fn copies(&self) -> Result<(u32, Vec<u32>), Refused> {
        let (count_cell, serial_cell) = (self.cell(Field::Copies), self.cell(Field::Serial));
        let folded: String = fold::search(count_cell).trim_end_matches(['份', '件']).to_owned();
        let count = if folded.is_empty() && !self.plan.columns.contains_key(&Field::Copies) {
            None
        } else {
            let count = folded.parse().ok().filter(|count| (1..=500).contains(count));
            Some(count.ok_or_else(|| self.refuse("copies", Field::Copies, count_cell, "份数，1 至 500"))?)
        };
        if serial_cell.is_empty() || ["-", "—", "/", "无"].contains(&serial_cell) {
            return Ok((count.unwrap_or(1), Vec::new()));
        }
        let numbers = fold::copy_numbers(serial_cell)
            .map_err(|error| self.refuse("serial", Field::Serial, serial_cell, error.expected.zh))?;
        let length = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
        match count {
            Some(count) if count != length => {
                Err(self.refuse("serial", Field::Serial, serial_cell, format!("{count} 个份号，与份数一致")))
            }
            _ => Ok((length, numbers)),
        }
    }
}

fn urgency(text: &str) -> Urgency {
    match text {
        "平急" => Urgency::Routine,
        "加急" | "急" | "紧急" | "急件" => Urgency::Urgent,
        "特急" | "特急件" => Urgency::ExtraUrgent,
        "特提" => Urgency::Flash,
        _ => Urgency::Ordinary,
    }
}

fn channel(text: &str) -> Channel {
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if has(&["机要"]) {
        Channel::ConfidentialCourier
    } else if has(&["专人"]) {
        Channel::DesignatedPerson
    } else if text.to_uppercase().contains("EMS") || has(&["邮政", "特快"]) {
        Channel::Ems
    } else if has(&["加密"]) {
        Channel::EncryptedTransmission
    } else if has(&["内部", "内网", "流转", "自取"]) {
        Channel::Internal
    } else {
        Channel::Other
    }
}
