//! The office's keys while it is served: what holds them, what two people decided about them and the process carries out,
//! and the shares that new key holders collect.
//!
//! The order is the whole of it: the file of keys is on the disk before anything is sealed under a new key. Must never
//! write a share anywhere, nor hand one to anybody but its holder.

mod rewrap;
mod settle;
pub(crate) mod share;
pub(crate) mod show;

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jingui_crypto::{Share, Unsealed};
use jingui_store::Id;
use zeroize::Zeroizing;

use crate::edge::{Edge, Shared};

/// Puts a text in the place of the file of keys: when it answers, the new file is on the disk, or the old one still is.
pub type Write = Box<dyn Fn(&str) -> io::Result<()> + Send + Sync>;

/// Holds the keys of an office that is served, and the file they lie in.
pub struct Keeper {
    held: Mutex<Held>,
    write: Write,
    splits: bool,
    /// One change is carried out at a time.
    turn: Mutex<()>,
    /// How often the file was written.
    written: AtomicU64,
    /// The file couldn't be written when it was last tried.
    trouble: AtomicBool,
    rewrapping: Mutex<()>,
    /// Keys of files that didn't open when they were last to be wrapped anew.
    stuck: AtomicU64,
}

struct Held {
    unsealed: Unsealed,
    dealing: Option<Dealing>,
}

/// Shares of a seal that isn't in force yet. Never anywhere but here; wiped when dropped.
struct Dealing {
    change: Id,
    sealed: Unsealed,
    shares: Vec<(Id, Share)>,
}

impl Keeper {
    /// Holds these keys. `write` puts a text in the place of their file; `splits` says whether that file may become one
    /// that key holders open: not one that is kept on a medium apart.
    pub fn new(unsealed: Unsealed, splits: bool, write: Write) -> Self {
        Self {
            held: Mutex::new(Held { unsealed, dealing: None }),
            write,
            splits,
            turn: Mutex::default(),
            written: AtomicU64::new(0),
            trouble: AtomicBool::new(false),
            rewrapping: Mutex::default(),
            stuck: AtomicU64::new(0),
        }
    }

    /// The keys and their seal as they lie on the disk now.
    pub fn current(&self) -> Unsealed {
        self.held().unsealed.clone()
    }

    /// The text of the seal as it lies on the disk now.
    pub fn seal(&self) -> Zeroizing<String> {
        self.held().unsealed.seal().to_text()
    }

    /// How often the file was written since this process began: a backup from before holds an older one.
    pub fn written(&self) -> u64 {
        self.written.load(Ordering::Acquire)
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts another state of the seal in the place of the file, durably.
    fn keep(&self, next: &Unsealed) -> io::Result<()> {
        let written = (self.write)(&next.seal().to_text());
        self.trouble.store(written.is_err(), Ordering::Release);
        written?;
        self.written.fetch_add(1, Ordering::AcqRel);
        Ok(())
    }
}

/// Why an action about keys isn't even asked for here: a code of the edge's wording.
pub(crate) fn barred(edge: &Edge, action: &str) -> Option<&'static str> {
    if !action.starts_with("key.") {
        return None;
    }
    match &edge.keys {
        None => Some("keys.none"),
        Some(keeper) if action == "key.propose_holders" && !keeper.splits => Some("keys.medium"),
        Some(_) => None,
    }
}

/// Whether an action is one after which there is something to carry out, or to leave.
pub(crate) fn decides(action: &str) -> bool {
    matches!(action, "key.approve" | "key.reject" | "key.call_off")
}

/// Carries out what was decided, and waits for it. What fails is told in the log and on the page, and tried again by the clock.
pub(crate) async fn carry_out(edge: &Shared) {
    let working = Arc::clone(edge);
    let done = tokio::task::spawn_blocking(move || settle::settle(&working)).await;
    if let Ok(Err(error)) = done {
        tracing::error!(%error, "a change of keys could not be carried out; it is tried again in a minute");
    }
    go_on_wrapping(edge);
}

/// Wraps keys of files anew beside everything else.
pub(crate) fn go_on_wrapping(edge: &Shared) {
    let working = Arc::clone(edge);
    tokio::task::spawn_blocking(move || {
        if let Err(error) = rewrap::rewrap(&working) {
            tracing::error!(%error, "keys of files could not be wrapped anew; it is tried again in a minute");
        }
    });
}
