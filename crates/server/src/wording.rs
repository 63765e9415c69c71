//! The edge's own wording: problems that aren't refusals of the office, and names for codes inside refusals.
//!
//! Refusals of the office have their wording in the rule pack's `refusals.toml`.

use axum::http::StatusCode;
use jingui_office::accountability::incident::IncidentKind;
use jingui_office::supervision::journal::EntryShown;
use jingui_office::{Office, fill};
use jingui_regulation::{Category, Level, PersonClass, Role, RulePack, fold};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::language::Language;

/// What a field takes that asks for a past moment.
pub(crate) const PAST: &str = "a past day, such as 2026-11-23, or a moment in the form of the journal";

/// The kind of an incident.
pub(crate) const fn incident(kind: &IncidentKind, language: Language) -> &'static str {
    let (zh, en) = match kind {
        IncidentKind::BrokenSeal { .. } => ("封口破损", "broken seal"),
        IncidentKind::Overdue { .. } => ("超期未还", "overdue loan"),
        IncidentKind::Damaged { .. } => ("归还损毁", "damaged on return"),
        IncidentKind::Lost { .. } => ("文件丢失", "copy lost"),
        IncidentKind::PagesMissing { .. } => ("页数不符", "pages missing"),
    };
    language.pick(zh, en)
}

/// The short title of a status: Chinese, English.
pub(crate) const fn title(status: StatusCode) -> (&'static str, &'static str) {
    match status.as_u16() {
        401 => ("未登录", "Not signed in"),
        403 => ("无权办理", "Not entitled"),
        404 => ("没有找到", "Not found"),
        409 => ("不予办理", "Refused"),
        412 => ("内容已变化", "Changed meanwhile"),
        413 => ("内容过大", "Too large"),
        422 => ("填写有误", "Field not accepted"),
        429 => ("尝试过多", "Too many tries"),
        500 => ("系统故障", "Failure"),
        503 => ("暂不可用", "Unavailable"),
        _ => ("请求有误", "Bad request"),
    }
}

/// What is said at the door of a sealed office.
fn sealed(code: &str) -> (&'static str, &'static str) {
    match code {
        "sealed" => (
            "系统尚未启封，请密钥持有人先在启封页面输入份额或口令。",
            "the office is sealed; its key holders open it on the unseal page first.",
        ),
        "seal.passphrase" => ("口令不正确，请核对后重新输入。", "the passphrase is wrong; try again."),
        "seal.not_a_share" => (
            "这不是一份密钥份额，请输入份额纸上的四行内容。",
            "this isn't a share; enter the four lines of a share sheet.",
        ),
        "seal.mistyped" => (
            "有的行输入有误，请对照份额纸逐字检查。",
            "some lines are mistyped; compare them with the sheet.",
        ),
        "seal.sentence" => (
            "确认语与所缺内容不符，请照页面上的原句输入。",
            "the sentence doesn't name what is given up; type it as the page shows it.",
        ),
        "seal.auditor" => (
            "这个账户不是安全审计员的，请安全审计员本人输入。",
            "this account isn't a security auditor's; the auditor enters their own.",
        ),
        "seal.other_office" => (
            "这份份额属于别的单位，请输入本单位的份额。",
            "this share belongs to another office; enter one of this office's.",
        ),
        "seal.other_sealing" => (
            "这份份额已经作废（密钥已重新分割），请用最近一次发给的份额。",
            "this share belongs to another sealing; enter the one that was handed out last.",
        ),
        "seal.altered" => (
            "这份份额与登记的不符，已被改动或伪造，请持有人核对原件并报告安全保密管理员。",
            "this share was altered; ask its holder for the original and report it.",
        ),
        "seal.twice" => (
            "这份份额已经输入过，请另一位持有人输入。",
            "this share was entered already; another holder must enter theirs.",
        ),
        "seal.keys" => (
            "份额齐全，但密钥文件打不开，可能已被改动。请用备份的密钥文件。",
            "the shares are there but the key file doesn't open; use another copy of it.",
        ),
        "seal.kind" => (
            "启封方式不符，请按页面要求输入。",
            "this office opens by another kind of secret; enter what the page asks for.",
        ),
        _ => keys(code),
    }
}

/// What is said of a change of keys.
fn keys(code: &str) -> (&'static str, &'static str) {
    match code {
        "keys.none" => (
            "本次运行没有密钥文件，不能变更密钥。",
            "this process serves without a file of keys; start it with `jingui serve`.",
        ),
        "keys.medium" => (
            "本单位的密钥文件单独存放在介质上，不能改为由持有人分持；请另建采用份额的单位。",
            "the key file lies on a medium apart and can't be split; keep that medium, or set the office up with shares.",
        ),
        "keys.not_dealt" => (
            "现在没有您的份额可领：份额更换已结束、中断，或不包括您。请刷新密钥页。",
            "there is no share for you now: the change is over, broke off, or doesn't include you; reload the page.",
        ),
        "keys.not_yours" => (
            "这是另一位持有人的份额，请输入您自己的份额纸。",
            "this is another holder's share; type your own sheet.",
        ),
        "keys.shown_to" => (
            "密钥情况只向安全保密管理员、系统管理员、安全审计员和党办负责人显示。",
            "keys are shown to the three administrators and the office head; ask one of them.",
        ),
        _ => moment(code),
    }
}

/// Why evidence isn't made.
fn evidence(code: &str) -> (&'static str, &'static str) {
    match code {
        "evidence.none" => (
            "没有属于此范围的账目，请放宽起止日期或另选对象。",
            "no entry belongs to it; choose other days or another subject.",
        ),
        "evidence.too_many" => (
            "账目过多：一份证据最多 20,000 笔、64 MiB。请缩短起止日期，分几份制作。",
            "too many entries: a bundle holds 20,000 and 64 MiB; choose fewer days and make several.",
        ),
        "evidence.running" => {
            ("正在制作另一份证据，请等它完成。", "another bundle of evidence is being made; wait for it.")
        }
        _ => sealed(code),
    }
}

/// What is said of a past moment that can't be looked at.
fn moment(code: &str) -> (&'static str, &'static str) {
    match code {
        "as_of.before" => (
            "账本自 {since} 起记，在此之前没有登记可看。请选这以后的时间。",
            "the journal began on {since}; there is nothing before. choose a later moment.",
        ),
        "as_of.order" => (
            "两个时间的先后颠倒了，请把较早的填在前面。",
            "the two moments are in the wrong order; give the earlier one first.",
        ),
        _ => ("请求无法处理，请检查后重试。", "the request can't be processed; check it and try again."),
    }
}

/// The wording of a problem of the edge: Chinese, English.
pub(crate) fn edge(code: &str) -> (&'static str, &'static str) {
    match code {
        "absent" => ("没有这一内容，或您不在知悉范围内。", "there is nothing here that you may know of."),
        "session.none" => ("请先登录。", "sign in first."),
        "session.wrong" => ("账户或口令不正确。", "the account or the password is wrong."),
        "too_many" => ("失败次数过多，请稍后再试。", "too many failures; try again later."),
        "body.too_large" => ("提交的内容过大，请缩减后再试。", "the content is too large; send less."),
        "body.broken" => ("提交的内容没有传完，请重试。", "the content broke off; send it again."),
        "body.slow" => ("提交的内容传输过慢，请重试。", "the content came too slowly; send it again."),
        "body.not_json" => ("提交的内容不是有效的 JSON。", "the content isn't valid JSON; correct it."),
        "body.not_form" => ("提交的不是完整的表单，请重新提交。", "this isn't a whole form; send it again."),
        "body.type" => ("内容类型不符，请按接口文档提交。", "send the content type of the API document."),
        "origin" => (
            "请求不是从本系统页面发出的。",
            "the request doesn't come from this system's own page; open the console and try there.",
        ),
        "host" => (
            "访问地址不在允许范围内。",
            "this host name isn't served here; use the address the office gave out.",
        ),
        "method" => {
            ("此地址不支持这种请求方法。", "this address doesn't take that method; see the API document.")
        }
        "precondition" => ("If-Match 应为带引号的版本号。", "If-Match must be a version number in quotes."),
        "auditor_only" => {
            ("只有安全审计员可以验证账本。", "only the security auditor may verify the journal.")
        }
        "slip.shape" => (
            "这不是日签的四行数字，请对照日签重新输入。",
            "these aren't the four lines of a slip; type them again from the slip.",
        ),
        "slip.lines" => {
            ("有的行输入有误，请对照日签逐字检查。", "some lines are mistyped; compare them with the slip.")
        }
        "slip.size" => (
            "笔数与四行数字不是同一张日签上的，请核对笔数。",
            "the number of entries isn't that of these lines; compare it with the slip.",
        ),
        "verification.running" => ("验证正在进行。", "a verification is running; wait for it."),
        "import.mapping" => (
            "所给的列对应关系不适用于这份台账。",
            "the mapping doesn't fit this ledger; choose columns that are there.",
        ),
        "import.unreadable" => (
            "这个文件无法读取，请用 .xlsx、.xls 或 .csv 格式。",
            "the file can't be read; send .xlsx, .xls or .csv.",
        ),
        "content.mark" => (
            "这一页无法加上水印，不能显示；请系统管理员安装中文字体（如 fonts-noto-cjk）后重试。",
            "the page can't be watermarked and isn't shown; have the system administrator install a Chinese font.",
        ),
        "content.resolution" => ("96、150、200 或 300", "96, 150, 200 or 300"),
        "content.unreadable" => {
            ("这一页无法显示，请告知机要员。", "this page can't be shown; tell the registrar.")
        }
        "content.vault" => (
            "电子件打不开：存储中的文件缺失或被改动，请系统管理员从备份恢复。",
            "the file can't be opened: it is missing or altered in the vault; restore it from a backup.",
        ),
        "rebuild.running" => ("内容索引正在重建。", "the index is being made anew; wait until it is done."),
        "system_administrator_only" => {
            ("内容索引由系统管理员重建。", "only the system administrator makes the index anew.")
        }
        "upload.broken" => (
            "文件写不进存储，请检查磁盘空间后重新上传。",
            "the file can't be written; check the disk's space and upload it again.",
        ),
        "upload.busy" => {
            ("这个文件正在上传中。", "another part of this file is being received; wait for it.")
        }
        "upload.offset" => (
            "上传位置不对，请从已收到的位置继续。",
            "the part doesn't begin where the last one ended; go on from what was received.",
        ),
        "upload.too_long" => (
            "收到的内容比申报的文件大，请重新上传。",
            "more bytes came than the file was said to have; upload it again.",
        ),
        "upload.too_many" => {
            ("同时上传的文件太多，请等前面的传完。", "too many uploads at once; wait for the others to end.")
        }
        "import.running" => (
            "这份台账正在导入或已经导入。",
            "this ledger is being imported or has been; look at its progress.",
        ),
        "import.too_many" => {
            ("待导入的台账过多，请先完成已上传的。", "too many ledgers wait; finish those that are uploaded.")
        }
        "store.stopped" => {
            ("系统正在停止，请稍后再试。", "the system is stopping; try again after the restart.")
        }
        "store.failed" => (
            "系统出现故障，未作任何改动。请联系系统管理员查看日志。",
            "the system failed and changed nothing; ask the system administrator to look at the log.",
        ),
        _ if code.starts_with("evidence.") => evidence(code),
        _ => evidence(code),
    }
}

/// What a field takes, as the readers of input say it in English, for people.
pub(crate) fn expected(english: &str, language: Language) -> String {
    if language == Language::English {
        return english.to_owned();
    }
    let known = [fold::PRINTABLE, fold::DATE, fold::NUMBER, fold::MARKING, fold::PERIOD, fold::COPIES]
        .into_iter()
        .find(|known| known.en == english);
    if let Some(known) = known {
        return known.zh.to_owned();
    }
    let fixed = match english {
        "some text" => "不能为空",
        "a value" => "必须填写",
        "one value" => "只能填一个值",
        PAST => "以往的日期（如 2026-11-23，指当日 24:00）或时刻，不能是将来",
        "no such field" => "没有这一项",
        "a string" | "a borrowed string" => "文字",
        "a boolean" => "是或否",
        "a sequence" => "一组值",
        "a level from 1 to 4" => "密级，1 至 4",
        "u8" | "u16" | "u32" | "u64" | "i64" => "整数",
        "the cursor of a page before" => "上一页给出的位置",
        "a file name of 1 to 200 characters" => "1 至 200 字的文件名",
        _ => "",
    };
    if !fixed.is_empty() {
        return fixed.to_owned();
    }
    if let Some(most) = english.strip_prefix("at most ").and_then(|rest| rest.strip_suffix(" characters")) {
        return format!("最多 {most} 字");
    }
    if let Some(range) = english.strip_suffix(" characters") {
        return format!("{} 字", range.replace(" to ", " 至 "));
    }
    if let Some(moment) = english.strip_prefix("a moment like ") {
        return format!("时间，如 {moment}");
    }
    if let Some(choices) = english.strip_prefix("one of ") {
        return format!("下列之一：{choices}");
    }
    english.to_owned()
}

/// Why an entry was refused, for the auditor: in the words that the asker saw, but without names, since those of files
/// tell what a title tells.
pub(crate) fn reason(office: &Office, entry: &EntryShown, language: Language) -> Option<String> {
    let text = office.texts().get(entry.refused.as_deref()?)?;
    let mut shown = facts(&entry.facts, language);
    shown.insert("name".to_owned(), "…".into());
    Some(fill(language.pick(&text.zh, &text.en), &shown))
}

/// The facts of a refusal as people read them: levels, roles and states by name.
pub(crate) fn facts(facts: &Map<String, Value>, language: Language) -> Map<String, Value> {
    facts.iter().map(|(name, value)| (name.clone(), fact(name, value, language))).collect()
}

fn fact(name: &str, value: &Value, language: Language) -> Value {
    let named = match name {
        "level" | "supported" | "cabinet_level" | "most_level" | "ceiling" => level(value, language),
        "class" => serde_json::from_value::<PersonClass>(value.clone())
            .ok()
            .map(|class| language.pick(class.zh(), class.en()).to_owned()),
        "state" | "current" => value.as_str().map(|code| state(code, language).to_owned()),
        "role" => value.as_str().and_then(|code| role(code, language)),
        "roles" => value.as_array().map(|codes| {
            let names: Vec<String> =
                codes.iter().filter_map(|code| code.as_str().and_then(|code| role(code, language))).collect();
            names.join(language.pick("、", ", "))
        }),
        _ => None,
    };
    named.map_or_else(|| value.clone(), Value::String)
}

fn level(value: &Value, language: Language) -> Option<String> {
    let number = value.as_i64()?;
    if number == 0 {
        return Some(language.pick("无", "none").to_owned());
    }
    Level::new(number).map(|level| language.pick(level.zh(), level.en()).to_owned())
}

fn role(code: &str, language: Language) -> Option<String> {
    let role: Role = serde_json::from_value(Value::String(code.to_owned())).ok()?;
    Some(language.pick(role.zh(), role.en()).to_owned())
}

/// The name of a state of a loan, copy, receipt or session; an unknown one stays its code.
pub(crate) fn state(code: &str, language: Language) -> &str {
    let (zh, en) = match code {
        "applied" => ("待审批", "waiting for approval"),
        "approved" => ("已批准", "approved"),
        "rejected" | "key_rejected" => ("未批准", "rejected"),
        "withdrawn" => ("已撤回", "withdrawn"),
        "expired" => ("批准已失效", "lapsed"),
        "handing_over" => ("交付中", "being handed over"),
        "out" | "lent" => ("借出", "out"),
        "renewing" | "renewal_asked" => ("续借待批", "renewal waiting"),
        "returning" => ("归还中", "being returned"),
        "returned" => ("已归还", "returned"),
        "lost" => ("已报失", "reported lost"),
        "missing" => ("下落不明", "missing"),
        "void" => ("已作废", "struck"),
        "arriving" => ("上传中", "arriving"),
        "made" => ("已制作", "made"),
        "file_kept" => ("待处理", "waiting to be looked into"),
        "ready" => ("可阅读", "ready"),
        "faulty" => ("无法显示", "can't be shown"),
        "removed" => ("已移除", "removed"),
        "called_off" => ("已撤销", "called off"),
        "desk" | "held" => ("在手未入柜", "on the desk"),
        "kept" => ("在柜", "in its cabinet"),
        "offered" => ("交接待确认", "offered, to be confirmed"),
        "reading" => ("现场阅读中", "in a reading session"),
        "open" => ("未结", "open"),
        "closed" => ("已结", "closed"),
        "registered" => ("已登记", "registered"),
        "key_proposed" => ("待批准", "waiting for the office head"),
        "key_called_off" => ("已撤回", "called off"),
        "key_approved" => ("已批准、正在执行", "approved and being carried out"),
        "key_collecting" => ("份额领取中", "waiting for its holders"),
        "key_rotated" => ("已更换", "done"),
        "key_resealed" => ("已生效", "in force"),
        "key_broken_off" => ("已中断", "broken off"),
        "completed" => ("已办结", "completed"),
        "released" => ("脱密期已解除", "released"),
        _ => return code,
    };
    language.pick(zh, en)
}

/// A category by name.
pub(crate) fn category(pack: &RulePack, category: Category, language: Language) -> String {
    let code = serde_json::to_value(category)
        .ok()
        .and_then(|code| code.as_str().map(str::to_owned))
        .unwrap_or_default();
    pack.categories.get(&code).map_or(code, |word| language.pick(&word.zh, &word.en).to_owned())
}

/// The name of an urgency, a channel, the state of a seal, or how somebody came to know; an unknown one stays its code.
pub(crate) fn coded(value: &impl Serialize, language: Language) -> String {
    let code = serde_json::to_value(value)
        .ok()
        .and_then(|code| code.as_str().map(str::to_owned))
        .unwrap_or_default();
    let (zh, en) = match code.as_str() {
        "ordinary" => ("平件", "ordinary"),
        "routine" => ("平急", "routine"),
        "urgent" => ("加急", "urgent"),
        "extra_urgent" => ("特急", "extra urgent"),
        "flash" => ("特提", "flash"),
        "confidential_courier" => ("机要交换", "confidential courier"),
        "designated_person" => ("专人送达", "designated person"),
        "ems" => ("邮政特快", "postal express"),
        "encrypted_transmission" => ("加密传输", "encrypted transmission"),
        "internal" => ("内部传递", "internal"),
        "other" => ("其他", "other"),
        "intact" => ("完好", "intact"),
        "broken" => ("破损", "broken"),
        "borrowed" => ("借出", "borrowed"),
        "read_on_site" => ("现场阅读", "read on site"),
        "second_person" => ("现场第二人", "second person on site"),
        "read_pages" => ("在线阅读", "read on screen"),
        "opened_file" => ("打开未翻页", "opened the file"),
        "printed" => ("打印", "printed"),
        "made_print" => ("制作打印件", "made the print"),
        "kept" => ("保管", "kept"),
        "opened_entry" => ("查阅登记", "opened the entry"),
        _ => return code,
    };
    language.pick(zh, en).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_a_field_takes_is_said_in_chinese() {
        let said = |english| expected(english, Language::Chinese);
        assert_eq!(said("some text"), "不能为空");
        assert_eq!(said("at most 200 characters"), "最多 200 字");
        assert_eq!(said("1 to 256 characters"), "1 至 256 字");
        assert_eq!(said("a day like 2026-11-23"), "日期，如 2026-11-23");
        assert_eq!(expected("some text", Language::English), "some text");
    }

    #[test]
    fn levels_and_states_are_named() {
        let Value::Object(raw) = json!({ "level": 3, "state": "returning", "asked": 6 }) else {
            unreachable!()
        };
        let shown = facts(&raw, Language::Chinese);
        assert_eq!(Value::Object(shown), json!({ "level": "机密", "state": "归还中", "asked": 6 }));
    }
}
