//! Which row is the header, and what each column holds, by name. A person may correct it.

use std::collections::BTreeMap;

use jingui_regulation::fold;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::book::{Book, Sheet, SheetRow};

/// What a column can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// 序号.
    Row,
    /// 收文日期.
    Date,
    /// 来文单位.
    Source,
    /// 文号.
    Number,
    /// 标题.
    Title,
    /// 密级, with or without the period.
    Level,
    /// 保密期限, as a column of its own.
    Period,
    /// 份数.
    Copies,
    /// 份号.
    Serial,
    /// 紧急程度.
    Urgency,
    /// 送达方式.
    Channel,
    /// 存放位置.
    Place,
    /// 承办部门.
    Department,
    /// 签收人.
    SignedBy,
    /// 备注.
    Remark,
}

/// Names of columns, the surest first. A heading that equals one of them is that field; else one that contains it.
const NAMES: &[(Field, &[&str])] = &[
    (Field::Row, &["序号", "编号", "顺序号", "no", "no."]),
    (Field::Date, &["收文日期", "收到日期", "收文时间", "来文日期", "登记日期", "签收日期", "日期"]),
    (Field::Source, &["来文单位", "发文单位", "来文机关", "发文机关", "来文部门", "来文者", "发文者"]),
    (Field::Number, &["文号", "发文字号", "来文字号", "文件编号", "来文号", "文件号", "字号"]),
    (Field::Title, &["文件标题", "标题", "文件名称", "题名", "文件题名", "来文标题", "名称", "内容", "事由"]),
    (Field::Period, &["保密期限", "期限", "保密年限"]),
    (Field::Level, LEVEL_NAMES),
    (Field::Copies, &["份数", "数量"]),
    (Field::Serial, &["份号", "份序号"]),
    (Field::Urgency, &["紧急程度", "缓急", "缓急程度", "紧急"]),
    (Field::Channel, &["送达方式", "来文方式", "递送方式", "收文方式", "传递方式"]),
    (Field::Place, &["存放位置", "存放地点", "存放处", "柜号", "位置"]),
    (Field::Department, &["承办部门", "承办单位", "办理部门", "主办部门"]),
    (Field::SignedBy, &["签收人", "收件人", "经手人", "接收人"]),
    (Field::Remark, &["备注", "说明"]),
];

/// The column of the marking, the commonest form of which holds level and period together.
const LEVEL_NAMES: &[&str] = &["密级", "密级和保密期限", "秘密等级", "密级标志", "密级期限"];

/// How a sheet is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SheetPlan {
    /// Sheet.
    pub sheet: String,
    /// Whether it is read at all; sheets of remarks aren't.
    pub read: bool,
    /// Row of the header, from 1; nothing when none was found.
    pub header: Option<u32>,
    /// Headings by column, as found.
    pub headings: Vec<String>,
    /// Which column holds which field; columns count from 0.
    pub columns: BTreeMap<Field, usize>,
}

/// Rows above a header: title, year, department.
const DEPTH: usize = 60;

/// Finds header and columns of every sheet.
pub fn recognise(book: &Book) -> Vec<SheetPlan> {
    book.sheets.iter().map(plan).collect()
}

fn plan(sheet: &Sheet) -> SheetPlan {
    let best = sheet
        .rows
        .iter()
        .take(DEPTH)
        .enumerate()
        .map(|(place, row)| {
            // A header of two rows has its finer names in the second; the upper one stands where the lower is blank.
            let joined = two_rows(row, sheet.rows.get(place + 1));
            let (single, double) =
                (columns(&row.cells), joined.as_ref().map(|joined| columns(&joined.cells)));
            match (double, joined) {
                (Some(double), Some(joined)) if double.len() > single.len() => (double, joined),
                _ => (single, row.clone()),
            }
        })
        .max_by_key(|(columns, row)| (columns.len(), std::cmp::Reverse(row.number)));
    match best {
        // Two named columns could be chance in a sheet of remarks; a ledger has title or number and more beside it.
        Some((columns, header)) if is_ledger(&columns) => SheetPlan {
            sheet: sheet.name.clone(),
            read: true,
            header: Some(header.number),
            headings: header.cells,
            columns,
        },
        _ => SheetPlan {
            sheet: sheet.name.clone(),
            read: false,
            header: None,
            headings: Vec::new(),
            columns: BTreeMap::new(),
        },
    }
}

fn is_ledger(columns: &BTreeMap<Field, usize>) -> bool {
    columns.contains_key(&Field::Title) && columns.len() >= 2
}

/// The row below put into the blanks, when it is a header too: short texts, no numbers or dates.
fn two_rows(upper: &SheetRow, lower: Option<&SheetRow>) -> Option<SheetRow> {
    let lower = lower?;
    let names = |row: &SheetRow| row.cells.iter().filter(|cell| field(cell, false).is_some()).count();
    if names(lower) == 0 || lower.cells.iter().any(|cell| cell.chars().any(|c| c.is_ascii_digit())) {
        return None;
    }
    let width = upper.cells.len().max(lower.cells.len());
    let cell = |row: &SheetRow, place: usize| row.cells.get(place).cloned().unwrap_or_default();
    let cells = (0..width)
        .map(|place| {
            Some(cell(lower, place))
                .filter(|text| !text.trim().is_empty())
                .unwrap_or_else(|| cell(upper, place))
        })
        .collect();
    Some(SheetRow { number: lower.number, cells })
}

/// Which column holds which field: exact names first, so that a looser likeness never takes their place.
fn columns(cells: &[String]) -> BTreeMap<Field, usize> {
    let mut found = BTreeMap::new();
    for loosely in [false, true] {
        for (place, cell) in cells.iter().enumerate() {
            if found.values().any(|taken| *taken == place) {
                continue;
            }
            if let Some(field) = field(cell, loosely)
                && !found.contains_key(&field)
            {
                found.insert(field, place);
            }
        }
    }
    found
}

fn field(cell: &str, loosely: bool) -> Option<Field> {
    let heading: String = fold::search(cell).chars().filter(|c| c.is_alphanumeric()).collect();
    // A heading is short; a sentence that holds the word 标题 is none.
    if heading.is_empty() || heading.chars().count() > 14 {
        return None;
    }
    // "密级及期限", "密级（保密期限）": level and period in one column, whatever joins the two words.
    if loosely && heading.contains("密级") {
        return Some(Field::Level);
    }
    NAMES
        .iter()
        .find(|(_, names)| {
            names.iter().any(|name| {
                if loosely { heading.contains(name) && name.chars().count() > 1 } else { heading == *name }
            })
        })
        .map(|(field, _)| *field)
}
