//! The door of an office that is still sealed: it takes shares from its key holders, one by one and from wherever they
//! sit, or the passphrase, and nothing else is served. What was tried is handed on, to be journaled once it is open.
//!
//! Must never keep a share longer than until the office is open, nor tell how one is wrong beyond what its holder needs.

use std::collections::VecDeque;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{any, get, post};
use axum::{Json, Router, middleware};
use jingui_crypto::{Assembly, CryptoError, Needs, Seal, ShareError, Unsealed};
use jingui_regulation::Moment;
use jingui_store::{Clock as _, SystemClock};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::{Semaphore, mpsc};
use zeroize::Zeroizing;

use crate::language::Language;
use crate::problem::Problem;
use crate::serve::{Place, ServeError, Tls, runtime};
use crate::session::terminal;
use crate::{console, guard, input, router};

/// Most attempts that are handed on; the first ones go when there are more.
pub(crate) const ATTEMPTS: usize = 500;
/// After a wrong passphrase nothing is tried for this long.
pub(crate) const PAUSE: Duration = Duration::from_secs(2);

/// One try to open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Attempt {
    /// When.
    pub at: Moment,
    /// From where.
    pub terminal: String,
    /// Number of the share, where one was given that could be read.
    pub share: Option<u8>,
    /// `taken`, or the code by which it was refused.
    pub outcome: String,
}

/// An office that was opened at its door.
pub struct Opened {
    /// Its keys.
    pub unsealed: Unsealed,
    /// What was tried, oldest first.
    pub attempts: Vec<Attempt>,
    /// Where the door stood: the office is served there. Who comes meanwhile waits.
    pub listener: TcpListener,
}

struct Closed {
    seal: Seal,
    assembly: Mutex<Option<Assembly>>,
    attempts: Mutex<VecDeque<Attempt>>,
    /// One try at a time: a passphrase takes memory and a core.
    turn: Semaphore,
    opened: mpsc::Sender<Unsealed>,
}

type Shared = Arc<Closed>;

/// Serves the door until the office is open; nothing when the process was told to end. `told` hears the address once it
/// answers.
///
/// # Errors
/// As for [`crate::serve`].
pub fn wait(
    address: SocketAddr,
    tls: Option<Tls>,
    seal: Seal,
    told: impl FnOnce(SocketAddr, bool),
) -> Result<Option<Opened>, ServeError> {
    let place = Place::take(address, None, tls, Vec::new())?;
    let listener = place.again()?;
    let (address, door) = (place.address, Arc::clone(&place.door));
    let (opened, mut open) = mpsc::channel(1);
    let assembly = Mutex::new(Assembly::new(&seal));
    let closed =
        Arc::new(Closed { seal, assembly, attempts: Mutex::default(), turn: Semaphore::new(1), opened });
    let router = Router::new()
        .route("/api/health", get(health))
        .route("/api/seal", get(show))
        .route("/api/seal/open", post(open_with))
        .route_layer(middleware::from_fn(guard::typed))
        .route("/api/{*rest}", any(sealed))
        .fallback(console::console)
        .method_not_allowed_fallback(router::wrong_method)
        .layer(middleware::from_fn_with_state(Arc::clone(&door), guard::guard))
        .with_state(Arc::clone(&closed));
    let running = place.open(runtime(1).map_err(ServeError::Start)?, router)?;
    told(address, door.secure);
    let unsealed = running.until(async { open.recv().await });
    let attempts = closed.attempts.lock().unwrap_or_else(PoisonError::into_inner).drain(..).collect();
    Ok(unsealed.flatten().map(|unsealed| Opened { unsealed, attempts, listener }))
}

/// `GET /api/health`: it serves, and is sealed.
async fn health() -> Json<Value> {
    Json(json!({ "status": "sealed" }))
}

/// Whatever else is asked for.
async fn sealed(headers: HeaderMap) -> Problem {
    Problem::edge(StatusCode::SERVICE_UNAVAILABLE, "sealed", Language::of(&headers))
}

/// What the page shows: what is needed, and which shares are there already.
#[derive(Debug, Serialize)]
struct Shown {
    /// `passphrase` or `shares`.
    kind: &'static str,
    /// Shares that open.
    needed: usize,
    /// The set, as it stands at the head of each sheet.
    set: Option<String>,
    /// Key holders, by number.
    holders: Vec<Holder>,
    /// Whether it is open: the office itself answers in a moment.
    open: bool,
}

#[derive(Debug, Serialize)]
pub(crate) struct Holder {
    number: u8,
    name: String,
    given: bool,
}

/// The key holders, and whose share is there.
pub(crate) fn holders(seal: &Seal, given: &[u8]) -> Vec<Holder> {
    let holder =
        |(number, name): (u8, &str)| Holder { number, name: name.to_owned(), given: given.contains(&number) };
    seal.holders().map(holder).collect()
}

/// `GET /api/seal`.
async fn show(State(closed): State<Shared>) -> Json<Shown> {
    Json(closed.shown(false))
}

/// A share or the passphrase.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    #[serde(default)]
    share: Option<Zeroizing<String>>,
    #[serde(default)]
    passphrase: Option<Zeroizing<String>>,
}

/// `POST /api/seal/open`.
async fn open_with(State(closed): State<Shared>, request: Request) -> Result<Json<Shown>, Problem> {
    let (parts, body): (_, Body) = request.into_parts();
    let language = Language::of(&parts.headers);
    let given: Given = input::typed(body, language).await?;
    let turn = closed.turn.acquire().await;
    let tried = tokio::task::block_in_place(|| closed.try_open(given));
    let share = match &tried {
        Ok((share, _)) => *share,
        Err(refused) => refused.share,
    };
    let outcome = tried.as_ref().map_or_else(|refused| refused.code.to_owned(), |_| "taken".to_owned());
    closed.note(Attempt { at: SystemClock.now(), terminal: terminal(&parts), share, outcome });
    match tried {
        Ok((_, unsealed)) => {
            let open = unsealed.is_some();
            if let Some(unsealed) = unsealed {
                let _ = closed.opened.try_send(unsealed);
            }
            Ok(Json(closed.shown(open)))
        }
        Err(refused) => {
            if refused.code == "seal.passphrase" {
                tokio::time::sleep(PAUSE).await;
            }
            drop(turn);
            Err(refused.told(language))
        }
    }
}

/// Why a share or a passphrase isn't taken.
pub(crate) struct Refused {
    pub(crate) code: &'static str,
    pub(crate) share: Option<u8>,
    lines: Vec<usize>,
}

impl Refused {
    /// Refused with this share.
    pub(crate) fn of(code: &'static str, share: u8) -> Self {
        Self { share: Some(share), ..Self::from(code) }
    }

    /// The problem that its holder is told of: where something was mistyped, with the lines.
    pub(crate) fn told(self, language: Language) -> Problem {
        let mut problem = Problem::edge(StatusCode::CONFLICT, self.code, language);
        if !self.lines.is_empty() {
            problem.facts.insert("lines".to_owned(), json!(self.lines));
        }
        if let Some(share) = self.share {
            problem.facts.insert("share".to_owned(), share.into());
        }
        problem
    }
}

impl From<&'static str> for Refused {
    fn from(code: &'static str) -> Self {
        Self { code, share: None, lines: Vec::new() }
    }
}

impl From<ShareError> for Refused {
    fn from(error: ShareError) -> Self {
        match error {
            ShareError::NotAShare => "seal.not_a_share".into(),
            ShareError::Mistyped { lines } => Self { lines, ..Self::from("seal.mistyped") },
            ShareError::OtherOffice => "seal.other_office".into(),
            ShareError::OtherSealing => "seal.other_sealing".into(),
            ShareError::Altered { number } => Self::of("seal.altered", number),
            ShareError::Twice { number } => Self::of("seal.twice", number),
        }
    }
}

impl Closed {
    fn assembly(&self) -> MutexGuard<'_, Option<Assembly>> {
        self.assembly.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what was given; the number of the share, and the keys once that was enough.
    fn try_open(&self, given: Given) -> Result<(Option<u8>, Option<Unsealed>), Refused> {
        let mut assembly = self.assembly();
        match (given, &mut *assembly) {
            (Given { share: Some(share), passphrase: None }, Some(assembly)) => {
                let progress = assembly.add(&share)?;
                if progress.have < progress.need {
                    return Ok((Some(progress.number), None));
                }
                let unsealed = assembly.open().map_err(|_| Refused::of("seal.keys", progress.number))?;
                Ok((Some(progress.number), Some(unsealed)))
            }
            (Given { share: None, passphrase: Some(passphrase) }, None) => {
                let unsealed = self.seal.open(Some(&passphrase)).map_err(|error| {
                    Refused::from(match error {
                        CryptoError::WrongPassphrase => "seal.passphrase",
                        _ => "seal.keys",
                    })
                })?;
                Ok((None, Some(unsealed)))
            }
            _ => Err("seal.kind".into()),
        }
    }

    fn note(&self, attempt: Attempt) {
        tracing::info!(terminal = attempt.terminal, outcome = attempt.outcome, "a try to unseal");
        let mut attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        if attempts.len() == ATTEMPTS {
            attempts.pop_front();
        }
        attempts.push_back(attempt);
    }

    fn shown(&self, open: bool) -> Shown {
        let given: Vec<u8> =
            self.assembly().iter().flat_map(|all| all.numbers().collect::<Vec<_>>()).collect();
        let (kind, needed) = match self.seal.needs() {
            Needs::Shares { needed, .. } => ("shares", usize::from(needed)),
            Needs::Passphrase | Needs::Nothing => ("passphrase", 0),
        };
        Shown { kind, needed, set: self.seal.set(), holders: holders(&self.seal, &given), open }
    }
}
