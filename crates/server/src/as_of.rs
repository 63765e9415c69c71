//! Asking as of a past moment: `as_of` in the query part of the registers' views, a day (its end) or a moment.

use axum::http::StatusCode;
use jingui_office::Connection;
use jingui_regulation::{Date, Moment};
use jingui_store::{Store, StoreError};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::input;
use crate::language::Language;
use crate::problem::{BadField, Problem};
use crate::view::{Fault, Look, Nothing};
use crate::wording;

/// The name of the query field.
pub(crate) const FIELD: &str = "as_of";

/// Views that can be asked as of a past moment: the registers.
pub(crate) const VIEWS: &[&str] = &[
    "/api/items",
    "/api/items/count",
    "/api/items/facets",
    "/api/items.xlsx",
    "/api/items/{item}",
    "/api/items/{item}/files",
    "/api/items/{item}/history",
    "/api/items/{item}/timeline",
    "/api/loans",
    "/api/loans.xlsx",
    "/api/loans/{loan}",
    "/api/reading-sessions",
    "/api/reading-sessions.xlsx",
    "/api/receipts",
    "/api/receipts.xlsx",
    "/api/receipts/{receipt}",
    "/api/rooms",
    "/api/cabinets",
    "/api/cabinets/{cabinet}",
    "/api/cabinets/{cabinet}/contents.xlsx",
    "/api/people",
    "/api/people.xlsx",
    "/api/people/{person}",
    "/api/people/{person}/held",
    "/api/directory",
    "/api/moment",
    "/api/leavings",
    "/api/leavings.xlsx",
    "/api/checks",
    "/api/checks.xlsx",
    "/api/posts",
    "/api/posts.xlsx",
    "/api/departments",
    "/api/incidents",
    "/api/incidents.xlsx",
    "/api/prints",
];

/// Takes the moment out of a query; 422 where the view can't be asked so, or it is no past moment.
pub(crate) fn split(
    query: &str,
    allowed: bool,
    now: Moment,
    language: Language,
) -> Result<(Option<Moment>, String), Problem> {
    let mut asked = None;
    let mut rest = form_urlencoded::Serializer::new(String::new());
    if !query.contains(FIELD) {
        return Ok((None, query.to_owned()));
    }
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if name == FIELD && allowed {
            asked = Some(value.into_owned());
        } else {
            rest.append_pair(&name, &value);
        }
    }
    let Some(text) = asked else { return Ok((None, query.to_owned())) };
    Ok((Some(past(FIELD, &text, now, language)?), rest.finish()))
}

/// A day (its end) or a moment, none to come; 422 of that field otherwise.
pub(crate) fn past(field: &str, text: &str, now: Moment, language: Language) -> Result<Moment, Problem> {
    of(text).filter(|moment| *moment <= now || is_today(text, now)).ok_or_else(|| {
        let expected = wording::PAST.to_owned();
        let bad = BadField { field: field.to_owned(), found: input::shortened(text), expected };
        Problem::field(bad, language)
    })
}

/// A moment in which the journal had begun; 422 of that field otherwise, with the moment in which it did.
pub(crate) fn begun(
    field: &str,
    at: Moment,
    store: &Store,
    conn: &Connection,
    language: Language,
) -> Result<(), Fault> {
    let begins = begins(store, conn)?;
    if begins.is_some_and(|begins| begins <= at) {
        return Ok(());
    }
    let since = begins.map_or_else(String::new, Moment::local);
    let mut problem = Problem::edge(StatusCode::UNPROCESSABLE_ENTITY, "as_of.before", language);
    problem.detail = problem.detail.replace("{since}", &since);
    problem.found = Some(told(at));
    Err(problem.of(field).into())
}

/// When the journal began.
pub(crate) fn begins(store: &Store, conn: &Connection) -> Result<Option<Moment>, StoreError> {
    Ok(store.entry(conn, 1)?.map(|entry| entry.at))
}

/// A moment as people read it; the end of a day as its twenty-fourth hour.
pub(crate) fn told(at: Moment) -> String {
    if at == end(at.date()) { format!("{} 24:00", at.date()) } else { at.local() }
}

/// The last moment of a day.
fn end(day: Date) -> Moment {
    Moment::from_millis(Moment::at(day.plus_days(1), 0, 0).millis() - 1)
}

fn of(text: &str) -> Option<Moment> {
    // A moment first: what reads days is lenient about what follows them.
    if let Ok(moment) = serde_json::from_value(Value::String(text.to_owned())) {
        return Some(moment);
    }
    // The end of the day: what was done on it counts.
    text.parse().ok().map(end)
}

fn is_today(text: &str, now: Moment) -> bool {
    text.parse() == Ok(now.date())
}

/// Which moment is shown.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Shown {
    /// The moment, as people read it; nothing for now.
    at: Option<String>,
    /// Number of the newest entry at that moment.
    entry: u64,
    /// When the journal began.
    begins: Option<Moment>,
}

/// `GET /api/moment`: which moment a question is about; refused like any other where it can't be asked.
pub(crate) fn shown(look: &Look<'_>, _: Nothing) -> Result<Shown, Fault> {
    let entry = look
        .conn
        .query_row("SELECT coalesce(max(seq), 0) FROM entry", [], |row| row.get(0))
        .map_err(StoreError::from)?;
    Ok(Shown { at: look.past.map(told), entry, begins: begins(look.office.store(), look.conn)? })
}
