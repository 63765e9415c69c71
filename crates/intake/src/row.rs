//! What a ledger row says once it is read, and what is told of one that can't be.

use jingui_regulation::{Channel, Date, Level, Period, Urgency, fold};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A row of a ledger, folded and checked as far as a row can be by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LedgerRow {
    /// Sheet.
    pub sheet: String,
    /// Row in the sheet, from 1.
    pub sheet_row: u32,
    /// The ledger's own running number (序号), if it has one.
    pub row: Option<u32>,
    /// Document number.
    pub number: Option<String>,
    /// Level.
    pub level: Level,
    /// Period, where the marking states one.
    pub period: Option<Period>,
    /// Day of receipt.
    pub date: Option<Date>,
    /// Title.
    pub title: String,
    /// Number of copies.
    pub copies: u32,
    /// Copy numbers, one for each copy, where the ledger gives them.
    pub copy_numbers: Vec<u32>,
    /// Issuing unit.
    pub source: Option<String>,
    /// Urgency.
    pub urgency: Urgency,
    /// How it came.
    pub channel: Option<Channel>,
    /// Where it lies, as written.
    pub place: Option<String>,
    /// Department that handles it, as written.
    pub department: Option<String>,
    /// Who signed, as written.
    pub signed_by: Option<String>,
    /// Remark.
    pub remark: Option<String>,
}

impl LedgerRow {
    /// What the row is known by: importing it again finds it. Not its place in the file, which changes.
    pub fn key(&self) -> String {
        let numbers: Vec<String> = self.copy_numbers.iter().map(ToString::to_string).collect();
        let parts = [
            self.source.clone().unwrap_or_default(),
            self.number.clone().unwrap_or_default(),
            self.title.chars().take(80).collect(),
            self.date.map(|date| date.to_string()).unwrap_or_default(),
            numbers.first().cloned().unwrap_or_default(),
            self.copies.to_string(),
        ];
        parts.map(|part| fold::search(&part)).join("|")
    }
}

/// A row that can't be taken, and why. Nothing of the other rows is lost by it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RefusedRow {
    /// Sheet.
    pub sheet: String,
    /// Row in the sheet, from 1.
    pub sheet_row: u32,
    /// The ledger's own running number, if it could be read.
    pub row: Option<u32>,
    /// Document number, if it could be read.
    pub number: Option<String>,
    /// Level, if it could be read.
    pub level: Option<Level>,
    /// The field at fault: level, period, date, title, copies, serial, duplicate, number.
    pub field: String,
    /// Heading of the column.
    pub column: String,
    /// What stands there.
    pub found: String,
    /// What should.
    pub expected: String,
    /// All cells of the row, as read.
    pub cells: Vec<String>,
}

impl RefusedRow {
    /// A row that could be read but that the register refused; `code` and `facts` are those of its refusal.
    pub fn by_register(row: &LedgerRow, code: &str, facts: &str) -> Self {
        Self {
            sheet: row.sheet.clone(),
            sheet_row: row.sheet_row,
            row: row.row,
            number: row.number.clone(),
            level: Some(row.level),
            field: code.to_owned(),
            column: String::new(),
            found: row.title.clone(),
            expected: facts.to_owned(),
            cells: vec![row.number.clone().unwrap_or_default(), row.title.clone()],
        }
    }
}

/// What was read from a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Outcome {
    /// Rows that can be registered.
    pub accepted: Vec<LedgerRow>,
    /// Rows that can't.
    pub refused: Vec<RefusedRow>,
}
