//! Official forms and ledgers as files. Today: lists as XLSX workbooks.
//!
//! Owns how a page looks on paper and in a spreadsheet. Must never read a register: rows are handed in.

use rust_xlsxwriter::{Color, Format, FormatAlign, FormatBorder, Workbook, XlsxError};

/// What can go wrong while a workbook is made.
#[derive(Debug, thiserror::Error)]
pub enum FormsError {
    /// The workbook can't be written.
    #[error("the workbook could not be made; try a smaller list")]
    Workbook(#[from] XlsxError),
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Heading.
    pub heading: String,
    /// Width in characters.
    pub width: f64,
}

impl Column {
    /// A column of that heading and width.
    pub fn new(heading: impl Into<String>, width: f64) -> Self {
        Self { heading: heading.into(), width }
    }
}

/// A cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Text. Always written as text: what begins with `=` or `@` is no formula.
    Text(String),
    /// A whole number.
    Number(u32),
    /// Nothing.
    Empty,
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Option<String>> for Cell {
    fn from(text: Option<String>) -> Self {
        text.map_or(Self::Empty, Self::Text)
    }
}

impl From<u32> for Cell {
    fn from(number: u32) -> Self {
        Self::Number(number)
    }
}

/// Longest text of a cell that spreadsheets accept, in UTF-16 units.
const LONGEST: usize = 32_767;

/// A table on A4 across: title, headings that stay on screen and repeat on paper, a filter, the rows.
pub fn table(
    title: &str,
    columns: &[Column],
    rows: impl IntoIterator<Item = Vec<Cell>>,
) -> Result<Vec<u8>, FormsError> {
    noted_table(title, None, columns, rows)
}

/// The same with a line above the headings, which says what must not be misread.
pub fn noted_table(
    title: &str,
    note: Option<&str>,
    columns: &[Column],
    rows: impl IntoIterator<Item = Vec<Cell>>,
) -> Result<Vec<u8>, FormsError> {
    let mut workbook = Workbook::new();
    let base = Format::new().set_font_name("宋体").set_font_size(11);
    let heading = base
        .clone()
        .set_bold()
        .set_align(FormatAlign::Center)
        .set_background_color(Color::RGB(0xF1_EC_E2))
        .set_border(FormatBorder::Thin);
    let sheet = workbook.add_worksheet_with_constant_memory()?;
    // Sheet names can't hold these characters, nor more than 31 of any.
    let name: String = title.chars().filter(|c| !"[]:*?/\\'".contains(*c)).take(31).collect();
    sheet.set_name(if name.is_empty() { "Sheet1" } else { &name })?;
    sheet.set_paper_size(9).set_landscape().set_print_fit_to_pages(1, 0);
    // The row of the headings.
    let top = u32::from(note.is_some());
    sheet.set_repeat_rows(0, top)?.set_freeze_panes(top + 1, 0)?;
    if let Some(note) = note {
        sheet.write_string_with_format(0, 0, note, &base.clone().set_bold())?;
    }
    for (place, column) in (0_u16..).zip(columns) {
        sheet.set_column_width(place, column.width)?;
        sheet.write_string_with_format(top, place, &column.heading, &heading)?;
    }
    let mut last = top;
    for (row, cells) in (top + 1..).zip(rows) {
        for (place, cell) in (0_u16..).zip(cells) {
            match cell {
                Cell::Text(text) => {
                    let text =
                        if text.len() > LONGEST { text.chars().take(LONGEST / 2).collect() } else { text };
                    sheet.write_string_with_format(row, place, text, &base)?;
                }
                Cell::Number(number) => {
                    sheet.write_number_with_format(row, place, number, &base)?;
                }
                Cell::Empty => {}
            }
        }
        last = row;
    }
    if let Ok(width) = u16::try_from(columns.len())
        && width > 0
    {
        sheet.autofilter(top, 0, last, width - 1)?;
    }
    Ok(workbook.save_to_buffer()?)
}

/// A row of an old ledger that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedLine {
    /// Sheet.
    pub sheet: String,
    /// Row in the sheet, from 1.
    pub row: u32,
    /// Heading of the column at fault.
    pub column: String,
    /// What stands there.
    pub found: String,
    /// What should.
    pub expected: String,
    /// All cells of the row as read.
    pub cells: Vec<String>,
}

/// The refused rows of an import, to be mended and imported again.
pub fn refusal_report(lines: &[RefusedLine]) -> Result<Vec<u8>, FormsError> {
    let widest = lines.iter().map(|line| line.cells.len()).max().unwrap_or(0);
    let mut columns = vec![
        Column::new("工作表", 14.0),
        Column::new("行", 6.0),
        Column::new("列", 12.0),
        Column::new("原值", 24.0),
        Column::new("应为", 36.0),
    ];
    columns.extend((1..=widest).map(|number| Column::new(format!("原第{number}列"), 16.0)));
    let rows = lines.iter().map(|line| {
        let mut cells: Vec<Cell> = vec![
            line.sheet.as_str().into(),
            line.row.into(),
            line.column.as_str().into(),
            line.found.as_str().into(),
            line.expected.as_str().into(),
        ];
        cells.extend(line.cells.iter().map(|cell| Cell::from(cell.as_str())));
        cells
    });
    table("未导入的行", &columns, rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use calamine::{Data, Reader, Xlsx};
    use std::io::Cursor;

    #[test]
    fn what_looks_like_a_formula_is_text() {
        let columns = [Column::new("标题", 30.0), Column::new("份数", 6.0)];
        let nasty = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "=HYPERLINK(\"http://x\")"];
        let rows = nasty.iter().map(|text| vec![Cell::from(*text), Cell::Number(2)]);
        let bytes = table("台账[1]", &columns, rows).unwrap();
        let mut book: Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(bytes)).unwrap();
        let range = book.worksheet_range_at(0).unwrap().unwrap();
        for (row, text) in nasty.iter().enumerate() {
            assert_eq!(range[(row + 1, 0)], Data::String((*text).to_owned()));
            assert_eq!(range[(row + 1, 1)], Data::Float(2.0));
        }
        let formulas = book.worksheet_formula("台账1").unwrap();
        assert!(formulas.is_empty());
    }

    #[test]
    fn a_line_stands_above_the_headings() {
        let columns = [Column::new("标题", 30.0)];
        let bytes =
            noted_table("台账", Some("截至 2026-11-17 24:00"), &columns, [vec!["一".into()]]).unwrap();
        let mut book: Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(bytes)).unwrap();
        let range = book.worksheet_range_at(0).unwrap().unwrap();
        let found: Vec<_> = range.rows().map(|row| row[0].to_string()).collect();
        assert_eq!(found, ["截至 2026-11-17 24:00", "标题", "一"]);
    }

    #[test]
    fn refused_rows_keep_their_cells() {
        let line = RefusedLine {
            sheet: "2025".into(),
            row: 17,
            column: "份号".into(),
            found: "000001-000003".into(),
            expected: "2 copy numbers".into(),
            cells: vec!["17".into(), "国资发〔2025〕3号".into()],
        };
        let bytes = refusal_report(&[line]).unwrap();
        let mut book: Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(bytes)).unwrap();
        let range = book.worksheet_range_at(0).unwrap().unwrap();
        assert_eq!(range[(1, 6)], Data::String("国资发〔2025〕3号".into()));
    }
}
