//! What goes wrong, as people and programs are told (RFC 9457, `application/problem+json`).
//!
//! Owns the mapping from refusals and failures to answers. Must never carry a title, an inner error text, or
//! anything that tells a hidden record from an absent one: those two are the same bytes.

use std::ops::{Deref, DerefMut};

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jingui_office::{Office, Refusal, Status, Unable, fill};
use jingui_regulation::{Clause, Role};
use jingui_store::StoreError;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::language::Language;
use crate::wording;

/// An answer that isn't what was asked for. Boxed: it travels in every `Result` of the edge.
#[derive(Debug)]
pub(crate) struct Problem(Box<Told>);

impl Deref for Problem {
    type Target = Told;

    fn deref(&self) -> &Told {
        &self.0
    }
}

impl DerefMut for Problem {
    fn deref_mut(&mut self) -> &mut Told {
        &mut self.0
    }
}

/// What is told of a problem.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
pub(crate) struct Told {
    /// Stable name of the problem as a URN.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// Short, in the language of the request.
    pub(crate) title: String,
    /// HTTP status.
    pub(crate) status: u16,
    /// What was refused or found wrong, in the language of the request.
    pub(crate) detail: String,
    /// Stable code, such as `loan.too_long`.
    pub(crate) code: String,
    /// Clauses of the regulation it rests on.
    pub(crate) clauses: Vec<ClauseText>,
    /// What was found and what is allowed.
    pub(crate) facts: Map<String, Value>,
    /// Who can cure it, and how.
    pub(crate) cure: Vec<Cure>,
    /// Path of the field that can't be taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) field: Option<String>,
    /// What the field held, shortened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) found: Option<String>,
    /// What the field takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expected: Option<String>,
    /// Entry of the journal that records the refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) entry: Option<u64>,
    /// Seconds until the next try.
    #[serde(skip)]
    pub(crate) retry_after: Option<u64>,
    /// Language of the texts.
    #[serde(skip)]
    pub(crate) language: Language,
}

/// A clause with its wording.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ClauseText {
    /// Clause id.
    pub(crate) id: String,
    /// Wording, Chinese.
    pub(crate) zh: String,
    /// Wording, English.
    pub(crate) en: String,
}

impl From<&Clause> for ClauseText {
    fn from(clause: &Clause) -> Self {
        Self { id: clause.id.clone(), zh: clause.zh.clone(), en: clause.en.clone() }
    }
}

/// How a refusal is cured.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Cure {
    /// The role that can.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) role: Option<Role>,
    /// What to do, Chinese.
    pub(crate) zh: String,
    /// What to do, English.
    pub(crate) en: String,
}

/// A field that can't be taken, before any action ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BadField {
    /// Path of the field.
    pub(crate) field: String,
    /// What it held, shortened.
    pub(crate) found: String,
    /// What it takes.
    pub(crate) expected: String,
}

impl Problem {
    /// A problem of the edge itself, with its wording from [`wording::edge`].
    pub(crate) fn edge(status: StatusCode, code: &str, language: Language) -> Self {
        let (zh, en) = wording::edge(code);
        let (title_zh, title_en) = wording::title(status);
        Self(Box::new(Told {
            kind: format!("urn:jingui:problem:{code}"),
            title: language.pick(title_zh, title_en).to_owned(),
            status: status.as_u16(),
            detail: language.pick(zh, en).to_owned(),
            code: code.to_owned(),
            clauses: Vec::new(),
            facts: Map::new(),
            cure: Vec::new(),
            field: None,
            found: None,
            expected: None,
            entry: None,
            retry_after: None,
            language,
        }))
    }

    /// The same, of that field.
    pub(crate) fn of(mut self, field: &str) -> Self {
        self.field = Some(field.to_owned());
        self.expected = Some(self.detail.clone());
        self
    }

    /// Nobody is signed in, or no longer.
    pub(crate) fn not_signed_in(language: Language) -> Self {
        Self::edge(StatusCode::UNAUTHORIZED, "session.none", language)
    }

    /// Nothing there that the asker may know of. Always the same bytes in one language.
    pub(crate) fn absent(language: Language) -> Self {
        Self::edge(StatusCode::NOT_FOUND, "absent", language)
    }

    /// A field that can't be taken.
    pub(crate) fn field(bad: BadField, language: Language) -> Self {
        let mut problem = Self::edge(StatusCode::UNPROCESSABLE_ENTITY, "field", language);
        problem.detail = match language {
            Language::Chinese => "有一项填写有误。".to_owned(),
            Language::English => format!("the field \"{}\" can't be taken.", bad.field),
        };
        problem.field = Some(bad.field);
        problem.found = Some(bad.found);
        problem.expected = Some(wording::expected(&bad.expected, language));
        problem
    }

    /// Too many tries; the next one after so many seconds.
    pub(crate) fn too_many(seconds: u64, language: Language) -> Self {
        let mut problem = Self::edge(StatusCode::TOO_MANY_REQUESTS, "too_many", language);
        problem.detail = match language {
            Language::Chinese => format!("失败次数过多，请 {seconds} 秒后再试。"),
            Language::English => format!("too many failures; try again in {seconds} seconds."),
        };
        problem.retry_after = Some(seconds);
        problem
    }

    /// The store failed. The inside of it goes to the log, never to the asker.
    pub(crate) fn store(error: &StoreError, language: Language) -> Self {
        tracing::error!(error = %Chain(error), "the store failed");
        if !matches!(error, StoreError::Stopped) {
            return Self::edge(StatusCode::INTERNAL_SERVER_ERROR, "store.failed", language);
        }
        let mut problem = Self::edge(StatusCode::SERVICE_UNAVAILABLE, "store.stopped", language);
        problem.retry_after = Some(5);
        problem
    }

    /// An action that didn't run at all.
    pub(crate) fn unable(unable: Unable, input: &str, language: Language) -> Self {
        match unable {
            Unable::NoSuchAction => Self::absent(language),
            Unable::Input(error) => Self::field(crate::input::bad_field(&error, input), language),
            Unable::Store(error) => Self::store(&error, language),
        }
    }

    /// A refusal, with its entry in the journal.
    pub(crate) fn refused(office: &Office, refusal: &Refusal, entry: u64, language: Language) -> Self {
        let status = match refusal.status {
            // Not even the number of the entry: it would tell one absence from another.
            Status::Absent => return Self::absent(language),
            Status::Rule => StatusCode::CONFLICT,
            Status::Access => StatusCode::FORBIDDEN,
            Status::Stale => StatusCode::PRECONDITION_FAILED,
            Status::Field => StatusCode::UNPROCESSABLE_ENTITY,
        };
        let shown = |language| wording::facts(&refusal.facts, language);
        let (zh, en) = (shown(Language::Chinese), shown(Language::English));
        let mut problem = Self::edge(status, refusal.code, language);
        if let Some(text) = office.texts().get(refusal.code) {
            problem.detail = match language {
                Language::Chinese => fill(&text.zh, &zh),
                Language::English => fill(&text.en, &en),
            };
            let (cure_zh, cure_en) = (fill(&text.cure_zh, &zh), fill(&text.cure_en, &en));
            let roles: Vec<Option<Role>> = match refusal.cure.as_slice() {
                [] => vec![None],
                roles => roles.iter().copied().map(Some).collect(),
            };
            if !cure_zh.is_empty() {
                problem.cure = roles
                    .into_iter()
                    .map(|role| Cure { role, zh: cure_zh.clone(), en: cure_en.clone() })
                    .collect();
            }
        }
        let text = |name: &str| refusal.facts.get(name).map(|fact| crate::input::shortened(&plain(fact)));
        if refusal.status == Status::Field {
            problem.field = text("field");
            problem.found = text("found");
            problem.expected = Some(problem.detail.clone());
        }
        problem.clauses = refusal
            .clauses
            .iter()
            .filter_map(|id| office.pack().clauses.get(id))
            .map(ClauseText::from)
            .collect();
        problem.facts.clone_from(&refusal.facts);
        problem.entry = Some(entry);
        problem
    }
}

fn plain(fact: &Value) -> String {
    fact.as_str().map_or_else(|| fact.to_string(), str::to_owned)
}

/// An error with its sources, for the log.
struct Chain<'a>(&'a dyn std::error::Error);

impl std::fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        let mut next = self.0.source();
        while let Some(error) = next {
            write!(f, ": {error}")?;
            next = error.source();
        }
        Ok(())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        // A problem that can't be written down is still told by its status.
        let body = serde_json::to_vec(&*self.0).unwrap_or_default();
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(self.language.tag()));
        headers.insert(header::VARY, HeaderValue::from_static("accept-language"));
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
