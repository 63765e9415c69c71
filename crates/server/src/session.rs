//! Sessions: who is signed in, since when, and which register entries were opened in it.
//!
//! Kept in memory only, under the digest of the token: neither a copy of the memory's map nor a restart lets
//! anybody in. Must never be kept on disk, and never outlive what the person was entitled to when it began.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use jingui_crypto::{token, token_digest};
use jingui_office::Caller;
use jingui_store::Id;
use tokio::sync::watch;

use crate::edge::Shared;
use crate::language::Language;
use crate::problem::Problem;

/// Most sessions of one person; the oldest goes when another begins.
const EACH: usize = 8;
/// Most register entries remembered as opened; beyond it they are journaled again.
const OPENED: usize = 10_000;

/// How long sessions last.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Without a request.
    pub(crate) idle: Duration,
    /// Whatever happens in them.
    pub(crate) longest: Duration,
}

/// The digest under which a session is kept.
pub(crate) type Digest = [u8; 32];

struct Session {
    person: Id,
    terminal: String,
    began: Instant,
    seen: Instant,
    opened: HashSet<Id>,
}

/// All sessions.
#[derive(Default)]
pub(crate) struct Sessions {
    all: Mutex<HashMap<Digest, Session>>,
    /// Moves whenever a session ends: open pages are told at once.
    ended: watch::Sender<()>,
}

/// Whoever signed in, with the terminal of the present request.
#[derive(Debug, Clone)]
pub(crate) struct Signed {
    /// The person.
    pub(crate) person: Id,
    /// Address the request comes from.
    pub(crate) terminal: String,
    /// The session.
    pub(crate) session: Digest,
}

impl Signed {
    /// The same as the pipeline knows it.
    pub(crate) fn caller(&self) -> Caller {
        Caller::Person { id: self.person.clone(), terminal: self.terminal.clone() }
    }
}

/// A session that ended by itself, to be journaled.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Lapsed {
    /// Whose.
    pub(crate) person: Id,
    /// Where it began.
    pub(crate) terminal: String,
}

impl Sessions {
    fn all(&self) -> MutexGuard<'_, HashMap<Digest, Session>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a session; answers its token.
    pub(crate) fn begin(&self, person: Id, terminal: String, now: Instant) -> String {
        let token = token(&mut rand::rng());
        let mut all = self.all();
        let mut own: Vec<(Instant, Digest)> = all
            .iter()
            .filter(|(_, session)| session.person == person)
            .map(|(key, session)| (session.began, *key))
            .collect();
        own.sort_unstable();
        for (_, oldest) in own.iter().take((own.len() + 1).saturating_sub(EACH)) {
            all.remove(oldest);
        }
        all.insert(
            token_digest(&token),
            Session { person, terminal, began: now, seen: now, opened: HashSet::new() },
        );
        token
    }

    /// The person of that session while it lasts; `renew` when the request is the person's own doing.
    fn person(&self, session: &Digest, now: Instant, limits: Limits, renew: bool) -> Option<Id> {
        let mut all = self.all();
        let session = all.get_mut(session).filter(|session| session.lasts(now, limits))?;
        if renew {
            session.seen = now;
        }
        Some(session.person.clone())
    }

    /// Whether the session lasts.
    pub(crate) fn lasts(&self, session: &Digest, now: Instant, limits: Limits) -> bool {
        self.all().get(session).is_some_and(|session| session.lasts(now, limits))
    }

    /// Whether this register entry was opened in this session already.
    pub(crate) fn has_opened(&self, session: &Digest, item: &Id) -> bool {
        self.all().get(session).is_some_and(|session| session.opened.contains(item))
    }

    /// Remembers that this register entry was opened and journaled.
    pub(crate) fn note_opened(&self, session: &Digest, item: Id) {
        if let Some(session) = self.all().get_mut(session).filter(|session| session.opened.len() < OPENED) {
            session.opened.insert(item);
        }
    }

    /// Ends a session.
    pub(crate) fn end(&self, session: &Digest) {
        self.all().remove(session);
        self.ended.send_replace(());
    }

    /// Ends every session of a person, because rights, account or password changed.
    pub(crate) fn end_all(&self, person: &str) {
        self.all().retain(|_, session| session.person.as_str() != person);
        self.ended.send_replace(());
    }

    /// Hears whenever sessions end; which ones isn't said.
    pub(crate) fn endings(&self) -> watch::Receiver<()> {
        self.ended.subscribe()
    }

    /// Takes away what has lapsed.
    pub(crate) fn sweep(&self, now: Instant, limits: Limits) -> Vec<Lapsed> {
        let lapsed: Vec<Lapsed> = self
            .all()
            .extract_if(|_, session| !session.lasts(now, limits))
            .map(|(_, session)| Lapsed { person: session.person, terminal: session.terminal })
            .collect();
        if !lapsed.is_empty() {
            self.ended.send_replace(());
        }
        lapsed
    }
}

impl Session {
    fn lasts(&self, now: Instant, limits: Limits) -> bool {
        now.saturating_duration_since(self.seen) < limits.idle
            && now.saturating_duration_since(self.began) < limits.longest
    }
}

impl FromRequestParts<Shared> for Signed {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, edge: &Shared) -> Result<Self, Problem> {
        let refused = || Problem::not_signed_in(Language::of(&parts.headers));
        let session = token_digest(cookie(&parts.headers, edge.cookie_name()).ok_or_else(refused)?);
        // A page that refreshes itself says so; it must not keep an abandoned desk open.
        let renew = !parts.headers.contains_key("x-background");
        let person =
            edge.sessions.person(&session, Instant::now(), edge.limits(), renew).ok_or_else(refused)?;
        Ok(Self { person, terminal: terminal(parts), session })
    }
}

/// The address the request comes from.
pub(crate) fn terminal(parts: &Parts) -> String {
    parts
        .extensions
        .get::<ConnectInfo<std::net::SocketAddr>>()
        .map_or_else(|| "local".to_owned(), |ConnectInfo(address)| address.ip().to_canonical().to_string())
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(';'))
        .find_map(|pair| pair.trim().split_once('=').filter(|(found, _)| *found == name))
        .map(|(_, value)| value)
}

/// The cookie that carries the token, or takes it away when there is none.
pub(crate) fn set_cookie(name: &str, secure: bool, token: Option<&str>) -> Option<HeaderValue> {
    let secure = if secure { "; Secure" } else { "" };
    let text = match token {
        Some(token) => format!("{name}={token}; Path=/; HttpOnly; SameSite=Strict{secure}"),
        None => format!("{name}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0{secure}"),
    };
    HeaderValue::from_str(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { idle: Duration::from_mins(10), longest: Duration::from_hours(12) };

    fn id(last: char) -> Id {
        format!("{}{last}", "0".repeat(25)).parse().unwrap()
    }

    #[test]
    fn a_session_lapses_when_idle_and_after_twelve_hours() {
        let sessions = Sessions::default();
        let start = Instant::now();
        let session = token_digest(&sessions.begin(id('1'), "t".into(), start));
        let mut now = start;
        while now < start + LIMITS.longest {
            assert_eq!(sessions.person(&session, now, LIMITS, true), Some(id('1')));
            now += Duration::from_secs(599);
        }
        assert_eq!(sessions.person(&session, now, LIMITS, true), None, "the absolute limit");
        let other = token_digest(&sessions.begin(id('1'), "t".into(), start));
        assert_eq!(sessions.person(&other, start + LIMITS.idle / 2, LIMITS, false), Some(id('1')));
        assert_eq!(
            sessions.person(&other, start + LIMITS.idle, LIMITS, false),
            None,
            "background requests don't renew"
        );
        assert_eq!(sessions.sweep(start + LIMITS.longest, LIMITS).len(), 2);
    }

    #[test]
    fn a_persons_sessions_end_together_and_are_few() {
        let sessions = Sessions::default();
        let start = Instant::now();
        let tokens: Vec<_> = (0..10)
            .map(|n| token_digest(&sessions.begin(id('1'), "t".into(), start + Duration::from_secs(n))))
            .collect();
        let alive = tokens.iter().filter(|token| sessions.lasts(token, start, LIMITS)).count();
        assert_eq!(alive, EACH);
        let other = token_digest(&sessions.begin(id('2'), "t".into(), start));
        sessions.end_all(id('1').as_str());
        assert!(tokens.iter().all(|token| !sessions.lasts(token, start, LIMITS)));
        assert!(sessions.lasts(&other, start, LIMITS));
    }

    #[test]
    fn the_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_static("a=1; jingui=token; b=2"));
        assert_eq!(cookie(&headers, "jingui"), Some("token"));
        assert_eq!(cookie(&headers, "gui"), None);
    }
}
