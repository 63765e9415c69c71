//! Pages of lists: a bounded number of rows and where to go on, and counts that stop at a bound.

use data_encoding::BASE64URL_NOPAD;
use jingui_store::StoreError;
use rusqlite::types::Value;
use rusqlite::{Connection, Row, params_from_iter};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize};

/// Rows of a list, and where the next page begins.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "{T}Rows")]
pub struct Rows<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// What to send as `cursor` for the next page; nothing at the end.
    pub next: Option<String>,
}

/// How many rows there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Count {
    /// How many, at most the bound.
    pub count: u64,
    /// Whether there are more than that.
    pub more: bool,
}

/// Where a page begins: the sort keys of the last row of the page before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(pub Vec<String>);

impl Cursor {
    /// As sent to and fro.
    pub fn to_text(&self) -> String {
        BASE64URL_NOPAD.encode(self.0.join("\u{1f}").as_bytes())
    }
}

impl<'de> Deserialize<'de> for Cursor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        BASE64URL_NOPAD
            .decode(text.as_bytes())
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .map(|text| Self(text.split('\u{1f}').map(str::to_owned).collect()))
            .ok_or_else(|| serde::de::Error::custom("expected the cursor of a page before"))
    }
}

impl JsonSchema for Cursor {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Cursor".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "maxLength": 2000 })
    }
}

/// Rows on a page unless asked otherwise, and at most.
pub const PAGE: u16 = 50;
const MOST: u16 = 200;

/// The page size that counts.
pub fn limit(asked: Option<u16>) -> usize {
    usize::from(asked.unwrap_or(PAGE).clamp(1, MOST))
}

/// An SQL condition with its values, grown part by part.
#[derive(Debug, Clone, Default)]
pub struct Condition {
    /// Parts, joined by AND.
    pub parts: Vec<String>,
    /// Values in order.
    pub values: Vec<Value>,
}

impl Condition {
    /// Adds a part with its values.
    pub fn and(&mut self, sql: impl Into<String>, values: impl IntoIterator<Item = Value>) {
        self.parts.push(sql.into());
        self.values.extend(values);
    }

    /// Adds `column = value` where there is a value.
    pub fn equals(&mut self, column: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.and(format!("{column} = ?"), [value.into()]);
        }
    }

    /// The whole as SQL.
    pub fn sql(&self) -> String {
        if self.parts.is_empty() {
            "1".to_owned()
        } else {
            self.parts.iter().map(|part| format!("({part})")).collect::<Vec<_>>().join(" AND ")
        }
    }
}

/// A page of rows, latest first: ids grow with time. `select` names columns and tables, the key first.
pub(crate) fn latest<T>(
    conn: &Connection,
    select: &str,
    key: &str,
    mut condition: Condition,
    asked: Option<u16>,
    cursor: Option<&Cursor>,
    read: impl Fn(&Row<'_>) -> Result<T, StoreError>,
) -> Result<Rows<T>, StoreError> {
    if let Some(last) = cursor.and_then(|Cursor(parts)| parts.first()) {
        condition.and(format!("{key} < ?"), [Value::Text(last.clone())]);
    }
    let limit = limit(asked);
    let sql = format!("{select} WHERE {} ORDER BY {key} DESC LIMIT {}", condition.sql(), limit + 1);
    let mut statement = conn.prepare_cached(&sql)?;
    let mut found = statement.query(params_from_iter(&condition.values))?;
    let (mut rows, mut last, mut next) = (Vec::new(), String::new(), None);
    while let Some(row) = found.next()? {
        if rows.len() == limit {
            next = Some(Cursor(vec![last]).to_text());
            break;
        }
        last = row.get(0)?;
        rows.push(read(row)?);
    }
    Ok(Rows { rows, next })
}

/// Counts rows of `from` (a table or join) under a condition, up to `ceiling`.
pub fn count(
    conn: &Connection,
    from: &str,
    condition: &Condition,
    ceiling: u64,
) -> Result<Count, StoreError> {
    let sql = format!(
        "SELECT count(*) FROM (SELECT 1 FROM {from} WHERE {} LIMIT {})",
        condition.sql(),
        ceiling + 1
    );
    let count: u64 =
        conn.prepare_cached(&sql)?.query_row(params_from_iter(&condition.values), |row| row.get(0))?;
    Ok(Count { count: count.min(ceiling), more: count > ceiling })
}

/// The JSON of a whole enum variant as SQL compares it.
pub fn word(value: &impl Serialize) -> Value {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => Value::Text(text),
        Ok(serde_json::Value::Number(number)) => Value::Integer(number.as_i64().unwrap_or_default()),
        _ => Value::Null,
    }
}
