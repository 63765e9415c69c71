//! What can go wrong below the office.

/// A failure of the store: never a refusal (refusals are results, see the office).
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database engine failed.
    #[error("the database failed; look at disk space and the system log")]
    Database(#[from] rusqlite::Error),
    /// A body isn't the JSON it should be.
    #[error("a stored record can't be read; run `jingui verify`")]
    Body(#[from] serde_json::Error),
    /// An entry can't be opened: wrong key or altered bytes.
    #[error("entry {seq} can't be opened; run `jingui verify`")]
    Sealed {
        /// Number of the entry.
        seq: u64,
        #[source]
        source: jingui_crypto::CryptoError,
    },
    /// The ledger's saved state doesn't fit together.
    #[error("the ledger's saved root is damaged; run `jingui verify`")]
    Ledger,
    /// A checkpoint, a proof or a stored hash of the ledger doesn't fit.
    #[error(transparent)]
    Proof(#[from] jingui_ledger::LedgerError),
    /// No database at that place, or not one of ours, or the key doesn't fit.
    #[error("{0}")]
    Open(String),
    /// The key isn't this database's, or the bytes that it is derived with were altered.
    #[error(
        "the key doesn't open this database, or the first bytes of its file were altered; check the key file or passphrase"
    )]
    Key,
    /// A page of the database file doesn't pass the cipher's check.
    #[error("page {page} of the database file was altered or is damaged; restore the newest backup")]
    Page {
        /// Its number, from 1.
        page: u64,
    },
    /// Every page is right by itself, and together they aren't a database.
    #[error(
        "the database file, or the write-ahead log beside it, was altered: their pages don't belong together; restore the newest backup"
    )]
    Torn,
    /// A version changed what no version may: a mistake in the program.
    #[error("a version of a {kind} changes what is fixed; nothing was changed")]
    Fixed {
        /// Kind of the record.
        kind: &'static str,
    },
    /// A column was asked for that the kind doesn't have: a mistake in the program.
    #[error("records of kind {kind} have no column {column}")]
    NoColumn {
        /// Kind asked.
        kind: &'static str,
        /// Column asked for.
        column: String,
    },
    /// An action broke off by a fault in the program; nothing of it was kept.
    #[error("an action broke off; nothing was changed")]
    BrokeOff,
    /// The sequencer has ended.
    #[error("the store is shutting down; try again after the restart")]
    Stopped,
}

impl StoreError {
    /// Whether the database file itself is damaged or was altered below the engine.
    pub fn is_damage(&self) -> bool {
        use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
        matches!(self, Self::Page { .. } | Self::Torn)
            || matches!(self, Self::Database(error) if matches!(error.sqlite_error_code(), Some(DatabaseCorrupt | NotADatabase)))
    }
}
