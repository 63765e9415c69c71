//! Live updates: after each commit the kinds of records that changed are told to every open page, as server-sent
//! events. Pages read again what they show; nothing of a record travels here.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::StreamExt as _;
use jingui_store::Notice;
use serde::Serialize;
use tokio::sync::broadcast;
use tokio_stream::wrappers::{BroadcastStream, WatchStream};

use crate::edge::Shared;
use crate::session::Signed;

/// Notices kept for pages that are slow to read; a page that misses some is told to read all again.
const BACKLOG: usize = 256;

/// Carries the store's notices to open pages.
#[derive(Debug, Clone)]
pub struct Live(broadcast::Sender<Notice>);

impl Default for Live {
    fn default() -> Self {
        Self(broadcast::Sender::new(BACKLOG))
    }
}

impl Live {
    /// What the store calls after each commit: goes into its options.
    pub fn notifier(&self) -> Box<dyn Fn(Notice) + Send> {
        let sender = self.0.clone();
        // Nobody listening is no failure.
        Box::new(move |notice| drop(sender.send(notice)))
    }

    pub(crate) fn listen(&self) -> broadcast::Receiver<Notice> {
        self.0.subscribe()
    }
}

/// What a page is told.
#[derive(Debug, Serialize)]
struct Change {
    /// Number of the newest entry; nothing when some notices were missed.
    seq: Option<u64>,
    /// Kinds of records that changed; `*` for any.
    kinds: Vec<String>,
}

/// `GET /api/live`.
pub(crate) async fn live(State(edge): State<Shared>, signed: Signed) -> impl IntoResponse {
    let notices = BroadcastStream::new(edge.live.listen());
    let ticks = tokio_stream::wrappers::IntervalStream::new(tokio::time::interval(Duration::from_secs(15)));
    let endings = WatchStream::from_changes(edge.sessions.endings());
    // Ticks end the stream of a session that lapsed while nothing happened, endings that of one that was ended elsewhere.
    let silent = futures_util::stream::select(ticks.map(|_| None), endings.map(|()| None));
    let over = Event::default().event("over").data("over");
    let changes = futures_util::stream::select(notices.map(Some), silent)
        .take_while(move |_| {
            std::future::ready(edge.sessions.lasts(&signed.session, Instant::now(), edge.limits()))
        })
        .filter_map(std::future::ready)
        .map(|notice| {
            let change = match notice {
                Ok(Notice { seq, kinds }) => Change { seq: Some(seq), kinds },
                Err(_) => Change { seq: None, kinds: vec!["*".to_owned()] },
            };
            let event = Event::default().event("change");
            Ok::<_, Infallible>(event.json_data(change).unwrap_or_else(|_| Event::default().comment("")))
        })
        // The page hides what it shows: it isn't for whoever stands before it now.
        .chain(futures_util::stream::once(std::future::ready(Ok(over))));
    Sse::new(changes).keep_alive(KeepAlive::new().interval(Duration::from_secs(20)))
}
