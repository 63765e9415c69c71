//! The door of an office whose ledger isn't the newest that somebody outside knows of: it says what is missing and who says
//! so, and opens only when the key holders, each with their share entered anew and a sentence that names the loss, decide to go
//! on. Where a passphrase or a key file opens the office, whoever has it decides together with a security auditor.
//!
//! Must never write into the ledger, serve anything else, or go on by itself.

use std::collections::VecDeque;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::routing::{any, get, post};
use axum::{Json, Router, middleware};
use jingui_crypto::{Assembly, CryptoError, Needs, Seal};
use jingui_office::Office;
use jingui_office::keys::go_on::{Contradiction, GoOn, Holder, Loss};
use jingui_office::keys::opening::Attempt as Tried;
use jingui_regulation::{Moment, Role};
use jingui_store::{Clock as _, Id, StoreError, SystemClock};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::{Semaphore, mpsc};
use zeroize::Zeroizing;

use crate::language::Language;
use crate::problem::Problem;
use crate::sealed::{self, ATTEMPTS, PAUSE, Refused};
use crate::serve::{Place, ServeError, Tls, runtime};
use crate::session::terminal;
use crate::{console, guard, input, router, sign_in};

/// What the ledger lacks, as somebody outside says.
#[derive(Debug, Clone, Serialize)]
pub struct Lacking {
    /// Entries of the ledger.
    pub journal: u64,
    /// When the last of them was made.
    pub since: Option<Moment>,
    /// Who says what.
    pub losses: Vec<Loss>,
}

impl Lacking {
    /// The gravest: another history before a missing end, more entries before fewer.
    fn gravest(&self) -> Option<&Loss> {
        self.losses.iter().max_by_key(|loss| (loss.how == Contradiction::Forked, loss.size))
    }

    /// What those who decide type, Chinese and English: it names what is given up.
    pub fn sentences(&self) -> (String, String) {
        let first = self.journal + 1;
        match self.gravest() {
            Some(Loss { how: Contradiction::Ahead, size, .. }) => (
                format!("放弃第 {first} 至 {size} 笔账，继续使用"),
                format!("give up entries {first} to {size} and go on"),
            ),
            Some(Loss { how: Contradiction::Forked, size, .. }) => (
                format!("放弃另一本账的 {size} 笔账，继续使用"),
                format!("give up the other history of {size} entries and go on"),
            ),
            None => (String::new(), String::new()),
        }
    }

    /// Blanks and case don't matter.
    fn is_named_by(&self, typed: &str) -> bool {
        let plain = |text: &str| -> String {
            text.chars()
                .filter(|letter| !letter.is_whitespace() && !matches!(letter, '，' | ',' | '。' | '.'))
                .flat_map(char::to_lowercase)
                .collect()
        };
        let (zh, en) = self.sentences();
        !zh.is_empty() && [zh, en].iter().any(|sentence| plain(sentence) == plain(typed))
    }
}

/// It was decided to go on.
pub struct Decided {
    /// What is to be journaled.
    pub go_on: GoOn,
    /// Where the door stood: the office is served there.
    pub listener: TcpListener,
}

struct Held {
    seal: Seal,
    office: Office,
    lacking: Lacking,
    assembly: Mutex<Option<Assembly>>,
    attempts: Mutex<VecDeque<Tried>>,
    turn: Semaphore,
    decided: mpsc::Sender<GoOn>,
}

type Shared = Arc<Held>;

/// Serves the door until it is decided to go on; nothing when the process was told to end. `told` hears the address once
/// it answers.
///
/// # Errors
/// As for [`crate::serve`].
pub fn hold(
    (address, listener): (SocketAddr, Option<TcpListener>),
    tls: Option<Tls>,
    seal: Seal,
    office: Office,
    lacking: Lacking,
    told: impl FnOnce(SocketAddr, bool),
) -> Result<Option<Decided>, ServeError> {
    let place = Place::take(address, listener, tls, Vec::new())?;
    let listener = place.again()?;
    let (address, door) = (place.address, Arc::clone(&place.door));
    let (decided, mut decision) = mpsc::channel(1);
    let assembly = Mutex::new(Assembly::new(&seal));
    let turn = Semaphore::new(1);
    let held = Held { seal, office, lacking, assembly, attempts: Mutex::default(), turn, decided };
    let router = Router::new()
        .route("/api/health", get(health))
        .route("/api/seal", get(show))
        .route("/api/seal/go-on", post(decide))
        .route_layer(middleware::from_fn(guard::typed))
        .route("/api/{*rest}", any(nothing_else))
        .fallback(console::console)
        .method_not_allowed_fallback(router::wrong_method)
        .layer(middleware::from_fn_with_state(Arc::clone(&door), guard::guard))
        .with_state(Arc::new(held));
    let running = place.open(runtime(1).map_err(ServeError::Start)?, router)?;
    told(address, door.secure);
    let go_on = running.until(async { decision.recv().await });
    Ok(go_on.flatten().map(|go_on| Decided { go_on, listener }))
}

/// `GET /api/health`: it serves, and is held.
async fn health() -> Json<Value> {
    Json(json!({ "status": "held" }))
}

/// Whatever else is asked for.
async fn nothing_else(headers: HeaderMap) -> Problem {
    Problem::edge(axum::http::StatusCode::SERVICE_UNAVAILABLE, "sealed", Language::of(&headers))
}

/// What the page shows: what is missing, and what a decision to go on needs.
#[derive(Debug, Serialize)]
struct Shown<'a> {
    /// `shares`, `passphrase` or `key_file`.
    kind: &'static str,
    /// Shares that decide.
    needed: usize,
    set: Option<String>,
    holders: Vec<sealed::Holder>,
    /// Whether it was decided: the office itself answers in a moment.
    open: bool,
    held: &'a Lacking,
    /// The sentence to be typed, in the asker's language.
    sentence: String,
}

/// `GET /api/seal`.
async fn show(State(held): State<Shared>, headers: HeaderMap) -> Json<Value> {
    Json(held.shown(false, Language::of(&headers)))
}

/// A part of the decision.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    sentence: String,
    #[serde(default)]
    share: Option<Zeroizing<String>>,
    #[serde(default)]
    passphrase: Option<Zeroizing<String>>,
    #[serde(default)]
    account: Option<String>,
    #[serde(default)]
    password: Option<Zeroizing<String>>,
}

/// `POST /api/seal/go-on`.
async fn decide(State(held): State<Shared>, request: Request) -> Result<Json<Value>, Problem> {
    let (parts, body): (_, Body) = request.into_parts();
    let language = Language::of(&parts.headers);
    let given: Given = input::typed(body, language).await?;
    let _turn = held.turn.acquire().await;
    let tried = tokio::task::block_in_place(|| held.try_deciding(given));
    let share = match &tried {
        Ok((share, _)) => *share,
        Err(refused) => refused.share,
    };
    let outcome = tried.as_ref().map_or_else(|refused| refused.code.to_owned(), |_| "taken".to_owned());
    held.note(Tried { at: SystemClock.now(), terminal: terminal(&parts), share, outcome });
    match tried {
        Ok((_, go_on)) => {
            let open = go_on.is_some();
            if let Some(go_on) = go_on {
                let _ = held.decided.try_send(held.with_attempts(go_on));
            }
            Ok(Json(held.shown(open, language)))
        }
        Err(refused) => {
            if matches!(refused.code, "seal.passphrase" | "session.wrong") {
                tokio::time::sleep(PAUSE).await;
            }
            Err(refused.told(language))
        }
    }
}

impl Held {
    /// Takes a part of the decision; the number of the share, and the decision once that was enough.
    fn try_deciding(&self, given: Given) -> Result<(Option<u8>, Option<GoOn>), Refused> {
        let Given { sentence, share, passphrase, account, password } = given;
        if !self.lacking.is_named_by(&sentence) {
            return Err("seal.sentence".into());
        }
        let mut assembly = self.assembly.lock().unwrap_or_else(PoisonError::into_inner);
        match (&mut *assembly, share, passphrase, account.zip(password)) {
            (Some(assembly), Some(share), None, None) => {
                let progress = assembly.add(&share)?;
                if progress.have < progress.need {
                    return Ok((Some(progress.number), None));
                }
                assembly.open().map_err(|_| Refused::of("seal.keys", progress.number))?;
                let named =
                    self.seal.holders().filter(|(number, _)| assembly.numbers().any(|n| n == *number));
                let holders = named.map(|(number, name)| Holder { number, name: name.to_owned() }).collect();
                Ok((Some(progress.number), Some(self.decision(sentence, holders, None))))
            }
            (None, None, passphrase, Some((account, password))) => {
                match (self.seal.needs(), passphrase) {
                    (Needs::Passphrase, Some(passphrase)) => {
                        self.seal.open(Some(&passphrase)).map_err(|error| {
                            Refused::from(match error {
                                CryptoError::WrongPassphrase => "seal.passphrase",
                                _ => "seal.keys",
                            })
                        })?;
                    }
                    (Needs::Nothing, None) => {}
                    _ => return Err("seal.kind".into()),
                }
                let auditor = self.auditor(&account, &password)?;
                Ok((None, Some(self.decision(sentence, Vec::new(), Some(auditor)))))
            }
            _ => Err("seal.kind".into()),
        }
    }

    /// The security auditor of that account and password, as the registers have it.
    fn auditor(&self, account: &str, password: &str) -> Result<Id, Refused> {
        let failed = |error: StoreError| {
            tracing::error!(%error, "the registers can't be read");
            Refused::from("seal.failed")
        };
        let found = sign_in::checked(&self.office, account, password).map_err(failed)?;
        let Ok(person) = found else { return Err("session.wrong".into()) };
        let asker = self.office.store().read(|conn| self.office.asker(conn, &person)).map_err(failed)?;
        if asker.is_some_and(|asker| asker.is(Role::SecurityAuditor)) {
            Ok(person)
        } else {
            Err("seal.auditor".into())
        }
    }

    fn decision(&self, sentence: String, holders: Vec<Holder>, auditor: Option<Id>) -> GoOn {
        let Lacking { journal, since, losses } = self.lacking.clone();
        let (set, attempts) = (self.seal.set(), Vec::new());
        GoOn { journal, since, losses, sentence, set, holders, auditor, attempts }
    }

    fn with_attempts(&self, go_on: GoOn) -> GoOn {
        let mut attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        GoOn { attempts: attempts.drain(..).collect(), ..go_on }
    }

    fn note(&self, attempt: Tried) {
        tracing::warn!(
            terminal = attempt.terminal,
            outcome = attempt.outcome,
            "a try to go on behind what is known outside"
        );
        let mut attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        if attempts.len() == ATTEMPTS {
            attempts.pop_front();
        }
        attempts.push_back(attempt);
    }

    fn shown(&self, open: bool, language: Language) -> Value {
        let assembly = self.assembly.lock().unwrap_or_else(PoisonError::into_inner);
        let given: Vec<u8> = assembly.iter().flat_map(|all| all.numbers().collect::<Vec<_>>()).collect();
        let (kind, needed) = match self.seal.needs() {
            Needs::Shares { needed, .. } => ("shares", usize::from(needed)),
            Needs::Passphrase => ("passphrase", 0),
            Needs::Nothing => ("key_file", 0),
        };
        let (zh, en) = self.lacking.sentences();
        let shown = Shown {
            kind,
            needed,
            set: self.seal.set(),
            holders: sealed::holders(&self.seal, &given),
            open,
            held: &self.lacking,
            sentence: match language {
                Language::Chinese => zh,
                Language::English => en,
            },
        };
        json!(shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loss(how: Contradiction, size: u64) -> Loss {
        Loss { told_by: "auditor/1".to_owned(), how, size, root: None, at: None }
    }

    #[test]
    fn the_sentence_names_the_gravest_loss_and_nothing_less_passes() {
        let lacking = |losses| Lacking { journal: 120, since: None, losses };
        let behind = lacking(vec![loss(Contradiction::Ahead, 130), loss(Contradiction::Ahead, 150)]);
        assert_eq!(behind.sentences().0, "放弃第 121 至 150 笔账，继续使用");
        assert!(behind.is_named_by("放弃第121至150笔账 继续使用。"));
        assert!(behind.is_named_by("Give up entries 121 to 150, and go on"));
        for other in
            ["", "继续使用", "放弃第 121 至 130 笔账，继续使用", "give up entries 121 to 15 and go on"]
        {
            assert!(!behind.is_named_by(other), "{other}");
        }
        let forked = lacking(vec![loss(Contradiction::Ahead, 150), loss(Contradiction::Forked, 90)]);
        assert_eq!(forked.sentences().0, "放弃另一本账的 90 笔账，继续使用");
        assert!(!forked.is_named_by("放弃第 121 至 150 笔账，继续使用"));
        assert!(!lacking(Vec::new()).is_named_by(""));
    }
}
