//! Who knew (谁知悉): everybody who held a copy of an item, read it on site or page by page, with the approval behind it;
//! and for a person, everything he or she came to know (clauses 3.1.1.2, 3.1.1.3, 5.1.2).

use jingui_access::Asker;
use jingui_regulation::{Date, Level, Moment};
use jingui_store::{Id, StoreError};
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::items::reading::{by_duty, readable};

/// How somebody came to know an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Knew {
    /// The item.
    pub item: Id,
    /// Its register number.
    pub register_number: String,
    /// Its title.
    pub title: String,
    /// Its level.
    pub level: Level,
    /// Who.
    pub person: Id,
    /// How: `borrowed`, `read_on_site`, `second_person`, `read_pages`, `opened_file`, `printed`, `made_print`, `kept`, `opened_entry`.
    pub how: String,
    /// From when on.
    pub from: Moment,
    /// Until when; nothing while it goes on, or for what takes no time.
    pub until: Option<Moment>,
    /// The copy's label, where it was a copy.
    pub copy: Option<String>,
    /// The pages, where they were read on a screen: such as `1-3, 7`.
    pub pages: Option<String>,
    /// Who approved it, where somebody did.
    pub approved_by: Option<Id>,
    /// Number of the loan behind it.
    pub loan: Option<String>,
    /// Name of the file that was read or printed.
    pub file: Option<String>,
}

/// Whose knowledge, or of what.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KnewFilter {
    /// The item.
    pub item: Option<Id>,
    /// The person.
    pub person: Option<Id>,
    /// First day.
    pub from: Option<Date>,
    /// Last day.
    pub to: Option<Date>,
}

/// Most rows; what is beyond is asked for by days.
const MOST: usize = 5_000;

/// Each branch answers: item, person, how, from, until, copy, pages, approver, loan, file.
const SOURCES: &str = "
SELECT loan.item AS item, loan.applicant AS person, 'borrowed' AS how,
       coalesce(loan.body ->> '$.state.out.acknowledged_at', loan.body ->> '$.state.approval.at') AS began,
       CASE WHEN loan.state IN ('returned', 'lost') THEN loan.body ->> '$.state.at' END AS ended,
       (SELECT label FROM copy WHERE copy.key = coalesce(loan.body ->> '$.state.out.copy', loan.body ->> '$.state.copy')) AS label,
       NULL AS pages, coalesce(loan.body ->> '$.state.out.approval.by', loan.body ->> '$.state.approval.by') AS approver, loan.number AS number, NULL AS file
FROM loan WHERE loan.body ->> '$.mode' = 'take_out' AND loan.state IN ('out', 'returning', 'returned', 'lost')
UNION ALL
SELECT s.item, who.value, CASE WHEN who.value = s.reader THEN 'read_on_site' ELSE 'second_person' END, s.opened_at, s.body ->> '$.state.at',
       (SELECT label FROM copy WHERE copy.key = s.body ->> '$.copy'), NULL,
       coalesce(loan.body ->> '$.state.approval.by', loan.body ->> '$.state.out.approval.by'), loan.number, NULL
FROM reading_session s JOIN loan ON loan.key = s.loan JOIN json_each(json_array(s.reader, s.body ->> '$.second')) who
WHERE s.state <> 'called_off'
UNION ALL
SELECT p.item, p.reader, 'read_pages', min(p.first_at), max(p.body ->> '$.last_at'), NULL, group_concat(p.page, ','), NULL, NULL,
       (SELECT file.body ->> '$.name' FROM reading r JOIN file ON file.key = r.file WHERE r.key = p.reading)
FROM page_read p GROUP BY p.reading
UNION ALL
SELECT r.item, r.reader, 'opened_file', r.opened_at, NULL, NULL, NULL, NULL, NULL, (SELECT file.body ->> '$.name' FROM file WHERE file.key = r.file)
FROM reading r WHERE NOT EXISTS (SELECT 1 FROM page_read p WHERE p.reading = r.key)
UNION ALL
SELECT print.item, who.value, CASE WHEN who.value = print.applicant THEN 'printed' ELSE 'made_print' END, print.body ->> '$.state.at', NULL,
       print.body ->> '$.state.labels[0]' || CASE WHEN print.body ->> '$.copies' > 1 THEN ' +' || (print.body ->> '$.copies' - 1) ELSE '' END,
       NULL, print.body ->> '$.state.approved_by', NULL, (SELECT file.body ->> '$.name' FROM file WHERE file.key = print.file)
FROM print JOIN json_each(json_array(print.applicant, print.body ->> '$.state.by')) who WHERE print.state = 'made'
UNION ALL
SELECT copy.item, c.who, 'kept', entry.at,
       (SELECT later.at FROM custody n JOIN entry later ON later.seq = n.seq WHERE n.record = c.record AND n.seq > c.seq ORDER BY n.seq LIMIT 1),
       copy.label, NULL, NULL, NULL, NULL
FROM custody c JOIN copy ON copy.key = c.record JOIN entry ON entry.seq = c.seq WHERE c.how = 'kept'
UNION ALL
SELECT entry.subject, entry.actor, 'opened_entry', entry.at, NULL, NULL, NULL, NULL, NULL, NULL
FROM entry WHERE entry.action = 'item.read' AND entry.refused = 0 AND entry.subject IS NOT NULL";

/// Who knew, as far as the reader may know of the items; only those who keep items or answer for the whole may ask
/// about others.
pub fn knew(conn: &Connection, asker: &Asker, filter: &KnewFilter) -> Result<Vec<Knew>, StoreError> {
    let rule = readable(asker);
    let mut sql = format!(
        "SELECT item.key, item.register_number, item.title, item.level, k.person, k.how, k.began, k.ended, k.label, k.pages, k.approver, k.number, k.file
         FROM ({SOURCES}) k JOIN item ON item.key = k.item WHERE k.began IS NOT NULL AND ({})",
        rule.sql
    );
    let mut values = rule.values;
    let mut and = |condition: &str, value: String| {
        sql.push_str(condition);
        values.push(Value::Text(value));
    };
    if let Some(item) = &filter.item {
        and(" AND k.item = ?", item.to_string());
    }
    if !by_duty(asker) {
        and(" AND k.person = ?", asker.id.clone());
    }
    if let Some(person) = &filter.person {
        and(" AND k.person = ?", person.to_string());
    }
    if let Some(to) = filter.to {
        and(" AND k.began < ?", Moment::at(to, 24, 0).to_string());
    }
    if let Some(from) = filter.from {
        // What takes no time counts on its day; what goes on, until now.
        and(
            " AND coalesce(k.ended, CASE WHEN k.how IN ('opened_entry', 'opened_file', 'printed', 'made_print') THEN k.began ELSE '9' END) >= ?",
            Moment::at(from, 0, 0).to_string(),
        );
    }
    let mut statement = conn.prepare_cached(&format!("{sql} ORDER BY k.began DESC LIMIT {MOST}"))?;
    let mut rows = statement.query(params_from_iter(&values))?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let text = |column: usize| row.get::<_, Option<String>>(column);
        let moment = |column: usize| -> Result<Option<Moment>, StoreError> {
            Ok(text(column)?.map(|text| serde_json::from_value(text.into())).transpose()?)
        };
        let id = |column: usize| -> Result<Option<Id>, StoreError> {
            Ok(text(column)?.and_then(|text| text.parse().ok()))
        };
        let (Some(item), Some(person), Some(from)) = (id(0)?, id(4)?, moment(6)?) else { continue };
        all.push(Knew {
            item,
            register_number: row.get(1)?,
            title: row.get(2)?,
            level: Level::new(row.get(3)?).unwrap_or(Level::TopSecret),
            person,
            how: row.get(5)?,
            from,
            until: moment(7)?,
            copy: text(8)?,
            pages: text(9)?.map(|pages| runs(&pages)),
            approved_by: id(10)?,
            loan: text(11)?,
            file: text(12)?,
        });
    }
    Ok(all)
}

/// `3,1,2,7` as `1-3, 7`.
pub(super) fn runs(list: &str) -> String {
    let mut pages: Vec<u32> = list.split(',').filter_map(|page| page.parse().ok()).collect();
    pages.sort_unstable();
    pages.dedup();
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for page in pages {
        match runs.last_mut() {
            Some((_, end)) if *end + 1 == page => *end = page,
            _ => runs.push((page, page)),
        }
    }
    let shown: Vec<String> = runs
        .into_iter()
        .map(|(first, last)| if first == last { first.to_string() } else { format!("{first}-{last}") })
        .collect();
    shown.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_told_in_runs() {
        assert_eq!(runs("3,1,2,7,2"), "1-3, 7");
        assert_eq!(runs(""), "");
    }
}
