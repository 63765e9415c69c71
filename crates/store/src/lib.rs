//! Records and journal in one encrypted `SQLite` file.
//!
//! Owns: the sequencer (the only writer), the unit of work that an action runs against, sealed and numbered
//! journal entries, the Merkle root kept with every commit, reader connections, and the replay that proves the
//! tables equal the journal.
//!
//! Must never: know what an item or a loan is (kinds of records are handed in), decide who may do what, or
//! answer an action before its commit is on disk.

mod copy;
mod entry;
mod error;
mod key;
mod ledger;
mod open;
mod pages;
mod past;
mod reader;
mod rebuild;
mod record;
mod schema;
mod sequencer;
mod unit;
mod verify;
mod words;

pub use copy::{Beside, Restoring, Terms};
pub use entry::{Draft, Entry, Outcome, Put, Subject};
pub use error::StoreError;
pub use key::Id;
pub use ledger::{Disclosed, Standing, note_key};
pub use open::{Clock, FixedClock, Options, Store, SystemClock};

pub use past::Narrowed;
pub use record::{Column, Held, Kind, Member, Record, Side, Stored, Text};
pub use sequencer::{Committed, Notice};
pub use unit::{FILES_BITS, FileText, Unit, Value};
pub use verify::{Finding, Verdict};
