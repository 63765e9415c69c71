//! The rules in force as people read them: parameters with their bounds, a year's working days, clauses, verbs.

use jingui_regulation::{Date, Parameter};
use schemars::JsonSchema;
use serde::Serialize;

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
