//! What the page of a bundle says of entries, in Chinese: it goes to people outside who read no code.

use std::collections::HashMap;
use std::fmt::Write as _;

use jingui_office::supervision::evidence::listed::{Changed, Listed};
use jingui_office::{Office, fill};

use crate::language::Language;
use crate::wording;

/// Records of one entry that are named; the others are counted.
const NAMED: usize = 4;

/// Titles of actions.
pub(super) struct Titles(HashMap<&'static str, &'static str>);

impl Titles {
    pub(super) fn new() -> Self {
        Self(jingui_office::actions().iter().map(|action| (action.name, action.title.0)).collect())
    }

    pub(super) fn of<'a>(&self, action: &'a str) -> &'a str {
        self.0.get(action).copied().unwrap_or(action)
    }
}

/// Who acted.
pub(super) fn who(entry: &Listed) -> String {
    match (entry.actor.as_str(), &entry.name) {
        (_, Some(name)) => name.clone(),
        ("clock", _) => "系统时钟".to_owned(),
        ("founder", _) => "初建".to_owned(),
        ("nobody", _) => "身份不明".to_owned(),
        (other, _) => other.to_owned(),
    }
}

/// Done, or why not. Facts are there only where the entry is opened; without them the bare code says as much.
pub(super) fn result(office: &Office, entry: &Listed) -> String {
    let Some((code, facts)) = &entry.refused else { return "已办理".to_owned() };
    let reason = office
        .texts()
        .get(code)
        .filter(|_| entry.opened)
        .map(|text| fill(&text.zh, &wording::facts(facts, Language::Chinese)));
    reason.map_or_else(|| "不予办理".to_owned(), |reason| format!("不予办理：{reason}"))
}

/// What changed, in a line.
pub(super) fn changed(entry: &Listed) -> String {
    let mut line = String::new();
    for put in entry.puts.iter().filter(|put| put.kind != "series").take(NAMED) {
        if !line.is_empty() {
            line.push('；');
        }
        line.push_str(&record(put));
    }
    let more = entry.puts.iter().filter(|put| put.kind != "series").count().saturating_sub(NAMED);
    if more > 0 {
        let _ = write!(line, "；另 {more} 条记录");
    }
    match (&entry.subject, line.is_empty()) {
        (Some(subject), true) => format!("涉及 {subject}"),
        _ => line,
    }
}

fn record(put: &Changed) -> String {
    let mut text = kind(&put.kind).to_owned();
    if let Some(number) = &put.number {
        let _ = write!(text, " {number}");
    }
    let _ = if put.version == 1 { write!(text, " 新建") } else { write!(text, " 第 {} 版", put.version) };
    if let Some(state) = &put.state {
        let _ = write!(text, "，{}", state_of(&put.kind, state));
    }
    if let Some(holder) = &put.holder {
        let _ = write!(text, "，在 {holder} 处");
    }
    text
}

fn kind(kind: &str) -> &str {
    match kind {
        "account" => "账户",
        "backup" => "备份",
        "cabinet" => "文件柜",
        "calendar_year" => "工作日历",
        "content_approval" => "内容上限批准",
        "copy" => "份",
        "department" => "部门",
        "evidence" => "证据",
        "file" => "电子件",
        "import_run" => "导入",
        "incident" => "事件",
        "item" => "文件",
        "loan" => "借阅",
        "opening" => "启封",
        "page_read" => "页阅读",
        "person" => "人员",
        "print" => "打印",
        "reading" => "阅览",
        "reading_session" => "现场阅读",
        "receipt" => "收文",
        "room" => "房间",
        "saved_filter" => "个人筛选",
        "setting" => "参数",
        "sheet_given" => "打印页",
        "source" => "来文单位",
        "spoilt_printing" => "打坏页",
        other => other,
    }
}

/// The state of a record in words; one that isn't known here stays as it is called.
fn state_of<'a>(kind: &str, state: &'a str) -> &'a str {
    match (kind, state) {
        ("copy", "desk") => "待入柜",
        ("copy", "kept") => "在柜",
        ("copy", "offered") => "交接中",
        ("copy", "reading") => "现场阅读",
        ("copy", "missing") => "下落不明",
        ("copy", "void") => "作废",
        (_, "applied") => "待批准",
        (_, "approved") => "已批准",
        (_, "rejected") => "未批准",
        (_, "withdrawn") => "已撤回",
        (_, "expired") => "批准失效",
        (_, "handing_over") => "待领取确认",
        ("copy", "lent") | (_, "out") => "借出",
        (_, "returning") => "待清点收回",
        (_, "reading") => "阅读中",
        (_, "returned") => "已归还",
        (_, "lost") => "已丢失",
        (_, "made") => "已制作",
        (_, "open") => "进行中",
        (_, "closed") => "已结束",
        (_, "called_off") => "已取消",
        (_, other) => other,
    }
}
