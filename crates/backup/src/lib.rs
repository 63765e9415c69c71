//! Backups of an office, and an office made anew from one. `docs/backup.md` has their form.
//!
//! Owns what lies in a place for backups: entries sealed as they are, sealed files as they lie in the vault, what stands
//! beside the journal sealed as a whole, the seal, and a signed manifest that is written last. Blocks while it works: an
//! async caller gives it a thread that may.
//!
//! Must never: write a plain byte of content, copy a key that stands in the clear, call a backup done that wasn't read
//! back, or keep what was destroyed.

mod beside;
mod error;
mod manifest;
mod place;
mod restore;
mod run;
mod segment;
#[cfg(test)]
mod tests;
mod verify;

use jingui_store::StoreError;
use rusqlite::Connection;

pub use error::BackupError;
pub use manifest::Manifest;
pub use place::Place;
pub use restore::{Known, Listed, Restored, Target, drill, restore};
pub use run::{Office, ReadSeal, Report, run};
pub use verify::{Damage, Finding, Verdict, verify};

/// A file as the registers know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filed {
    /// It lies in the vault.
    Kept {
        /// Its id, under which its key is kept.
        id: String,
        /// Its name in the vault.
        name: String,
        /// Bytes of the sealed file.
        bytes: u64,
    },
    /// It was removed and its key destroyed.
    Destroyed {
        /// Its id.
        id: String,
    },
}

/// Reads all files off the registers: what a file is stands there, and this crate knows no register.
pub type Registers = fn(&Connection) -> Result<Vec<Filed>, StoreError>;

/// Told now and then how far it is: what is done, how much of it, of how many.
pub type Progress<'a> = &'a (dyn Fn(Stage, u64, u64) + Sync);

/// What is being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Entries of the journal.
    Entries,
    /// Files of the vault.
    Files,
    /// Reading back what was written.
    Verifying,
}
