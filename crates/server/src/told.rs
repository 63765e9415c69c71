//! How a process is told to end (SIGINT, SIGTERM). Listened for from the first server of a process on: what is told while
//! nobody serves, as between the door of a sealed office and the office itself, is still known to the next one.

use std::io;
use std::sync::{Mutex, PoisonError};

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

static TOLD: Mutex<Option<watch::Receiver<bool>>> = Mutex::new(None);

/// Whether the process was told to end; `wait_for` waits until it is. Listens before this answers.
pub(crate) fn listen() -> io::Result<watch::Receiver<bool>> {
    let mut known = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = &*known {
        return Ok(known.clone());
    }
    // A runtime of its own: the handlers of one that ends stay with the process and swallow what comes.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let context = runtime.enter();
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    drop(context);
    let (told, hears) = watch::channel(false);
    std::thread::Builder::new().name("told".into()).spawn(move || {
        runtime.block_on(async {
            loop {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
                told.send_replace(true);
            }
        });
    })?;
    *known = Some(hears.clone());
    Ok(hears)
}
