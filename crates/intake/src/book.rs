//! Files become sheets of text: .xlsx and .xls, and .csv in UTF-8 or GB18030.

use std::io::Cursor;

use calamine::{Data, Reader, Sheets};
use jingui_regulation::Date;

/// Most bytes of a file.
const FILE: usize = 64 << 20;
/// Most bytes that a workbook's parts may unpack to.
const UNPACKED: u64 = 512 << 20;
/// Most cells of a book.
const CELLS: usize = 8_000_000;
/// Most bytes of a cell's text that are kept; a longer one can be no field of a ledger.
const CELL: usize = 4_000;

/// A file that can't be read as a ledger.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IntakeError {
    /// Neither workbook nor CSV by its name.
    #[error("{0:?} isn't a ledger file; save it as .xlsx, .xls or .csv")]
    Kind(String),
    /// Larger than a ledger is.
    #[error("the file is too large ({0}); split it by year")]
    TooLarge(String),
    /// Damaged, or not what its name says.
    #[error("the file can't be read as {kind} ({reason}); open it in Excel or WPS and save it again")]
    Damaged {
        /// What it should be.
        kind: &'static str,
        /// What the reader says.
        reason: String,
    },
    /// Neither UTF-8 nor GB18030.
    #[error("the text is neither UTF-8 nor GB18030; save it as UTF-8")]
    Encoding,
}

impl IntakeError {
    /// The same for the person who sent the file, in Chinese.
    pub fn zh(&self) -> String {
        match self {
            Self::Kind(name) => format!("“{name}”不是台账文件，请另存为 .xlsx、.xls 或 .csv"),
            Self::TooLarge(size) => format!("文件过大（{size}），请按年度拆分"),
            Self::Damaged { kind, reason } => {
                format!("不能按 {kind} 读取（{reason}），请用 Excel 或 WPS 打开后重新保存")
            }
            Self::Encoding => "文字编码既不是 UTF-8 也不是 GB18030，请另存为 UTF-8".to_owned(),
        }
    }
}

/// A file as sheets of text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Book {
    /// Sheets in their order.
    pub sheets: Vec<Sheet>,
}

/// A sheet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sheet {
    /// Name.
    pub name: String,
    /// Rows that hold anything.
    pub rows: Vec<SheetRow>,
}

/// A row of a sheet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SheetRow {
    /// Row number as the person sees it, from 1.
    pub number: u32,
    /// Text of each cell, as shown.
    pub cells: Vec<String>,
}

/// Reads a file by its name's ending.
pub fn open(name: &str, bytes: &[u8]) -> Result<Book, IntakeError> {
    if bytes.len() > FILE {
        return Err(IntakeError::TooLarge(format!("{} MiB, at most {}", bytes.len() >> 20, FILE >> 20)));
    }
    match name.rsplit('.').next().map(str::to_lowercase).as_deref() {
        Some("xlsx" | "xlsm") => workbook(bytes, "a workbook (.xlsx)"),
        Some("xls" | "et") => workbook(bytes, "a workbook (.xls)"),
        Some("csv" | "txt") => csv(bytes),
        _ => Err(IntakeError::Kind(name.chars().take(60).collect())),
    }
}

fn workbook(bytes: &[u8], kind: &'static str) -> Result<Book, IntakeError> {
    let damaged = |error: &dyn std::fmt::Display| IntakeError::Damaged {
        kind,
        reason: error.to_string().chars().take(120).collect(),
    };
    if bytes.starts_with(b"PK") {
        unpacked_size(bytes)?;
    }
    // The name doesn't decide: an .xls is often an .xlsx that was renamed.
    let mut file: Sheets<Cursor<&[u8]>> =
        calamine::open_workbook_auto_from_rs(Cursor::new(bytes)).map_err(|error| damaged(&error))?;
    let mut book = Book::default();
    let mut cells = 0;
    for name in file.sheet_names() {
        let range = file.worksheet_range(&name).map_err(|error| damaged(&error))?;
        let first = range.start().map_or(0, |(row, _)| row);
        let indent = range.start().map_or(0, |(_, column)| column as usize);
        let mut rows = Vec::new();
        for (offset, row) in (0_u32..).zip(range.rows()) {
            cells += row.len();
            if cells > CELLS {
                return Err(IntakeError::TooLarge(format!("more than {CELLS} cells")));
            }
            // Columns count from the sheet's edge, so that one mapping holds for the whole sheet.
            let mut texts = vec![String::new(); indent];
            texts.extend(row.iter().map(shown));
            if texts.iter().any(|text| !text.trim().is_empty()) {
                rows.push(SheetRow { number: first + offset + 1, cells: texts });
            }
        }
        book.sheets.push(Sheet { name, rows });
    }
    Ok(book)
}

/// Adds up what a zip's directory says its parts unpack to; a bomb says so, or is cut off by the reader.
fn unpacked_size(bytes: &[u8]) -> Result<(), IntakeError> {
    const ENTRY: &[u8] = b"PK\x01\x02";
    let mut total = 0_u64;
    let mut rest = bytes;
    while let Some(at) = rest.windows(4).position(|window| window == ENTRY) {
        let size =
            rest.get(at + 24..at + 28).and_then(|size| size.try_into().ok()).map_or(0, u32::from_le_bytes);
        total += u64::from(size);
        rest = rest.get(at + 4..).unwrap_or_default();
        if total > UNPACKED {
            return Err(IntakeError::TooLarge(format!("unpacks to more than {} MiB", UNPACKED >> 20)));
        }
    }
    Ok(())
}

/// A cell's text as the person saw it: dates as days, whole numbers without a fraction.
fn shown(cell: &Data) -> String {
    match cell {
        Data::Empty => String::new(),
        Data::String(text) => text.chars().take(CELL).collect(),
        Data::Float(number) => number_text(*number),
        Data::Int(number) => number.to_string(),
        Data::Bool(value) => value.to_string(),
        Data::DateTime(moment) => {
            if moment.is_datetime() {
                serial_day(moment.as_f64())
            } else {
                number_text(moment.as_f64())
            }
        }
        Data::DateTimeIso(text) | Data::DurationIso(text) => text.clone(),
        Data::Error(error) => format!("{error:?}"),
    }
}

#[allow(clippy::cast_possible_truncation, reason = "only whole numbers within the range of i64 are turned")]
fn number_text(number: f64) -> String {
    if number.fract() == 0.0 && number.abs() < 1e15 {
        (number as i64).to_string()
    } else {
        number.to_string()
    }
}

/// The day of an Excel serial number: day 1 is 1 January 1900, and 1900 counts as a leap year.
#[allow(clippy::cast_possible_truncation, reason = "bounded before it is turned")]
fn serial_day(serial: f64) -> String {
    let first = Date::new(1900, 1, 1);
    match first {
        Some(first) if (61.0..109_000.0).contains(&serial) => {
            first.plus_days(serial.trunc() as i32 - 2).to_string()
        }
        _ => number_text(serial),
    }
}

fn csv(bytes: &[u8]) -> Result<Book, IntakeError> {
    let text = if let Ok(text) = std::str::from_utf8(bytes) {
        text.trim_start_matches('\u{feff}').to_owned()
    } else {
        let (text, _, errors) = encoding_rs::GB18030.decode(bytes);
        if errors {
            return Err(IntakeError::Encoding);
        }
        text.into_owned()
    };
    let delimiter = delimiter(&text);
    let mut sheet = Sheet { name: "CSV".into(), rows: Vec::new() };
    let mut cells = 0;
    let mut reader = Csv { rest: text.chars().peekable(), delimiter, line: 1 };
    while let Some(row) = reader.row() {
        cells += row.cells.len();
        if cells > CELLS {
            return Err(IntakeError::TooLarge(format!("more than {CELLS} cells")));
        }
        if row.cells.iter().any(|cell| !cell.trim().is_empty()) {
            sheet.rows.push(row);
        }
    }
    Ok(Book { sheets: vec![sheet] })
}

/// The delimiter that the first lines hold most of.
fn delimiter(text: &str) -> char {
    let head: Vec<char> = text.lines().take(10).flat_map(str::chars).collect();
    let count = |wanted: char| head.iter().filter(|c| **c == wanted).count();
    [',', '\t', ';'].into_iter().max_by_key(|c| (count(*c), *c == ',')).unwrap_or(',')
}

/// Comma-separated text after RFC 4180, lenient: a stray quote is text, and a quote left open at the end of the file
/// doesn't swallow what stands before it as one cell without bound.
struct Csv<'t> {
    rest: std::iter::Peekable<std::str::Chars<'t>>,
    delimiter: char,
    line: u32,
}

impl Csv<'_> {
    fn row(&mut self) -> Option<SheetRow> {
        self.rest.peek()?;
        let number = self.line;
        let mut cells = Vec::new();
        let mut cell = String::new();
        let mut quoted = false;
        let mut fresh = true;
        while let Some(c) = self.rest.next() {
            if c == '\n' {
                self.line += 1;
            }
            match c {
                '"' if quoted => {
                    if self.rest.peek() == Some(&'"') {
                        self.rest.next();
                        push(&mut cell, '"');
                    } else {
                        quoted = false;
                    }
                }
                '"' if fresh => quoted = true,
                '\n' if !quoted => break,
                '\r' if !quoted && self.rest.peek() == Some(&'\n') => {}
                c if !quoted && c == self.delimiter => {
                    cells.push(std::mem::take(&mut cell));
                    fresh = true;
                    continue;
                }
                c => push(&mut cell, c),
            }
            fresh = false;
        }
        cells.push(cell);
        Some(SheetRow { number, cells })
    }
}

fn push(cell: &mut String, c: char) {
    if cell.len() < CELL * 4 {
        cell.push(c);
    }
}
