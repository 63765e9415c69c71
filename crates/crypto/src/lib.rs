//! Suites, keys, seals and their shares, sealed entries, sealed files, signatures, passwords.
//!
//! Owns standard constructions over kept libraries. Does no I/O, never writes a primitive of its own, and takes all
//! randomness as an argument: outside tests and simulations that must be a generator fit for keys.

mod entry;
mod file;
mod key;
mod keyring;
mod office_seal;
mod passphrase;
pub mod password;
mod seal;
mod shares;
mod signing;
mod suite;
mod token;
pub mod typed;

pub use entry::{EntrySealer, Opening, open_with};
pub use file::{
    Binding, CHUNK, ContentDigest, FileKey, FileOpener, FileSealer, HEADER, Names, open_file, seal_file,
};
pub use key::Key;
pub use keyring::Keyring;
pub use office_seal::{Lock, Needs, Seal, Unsealed};
pub use passphrase::PassphraseCost;
pub use seal::Sealer;
pub use shares::{Assembly, Progress, Share, ShareError};
pub use signing::{SigningKey, VerifyingKey};
pub use suite::Suite;
pub use token::{token, token_digest};

/// What can go wrong with keys and sealed bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CryptoError {
    /// Sealed bytes that don't open: altered, moved, or sealed under another key.
    #[error("sealed bytes don't open: they were altered, moved, or belong to another key")]
    Sealed,
    /// The text isn't a key file.
    #[error("this isn't a key file of Jingui; choose the file that `jingui init` wrote")]
    NotAKeyFile,
    /// The key file's check digits don't fit: damaged or mistyped.
    #[error("the key file is damaged; use another copy of it")]
    Damaged,
    /// A passphrase is needed and none was given.
    #[error("this key file needs its passphrase")]
    NeedsPassphrase,
    /// The passphrase doesn't open the key file.
    #[error("the passphrase doesn't open this key file")]
    WrongPassphrase,
    /// Too few shares are there to open the seal.
    #[error("this office opens with shares of its key holders; enter one more")]
    NeedsShares,
    /// The numbers of key holders are out of range.
    #[error("shares need 2 to 16 key holders; let at least two and at most all of them open")]
    Holders,
    /// The memory, passes or lanes asked of a passphrase are beyond what Argon2id or this machine should bear.
    #[error("the cost of a passphrase is out of range; use at most 1 GiB, 20 passes and 8 lanes")]
    Cost,
    /// Bytes that are no signing or verifying key of the suite.
    #[error("these bytes are no key of this suite; take the key from where it was written")]
    Key,
    /// A signature that the key didn't make over these bytes.
    #[error("the signature doesn't fit; get what was signed and its key anew from their source")]
    Signature,
    /// A password hash isn't in PHC form, or the parameters are out of range.
    #[error("a password hash can't be read; set the account's password again")]
    PasswordHash,
}
