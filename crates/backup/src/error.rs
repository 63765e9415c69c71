//! What can go wrong with a backup.

use jingui_crypto::CryptoError;
use jingui_ledger::LedgerError;
use jingui_store::StoreError;
use jingui_vault::VaultError;

/// A backup that can't be taken, verified or restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// No manifest is there.
    #[error("there is no backup in this place; look for the place again, or take one with `jingui backup`")]
    None,
    /// Something the manifest lists isn't there.
    #[error("{name} is missing from the backup; take another backup, or restore from another place")]
    Missing {
        /// Its name in the place.
        name: String,
    },
    /// Something isn't as it was written.
    #[error(
        "{name} isn't as it was written: altered, cut or exchanged; take another backup, or restore from another place"
    )]
    Altered {
        /// Its name in the place.
        name: String,
    },
    /// The manifest is of a form that this release doesn't know.
    #[error("{name} has a form that this release doesn't know; use the release that wrote it")]
    Form {
        /// Its name in the place.
        name: String,
    },
    /// The backup is another office's.
    #[error(
        "this place holds the backup of another office; choose another place, or the keys of that office"
    )]
    OtherOffice,
    /// The office's journal isn't the one that the backup holds, or it was put back.
    #[error(
        "the last backup holds {backup} entries that this office's journal of {journal} doesn't continue; it was put back to an older state: run `jingui verify`, and keep this backup"
    )]
    NotContinued {
        /// Entries in the backup.
        backup: u64,
        /// Entries of the journal.
        journal: u64,
    },
    /// More is known than the backup holds.
    #[error(
        "this backup of {at} ends at entry {backup}, and {known} are known; restore from a newer one, or say that you go on without the rest"
    )]
    Older {
        /// When it was taken.
        at: String,
        /// Entries in the backup.
        backup: u64,
        /// Entries known to have been.
        known: u64,
    },
    /// The backup and a known checkpoint have two histories.
    #[error(
        "the backup isn't of the journal that the checkpoint over {size} entries is of; keep both as evidence"
    )]
    Forked {
        /// Size of the checkpoint.
        size: u64,
    },
    /// Somebody else is writing here.
    #[error("another backup into this place is under way; wait until it is done")]
    Busy,
    /// The vault to restore into isn't empty.
    #[error("there are files in the vault already; restore into an empty one")]
    NotEmpty,
    /// The restored office doesn't equal its journal.
    #[error("the restored registers don't follow from their journal; restore from another place")]
    Unproven,
    /// The disk can't be read or written.
    #[error("the disk can't be read or written; look at its space and the system log")]
    Disk(#[from] std::io::Error),
    /// The vault or the place can't be read or written.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Keys don't fit.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
    /// A checkpoint doesn't fit.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// Something to be written has no JSON: a mistake in the program.
    #[error("a manifest can't be written as JSON")]
    Json(#[from] serde_json::Error),
}

impl BackupError {
    pub(crate) fn altered(name: &str) -> Self {
        Self::Altered { name: name.to_owned() }
    }

    pub(crate) fn missing(name: &str) -> Self {
        Self::Missing { name: name.to_owned() }
    }
}
