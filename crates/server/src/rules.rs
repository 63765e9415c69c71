//! The rules in force as people read them: parameters with their bounds, a year's working days, clauses, verbs.

use jingui_office::page::Rows;
use jingui_office::rules::effect::{self, Effect};
use jingui_regulation::{Date, Param, Parameter, Role};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::problem::ClauseText;
use crate::view::{Fault, Look};

/// A parameter with its value in force.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ParameterRow {
    /// Key.
    key: String,
    /// Value in force.
    value: i64,
    /// Whether the office has set it.
    set: bool,
    /// What it is, its default and its hard bounds.
    parameter: Parameter,
}

/// A verb of the office.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ActionRow {
    /// Name in the journal and the API.
    name: &'static str,
    /// Short name, Chinese.
    zh: &'static str,
    /// Short name, English.
    en: &'static str,
    /// Clauses it carries out.
    clauses: &'static [&'static str],
}

/// A year's working days.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct WorkingDays {
    /// The year.
    year: i16,
    /// Whether no calendar of it is published yet.
    provisional: bool,
    /// Where the calendar comes from.
    source: Option<String>,
    /// Weekdays off and weekends worked, as they count.
    exceptions: Vec<Exception>,
}

/// A day that isn't what its weekday says.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Exception {
    /// The day.
    date: Date,
    /// Whether it is worked.
    working: bool,
}

/// Every parameter.
pub(crate) fn parameters(look: &Look<'_>) -> Vec<ParameterRow> {
    let row = |(key, parameter, value, set): (&str, &Parameter, i64, bool)| ParameterRow {
        key: key.to_owned(),
        value,
        set,
        parameter: parameter.clone(),
    };
    let mut rows: Vec<ParameterRow> = look.rules.parameters.iter().map(row).collect();
    // As the regulation has them, chapter by chapter.
    rows.sort_by_key(|row| {
        row.parameter.clause.split('.').map(|part| part.parse().unwrap_or(0)).collect::<Vec<u32>>()
    });
    rows
}

/// The value somebody thinks of.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    /// Another value, in the parameter's unit.
    value: i64,
}

/// What the value would touch; for those who propose it and those who confirm it.
pub(crate) fn effect(look: &Look<'_>, asked: Asked) -> Result<Rows<Effect>, Fault> {
    let parameter = Param::ALL.iter().find(|one| one.key() == look.text("key")).ok_or(Fault::Absent)?;
    if ![Role::SecurityAdministrator, Role::OfficeHead].into_iter().any(|role| look.asker.is(role)) {
        return Err(Fault::Absent);
    }
    let rows = effect::of(look.conn, look.rules, look.today, *parameter, asked.value)?;
    Ok(Rows { rows, next: None })
}

/// Every clause.
pub(crate) fn clauses(look: &Look<'_>) -> Vec<ClauseText> {
    look.office.pack().clauses.iter().map(ClauseText::from).collect()
}

/// Every verb.
pub(crate) fn actions() -> Vec<ActionRow> {
    let row = |action: jingui_office::Registration| ActionRow {
        name: action.name,
        zh: action.title.0,
        en: action.title.1,
        clauses: action.clauses,
    };
    jingui_office::actions().into_iter().map(row).collect()
}

/// The year in the path.
pub(crate) fn year(look: &Look<'_>) -> Result<WorkingDays, Fault> {
    let year: i16 = look.text("year").parse().map_err(|_| Fault::Absent)?;
    let first = Date::new(year, 1, 1).ok_or(Fault::Absent)?;
    let calendar = &look.rules.calendar;
    let exceptions = (0..366)
        .map(|days| first.plus_days(days))
        .filter(|date| date.year() == year && calendar.is_working(*date) == date.is_weekend())
        .map(|date| Exception { date, working: date.is_weekend() })
        .collect();
    let source = calendar.year(year).map(|year| year.source.clone());
    Ok(WorkingDays { year, provisional: calendar.is_provisional(year), source, exceptions })
}
