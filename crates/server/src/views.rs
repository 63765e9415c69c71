//! The table of view routes. Each line is at once a route and its entry in the API document.

use jingui_office::accountability::views as incidents;
use jingui_office::files::knew::{KnewFilter, knew};
use jingui_office::files::views as files;
use jingui_office::items::{allowed, past, search, views as items};
use jingui_office::loans::views as loans;
use jingui_office::page::{Count, Rows};
use jingui_office::personnel::views as people;
use jingui_office::premises::views as premises;
use jingui_office::receipts::views as receipts;
use jingui_office::supervision::{filters, journal, workbench};
use jingui_regulation::{Param, Role};
use jingui_store::Id;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::evidence;
use crate::rules;
use crate::sheets;
use crate::view::{Fault, Look, Nothing, View, list, point, sheet};
use crate::wording;

/// Every view route.
pub(crate) fn all() -> Vec<View> {
    let all = of_items().into_iter().chain(of_loans()).chain(of_places_and_people()).chain(of_supervision());
    all.map(View::marked).collect()
}

/// What was typed, to complete.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Completion {
    /// What was typed so far.
    #[schemars(length(max = 200))]
    #[serde(default)]
    typed: String,
}

/// A list that has no further page.
fn whole<T>(rows: Vec<T>) -> Rows<T> {
    Rows { rows, next: None }
}

/// The item in the path, whose register entry is thereby opened.
fn opened(look: &Look<'_>) -> Result<Id, Fault> {
    let item = look.id("item")?;
    let level = items::detail(look.conn, look.asker, look.rules, &item)?.ok_or(Fault::Absent)?.level;
    look.opens(&item, level);
    Ok(item)
}

fn of_items() -> Vec<View> {
    vec![
        list("/api/items", ("文件台账", "Items"), |look, filter: items::ItemFilter| {
            Ok(items::list(look.conn, look.asker, &filter)?)
        }),
        list("/api/items/count", ("文件数", "How many items"), |look, filter: items::ItemFilter| {
            let ceiling = u64::from(look.rules.count(Param::CountCeiling));
            Ok::<Count, _>(items::count(look.conn, look.asker, &filter, ceiling)?)
        }),
        sheet("/api/items.xlsx", ("导出文件台账", "Items as a workbook"), sheets::items),
        point("/api/items/{item}", ("文件", "An item"), |look, _: Nothing| {
            let item = look.id("item")?;
            let detail = items::detail(look.conn, look.asker, look.rules, &item)?.ok_or(Fault::Absent)?;
            look.version(detail.version);
            look.opens(&item, detail.level);
            Ok(detail)
        }),
        list(
            "/api/items/{item}/allowed",
            ("此件可办事项", "What may be done on an item"),
            |look, _: Nothing| {
                let item = opened(look)?;
                Ok(whole(allowed::allowed(look.office, look.conn, look.asker, &item)?.ok_or(Fault::Absent)?))
            },
        ),
        list(
            "/api/items/{item}/history",
            ("版本与差异", "Versions with their differences"),
            |look, _: Nothing| {
                let item = opened(look)?;
                Ok(whole(past::history(look.office, look.conn, look.asker, &item)?.ok_or(Fault::Absent)?))
            },
        ),
        list(
            "/api/items/{item}/files",
            ("文件的电子件", "The files of an item"),
            |look, _: Nothing| {
                let item = opened(look)?;
                let files = files::of_item(look.conn, look.asker, &item)?.ok_or(Fault::Absent)?;
                let row = |file: jingui_office::files::File| {
                    let progress = look.inspections.of(&file.id);
                    files::FileRow { file, progress }
                };
                Ok(whole(files.into_iter().map(row).collect()))
            },
        ),
        list(
            "/api/items/facets",
            ("检索结果分布", "What a search finds, by properties"),
            |look, filter: items::ItemFilter| {
                let ceiling = u64::from(look.rules.count(Param::CountCeiling));
                Ok(search::facets(look.conn, look.asker, &filter, ceiling)?)
            },
        ),
        list("/api/knew", ("谁知悉", "Who knew"), |look, filter: KnewFilter| {
            Ok(whole(knew(look.conn, look.asker, &filter)?))
        }),
        list("/api/prints", ("打印", "Prints"), |look, filter: files::PrintFilter| {
            Ok(whole(files::prints(look.conn, look.asker, &filter)?))
        }),
        sheet("/api/knew.xlsx", ("导出谁知悉", "Who knew as a workbook"), sheets::knew),
        list("/api/items/{item}/timeline", ("经过", "What happened to an item"), |look, _: Nothing| {
            let item = opened(look)?;
            Ok(whole(past::timeline(look.office, look.conn, look.asker, &item)?.ok_or(Fault::Absent)?))
        }),
        list(
            "/api/duplicates",
            ("疑似重复登记", "Items like the one being registered"),
            |look, typed: items::Typed| Ok(whole(items::similar(look.conn, look.asker, &typed)?)),
        ),
        point("/api/scan/{code}", ("扫码", "What a scanned code names"), |look, _: Nothing| {
            items::scan(look.conn, look.asker, look.text("code"))?.ok_or(Fault::Absent)
        }),
        list(
            "/api/completions/sources",
            ("来文单位联想", "Issuing units that fit"),
            |look, typed: Completion| Ok(whole(items::sources(look.conn, look.asker, &typed.typed)?)),
        ),
    ]
}

fn of_loans() -> Vec<View> {
    vec![
        list("/api/loans", ("借阅", "Loans"), |look, filter: loans::LoanFilter| {
            Ok(loans::list(look.conn, look.asker, &filter)?)
        }),
        sheet("/api/loans.xlsx", ("导出借阅", "Loans as a workbook"), sheets::loans),
        point("/api/loans/{loan}", ("一次借阅", "A loan"), |look, _: Nothing| {
            let loan = loans::detail(look.conn, look.asker, &look.id("loan")?)?.ok_or(Fault::Absent)?;
            look.version(loan.version);
            Ok(loan)
        }),
        list(
            "/api/reading-sessions",
            ("现场阅读", "Reading sessions"),
            |look, filter: loans::SessionFilter| Ok(loans::sessions(look.conn, look.asker, &filter)?),
        ),
        sheet(
            "/api/reading-sessions.xlsx",
            ("导出现场阅读", "Reading sessions as a workbook"),
            sheets::sessions,
        ),
        list("/api/receipts", ("收文", "Receipts"), |look, filter: receipts::ReceiptFilter| {
            Ok(receipts::list(look.conn, look.asker, &filter)?)
        }),
        sheet("/api/receipts.xlsx", ("导出收文", "Receipts as a workbook"), sheets::receipts),
        point("/api/receipts/{receipt}", ("一件收文", "A receipt"), |look, _: Nothing| {
            let receipt =
                receipts::detail(look.conn, look.asker, &look.id("receipt")?)?.ok_or(Fault::Absent)?;
            look.version(receipt.version);
            Ok(receipt)
        }),
        list("/api/imports", ("导入记录", "Imports"), |look, _: Nothing| {
            Ok(whole(receipts::imports(look.conn, look.asker)?))
        }),
    ]
}

fn of_places_and_people() -> Vec<View> {
    vec![
        list("/api/rooms", ("房间", "Rooms"), |look, _: Nothing| {
            Ok(whole(premises::rooms(look.conn, look.asker)?))
        }),
        list("/api/cabinets", ("文件柜", "Cabinets"), |look, _: Nothing| {
            Ok(whole(premises::cabinets(look.conn, look.asker)?))
        }),
        list(
            "/api/cabinets/{cabinet}",
            ("一个文件柜", "A cabinet with its contents"),
            |look, _: Nothing| {
                let cabinet =
                    premises::cabinet(look.conn, look.asker, &look.id("cabinet")?)?.ok_or(Fault::Absent)?;
                look.version(cabinet.version);
                Ok(cabinet)
            },
        ),
        sheet(
            "/api/cabinets/{cabinet}/contents.xlsx",
            ("导出柜内文件", "A cabinet's contents as a workbook"),
            sheets::cabinet,
        ),
        list("/api/directory", ("通讯录", "Everybody's name, to choose from"), |look, _: Nothing| {
            Ok(whole(people::directory(look.conn, look.asker)?))
        }),
        list("/api/people", ("花名册", "People"), |look, _: Nothing| {
            Ok(whole(people::people(look.conn, look.asker)?))
        }),
        sheet("/api/people.xlsx", ("导出花名册", "People as a workbook"), sheets::people),
        point("/api/people/{person}", ("一个人", "A person"), |look, _: Nothing| {
            let detail = people::detail(look.conn, look.asker, &look.id("person")?)?.ok_or(Fault::Absent)?;
            look.version(detail.person.version);
            Ok(detail)
        }),
        list("/api/departments", ("部门", "Departments"), |look, _: Nothing| {
            Ok(whole(people::departments(look.conn, look.asker)?))
        }),
    ]
}

fn of_supervision() -> Vec<View> {
    vec![
        list("/api/workbench", ("工作台", "Workbench"), |look, _: Nothing| {
            Ok(workbench::workbench(look.conn, look.asker, look.rules, look.today)?)
        }),
        list("/api/incidents", ("事件", "Incidents"), |look, filter: incidents::IncidentFilter| {
            Ok(incidents::list(look.conn, look.asker, &filter)?)
        }),
        sheet("/api/incidents.xlsx", ("导出事件", "Incidents as a workbook"), sheets::incidents),
        list("/api/journal", ("账本", "The journal"), |look, filter: journal::JournalFilter| {
            let mut entries =
                journal::list(look.office, look.conn, look.asker, &filter)?.ok_or(Fault::Absent)?;
            for entry in &mut entries.rows {
                entry.reason = wording::reason(look.office, entry, look.language);
            }
            Ok(entries)
        }),
        sheet("/api/journal.xlsx", ("导出账本", "The journal as a workbook"), sheets::journal),
        list(
            "/api/evidence/preview",
            ("证据预览", "What a bundle of evidence would hold"),
            evidence::preview,
        ),
        point("/api/filters", ("本人保存的筛选", "One's own saved filters"), |look, _: Nothing| {
            Ok(whole(filters::own(look.conn, look.asker)?))
        }),
        point("/api/ceiling", ("内容密级上限", "The level ceiling of content"), |look, _: Nothing| {
            Ok(files::ceiling(look.conn, look.asker, look.rules, look.today)?)
        }),
        point(
            "/api/trace/{mark}",
            ("按标记追溯阅读", "The reading that a mark names"),
            |look, _: Nothing| {
                let may = [Role::SecurityAuditor, Role::OfficeHead].iter().any(|role| look.asker.is(*role));
                if !may {
                    return Err(Fault::Absent);
                }
                files::traced(look.conn, look.text("mark"))?.ok_or(Fault::Absent)
            },
        ),
        point("/api/parameters", ("参数", "Parameters"), |look, _: Nothing| {
            Ok(whole(rules::parameters(look)))
        }),
        point("/api/calendar/{year}", ("一年的工作日", "A year's working days"), |look, _: Nothing| {
            rules::year(look)
        }),
        point("/api/actions", ("可办事项", "Every verb of the office"), |_, _: Nothing| {
            Ok(whole(rules::actions()))
        }),
        point("/api/clauses", ("条款", "Clauses"), |look, _: Nothing| Ok(whole(rules::clauses(look)))),
    ]
}
