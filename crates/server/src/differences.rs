//! Differences between two moments, in words: which fields of a record changed, from what to what. Names fields and values;
//! what may be seen of whom is the office's.

use std::collections::{BTreeMap, HashMap};

use jingui_forms::Cell;
use jingui_office::accountability::incident::IncidentKind;
use jingui_office::page::{Cursor, Rows};
use jingui_office::personnel::post::{Post, posts};
use jingui_office::supervision::differences::{Became, Compared, Difference, Register, differences, named};
use jingui_regulation::{Category, Level, Marking, Moment, PersonClass, Role};
use jingui_store::{Id, StoreError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::as_of;
use crate::language::Language;
use crate::problem::Problem;
use crate::sheets::{Heading, Names, PAGE, noted_workbook, pages};
use crate::view::{Fault, Look};
use crate::wording;

/// Which differences are asked for.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DifferenceFilter {
    /// The register.
    register: Register,
    /// The earlier moment: a past day (its end) or a moment.
    #[schemars(length(max = 40))]
    from: String,
    /// The later moment; now unless said otherwise.
    #[schemars(length(max = 40))]
    to: Option<String>,
    /// One record only.
    record: Option<Id>,
    /// Rows on the page, 1 to 200.
    #[schemars(range(min = 1, max = 200))]
    limit: Option<u16>,
    /// Where the page begins.
    cursor: Option<Cursor>,
}

/// A record that differs, in words.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct DifferenceRow {
    /// Its id.
    id: Id,
    /// The number or name people know it by.
    number: String,
    /// Title of its item, or name, where it has one that the reader may know.
    title: Option<String>,
    /// Its item, where it has one that the reader may know of.
    item: Option<Id>,
    /// What became of it.
    became: Became,
    /// Entries that did it, oldest first, at most 50.
    entries: Vec<u64>,
    /// What changed; of what was added, what matters most.
    changes: Vec<Worded>,
}

/// A field in words.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Worded {
    /// Name of the field.
    field: String,
    /// What stood there; nothing when it was empty.
    before: Option<String>,
    /// What stands there after; nothing when it is empty.
    after: Option<String>,
}

/// `GET /api/differences`.
pub(crate) fn list(look: &Look<'_>, filter: DifferenceFilter) -> Result<Rows<DifferenceRow>, Fault> {
    let compared = compared(look, filter)?;
    let found = differences(look.office, look.conn, look.asker, &compared)?;
    if let (Register::Item, Some(item), Some(row)) = (compared.register, &compared.record, found.rows.first())
    {
        // Looking at one item is opening its register entry.
        look.opens(item, level(&row.after).map_or(0, Level::number));
    }
    let mut words = Words::new(look)?;
    let rows = found.rows.into_iter().map(|found| row(found, &mut words)).collect::<Result<_, _>>()?;
    Ok(Rows { rows, next: found.next })
}

/// `GET /api/differences.xlsx`: a line for each change.
pub(crate) fn sheet(look: &Look<'_>, filter: DifferenceFilter) -> Result<Vec<u8>, Fault> {
    const HEADINGS: &[Heading] = &[
        ("编号或名称", "Number or name", 18.0),
        ("标题", "Title", 48.0),
        ("变化", "What became of it", 10.0),
        ("项目", "Field", 18.0),
        ("原来", "Before", 36.0),
        ("后来", "After", 36.0),
        ("账号", "Entries", 24.0),
    ];
    let mut compared = Compared { limit: Some(PAGE), cursor: None, ..compared(look, filter)? };
    let found = pages(|cursor| {
        compared.cursor = cursor;
        differences(look.office, look.conn, look.asker, &compared)
    })?;
    let mut words = Words::new(look)?;
    let mut lines = Vec::new();
    for found in found {
        let row = row(found, &mut words)?;
        let became = match row.became {
            Became::Added => look.language.pick("新增", "added"),
            Became::Changed => look.language.pick("变更", "changed"),
            Became::Ended => look.language.pick("终结", "ended"),
        };
        let entries: Vec<String> = row.entries.iter().map(u64::to_string).collect();
        let line = |change: Option<Worded>| {
            let change = change.unwrap_or(Worded { field: String::new(), before: None, after: None });
            vec![
                Cell::Text(row.number.clone()),
                row.title.clone().into(),
                became.into(),
                Cell::Text(change.field),
                change.before.into(),
                change.after.into(),
                Cell::Text(entries.join(" ")),
            ]
        };
        if row.changes.is_empty() {
            lines.push(line(None));
        } else {
            lines.extend(row.changes.into_iter().map(Some).map(line));
        }
    }
    let (from, to) = (as_of::told(compared.from), as_of::told(compared.to));
    let note = match look.language {
        Language::Chinese => format!("{from} 至 {to} 的变化"),
        Language::English => format!("what changed from {from} to {to}"),
    };
    let title = ("前后对照", "Differences");
    noted_workbook(look, title, Some(&note), HEADINGS, lines.into_iter().map(Ok))
}

/// The question, with moments in which there was something to see.
fn compared(look: &Look<'_>, filter: DifferenceFilter) -> Result<Compared, Fault> {
    let store = look.office.store();
    let now = store.now();
    let from = as_of::past("from", &filter.from, now, look.language)?;
    let to = match &filter.to {
        Some(to) => as_of::past("to", to, now, look.language)?,
        None => now,
    };
    as_of::begun("from", from, store, look.conn, look.language)?;
    if from > to {
        let status = axum::http::StatusCode::UNPROCESSABLE_ENTITY;
        return Err(Problem::edge(status, "as_of.order", look.language).of("from").into());
    }
    let DifferenceFilter { register, record, limit, cursor, .. } = filter;
    Ok(Compared { register, from, to, record, limit, cursor })
}

fn level(record: &Value) -> Option<Level> {
    Level::new(record.pointer("/marking/level")?.as_i64()?)
}

fn row(found: Difference, words: &mut Words<'_>) -> Result<DifferenceRow, StoreError> {
    let before = found.before.as_ref().map(leaves).unwrap_or_default();
    let after = leaves(&found.after);
    let added = found.became == Became::Added;
    let mut changes = Vec::new();
    for (key, zh, en) in FIELDS {
        let (old, new) = (before.get(*key), after.get(*key));
        if old == new || (added && !TELLING.contains(key)) {
            continue;
        }
        let mut worded = |value: Option<&&Value>| value.map_or(Ok(None), |value| words.of(key, value));
        let (before, after) = (worded(old)?, worded(new)?);
        if before != after {
            changes.push(Worded { field: words.look.language.pick(zh, en).to_owned(), before, after });
        }
    }
    let Difference { id, number, title, item, became, entries, .. } = found;
    Ok(DifferenceRow { id, number, title, item, became, entries, changes })
}

/// What is told of a record that was added; the rest stands in the record.
const TELLING: &[&str] = &[
    "marking",
    "level",
    "state",
    "holder",
    "cabinet",
    "applicant",
    "department",
    "source",
    "about",
    "roles",
    "clearance",
    "custodian",
    "head",
    "responsible",
    "reader",
];

/// Every field by the name that [`leaves`] gives it, in the order in which people read them: Chinese, English.
const FIELDS: &[(&str, &str, &str)] = &[
    ("register_number", "登记号", "Register number"),
    ("number", "编号", "Number"),
    ("label", "标签", "Label"),
    ("staff_number", "工号", "Staff number"),
    ("name", "名称", "Name"),
    ("document_number", "文号", "Document number"),
    ("title", "标题", "Title"),
    ("about", "事由", "Kind"),
    ("source", "来文单位", "Source"),
    ("category", "类别", "Category"),
    ("marking", "密级", "Marking"),
    ("level", "密级", "Level"),
    ("basis", "定密依据", "Basis"),
    ("dated", "成文日期", "Dated"),
    ("received_on", "收文日期", "Received"),
    ("declassifies_on", "解密日期", "Declassifies"),
    ("urgency", "紧急程度", "Urgency"),
    ("scope", "知悉范围", "Scope"),
    ("state", "状态", "State"),
    ("holder", "持有人", "Holder"),
    ("to", "待接收人", "Receiver"),
    ("cabinet", "文件柜", "Cabinet"),
    ("slot", "格", "Slot"),
    ("due", "应还日期", "Due"),
    ("applicant", "申请人", "Applicant"),
    ("reader", "阅读人", "Reader"),
    ("responsible", "责任人", "Responsible"),
    ("head", "负责人", "Head"),
    ("custodian", "保管人", "Custodian"),
    ("department", "部门", "Department"),
    ("roles", "职责", "Roles"),
    ("class", "人员类别", "Class"),
    ("clearance", "知密等级", "Clearance"),
    ("commitment.version", "保密承诺版本", "Commitment, version"),
    ("commitment.signed_on", "保密承诺签署", "Commitment signed"),
    ("review.on", "审查日期", "Reviewed"),
    ("commitment.until", "保密承诺有效至", "Commitment counts until"),
    ("post", "岗位", "Post"),
    ("check_due", "保密检查到期", "Secrecy check due"),
    ("last_day", "拟离岗日期", "Planned last day"),
    ("review.class", "审查类别", "Reviewed for class"),
    ("review.result", "审查结果", "Result of the review"),
    ("review.remark", "审查备注", "Remark on the review"),
    ("review.supports", "审查可知密至", "Review supports"),
    ("review.due", "审查到期", "Review due"),
    ("on", "离岗日期", "Left on"),
    ("reason", "事由", "Reason"),
    ("mode", "方式", "Mode"),
    ("days", "工作日", "Working days"),
    ("applied_at", "申请时间", "Applied"),
    ("approval.by", "批准人", "Approved by"),
    ("approval.at", "批准时间", "Approved"),
    ("approval.days", "批准工作日", "Days approved"),
    ("approval.usable_until", "批准有效至", "Usable until"),
    ("state.reason", "不批准的理由", "Why it was rejected"),
    ("renewal.days", "申请续借工作日", "Renewal, days"),
    ("renewal.reason", "续借事由", "Renewal, reason"),
    ("renewal.asked_at", "申请续借时间", "Renewal asked"),
    ("acknowledged_at", "领取确认", "Acknowledged"),
    ("since", "自", "Since"),
    ("offered_at", "交还时间", "Brought back"),
    ("reminded_on", "催还", "Reminded"),
    ("late", "逾期归还", "Late"),
    ("damage", "损毁情况", "Damage"),
    ("purpose.for", "交接用途", "Hand-over for"),
    ("purpose.cabinet", "拟入文件柜", "To be put into"),
    ("purpose.slot", "拟入格", "To be put into slot"),
    ("purpose.loan", "交接的借阅", "Hand-over of loan"),
    ("purpose.due", "交接后应还", "Due after the hand-over"),
    ("item", "文件", "Item"),
    ("items", "已登记文件", "Items registered"),
    ("copy", "份", "Copy"),
    ("copies", "份数", "Copies"),
    ("loan", "借阅", "Loan"),
    ("session", "现场阅读", "Reading session"),
    ("receipt", "收文", "Receipt"),
    ("incident", "事件", "Incident"),
    ("room", "房间", "Room"),
    ("slots", "格数", "Slots"),
    ("reading", "指定阅文室", "Reading room"),
    ("terminals", "终端", "Terminals"),
    ("channel", "送达方式", "Channel"),
    ("envelope", "信封号", "Envelope"),
    ("seal", "封口", "Seal"),
    ("pieces", "件数", "Pieces"),
    ("open", "尚有未登记", "Still to register"),
    ("pages", "页数", "Pages"),
    ("second", "第二人", "Second person"),
    ("opened_by", "登记人", "Opened by"),
    ("opened_at", "开始时间", "Opened"),
    ("reader_confirmed", "阅读人确认", "Reader confirmed"),
    ("second_confirmed", "第二人确认", "Second person confirmed"),
    ("received_at", "签收时间", "Signed for"),
    ("received_by", "签收人", "Signed for by"),
    ("registered_at", "登记时间", "Registered"),
    ("registered_by", "登记人", "Registered by"),
    ("description", "情况", "What is known"),
    ("conclusion", "结论", "Conclusion"),
    ("by", "经办人", "By"),
    ("at", "办理时间", "When"),
    ("void.reason", "作废原因", "Why it was struck"),
    ("void.by", "作废人", "Struck by"),
    ("void.at", "作废时间", "Struck"),
    ("remark", "备注", "Remark"),
];

/// What people don't read: ids and numbers of the machine, and what is said twice.
#[cfg(test)]
const SILENT: &[&str] = &["id", "serial", "origin", "provisional"];

/// The parts of a record that hold its state: their fields count as the record's own, so that an approval is the same
/// whichever state carries it.
const CLEAR: &[&str] = &["state", "custody", "standing", "out"];
/// The parts that are read as a whole.
const WHOLE: &[&str] = &["marking", "scope", "about"];

/// The fields of a record by name, empty ones left out.
fn leaves(record: &Value) -> BTreeMap<String, &Value> {
    let mut all = BTreeMap::new();
    walk("", "", record, &mut all);
    all
}

fn walk<'a>(inside: &str, prefix: &str, value: &'a Value, all: &mut BTreeMap<String, &'a Value>) {
    let Value::Object(fields) = value else { return };
    for (name, value) in fields {
        match value {
            Value::Null => {}
            // Where a copy lay before is where it was before.
            Value::Object(_) if name == "before" => {}
            Value::Object(_) if CLEAR.contains(&name.as_str()) => walk(name, prefix, value, all),
            Value::Object(_) if !WHOLE.contains(&name.as_str()) => {
                walk(name, &format!("{prefix}{name}."), value, all);
            }
            _ => {
                all.insert(leaf(inside, prefix, name), value);
            }
        }
    }
}

/// The name of a field: a state is named by what it is of.
fn leaf(inside: &str, prefix: &str, name: &str) -> String {
    match (inside, name) {
        ("state", "name") | ("custody" | "standing", "state") => "state".to_owned(),
        ("state", "reason") => "state.reason".to_owned(),
        _ => format!("{prefix}{name}"),
    }
}

/// Values in words, with the names of records looked up once.
struct Words<'a> {
    look: &'a Look<'a>,
    names: Names,
    known: HashMap<Id, String>,
}

impl<'a> Words<'a> {
    fn new(look: &'a Look<'a>) -> Result<Self, StoreError> {
        let mut known = HashMap::new();
        for row in posts(look.conn, look.asker)? {
            let post: Post = serde_json::from_str(row.post.get())?;
            known.insert(post.id, post.name);
        }
        Ok(Self { look, names: Names::read(look)?, known })
    }

    /// A value of that field as people read it; nothing when it is empty.
    fn of(&mut self, field: &str, value: &Value) -> Result<Option<String>, StoreError> {
        let language = self.look.language;
        Ok(Some(match (field, value) {
            (_, Value::Null) => return Ok(None),
            (_, Value::Bool(yes)) => {
                if *yes { language.pick("是", "yes") } else { language.pick("否", "no") }.to_owned()
            }
            ("level" | "clearance" | "review.supports", value) => level_of(value, language),
            ("marking", value) => serde_json::from_value::<Marking>(value.clone())
                .map(|marking| marking.to_string())
                .unwrap_or_default(),
            ("scope", value) => return self.scope(value),
            ("about", value) => serde_json::from_value::<IncidentKind>(value.clone())
                .map(|kind| wording::incident(&kind, language).to_owned())
                .unwrap_or_default(),
            (_, Value::Array(values)) => {
                let mut all = Vec::new();
                for value in values {
                    all.extend(self.of(field, value)?);
                }
                if all.is_empty() {
                    return Ok(None);
                }
                all.join(language.pick("、", ", "))
            }
            (_, Value::String(text)) => self.text(field, text)?,
            (_, other) => other.to_string(),
        }))
    }

    fn text(&mut self, field: &str, text: &str) -> Result<String, StoreError> {
        let language = self.look.language;
        let code = Value::String(text.to_owned());
        let coded = match field {
            "state" => Some(match text {
                "active" => language.pick("在岗", "active"),
                "leaving" => language.pick("离岗办理中", "leaving"),
                "left" => language.pick("离岗", "left"),
                "returned" => language.pick("已归还", "returned"),
                _ => wording::state(text, language),
            }),
            "mode" => Some(match text {
                "take_out" => language.pick("外借", "taken out"),
                _ => language.pick("现场阅读", "read on site"),
            }),
            "review.result" => Some(match text {
                "fit" => language.pick("合格", "fit"),
                "conditional" => language.pick("有条件合格", "fit under conditions"),
                _ => language.pick("不宜从事涉密工作", "unfit"),
            }),
            "purpose.for" => Some(match text {
                "place" => language.pick("入柜", "put away"),
                "loan" => language.pick("借出", "loan"),
                _ => language.pick("归还", "return"),
            }),
            _ => None,
        };
        if let Some(coded) = coded {
            return Ok(coded.to_owned());
        }
        match field {
            "category" => {
                let category: Option<Category> = serde_json::from_value(code).ok();
                let name = |category| wording::category(self.look.office.pack(), category, language);
                return Ok(category.map_or_else(|| text.to_owned(), name));
            }
            "roles" => {
                let role: Option<Role> = serde_json::from_value(code).ok();
                return Ok(role.map_or(text, |role| language.pick(role.zh(), role.en())).to_owned());
            }
            "class" | "review.class" => {
                let class: Option<PersonClass> = serde_json::from_value(code).ok();
                return Ok(class.map_or(text, |class| language.pick(class.zh(), class.en())).to_owned());
            }
            "urgency" | "channel" | "seal" => return Ok(wording::coded(&code, language)),
            "opened_by" if text.parse::<Id>().is_err() => return Ok(self.names.actor(text, language)),
            _ => {}
        }
        if let Ok(id) = text.parse::<Id>() {
            return self.named(id);
        }
        Ok(serde_json::from_value(code).map_or_else(|_| text.to_owned(), Moment::local))
    }

    /// Who or what an id names; a dash where that isn't for this reader.
    fn named(&mut self, id: Id) -> Result<String, StoreError> {
        if let Some(name) = self.names.of(&id).or_else(|| self.known.get(&id)) {
            return Ok(name.clone());
        }
        let name = named(self.look.conn, self.look.asker, &id)?.unwrap_or_else(|| "—".to_owned());
        self.known.insert(id, name.clone());
        Ok(name)
    }

    fn scope(&mut self, value: &Value) -> Result<Option<String>, StoreError> {
        if value.get("kind").is_some_and(|kind| kind == "everyone") {
            return Ok(Some(
                self.look.language.pick("全体（按知密等级）", "everyone, by clearance").to_owned(),
            ));
        }
        let mut all = Vec::new();
        for part in ["departments", "people"] {
            if let Some(named) = value.get(part) {
                all.extend(self.of(part, named)?);
            }
        }
        Ok((!all.is_empty()).then(|| all.join(self.look.language.pick("、", ", "))))
    }
}

fn level_of(value: &Value, language: Language) -> String {
    let level = value.as_i64().and_then(Level::new);
    level
        .map_or_else(|| language.pick("无", "none"), |level| language.pick(level.zh(), level.en()))
        .to_owned()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use jingui_office::accountability::incident::Incident;
    use jingui_office::items::{Copy, Item};
    use jingui_office::loans::{Loan, ReadingSession};
    use jingui_office::personnel::{Department, Person};
    use jingui_office::premises::{Cabinet, Room};
    use jingui_office::receipts::Receipt;
    use schemars::generate::SchemaSettings;

    /// Every field that a schema allows, named as [`leaves`] names it.
    fn fields(schema: &Value, whole: &Value, inside: &str, prefix: &str, all: &mut BTreeSet<String>) {
        if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
            return fields(&whole["$defs"][name], whole, inside, prefix, all);
        }
        for part in ["oneOf", "anyOf", "allOf"] {
            for one in schema[part].as_array().into_iter().flatten() {
                fields(one, whole, inside, prefix, all);
            }
        }
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            let text = property.to_string();
            let reference = text.split("#/$defs/").nth(1).and_then(|rest| rest.split('"').next());
            let inner = reference.map(|name| &whole["$defs"][name]);
            let holds = inner.is_some_and(|inner| {
                inner["properties"].is_object() || inner["oneOf"].to_string().contains("\"properties\"")
            });
            match inner {
                Some(_) if name == "before" => {}
                Some(inner) if holds && CLEAR.contains(&name.as_str()) => {
                    fields(inner, whole, name, prefix, all);
                }
                Some(inner) if holds && !WHOLE.contains(&name.as_str()) => {
                    fields(inner, whole, name, &format!("{prefix}{name}."), all);
                }
                _ => {
                    all.insert(leaf(inside, prefix, name));
                }
            }
        }
    }

    fn named<R: JsonSchema>() -> BTreeSet<String> {
        let mut settings = SchemaSettings::draft2020_12();
        settings.meta_schema = None;
        let schema = settings.into_generator().into_root_schema_for::<R>().to_value();
        let mut all = BTreeSet::new();
        fields(&schema, &schema, "", "", &mut all);
        assert!(all.len() > 2, "{all:?} of {schema}");
        all
    }

    #[test]
    fn every_field_of_what_can_be_compared_has_a_name() {
        let mut all = named::<Item>();
        for more in [
            named::<Copy>(),
            named::<Loan>(),
            named::<ReadingSession>(),
            named::<Receipt>(),
            named::<Incident>(),
            named::<Person>(),
            named::<Department>(),
            named::<Room>(),
            named::<Cabinet>(),
        ] {
            all.extend(more);
        }
        assert!(all.contains("approval.usable_until") && all.contains("void.reason"), "{all:?}");
        let known =
            |name: &String| SILENT.contains(&name.as_str()) || FIELDS.iter().any(|(known, ..)| known == name);
        let unknown: Vec<_> = all.iter().filter(|name| !known(name)).collect();
        assert!(unknown.is_empty(), "no words for {unknown:?}");
        let gone: Vec<_> = FIELDS.iter().filter(|(name, ..)| !all.contains(*name)).collect();
        assert!(gone.is_empty(), "words for what isn't there: {gone:?}");
    }
}
