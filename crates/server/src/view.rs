//! What a view route is: registered once, it gives the route and its entry in the API document.
//!
//! Every answer is read inside one read transaction, as the person who asks. Opening the register entry of an item of
//! level 3 or 4 is journaled before the answer leaves: no trace, no access (clauses 3.1.1.2, 3.1.1.3, 5.1.2).

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{RawPathParams, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use jingui_access::Asker;
use jingui_office::items::reading::narrowed;
use jingui_office::{Connection, Office, Request, Rules, Status};
use jingui_regulation::{Date, Moment};
use jingui_store::{Id, StoreError};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::as_of;
use crate::content::inspect::Inspections;
use crate::edge::{Edge, Shared};
use crate::input;
use crate::language::Language;
use crate::problem::Problem;
use crate::schemas::{Bound, bounds};
use crate::session::Signed;

/// The media type of a workbook.
pub(crate) const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
/// From this level on, opening a register entry is journaled.
const TRACED: u8 = 3;

/// One view route.
pub(crate) struct View {
    /// Path, with parameters in braces.
    pub(crate) path: &'static str,
    /// Short name: Chinese, English.
    pub(crate) title: (&'static str, &'static str),
    /// Schema of the query part.
    pub(crate) query: fn(&mut SchemaGenerator) -> Schema,
    /// Schema of the answer; nothing for a workbook.
    pub(crate) answer: Option<fn(&mut SchemaGenerator) -> Schema>,
    /// Whether it may take longer than a worker should be kept from others.
    long: bool,
    /// Whether it can be asked as of a past moment.
    pub(crate) past: bool,
    bounds: Vec<Bound>,
    run: Run,
}

type Run = Box<dyn Fn(&Look<'_>, &str) -> Result<Vec<u8>, Fault> + Send + Sync>;
/// What answers a view.
pub(crate) type Answer<Q, A> = fn(&Look<'_>, Q) -> Result<A, Fault>;

/// What a view reads with.
pub(crate) struct Look<'a> {
    /// The office.
    pub(crate) office: &'a Office,
    /// The read transaction.
    pub(crate) conn: &'a Connection,
    /// Who asks.
    pub(crate) asker: &'a Asker,
    /// The rules in force.
    pub(crate) rules: &'a Rules,
    /// Today.
    pub(crate) today: Date,
    /// The past moment that is shown; nothing for now.
    pub(crate) past: Option<Moment>,
    /// Language of headings.
    pub(crate) language: Language,
    /// The files being looked into.
    pub(crate) inspections: &'a Inspections,
    path: &'a [(String, String)],
    version: Cell<Option<u64>>,
    opened: RefCell<Option<Id>>,
}

/// Why a view doesn't answer.
pub(crate) enum Fault {
    /// Nothing there that the asker may know of.
    Absent,
    /// Any other problem, such as a query field that can't be taken.
    Problem(Problem),
    /// The store failed.
    Store(StoreError),
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Problem> for Fault {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl Fault {
    pub(crate) fn told(self, language: Language) -> Problem {
        match self {
            Self::Absent => Problem::absent(language),
            Self::Problem(problem) => problem,
            Self::Store(error) => Problem::store(&error, language),
        }
    }
}

impl Look<'_> {
    /// The path parameter of that name; an absent one is empty.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.path.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// The path parameter of that name as an id; what is no id names nothing.
    pub(crate) fn id(&self, name: &str) -> Result<Id, Fault> {
        self.text(name).parse().map_err(|_| Fault::Absent)
    }

    /// Says which version of the record is shown, for `ETag`.
    pub(crate) fn version(&self, version: u64) {
        self.version.set(Some(version));
    }

    /// Says that the register entry of an item of that level is shown.
    pub(crate) fn opens(&self, item: &Id, level: u8) {
        if level >= TRACED {
            *self.opened.borrow_mut() = Some(item.clone());
        }
    }
}

fn view<Q, A>(
    path: &'static str,
    title: (&'static str, &'static str),
    long: bool,
    answer: Answer<Q, A>,
) -> View
where
    Q: DeserializeOwned + JsonSchema + 'static,
    A: Serialize + JsonSchema + 'static,
{
    View {
        path,
        title,
        query: SchemaGenerator::subschema_for::<Q>,
        answer: Some(SchemaGenerator::subschema_for::<A>),
        long,
        past: false,
        bounds: bounds(SchemaGenerator::subschema_for::<Q>),
        run: Box::new(move |look, query| {
            let shown = answer(look, input::query(query, look.language)?)?;
            serde_json::to_vec(&shown).map_err(|error| Fault::Store(error.into()))
        }),
    }
}

/// A view of few rows found by key: answered right on the worker.
pub(crate) fn point<Q, A>(
    path: &'static str,
    title: (&'static str, &'static str),
    answer: Answer<Q, A>,
) -> View
where
    Q: DeserializeOwned + JsonSchema + 'static,
    A: Serialize + JsonSchema + 'static,
{
    view(path, title, false, answer)
}

/// A list, search or count: answered off the workers.
pub(crate) fn list<Q, A>(
    path: &'static str,
    title: (&'static str, &'static str),
    answer: Answer<Q, A>,
) -> View
where
    Q: DeserializeOwned + JsonSchema + 'static,
    A: Serialize + JsonSchema + 'static,
{
    view(path, title, true, answer)
}

/// A list as a workbook.
pub(crate) fn sheet<Q>(
    path: &'static str,
    title: (&'static str, &'static str),
    answer: Answer<Q, Vec<u8>>,
) -> View
where
    Q: DeserializeOwned + JsonSchema + 'static,
{
    View {
        path,
        title,
        query: SchemaGenerator::subschema_for::<Q>,
        answer: None,
        long: true,
        past: false,
        bounds: bounds(SchemaGenerator::subschema_for::<Q>),
        run: Box::new(move |look, query| answer(look, input::query(query, look.language)?)),
    }
}

/// A view that takes no query.
#[derive(Debug, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nothing {}

struct Reply {
    body: Vec<u8>,
    version: Option<u64>,
    opened: Option<Id>,
    past: Option<Moment>,
}

impl View {
    /// Says of a view whether it can be asked as of a past moment.
    pub(crate) fn marked(self) -> Self {
        Self { past: as_of::VIEWS.contains(&self.path), ..self }
    }

    /// The route of this view.
    pub(crate) fn route(self) -> (&'static str, MethodRouter<Shared>) {
        let path = self.path;
        let this = Arc::new(self);
        let handler = move |State(edge): State<Shared>,
                            signed: Signed,
                            parameters: RawPathParams,
                            RawQuery(query): RawQuery,
                            headers: HeaderMap| {
            let this = Arc::clone(&this);
            let path: Vec<(String, String)> =
                parameters.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            async move {
                let language = Language::of(&headers);
                show(&edge, this, signed, path, query.unwrap_or_default(), language).await
            }
        };
        (path, get(handler))
    }

    fn read(
        &self,
        edge: &Edge,
        signed: &Signed,
        path: &[(String, String)],
        query: &str,
        language: Language,
    ) -> Result<Reply, Fault> {
        let rules = edge.office.rules();
        let store = edge.office.store();
        let (moment, query) = as_of::split(query, self.past, store.now(), language)?;
        let shown = |conn: &Connection, asker: &Asker| {
            let look = Look {
                office: &edge.office,
                conn,
                asker,
                rules: &rules,
                today: edge.office.today(),
                past: moment,
                language,
                inspections: &edge.inspections,
                path,
                version: Cell::new(None),
                opened: RefCell::new(None),
            };
            input::within(&query, &self.bounds, language)?;
            let body = (self.run)(&look, &query)?;
            Ok(Reply { body, version: look.version.get(), opened: look.opened.take(), past: moment })
        };
        let who = |conn: &Connection| -> Result<Asker, Fault> {
            let asker = edge.office.asker(conn, &signed.person)?;
            asker.ok_or_else(|| Problem::not_signed_in(language).into())
        };
        let Some(at) = moment else { return store.read(|conn| shown(conn, &who(conn)?)) };
        // Who asks, and what may be known, are today's; what is shown is of that moment.
        let asker = store.read(|conn| {
            as_of::begun(as_of::FIELD, at, store, conn, language)?;
            who(conn)
        })?;
        store.read_as_of(at, narrowed(&asker, at), |conn| shown(conn, &asker))
    }
}

async fn show(
    edge: &Shared,
    view: Arc<View>,
    signed: Signed,
    path: Vec<(String, String)>,
    query: String,
    language: Language,
) -> Result<Response, Problem> {
    let media = if view.answer.is_some() { "application/json" } else { XLSX };
    let this_item = path.iter().find(|(name, _)| name == "item").and_then(|(_, value)| value.parse().ok());
    let reply = if view.long {
        // Some read connections stay free for point reads, which wait on the workers themselves.
        let _place = edge.long_reads.acquire().await;
        let (edge, signed) = (edge.clone(), signed.clone());
        tokio::task::spawn_blocking(move || view.read(&edge, &signed, &path, &query, language))
            .await
            .unwrap_or(Err(Fault::Store(StoreError::BrokeOff)))
    } else {
        view.read(edge, &signed, &path, &query, language)
    };
    if let (Err(Fault::Absent), Some(item)) = (&reply, this_item) {
        note_refused(edge, &signed, &item);
    }
    let reply = reply.map_err(|fault| fault.told(language))?;
    if let Some(item) = reply.opened {
        trace(edge, &signed, item, language).await?;
    }
    let mut response = Response::new(Body::from(reply.body));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    if media == XLSX {
        // The name of the file says which moment it shows, as its first line does.
        let then = reply.past.map(|at| format!("-{}", as_of::told(at).replace(' ', "T").replace(':', "")));
        let name = format!("attachment; filename=\"jingui{}.xlsx\"", then.unwrap_or_default());
        if let Ok(name) = HeaderValue::from_str(&name) {
            headers.insert(header::CONTENT_DISPOSITION, name);
        }
    }
    if let Some(tag) = reply.version.and_then(|version| HeaderValue::from_str(&format!("\"{version}\"")).ok())
    {
        headers.insert(header::ETAG, tag);
    }
    Ok(response)
}

/// Journals that the entry was opened, once for each person, item and session. The answer was read before but is
/// only sent after.
async fn trace(edge: &Shared, signed: &Signed, item: Id, language: Language) -> Result<(), Problem> {
    if edge.sessions.has_opened(&signed.session, &item) {
        return Ok(());
    }
    let performed =
        edge.perform(reading(signed, &item)).await.map_err(|unable| Problem::unable(unable, "", language))?;
    match performed.result {
        Ok(_) => {
            edge.sessions.note_opened(&signed.session, item);
            Ok(())
        }
        // What changed between reading and now counts: nothing is shown.
        Err(refusal) if refusal.status == Status::Access => Err(Problem::absent(language)),
        Err(refusal) => Err(Problem::refused(&edge.office, &refusal, performed.entry.seq, language)),
    }
}

/// Journals a try to open what isn't there for this person. Nobody waits for it: waiting would tell a hidden item
/// from an absent one by the clock.
fn note_refused(edge: &Edge, signed: &Signed, item: &Id) {
    edge.office.submit(reading(signed, item), |performed| {
        if let Err(error) = performed {
            tracing::error!(%error, "a refused reading could not be journaled");
        }
    });
}

fn reading(signed: &Signed, item: &Id) -> Request {
    let input = serde_json::value::to_raw_value(&serde_json::json!({ "item": item })).unwrap_or_default();
    Request { caller: signed.caller(), action: "item.read".to_owned(), input, seen: None }
}
