//! Reading what a request carries: bounded in size and time, and blamed on the field where it can't be taken.
//!
//! Must never fold or correct anything: that is the office's, once for every way in.

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use jingui_office::InputError;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::language::Language;
use crate::problem::{BadField, Problem};
use crate::schemas::Bound;
use crate::view::Nothing;

/// Most bytes of a JSON body.
pub(crate) const JSON_LIMIT: usize = 2 << 20;
/// Longest time a body may take to arrive.
const PATIENCE: Duration = Duration::from_secs(30);
/// Most characters of a value that are shown back.
const SHOWN: usize = 60;

/// The body's bytes: 413 beyond the limit, 408 when they don't come.
pub(crate) async fn bytes(body: Body, limit: usize, language: Language) -> Result<Vec<u8>, Problem> {
    match tokio::time::timeout(PATIENCE, Limited::new(body, limit).collect()).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes().into()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            Err(Problem::edge(StatusCode::PAYLOAD_TOO_LARGE, "body.too_large", language))
        }
        Ok(Err(_)) => Err(Problem::edge(StatusCode::BAD_REQUEST, "body.broken", language)),
        Err(_) => Err(Problem::edge(StatusCode::REQUEST_TIMEOUT, "body.slow", language)),
    }
}

/// The body as one JSON value, not yet looked into: 400 when it isn't JSON at all.
pub(crate) async fn json(body: Body, language: Language) -> Result<Box<RawValue>, Problem> {
    let bytes = bytes(body, JSON_LIMIT, language).await?;
    let text = String::from_utf8(bytes).ok().and_then(|text| RawValue::from_string(text).ok());
    text.ok_or_else(|| Problem::edge(StatusCode::BAD_REQUEST, "body.not_json", language))
}

/// The input of an action that takes none.
pub(crate) fn empty() -> Box<RawValue> {
    serde_json::value::to_raw_value(&serde_json::Map::new()).unwrap_or_default()
}

/// The file's name from `X-File-Name`, percent-encoded.
pub(crate) fn file_name(headers: &HeaderMap, language: Language) -> Result<String, Problem> {
    let text = headers.get("x-file-name").and_then(|value| value.to_str().ok()).unwrap_or_default();
    // The form decoder undoes percent-encoding; a name alone has no `=`.
    let name =
        form_urlencoded::parse(text.replace('+', "%2B").replace('&', "%26").replace('=', "%3D").as_bytes())
            .next()
            .map(|(name, _)| name.into_owned())
            .unwrap_or_default();
    name_of_file("X-File-Name", &name, language)
}

/// A file's name: 422 with the field when it is none.
pub(crate) fn name_of_file(field: &str, name: &str, language: Language) -> Result<String, Problem> {
    let length = name.chars().count();
    if length == 0 || length > 200 || name.chars().any(char::is_control) {
        let expected = "a file name of 1 to 200 characters".to_owned();
        let bad = BadField { field: field.to_owned(), found: shortened(name), expected };
        return Err(Problem::field(bad, language));
    }
    Ok(name.to_owned())
}

/// The body as a `T`: 422 with the field that doesn't fit.
pub(crate) async fn typed<T: DeserializeOwned>(body: Body, language: Language) -> Result<T, Problem> {
    let input = json(body, language).await?;
    parse(&input, language)
}

/// JSON as a `T`: 422 with the field that doesn't fit.
pub(crate) fn parse<T: DeserializeOwned>(input: &RawValue, language: Language) -> Result<T, Problem> {
    let mut reader = serde_json::Deserializer::from_str(input.get());
    serde_path_to_error::deserialize(&mut reader)
        .map_err(|error| Problem::field(bad_field(&InputError::from(error), input.get()), language))
}

/// The query part of an address as a `T`: 422 with the field that doesn't fit.
pub(crate) fn query<T: DeserializeOwned>(query: &str, language: Language) -> Result<T, Problem> {
    let reader = serde_urlencoded::Deserializer::new(form_urlencoded::parse(query.as_bytes()));
    serde_path_to_error::deserialize(reader).map_err(|error| {
        let (field, expected) = blame(&error.path().to_string(), &error.inner().to_string());
        let found = form_urlencoded::parse(query.as_bytes())
            .find_map(|(name, value)| (name == field).then(|| shortened(&value)))
            .unwrap_or_default();
        Problem::field(BadField { field, found, expected }, language)
    })
}

/// Refuses a query field that is longer, less or more than the document says.
pub(crate) fn within(query: &str, bounds: &[Bound], language: Language) -> Result<(), Problem> {
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if let Some(expected) = bounds.iter().find_map(|bound| bound.broken_by(&name, &value)) {
            let bad = BadField { field: name.into_owned(), found: shortened(&value), expected };
            return Err(Problem::field(bad, language));
        }
    }
    Ok(())
}

/// Refuses a body where none belongs; an empty object is none.
pub(crate) async fn nothing(body: Body, language: Language) -> Result<(), Problem> {
    let bytes = bytes(body, JSON_LIMIT, language).await?;
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Ok(());
    }
    let input = RawValue::from_string(String::from_utf8(bytes).unwrap_or_default())
        .map_err(|_| Problem::edge(StatusCode::BAD_REQUEST, "body.not_json", language))?;
    parse::<Nothing>(&input, language).map(|_| ())
}

/// Which field an action's input fails at, what it held, what it takes.
pub(crate) fn bad_field(error: &InputError, input: &str) -> BadField {
    let (field, expected) = blame(&error.path, &error.message);
    // The value itself, where it can be found; the reader's own message may hold only a part of it.
    let found = serde_json::from_str::<Value>(input)
        .ok()
        .and_then(|value| at(&value, &field).map(|value| shortened(&value.to_string())))
        .unwrap_or_default();
    // Passwords are never shown, not even to whoever typed them.
    let secret = matches!(field.rsplit('.').next(), Some("password" | "current"));
    BadField { found: if secret { String::new() } else { found }, field, expected }
}

/// The field and what it takes, from the reader's path and message.
fn blame(path: &str, message: &str) -> (String, String) {
    let path = if path == "." { "" } else { path };
    // The place in the text says nothing to whoever filled in a form.
    let message = message.split(" at line ").next().unwrap_or(message);
    let named = |prefix: &str| {
        let name = message.strip_prefix(prefix)?.split('`').nth(1)?;
        let below = path.is_empty() || path.ends_with(name);
        Some(if below { name.to_owned() } else { format!("{path}.{name}") })
    };
    if let Some(field) = named("missing field") {
        return (field, "a value".to_owned());
    }
    if let Some(field) = named("duplicate field") {
        return (field, "one value".to_owned());
    }
    if let Some(field) = named("unknown field") {
        let expected = message.split_once(", ").map_or("no such field", |(_, rest)| rest);
        return (shortened(&field), shortened_to(expected.trim_start_matches("expected "), 400));
    }
    let expected = message.split_once("expected ").map_or(message, |(_, rest)| rest);
    let expected = expected.split(", found").next().unwrap_or(expected);
    let field = if path.is_empty() { "body" } else { path };
    (shortened_to(field, 200), shortened_to(expected, 400))
}

/// What stands at a path such as `scope.people[0]`.
fn at<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    if path == "body" {
        return Some(value);
    }
    path.split(['.', '[']).try_fold(value, |value, part| match value {
        Value::Array(list) => list.get(part.trim_end_matches(']').parse::<usize>().ok()?),
        value => value.get(part),
    })
}

/// A value short enough to be shown back, without control characters.
pub(crate) fn shortened(text: &str) -> String {
    shortened_to(text, SHOWN)
}

fn shortened_to(text: &str, most: usize) -> String {
    let mut short: String =
        text.chars().take(most).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if text.chars().nth(most).is_some() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "only its form matters")]
    struct Form {
        days: u8,
        inner: Option<Inner>,
    }

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "only its form matters")]
    struct Inner {
        names: Vec<u8>,
    }

    fn blamed(input: &str) -> (String, String) {
        let problem =
            parse::<Form>(&RawValue::from_string(input.to_owned()).unwrap(), Language::English).unwrap_err();
        (problem.field.clone().unwrap(), problem.found.clone().unwrap())
    }

    #[test]
    fn the_field_that_fails_is_named_with_what_it_held() {
        assert_eq!(blamed(r#"{"days":"x"}"#), ("days".into(), "\"x\"".into()));
        assert_eq!(blamed("{}"), ("days".into(), String::new()));
        assert_eq!(blamed(r#"{"days":1,"more":2}"#), ("more".into(), "2".into()));
        assert_eq!(blamed(r#"{"days":1,"inner":{"names":[1,"\u0000"]}}"#).0, "inner.names[1]");
        assert_eq!(blamed(r#"{"days":1,"inner":{}}"#).0, "inner.names");
        assert_eq!(blamed("[]").0, "body");
        assert_eq!(blamed(r#"{"days":"\ud800"}"#).0, "days");
    }

    #[test]
    fn a_megabyte_is_shown_short() {
        let (_, found) = blamed(&format!(r#"{{"days":"{}"}}"#, "x".repeat(1 << 20)));
        assert_eq!(found.chars().count(), SHOWN + 1);
    }

    #[test]
    fn a_query_names_its_field_too() {
        let problem = query::<Form>("days=%ff", Language::Chinese).unwrap_err();
        assert_eq!(problem.field.as_deref(), Some("days"));
    }
}
