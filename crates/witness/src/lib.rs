//! A witness (C2SP tlog-witness): keeps the newest checkpoint it saw of each log it knows, on a computer that isn't the
//! log's, and signs with the time what continues it.
//!
//! Refuses a step back and a fork, unless its owner accepts one by a decision that is kept with it. Keeps before it answers; what it can't read back as it wrote it, it doesn't sign on.
//! Never sees an entry.

mod http;
mod key;
mod record;
mod request;
mod witness;

pub use http::router;
pub use key::WitnessKey;
pub use witness::{Accepted, Answer, Witness};

use std::io;
use std::path::PathBuf;

use jingui_ledger::LedgerError;

/// What can go wrong with the witness' own files.
#[derive(Debug, thiserror::Error)]
pub enum WitnessError {
    /// A file can't be read or written.
    #[error("can't read or write {path}; look at its permissions and the disk")]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// What is kept of a log was damaged.
    #[error("{path} was damaged; put it back from a copy, or ask who else keeps the log's newest checkpoint")]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// The file isn't a witness' key.
    #[error("{path} isn't a witness' key; put it back from a copy")]
    Key {
        /// The file.
        path: PathBuf,
    },
    /// Others may read the key.
    #[error("{path} may be read by others; take their permission away (mode 0600)")]
    Open {
        /// The file.
        path: PathBuf,
    },
    /// Another witness works in the same directory.
    #[error("another witness is at work in {path}; end it first")]
    Busy {
        /// The directory.
        path: PathBuf,
    },
    /// Not a log that can be witnessed: no key of a kind that logs sign with, the witness' own name, another suite than
    /// before.
    #[error(
        "this isn't a log to witness; give its origin, its suite and one to sixteen keys that sign without a time"
    )]
    Keys,
    /// The checkpoint isn't one of a known log, signed by its key.
    #[error(
        "this isn't a checkpoint of a ledger that this witness knows; take the newest one from the auditor's page"
    )]
    Stranger,
    /// The number of entries to be given up isn't what was seen.
    #[error(
        "this witness saw {found} entries, not {given}; compare both with the auditor's page and name what is given up"
    )]
    Seen {
        /// Entries that were seen.
        found: u64,
        /// Entries that were named.
        given: u64,
    },
    /// Nothing is to be decided.
    #[error("the witness believes this very checkpoint already; there is nothing to accept")]
    Continued,
    /// No reason.
    #[error("a decision needs a reason in one line; give --reason")]
    Reason,
    /// Name or key isn't one.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}
