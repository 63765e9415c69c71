//! `POST /api/actions/{name}`: every verb of the office that a person may ask for.

use std::time::Instant;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use jingui_office::{Caller, Request};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::edge::Shared;
use crate::language::Language;
use crate::problem::Problem;
use crate::session::Signed;
use crate::{content, input, keys};

/// Actions that only the clock, the importer or the edge itself performs: they have no route.
pub(crate) const INTERNAL: &[&str] = &[
    "backup.note",
    "evidence.make",
    "file.add",
    "file.keep",
    "file.note",
    "import.begin",
    "import.finish",
    "import.rows",
    "item.take_in",
    "key.break_off",
    "key.collect",
    "key.confirm",
    "key.resealed",
    "key.rewrap",
    "key.rotated",
    "loan.escalate",
    "loan.expire",
    "loan.remind",
    "parameter.take_effect",
    "print.sheet",
    "seal.open",
    "session.sign_in",
    "session.sign_out",
    "view.look",
    "view.page",
];
/// Actions after which every session of the person concerned ends.
const ENDS_SESSIONS: &[&str] = &[
    "account.change_password",
    "account.close",
    "account.reset",
    "leaving.complete",
    "person.set_rights",
    "rights.confirm",
];
/// The fields in which their outcomes name that person.
const CONCERNED: [&str; 3] = ["person", "subject", "id"];
/// The code by which a wrong present password is refused.
const WRONG_PASSWORD: &str = "field.current_password";

/// What an action answers.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Done {
    /// Its entry in the journal.
    entry: u64,
    /// What came of it.
    pub(crate) outcome: Value,
}

impl Done {
    /// Number of its entry.
    pub(crate) const fn entry(&self) -> u64 {
        self.entry
    }
}

/// `POST /api/actions/{name}`.
pub(crate) async fn act(
    State(edge): State<Shared>,
    signed: Signed,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Done>, Problem> {
    let language = Language::of(&headers);
    if INTERNAL.contains(&name.as_str()) {
        return Err(Problem::absent(language));
    }
    let seen = seen(&headers, language)?;
    let input = input::json(body, language).await?;
    if let Some(code) = keys::barred(&edge, &name) {
        edge.office.reads(&name, &input).map_err(|unable| Problem::unable(unable, input.get(), language))?;
        return Err(Problem::edge(StatusCode::CONFLICT, code, language));
    }
    if keys::decides(&name) {
        let done = perform(&edge, signed.caller(), name, input, seen, language).await?;
        keys::carry_out(&edge).await;
        return Ok(Json(done));
    }
    if matches!(name.as_str(), "file.remove" | "file.give_up") {
        let file = content::file_named(input.get());
        let lies_at = content::lies_at(&edge, input.get());
        let done = perform(&edge, signed.caller(), name, input, seen, language).await?;
        if let Some(lies_at) = lies_at {
            content::sweep_away(&edge, &lies_at).await;
        }
        if let Some(file) = file {
            edge.uploads.forget(&file);
        }
        return Ok(Json(done));
    }
    if !matches!(name.as_str(), "account.change_password" | "account.open") {
        return perform(&edge, signed.caller(), name, input, seen, language).await.map(Json);
    }
    // A found session must not become a place to guess the password, nor hashing a way to hold up the writer.
    let attempt = edge
        .throttle
        .begin(signed.person.as_str(), &signed.terminal, Instant::now())
        .map_err(|seconds| Problem::too_many(seconds, language))?;
    let turn = edge.throttle.turn().await.ok_or_else(|| Problem::too_many(5, language))?;
    let done = perform(&edge, signed.caller(), name, input, seen, language).await;
    drop(turn);
    if !done.as_ref().is_err_and(|problem| problem.code == WRONG_PASSWORD) {
        edge.throttle.succeeded(attempt);
    }
    done.map(Json)
}

/// Performs an action through the pipeline and tells what came of it.
pub(crate) async fn perform(
    edge: &Shared,
    caller: Caller,
    action: String,
    input: Box<RawValue>,
    seen: Option<u64>,
    language: Language,
) -> Result<Done, Problem> {
    let text = input.get().to_owned();
    let request = Request { caller, action: action.clone(), input, seen };
    let performed = edge.perform(request).await.map_err(|unable| Problem::unable(unable, &text, language))?;
    let entry = performed.entry.seq;
    let outcome =
        performed.result.map_err(|refusal| Problem::refused(&edge.office, &refusal, entry, language))?;
    if ENDS_SESSIONS.contains(&action.as_str())
        && let Some(person) = CONCERNED.iter().find_map(|field| outcome.get(field)?.as_str())
    {
        edge.sessions.end_all(person);
    }
    Ok(Done { entry, outcome })
}

/// The version the asker saw, from `If-Match: "12"`.
fn seen(headers: &HeaderMap, language: Language) -> Result<Option<u64>, Problem> {
    let Some(value) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    if text.is_empty() || text == "*" {
        return Ok(None);
    }
    let number =
        text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).and_then(|text| text.parse().ok());
    number.map(Some).ok_or_else(|| Problem::edge(StatusCode::BAD_REQUEST, "precondition", language))
}
