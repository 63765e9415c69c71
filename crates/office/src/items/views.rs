//! What is shown of items: lists, counts, search, one item with its copies and loans. Every one of them applies the
//! reading rule; what a person may not know of isn't listed, counted or suggested.

use jingui_access::Asker;
use jingui_regulation::{Category, Date, Level, Urgency};
use jingui_store::{Id, StoreError};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params_from_iter};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::item::phrase;
use super::reading::readable;
use super::search::{FEW, FOUND, Passage, Search};
use super::{Copy, Item};
use crate::loans::Loan;
use crate::loans::terms::terms;
use crate::page::{Condition, Count, Cursor, Rows, count as count_rows, limit, word};
use crate::work::Rules;

/// What a list of items is narrowed to.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ItemFilter {
    /// Words in title, numbers, source or files; any two characters in a row suffice, blanks part words of which all must
    /// be there.
    #[schemars(length(max = 200))]
    pub q: Option<String>,
    /// Level.
    pub level: Option<Level>,
    /// Category.
    pub category: Option<Category>,
    /// Issuing unit.
    #[schemars(length(max = 200))]
    pub source: Option<String>,
    /// Urgency.
    pub urgency: Option<Urgency>,
    /// Department that handles it.
    pub department: Option<Id>,
    /// First day of receipt.
    pub received_from: Option<Date>,
    /// Last day of receipt.
    pub received_to: Option<Date>,
    /// First day of issue.
    pub dated_from: Option<Date>,
    /// Last day of issue.
    pub dated_to: Option<Date>,
    /// Any copy is in this state.
    pub copy_state: Option<CopyState>,
    /// Any copy lies in this cabinet.
    pub cabinet: Option<Id>,
    /// Declassifies before this day.
    pub expires_before: Option<Date>,
    /// Order; newest registration first unless said otherwise, or by day of receipt where such days are given.
    pub sort: Option<ItemSort>,
    /// Rows on the page, 1 to 200.
    #[schemars(range(min = 1, max = 200))]
    pub limit: Option<u16>,
    /// Where the page begins.
    pub cursor: Option<Cursor>,
}

impl ItemFilter {
    /// The order asked for. Who looks at some days of receipt and asks for none gets them by that day, which is how the
    /// index lies.
    fn order(&self) -> ItemSort {
        let days = self.received_from.is_some() || self.received_to.is_some();
        let searched = self.q.as_deref().is_some_and(|typed| !typed.trim().is_empty());
        self.sort.unwrap_or(if days && !searched { ItemSort::Received } else { ItemSort::Newest })
    }
}

/// States of a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CopyState {
    /// On a desk.
    Desk,
    /// In a cabinet.
    Kept,
    /// Being handed over.
    Offered,
    /// Lent out.
    Lent,
    /// Read on site.
    Reading,
    /// Missing.
    Missing,
    /// Struck from the register.
    Void,
}

/// Orders of a list of items.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ItemSort {
    /// Last registered first.
    Newest,
    /// First registered first.
    Oldest,
    /// By day of receipt, latest first.
    Received,
    /// By day of issue, latest first.
    Dated,
    /// By level, highest first.
    Level,
    /// Best match first, where words are searched for; one page only.
    Relevance,
}

/// An item in a list.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ItemRow {
    /// The item.
    #[schemars(with = "Item")]
    pub item: Box<RawValue>,
    /// Its version.
    pub version: u64,
    /// Where its copies are.
    pub places: Vec<Place>,
    /// Where its files say what was searched for.
    pub passages: Vec<Passage>,
}

/// Copies of an item that are in the same state and place.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Place {
    /// State.
    pub state: String,
    /// How many.
    pub copies: u32,
    /// The cabinet, if they are in one.
    pub cabinet: Option<Id>,
    /// Who holds them.
    pub holder: Option<Id>,
}

/// Columns that have an index in the order of a list; only the first of them that is filtered by leads the way, and
/// the others are looked at row by row. Left to itself the engine takes any, and sorts a tenth of the register.
const fn leads(sort: ItemSort) -> &'static [&'static str] {
    match sort {
        ItemSort::Newest | ItemSort::Oldest | ItemSort::Relevance => {
            &["item.source", "item.department", "item.level"]
        }
        // The items of one unit are few enough to be sorted.
        ItemSort::Dated => &["item.source", "item.category"],
        ItemSort::Received => &["item.source", "item.department"],
        ItemSort::Level => &["item.source", "item.level"],
    }
}

pub(super) fn condition(
    conn: &Connection,
    asker: &Asker,
    filter: &ItemFilter,
) -> Result<Condition, StoreError> {
    let mut condition = Condition::default();
    let rule = readable(asker);
    condition.and(rule.sql, rule.values);
    let day = |date: Date| Value::Text(date.to_string());
    let source = filter.source.as_deref().map(|text| jingui_regulation::fold::text(text).unwrap_or_default());
    let equals = [
        ("item.source", source.map(Value::Text)),
        ("item.department", filter.department.as_ref().map(|id| Value::Text(id.to_string()))),
        ("item.category", filter.category.as_ref().map(word)),
        ("item.level", filter.level.map(|level| Value::Integer(level.number().into()))),
    ];
    let filtered = |column: &str| equals.iter().any(|(known, value)| *known == column && value.is_some());
    // Where words are searched for, they lead.
    let lead = leads(filter.order()).iter().find(|column| filter.q.is_none() && filtered(column));
    for (column, value) in equals {
        // A plus keeps the engine from an index.
        let plus = if lead == Some(&column) { "" } else { "+" };
        condition.equals(&format!("{plus}{column}"), value);
    }
    condition.equals("item.urgency", filter.urgency.as_ref().map(word));
    for (sql, date) in [
        ("item.received_on >= ?", filter.received_from),
        ("item.received_on <= ?", filter.received_to),
        ("item.dated >= ?", filter.dated_from),
        ("item.dated <= ?", filter.dated_to),
        ("item.declassifies_on < ?", filter.expires_before),
    ] {
        if let Some(date) = date {
            condition.and(sql, [day(date)]);
        }
    }
    if let Some(cabinet) = &filter.cabinet {
        let sql = "item.key IN (SELECT copy.item FROM copy WHERE copy.cabinet = ?)";
        condition.and(sql, [Value::Text(cabinet.to_string())]);
    }
    if let Some(state) = &filter.copy_state {
        // Where few copies are in that state, the search begins with them; where many are, any page of items soon
        // has some.
        let few: bool = conn
            .prepare_cached("SELECT count(*) < 300 FROM (SELECT 1 FROM copy WHERE state = ? LIMIT 300)")?
            .query_row([word(state)], |row| row.get(0))?;
        let sql = if few {
            "item.key IN (SELECT copy.item FROM copy WHERE copy.state = ?)"
        } else {
            "EXISTS (SELECT 1 FROM copy WHERE copy.item = item.key AND copy.state = ?)"
        };
        condition.and(sql, [word(state)]);
    }
    Ok(condition)
}

/// A page of items.
pub fn list(conn: &Connection, asker: &Asker, filter: &ItemFilter) -> Result<Rows<ItemRow>, StoreError> {
    let mut condition = condition(conn, asker, filter)?;
    let sort = filter.order();
    let limit = limit(filter.limit);
    let (column, descending) = match sort {
        ItemSort::Newest | ItemSort::Relevance => (None, true),
        ItemSort::Oldest => (None, false),
        ItemSort::Received => (Some("item.received_on"), true),
        ItemSort::Dated => (Some("item.dated"), true),
        ItemSort::Level => (Some("item.level"), true),
    };
    let key = column.unwrap_or("''");
    let (mut from_serial, mut behind) = (None, None);
    if let Some(Cursor(parts)) = &filter.cursor
        && let [at, serial] = parts.as_slice()
        && let Ok(serial) = serial.parse::<i64>()
    {
        from_serial = Some(serial);
        let than = if descending { "<" } else { ">" };
        match column {
            None => condition.and(format!("item.serial {than} ?"), [Value::Integer(serial)]),
            Some(column) => {
                let at = at.parse().map_or_else(|_| Value::Text(at.clone()), Value::Integer);
                behind = Some([at.clone(), Value::Integer(serial)]);
                condition.and(format!("({column}, item.serial) {than} (?, ?)"), [at, Value::Integer(serial)]);
            }
        }
    }
    let direction = if descending { "DESC" } else { "ASC" };
    let order = match column {
        None => format!("item.serial {direction}"),
        Some(column) => format!("{column} {direction}, item.serial {direction}"),
    };
    let search = Search::of(conn, asker, filter)?;
    let select = |from: &str, order: &str| {
        format!(
            "SELECT item.key, item.version, item.body, {key}, item.serial FROM {from} WHERE {} {order} LIMIT {}",
            condition.sql(),
            limit + 1
        )
    };
    let mut page = Page { conn, search: search.as_ref(), limit, rows: Vec::new(), last: None, more: false };
    match (&search, column) {
        // Newest first is the order the indexes of words are kept in: it stops at the page's end.
        (Some(search), None) if sort != ItemSort::Relevance => {
            let mut statement = conn.prepare_cached(&select(FOUND, ""))?;
            search.candidates(conn, from_serial, descending, |chunk| {
                let serials = Value::Text(serde_json::to_string(chunk)?);
                let values = std::iter::once(&serials).chain(&condition.values);
                page.fill(&mut statement.query(params_from_iter(values))?)
            })?;
        }
        (Some(search), None) => {
            let (table, mut values) = search.ranked(conn)?;
            values.extend(condition.values.iter().cloned());
            // Without `+` the two sides compare by different affinities, and no index of `item` serves.
            let from = format!("item INNER JOIN {table} ON item.serial = +found");
            let sql = select(&from, "ORDER BY score, found DESC");
            page.fill(&mut conn.prepare_cached(&sql)?.query(params_from_iter(&values))?)?;
        }
        (Some(search), Some(column)) => {
            let (few, all) = search.newest(conn, FEW * limit)?;
            let few = Some(few).filter(|_| all);
            let walked = match few {
                Some(_) => false,
                // So many match that the list in its order soon has a page of them.
                None => walk(search, column, behind.as_ref(), filter.level, &condition, &mut page)?,
            };
            if !walked {
                let serials = match few {
                    Some(few) => few,
                    None => search.newest(conn, usize::MAX)?.0,
                };
                let mut values = vec![Value::Text(serde_json::to_string(&serials)?)];
                values.extend(condition.values.iter().cloned());
                let sql = select(FOUND, &format!("ORDER BY {order}"));
                page.fill(&mut conn.prepare_cached(&sql)?.query(params_from_iter(&values))?)?;
            }
        }
        (None, _) => {
            let sql = select("item", &format!("ORDER BY {order}"));
            page.fill(&mut conn.prepare_cached(&sql)?.query(params_from_iter(&condition.values))?)?;
        }
    }
    // The best are on the first page; whoever needs more asks more precisely.
    let next = page.last.filter(|_| page.more && sort != ItemSort::Relevance).map(|last| last.to_text());
    Ok(Rows { rows: page.rows, next })
}

/// A page of items while it fills.
struct Page<'a> {
    conn: &'a Connection,
    search: Option<&'a Search>,
    limit: usize,
    rows: Vec<ItemRow>,
    last: Option<Cursor>,
    /// Whether there is one more behind the last.
    more: bool,
}

/// Items in the order of a list that are looked at for words so frequent that they are met on the way.
const WALKED: u32 = 20_000;

/// Fills a page with those items of a list, in its order, that a search finds. Answers whether it came to an end: a full
/// page. Where it didn't, the page is as it was.
fn walk(
    search: &Search,
    column: &str,
    behind: Option<&[Value; 2]>,
    level: Option<Level>,
    condition: &Condition,
    page: &mut Page<'_>,
) -> Result<bool, StoreError> {
    // The level stands in each of the indexes that lists are sorted by; nothing else needs to be read to pass an item over.
    let level = level.map_or_else(String::new, |level| format!(" AND +item.level = {}", level.number()));
    let after = behind.map_or_else(|| "1".to_owned(), |_| format!("({column}, item.serial) < (?, ?)"));
    let sql = format!(
        "SELECT item.key, item.version, item.body, {column}, item.serial FROM
         (SELECT item.key AS next FROM item WHERE {after}{level} ORDER BY {column} DESC, item.serial DESC LIMIT {WALKED}) AS walked
         CROSS JOIN item ON item.key = +walked.next WHERE {}",
        condition.sql()
    );
    let conn = page.conn;
    let mut statement = conn.prepare_cached(&sql)?;
    let values = behind.into_iter().flatten().chain(&condition.values);
    let mut rows = statement.query(params_from_iter(values))?;
    while let Some(row) = rows.next()? {
        let body = row.get_ref(2)?.as_str().map_err(rusqlite::Error::from)?;
        if search.matches(conn, row.get(4)?, body)? && page.take(row)? {
            return Ok(true);
        }
    }
    page.rows.clear();
    page.last = None;
    Ok(false)
}

impl Page<'_> {
    /// Takes rows of key, version, body, sort value and serial; answers whether the page is full.
    fn fill(&mut self, found: &mut rusqlite::Rows<'_>) -> Result<bool, StoreError> {
        while let Some(row) = found.next()? {
            if self.take(row)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Takes one of these rows; answers whether the page was full before.
    fn take(&mut self, row: &Row<'_>) -> Result<bool, StoreError> {
        if self.rows.len() == self.limit {
            self.more = true;
            return Ok(true);
        }
        let at = match row.get(3)? {
            Value::Text(text) => text,
            Value::Integer(number) => number.to_string(),
            _ => String::new(),
        };
        let serial: i64 = row.get(4)?;
        self.last = Some(Cursor(vec![at, serial.to_string()]));
        let item: String = row.get(0)?;
        self.rows.push(ItemRow {
            version: row.get(1)?,
            item: raw(row, 2)?,
            places: places(self.conn, &item)?,
            passages: self.search.map_or(Ok(Vec::new()), |search| search.passages(self.conn, serial))?,
        });
        Ok(false)
    }
}

/// How many items a filter finds, up to the ceiling.
pub fn count(
    conn: &Connection,
    asker: &Asker,
    filter: &ItemFilter,
    ceiling: u64,
) -> Result<Count, StoreError> {
    let condition = condition(conn, asker, filter)?;
    let Some(search) = Search::of(conn, asker, filter)? else {
        return count_rows(conn, "item", &condition, ceiling);
    };
    let count = search.visible(conn, &condition, ceiling + 1)?.len() as u64;
    Ok(Count { count: count.min(ceiling), more: count > ceiling })
}

fn places(conn: &Connection, item: &str) -> Result<Vec<Place>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT state, count(*), cabinet, holder FROM copy WHERE item = ?1 GROUP BY state, cabinet, holder",
    )?;
    let rows = statement.query_map([item], |row| {
        Ok(Place { state: row.get(0)?, copies: row.get(1)?, cabinet: id(row, 2)?, holder: id(row, 3)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A stored body, passed on as it is.
pub(crate) fn raw(row: &Row<'_>, column: usize) -> Result<Box<RawValue>, StoreError> {
    Ok(RawValue::from_string(row.get(column)?)?)
}

/// A column that holds an id.
pub(crate) fn id(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Id>> {
    Ok(row.get::<_, Option<String>>(column)?.and_then(|text| text.parse().ok()))
}

/// A record as stored, with its version.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Shown{R}")]
pub struct Shown<R: JsonSchema> {
    /// The record.
    #[schemars(with = "R")]
    pub record: Box<RawValue>,
    /// Its version.
    pub version: u64,
    #[serde(skip)]
    #[schemars(skip)]
    kind: std::marker::PhantomData<R>,
}

impl<R: JsonSchema> Shown<R> {
    /// The record in columns `version` and `body` of a row.
    pub(crate) fn from_row(row: &Row<'_>, version: usize, body: usize) -> Result<Self, StoreError> {
        Ok(Self { version: row.get(version)?, record: raw(row, body)?, kind: std::marker::PhantomData })
    }
}

/// All records a query answers with `version, body` in its first two columns.
pub(crate) fn shown<R: JsonSchema>(
    conn: &Connection,
    sql: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<Vec<Shown<R>>, StoreError> {
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query(params_from_iter(values))?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(Shown::from_row(row, 0, 1)?);
    }
    Ok(all)
}

/// An item with its copies and the latest of its loans.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ItemDetail {
    /// The item.
    #[schemars(with = "Item")]
    pub item: Box<RawValue>,
    /// Its version.
    pub version: u64,
    /// Its copies by number.
    pub copies: Vec<Shown<Copy>>,
    /// Its loans that the reader may see, latest first, at most 50.
    pub loans: Vec<Shown<Loan>>,
    /// Working days that a loan of it may last at most, renewals included (clauses 3.1.3.1 – 3.1.3.4).
    pub loan_days: u16,
    #[serde(skip)]
    #[schemars(skip)]
    /// Its level, for the trace.
    pub level: u8,
}

/// One item, or nothing when there is none that the reader may know of.
pub fn detail(
    conn: &Connection,
    asker: &Asker,
    rules: &Rules,
    item: &Id,
) -> Result<Option<ItemDetail>, StoreError> {
    let rule = readable(asker);
    let sql = format!("SELECT version, body, level FROM item WHERE ({}) AND key = ?", rule.sql);
    let mut values = rule.values;
    values.push(Value::Text(item.to_string()));
    let mut statement = conn.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(&values))?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let copies = shown(
        conn,
        "SELECT version, body FROM copy WHERE item = ?1 ORDER BY number",
        [Value::Text(item.to_string())],
    )?;
    let mut visible = crate::loans::views::visible(asker);
    visible.and("loan.item = ?", [Value::Text(item.to_string())]);
    let sql =
        format!("SELECT version, body FROM loan WHERE {} ORDER BY applied_at DESC LIMIT 50", visible.sql());
    let loans = shown(conn, &sql, visible.values)?;
    let level: u8 = row.get(2)?;
    let loan_days = Level::new(level.into()).map_or(0, |level| terms(level, rules).days);
    Ok(Some(ItemDetail { version: row.get(0)?, item: raw(row, 1)?, level, copies, loans, loan_days }))
}

/// Whether the reader may know of the item.
pub fn may_know(conn: &Connection, asker: &Asker, item: &Id) -> Result<bool, StoreError> {
    let rule = readable(asker);
    let mut values = rule.values;
    values.push(Value::Text(item.to_string()));
    let sql = format!("SELECT 1 FROM item WHERE ({}) AND key = ?", rule.sql);
    Ok(conn.prepare_cached(&sql)?.exists(params_from_iter(&values))?)
}

/// An item that looks like the one being registered.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Similar {
    /// The item.
    pub item: Id,
    /// Its register number.
    pub register_number: String,
    /// Its title.
    pub title: String,
    /// Its document number.
    pub document_number: Option<String>,
    /// Its source.
    pub source: String,
}

/// What is being registered, as far as it is typed.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Typed {
    /// Document number.
    #[schemars(length(max = 200))]
    pub document_number: Option<String>,
    /// Title.
    #[schemars(length(max = 200))]
    pub title: Option<String>,
}

/// Items with the same number, or the very same title, for the warning while typing. At most five.
pub fn similar(conn: &Connection, asker: &Asker, typed: &Typed) -> Result<Vec<Similar>, StoreError> {
    let rule = readable(asker);
    let number = typed
        .document_number
        .as_deref()
        .and_then(|number| jingui_regulation::fold::document_number(number).ok());
    let title = typed.title.as_deref().and_then(|title| jingui_regulation::fold::text(title).ok());
    let select = "SELECT item.key, item.register_number, item.title, item.document_number, item.source FROM";
    let mut all: Vec<Similar> = Vec::new();
    let mut collect = |sql: &str, values: Vec<Value>| -> Result<(), StoreError> {
        let mut statement = conn.prepare_cached(sql)?;
        let rows = statement.query_map(params_from_iter(&values), |row| {
            Ok((id(row, 0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
        })?;
        for row in rows {
            let (item, register_number, title, document_number, source) = row?;
            if let Some(item) = item.filter(|item| !all.iter().any(|known| known.item == *item)) {
                all.push(Similar { item, register_number, title, document_number, source });
            }
        }
        Ok(())
    };
    if let Some(number) = number.filter(|number| number.chars().count() > 3) {
        let mut values = rule.values.clone();
        values.push(Value::Text(number));
        collect(&format!("{select} item WHERE ({}) AND item.document_number = ? LIMIT 5", rule.sql), values)?;
    }
    if let Some(title) = title.filter(|title| title.chars().count() > 5)
        && let Some(search) = phrase(&title)
    {
        let mut values = vec![Value::Text(search)];
        values.extend(rule.values.clone());
        values.push(Value::Text(title));
        let from = "(SELECT rowid AS found FROM words WHERE words MATCH ? ORDER BY rowid DESC LIMIT 20) CROSS JOIN item ON item.serial = +found";
        collect(&format!("{select} {from} WHERE ({}) AND item.title = ? LIMIT 5", rule.sql), values)?;
    }
    all.truncate(5);
    Ok(all)
}

/// What a scanned or typed code names.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Scanned {
    /// Kind of the record.
    pub kind: &'static str,
    /// Its id.
    pub id: Id,
    /// For a copy, its item.
    pub item: Option<Id>,
}

/// What was found and the item it belongs to.
type Found = (Option<Id>, Option<Id>);

/// The copy, person, cabinet or item that a code names; nothing the reader may not know of.
pub fn scan(conn: &Connection, asker: &Asker, code: &str) -> Result<Option<Scanned>, StoreError> {
    let code: String = jingui_regulation::fold::search(code).chars().take(100).collect();
    let rule = readable(asker);
    let of_item = |sql: String| -> Result<Option<Found>, StoreError> {
        let mut values = rule.values.clone();
        values.push(Value::Text(code.clone()));
        Ok(conn
            .prepare_cached(&sql)?
            .query_row(params_from_iter(&values), |row| Ok((id(row, 0)?, id(row, 1)?)))
            .optional()?)
    };
    let copy = format!(
        "SELECT copy.key, item.key FROM copy JOIN item ON item.key = copy.item WHERE ({}) AND copy.label = ?",
        rule.sql
    );
    if let Some((Some(copy), item)) = of_item(copy)? {
        return Ok(Some(Scanned { kind: "copy", id: copy, item }));
    }
    let item =
        format!("SELECT item.key, item.key FROM item WHERE ({}) AND item.register_number = ?", rule.sql);
    if let Some((Some(item), _)) = of_item(item)? {
        return Ok(Some(Scanned { kind: "item", id: item, item: None }));
    }
    for (kind, sql) in [
        ("person", "SELECT key FROM person WHERE staff_number = ?1 COLLATE NOCASE"),
        ("cabinet", "SELECT key FROM cabinet WHERE name = ?1 COLLATE NOCASE"),
    ] {
        let found = conn.prepare_cached(sql)?.query_row([&code], |row| id(row, 0)).optional()?.flatten();
        if let Some(id) = found {
            return Ok(Some(Scanned { kind, id, item: None }));
        }
    }
    Ok(None)
}

/// Issuing units that begin with or contain what was typed, at most 12.
pub fn sources(conn: &Connection, asker: &Asker, typed: &str) -> Result<Vec<String>, StoreError> {
    // Units are known to those who register; others are only offered the units of items they may know of.
    let typed = jingui_regulation::fold::text(typed).unwrap_or_default();
    let rule = readable(asker);
    let keeps = asker.is(jingui_regulation::Role::Registrar);
    let condition = if keeps {
        "1".to_owned()
    } else {
        format!("EXISTS (SELECT 1 FROM item WHERE item.source = source.name AND ({}))", rule.sql)
    };
    let mut values = vec![Value::Text(typed)];
    if !keeps {
        values.extend(rule.values);
    }
    let sql = format!(
        "SELECT name FROM source WHERE instr(name, ?1) > 0 AND {condition} ORDER BY instr(name, ?1), length(name), name LIMIT 12"
    );
    let mut statement = conn.prepare_cached(&sql)?;
    let rows = statement.query_map(params_from_iter(&values), |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The level of an item, whoever asks: for what is sealed before the office is asked. Never told to anybody.
pub fn level_of(conn: &Connection, item: &Id) -> Result<Option<Level>, StoreError> {
    let mut statement = conn.prepare_cached("SELECT level FROM item WHERE key = ?1")?;
    let level: Option<u8> = statement.query_row([item.as_str()], |row| row.get(0)).optional()?;
    Ok(level.and_then(|level| Level::new(i64::from(level))))
}
