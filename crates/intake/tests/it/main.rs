//! Ledgers as offices keep them, and as they shouldn't be.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::too_many_lines,
    reason = "a test that breaks off says where"
)]

use jingui_intake::{Field, IntakeError, Outcome, open, read, recognise};
use jingui_regulation::{Level, Limits, PeriodUnit};
use rust_xlsxwriter::Workbook;
use serde_json::Value;

const LIMITS: Limits = Limits { internal: 30, confidential: 10, secret: 20, top_secret: 30 };

fn sample(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/tests/samples/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn take(name: &str, bytes: &[u8]) -> Outcome {
    let book = open(name, bytes).unwrap();
    read(&book, &recognise(&book), &LIMITS)
}

fn meets(file: &str, expected: &str) {
    let outcome = take(file, &sample(file));
    let expected: Value = serde_json::from_slice(&sample(expected)).unwrap();
    let accepted: Vec<Value> = outcome
        .accepted
        .iter()
        .map(|row| {
            let years = row.period.map(|period| {
                assert_eq!(period.unit, PeriodUnit::Years);
                period.count
            });
            serde_json::json!({
                "row": row.row, "number": row.number, "level": row.level, "date": row.date, "title": row.title, "years": years,
                "copies": row.copies, "first": row.copy_numbers.first().map(|number| format!("{number:06}"))
            })
        })
        .collect();
    let refused: Vec<Value> = outcome
        .refused
        .iter()
        .map(|row| serde_json::json!({ "row": row.row, "because": row.field }))
        .collect();
    let list = |key: &str| expected[key].as_array().unwrap().clone();
    // Number and level of a refused row are told in the expectations as they were before the row was spoilt (another
    // unit's number written over the own one, another marking over the own); the file doesn't hold them any more.
    let wanted: Vec<Value> = list("refused")
        .iter()
        .map(|row| serde_json::json!({ "row": row["row"], "because": row["because"] }))
        .collect();
    let differ = |found: &[Value], wanted: &[Value]| -> Vec<String> {
        let mut lines: Vec<String> =
            found.iter().filter(|row| !wanted.contains(row)).map(|row| format!("+ {row}")).collect();
        lines.extend(wanted.iter().filter(|row| !found.contains(row)).map(|row| format!("- {row}")));
        lines
    };
    assert_eq!(differ(&refused, &wanted), Vec::<String>::new());
    assert_eq!(differ(&accepted, &list("accepted")), Vec::<String>::new());
    assert_eq!((accepted.len(), refused.len()), (list("accepted").len(), list("refused").len()));
}

#[test]
fn the_tidy_sample_is_met_exactly() {
    meets("receipts-tidy.xlsx", "receipts-tidy.expected.json");
}

#[test]
fn the_messy_sample_is_met_exactly() {
    meets("receipts-messy.xlsx", "receipts-messy.expected.json");
}

#[test]
fn the_gb18030_sample_is_met_exactly() {
    meets("receipts-gb18030.csv", "receipts-gb18030.expected.json");
}

fn workbook(rows: &[&[&str]]) -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (row, cells) in rows.iter().enumerate() {
        for (column, cell) in cells.iter().enumerate() {
            sheet.write_string(row.try_into().unwrap(), column.try_into().unwrap(), *cell).unwrap();
        }
    }
    book.save_to_buffer().unwrap()
}

#[test]
fn columns_are_found_by_name_in_any_order() {
    let bytes = workbook(&[
        &["岳重集团二〇二五年收文登记簿"],
        &[],
        &["备注", "份数", "密级和保密期限", "题名", "来文机关", "收到日期", "发文字号"],
        &["", "2", "机密★5年", "关于 甲 的通知", "省委办公厅", "2025.3.5", "厅字[2025]3号"],
        &["三月"],
        &["急", "1", "内部资料", "关于乙的函", "省委办公厅", "２０２５年３月６日", "厅字（2025）4号"],
        &["合计", "3"],
    ]);
    let outcome = take("旧台账.XLSX", &bytes);
    assert_eq!(outcome.refused, []);
    let rows: Vec<_> = outcome
        .accepted
        .iter()
        .map(|row| (row.sheet_row, row.number.as_deref(), row.level, row.copies))
        .collect();
    assert_eq!(
        rows,
        [(4, Some("厅字〔2025〕3号"), Level::Secret, 2), (6, Some("厅字〔2025〕4号"), Level::Internal, 1)]
    );
    assert_eq!(outcome.accepted[0].title, "关于甲的通知");
}

#[test]
fn a_header_of_two_rows_and_a_period_of_its_own_column() {
    let bytes = workbook(&[
        &["序号", "文件", "", "", "份", "", "收文日期"],
        &["", "文号", "标题", "密级", "份数", "份号", ""],
        &["1", "组发〔2025〕1号", "关于丙的意见", "秘密", "2", "000001-000002", "2025-01-02"],
    ]);
    let outcome = take("a.xlsx", &bytes);
    assert_eq!((outcome.accepted.len(), outcome.refused.len()), (1, 0), "{outcome:?}");
    assert_eq!(outcome.accepted[0].copy_numbers, [1, 2]);
    let bytes = workbook(&[
        &["标题", "密级", "保密期限"],
        &["关于丁的方案", "绝密", "30年"],
        &["关于戊的方案", "秘密", "11年"],
        &["关于己的方案", "秘密", "长期"],
    ]);
    let outcome = take("a.xlsx", &bytes);
    assert_eq!(outcome.accepted.len(), 1);
    let told: Vec<_> = outcome
        .refused
        .iter()
        .map(|row| (row.sheet_row, row.field.as_str(), row.column.as_str(), row.found.as_str()))
        .collect();
    assert_eq!(told, [(3, "period", "保密期限", "11年"), (4, "period", "保密期限", "长期")]);
}

#[test]
fn a_mapping_can_be_corrected() {
    let bytes = workbook(&[&["甲栏", "乙栏", "密级"], &["关于庚的通知", "x", "秘密"]]);
    let book = open("a.xlsx", &bytes).unwrap();
    let mut plans = recognise(&book);
    assert!(!plans[0].read, "{plans:?}");
    plans[0].read = true;
    plans[0].header = Some(1);
    plans[0].headings = vec!["甲栏".into(), "乙栏".into(), "密级".into()];
    plans[0].columns = [(Field::Level, 2)].into();
    let outcome = read(&book, &plans, &LIMITS);
    assert_eq!(
        (outcome.accepted.len(), outcome.refused.len(), outcome.refused[0].field.as_str()),
        (0, 1, "title"),
        "one error for the sheet"
    );
    plans[0].columns = [(Field::Title, 0), (Field::Level, 2)].into();
    assert_eq!(read(&book, &plans, &LIMITS).accepted[0].title, "关于庚的通知");
}

#[test]
fn csv_in_every_dress() {
    let text = "标题;密级;份数\r\n\"关于\"\"甲\"\"；的通知\";秘密;1\r\n关于乙\"的\"函;机密★3年;2\r\n";
    for (name, bytes) in [
        ("a.csv", text.as_bytes().to_vec()),
        ("b.CSV", [b"\xef\xbb\xbf", text.as_bytes()].concat()),
        ("c.csv", encoding_rs::GB18030.encode(text).0.into_owned()),
        ("d.txt", text.replace(';', "\t").replace('；', "").into_bytes()),
    ] {
        let outcome = take(name, &bytes);
        assert_eq!((outcome.accepted.len(), outcome.refused.len()), (2, 0), "{name}: {outcome:?}");
        assert_eq!(outcome.accepted[1].title, "关于乙\"的\"函");
    }
}

#[test]
fn importing_the_same_row_again_has_the_same_key() {
    let one = take("receipts-tidy.xlsx", &sample("receipts-tidy.xlsx"));
    let two = take("receipts-tidy.xlsx", &sample("receipts-tidy.xlsx"));
    let keys: std::collections::BTreeSet<String> =
        one.accepted.iter().map(jingui_intake::LedgerRow::key).collect();
    assert_eq!(keys.len(), one.accepted.len(), "each row has a key of its own");
    assert!(two.accepted.iter().all(|row| keys.contains(&row.key())));
    assert!(keys.iter().all(|key| key.chars().count() <= 200));
}

#[test]
fn hostile_files_are_errors() {
    let tidy = sample("receipts-tidy.xlsx");
    for length in [0, 1, 4, 100, tidy.len() / 2, tidy.len() - 1] {
        assert!(matches!(open("a.xlsx", &tidy[..length]), Err(IntakeError::Damaged { .. })), "{length}");
    }
    assert!(matches!(open("a.pdf", b"%PDF"), Err(IntakeError::Kind(_))));
    assert!(matches!(open("a.csv", &[0xff, 0xff, 0xff, 0x80]), Err(IntakeError::Encoding)));
    assert!(matches!(open("a.csv", &vec![b','; 9_000_000]), Err(IntakeError::TooLarge(_))));
    // A part that says it unpacks to 4 GiB.
    let mut bomb = b"PK\x01\x02".to_vec();
    bomb.extend([0; 20]);
    bomb.extend(u32::MAX.to_le_bytes());
    assert!(matches!(open("a.xlsx", &bomb), Err(IntakeError::TooLarge(_))));
    let huge = format!("标题,密级\n{},秘密\n正常,秘密\n", "长".repeat(400_000));
    let outcome = take("a.csv", huge.as_bytes());
    assert_eq!((outcome.accepted.len(), outcome.refused.len()), (1, 1));
    let lone = take("a.csv", "标题,密级\n\"没有关上的引号,秘密\n另一行,秘密".as_bytes());
    assert!(lone.accepted.len() <= 1);
    let nul = take("a.csv", "标题,密级\n甲\0乙,秘密\n".as_bytes());
    assert_eq!(nul.refused[0].field, "title");
}
