//! Signing in and out, and the second person who confirms at the same terminal.
//!
//! Must never let a stranger tell an unknown account from a wrong password, a closed account or a person who has
//! left: same status, same text, same time.

use std::time::Instant;

use axum::Json;
use axum::body::Body;
use axum::extract::{FromRequestParts as _, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jingui_crypto::password;
use jingui_office::personnel::account::account_name;
use jingui_office::{Caller, Office, Request as Ask};
use jingui_regulation::Role;
use jingui_store::{Id, StoreError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::actions::{self, Done};
use crate::edge::Shared;
use crate::input;
use crate::language::Language;
use crate::problem::{BadField, Problem};
use crate::session::{self, Signed};
use crate::throttle::Try;

/// Actions that a second person confirms at the first one's terminal.
pub(crate) const COUNTERSIGNED: &[&str] =
    &["copy.accept", "loan.acknowledge", "loan.bring_back", "reading.confirm"];
/// Most characters of an account name or password that are looked at.
const LONGEST: usize = 256;

/// What is typed to sign in.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Credentials {
    /// Account name.
    #[schemars(length(min = 1, max = 256))]
    account: String,
    /// Password.
    #[schemars(length(min = 1, max = 256))]
    password: String,
}

/// What a second person confirms.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Countersign {
    /// Account name of the second person.
    #[schemars(length(min = 1, max = 256))]
    account: String,
    /// Password of the second person.
    #[schemars(length(min = 1, max = 256))]
    password: String,
    /// Name of the action.
    #[schemars(extend("enum" = COUNTERSIGNED))]
    action: String,
    /// Input of the action.
    #[schemars(with = "serde_json::Map<String, serde_json::Value>")]
    input: Box<RawValue>,
}

/// Who is signed in, and what the console needs to know at once.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Me {
    /// The person.
    person: MePerson,
    /// Minutes without a request after which the session locks.
    idle_lock_minutes: u64,
    /// Years whose working days are published; a due day in another year is provisional.
    published_years: Vec<i16>,
}

/// The person signed in.
#[derive(Debug, Serialize, JsonSchema)]
struct MePerson {
    /// Id.
    id: Id,
    /// Name.
    name: String,
    /// Staff number.
    staff_number: String,
    /// Department.
    department: Option<Id>,
    /// Roles held.
    roles: Vec<Role>,
    /// Highest level that counts today: 0 to 4.
    clearance: u8,
}

/// `POST /api/sign-in`.
pub(crate) async fn sign_in(State(edge): State<Shared>, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let language = Language::of(&parts.headers);
    let form: Credentials = input::typed(body, language).await?;
    let terminal = session::terminal(&parts);
    let (person, attempt) = check(&edge, form.account, form.password, &terminal, language).await?;
    let ask = Ask {
        caller: Caller::Person { id: person.clone(), terminal: terminal.clone() },
        action: "session.sign_in".to_owned(),
        input: input::empty(),
        seen: None,
    };
    let performed = edge.perform(ask).await.map_err(|unable| Problem::unable(unable, "", language))?;
    if performed.result.is_err() {
        return Err(wrong(language));
    }
    edge.throttle.succeeded(attempt);
    let me = about_me(&edge, &person, language)?;
    // Whoever signs in anew leaves the session that was open in this browser.
    let mut parts = parts;
    if let Ok(before) = Signed::from_request_parts(&mut parts, &edge).await {
        edge.sessions.end(&before.session);
    }
    let token = edge.sessions.begin(person, terminal, Instant::now());
    let mut response = Json(me).into_response();
    if let Some(cookie) = session::set_cookie(edge.cookie_name(), edge.secure, Some(&token)) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// `POST /api/sign-out`.
pub(crate) async fn sign_out(
    State(edge): State<Shared>,
    signed: Signed,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let language = Language::of(&headers);
    input::nothing(body, language).await?;
    edge.sessions.end(&signed.session);
    let ask = Ask {
        caller: signed.caller(),
        action: "session.sign_out".to_owned(),
        input: input::empty(),
        seen: None,
    };
    edge.perform(ask).await.map_err(|unable| Problem::unable(unable, "", language))?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    if let Some(cookie) = session::set_cookie(edge.cookie_name(), edge.secure, None) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// `GET /api/me`.
pub(crate) async fn me(
    State(edge): State<Shared>,
    signed: Signed,
    headers: HeaderMap,
) -> Result<Json<Me>, Problem> {
    about_me(&edge, &signed.person, Language::of(&headers)).map(Json)
}

/// `POST /api/countersign`.
pub(crate) async fn countersign(
    State(edge): State<Shared>,
    signed: Signed,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Done>, Problem> {
    let language = Language::of(&headers);
    let form: Countersign = input::typed(body, language).await?;
    if !COUNTERSIGNED.contains(&form.action.as_str()) {
        let found = input::shortened(&form.action);
        let bad = BadField { field: "action".to_owned(), found, expected: COUNTERSIGNED.join(", ") };
        return Err(Problem::field(bad, language));
    }
    let (second, attempt) = check(&edge, form.account, form.password, &signed.terminal, language).await?;
    edge.throttle.succeeded(attempt);
    let caller = Caller::Person { id: second, terminal: signed.terminal };
    actions::perform(&edge, caller, form.action, form.input, None, language).await.map(Json)
}

/// Checks a password; answers whose account it is. A failure is journaled.
async fn check(
    edge: &Shared,
    account: String,
    password: String,
    terminal: &str,
    language: Language,
) -> Result<(Id, Try), Problem> {
    for (field, value) in [("account", &account), ("password", &password)] {
        if value.is_empty() || value.chars().nth(LONGEST).is_some() {
            let bad = BadField {
                field: field.to_owned(),
                found: String::new(),
                expected: format!("1 to {LONGEST} characters"),
            };
            return Err(Problem::field(bad, language));
        }
    }
    let name = account_name(&account);
    let attempt = edge
        .throttle
        .begin(&name, terminal, Instant::now())
        .map_err(|seconds| Problem::too_many(seconds, language))?;
    let turn = edge.throttle.turn().await.ok_or_else(|| Problem::too_many(5, language))?;
    let (blocking, terminal) = (edge.clone(), terminal.to_owned());
    let checked = tokio::task::spawn_blocking(move || verify(&blocking, &name, &password, &terminal)).await;
    drop(turn);
    match checked.unwrap_or(Err(StoreError::BrokeOff)) {
        Ok(Some(person)) => Ok((person, attempt)),
        Ok(None) => Err(wrong(language)),
        Err(error) => Err(Problem::store(&error, language)),
    }
}

fn verify(edge: &Shared, name: &str, typed: &str, terminal: &str) -> Result<Option<Id>, StoreError> {
    match checked(&edge.office, name, typed)? {
        Ok(person) => Ok(Some(person)),
        Err(whose) => {
            edge.office.note_failed_sign_in(terminal, whose.as_ref())?;
            Ok(None)
        }
    }
}

/// Whose account it is; where the password doesn't fit, whose it would have been. Journals nothing.
pub(crate) fn checked(
    office: &Office,
    name: &str,
    typed: &str,
) -> Result<Result<Id, Option<Id>>, StoreError> {
    let found = office.store().read(|conn| {
        let Some(account) = office.account(conn, &account_name(name))? else {
            return Ok::<_, StoreError>(None);
        };
        let usable = account.open && office.person(conn, &account.person)?.is_some();
        Ok(Some((account, usable)))
    })?;
    let hash = found.as_ref().map_or(password::decoy(), |(account, _)| account.password.as_str());
    let fits = password::verify(typed, hash).unwrap_or(false);
    Ok(match found {
        Some((account, true)) if fits => Ok(account.person),
        found => Err(found.map(|(account, _)| account.person)),
    })
}

fn wrong(language: Language) -> Problem {
    Problem::edge(StatusCode::UNAUTHORIZED, "session.wrong", language)
}

fn about_me(edge: &Shared, person: &Id, language: Language) -> Result<Me, Problem> {
    let office = &edge.office;
    let found = office.store().read(|conn| office.person(conn, person));
    let person = found
        .map_err(|error| Problem::store(&error, language))?
        .ok_or_else(|| Problem::not_signed_in(language))?;
    let clearance = person.clearance_on(office.today());
    Ok(Me {
        person: MePerson {
            id: person.id,
            name: person.name,
            staff_number: person.staff_number,
            department: person.department,
            roles: person.roles.into_iter().collect(),
            clearance,
        },
        idle_lock_minutes: edge.limits().idle.as_secs() / 60,
        published_years: edge.office.rules().calendar.published(),
    })
}
