//! Asking as of a past moment: `as_of` in the query part of the registers' views, a day (its end) or a moment.

use jingui_regulation::{Date, Moment};
use serde_json::Value;

use crate::input;
use crate::language::Language;
use crate::problem::{BadField, Problem};

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
    let moment = of(&text).filter(|moment| *moment <= now || is_today(&text, now));
    let moment = moment.ok_or_else(|| {
        let expected = "a past day, such as 2026-11-23, or a moment in the form of the journal".to_owned();
        let bad = BadField { field: FIELD.to_owned(), found: input::shortened(&text), expected };
        Problem::field(bad, language)
    })?;
    Ok((Some(moment), rest.finish()))
}

fn of(text: &str) -> Option<Moment> {
    // A moment first: what reads days is lenient about what follows them.
    if let Ok(moment) = serde_json::from_value(Value::String(text.to_owned())) {
        return Some(moment);
    }
    // The end of the day: what was done on it counts.
    let day: Date = text.parse().ok()?;
    Some(Moment::from_millis(Moment::at(day.plus_days(1), 0, 0).millis() - 1))
}

fn is_today(text: &str, now: Moment) -> bool {
    text.parse() == Ok(now.date())
}
