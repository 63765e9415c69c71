//! The rules in force: the pack as installed, with the values and calendars that the office has set.
//!
//! Must never widen a bound: what the pack limits hard, no setting passes.

pub mod effect;
pub mod parameter;

use std::collections::BTreeMap;

use jingui_regulation::{RulePack, YearCalendar};
use jingui_store::{Column, Kind, Record, StoreError, Unit};
use rusqlite::Connection;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::{About, Action, Stop};
use crate::items::{Copy, Custody};
use crate::loans::{Loan, clockwork};
use crate::refusal::Refusal;
use crate::work::{Rules, Work};

/// Actions after which the rules have to be read again.
pub(crate) const CHANGED_BY: &[&str] =
    &[parameter::Confirm::NAME, parameter::TakeEffect::NAME, ImportCalendar::NAME];

/// A parameter's value as set by the office, kept under the parameter's key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Setting {
    /// Key of the parameter.
    pub parameter: String,
    /// The office's value.
    pub value: i64,
    /// Why it was set so.
    pub reason: String,
}

impl Record for Setting {
    const KIND: Kind =
        Kind { name: "setting", columns: &[Column::new("value", "$.value")], indexes: &[], side: None };

    fn key(&self) -> &str {
        &self.parameter
    }
}

/// A year's working days as published and imported, kept under the year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CalendarYear {
    /// The year as text.
    pub name: String,
    /// Days off and worked weekends.
    pub calendar: YearCalendar,
}

impl Record for CalendarYear {
    const KIND: Kind =
        Kind { name: "calendar_year", columns: &[Column::new("name", "$.name")], indexes: &[], side: None };

    fn key(&self) -> &str {
        &self.name
    }
}

fn combine(pack: &RulePack, settings: Vec<Setting>, years: Vec<CalendarYear>) -> Rules {
    // A newer pack may have narrowed a bound: the pack wins, and that one value of the office no longer counts.
    let values: BTreeMap<String, i64> = settings
        .into_iter()
        .map(|setting| (setting.parameter, setting.value))
        .filter(|(key, value)| pack.parameters.check(key, *value).is_ok())
        .collect();
    let mut calendar = pack.calendar.clone();
    for year in years {
        calendar = calendar.with_year(year.calendar);
    }
    let parameters = pack.parameters.with(&values).unwrap_or_else(|_| pack.parameters.clone());
    Rules { pack: pack.clone(), parameters, calendar }
}

/// The rules in force, read on a reader's connection.
pub(crate) fn in_force(conn: &Connection, pack: &RulePack) -> Result<Rules, StoreError> {
    fn all<R: Record>(conn: &Connection) -> Result<Vec<R>, StoreError> {
        let mut statement = conn.prepare(&format!("SELECT body FROM {} ORDER BY key", R::KIND.name))?;
        let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
        rows.map(|body| Ok(serde_json::from_str(&body?)?)).collect()
    }
    Ok(combine(pack, all(conn)?, all(conn)?))
}

/// The rules in force, read inside a unit of work.
pub(crate) fn in_force_for(unit: &Unit<'_>, pack: &RulePack) -> Result<Rules, StoreError> {
    let settings = unit.find::<Setting>(&[])?.into_iter().map(|stored| stored.record).collect();
    let years = unit.find::<CalendarYear>(&[])?.into_iter().map(|stored| stored.record).collect();
    Ok(combine(pack, settings, years))
}

/// Imports the published working days of a year, and reckons open due days again, never to the borrower's
/// disadvantage.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportCalendar {
    /// The year with its days off and worked weekends.
    pub calendar: YearCalendar,
}

/// What an imported calendar changed.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct CalendarImported {
    /// The year.
    pub year: i16,
    /// Loans whose due day was reckoned again.
    pub loans: Vec<String>,
}

impl Action for ImportCalendar {
    const NAME: &'static str = "calendar.import";
    const TITLE: (&'static str, &'static str) = ("导入工作日历", "Import a year's working days");
    const CLAUSES: &'static [&'static str] = &["3.1.3.3", "3.1.3.4"];
    type Outcome = CalendarImported;

    fn about(&self, _: &Work<'_, '_>) -> Result<About, Stop> {
        Ok(About::office())
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<CalendarImported, Stop> {
        if let Err(error) = self.calendar.check() {
            return Err(Refusal::field("calendar", "calendar.unsound")
                .fact("expected", error.to_string())
                .into());
        }
        let year = self.calendar.year;
        let rules = Rules {
            calendar: work.rules.calendar.clone().with_year(self.calendar.clone()),
            ..work.rules.clone()
        };
        work.put(&CalendarYear { name: year.to_string(), calendar: self.calendar })?;
        let mut loans = Vec::new();
        for loan in work.find::<Loan>(&[("state", "out".into())])? {
            if let Some(loan) = clockwork::reckon_again(loan.record, &rules)? {
                let due = loan.out()?.due;
                let mut copy = work.need::<Copy>(&loan.out()?.copy)?.record;
                if matches!(copy.custody, Custody::Lent { .. }) {
                    copy.custody = copy.custody.extend(due)?;
                    work.put(&copy)?;
                }
                loans.push(loan.number.clone());
                work.put(&loan)?;
            }
        }
        Ok(CalendarImported { year, loans })
    }
}
