//! The Merkle tree over sealed entries (RFC 6962), and checkpoints in C2SP form.
//!
//! Owns hashing and the tree's growing edge. Knows no office, no store and no key: anything that holds the sealed
//! bytes can compute the same root.

mod checkpoint;
mod frontier;
mod hash;

pub use checkpoint::Checkpoint;
pub use frontier::Frontier;
pub use hash::{Hash, Sha256, TreeHash};

/// What can be wrong with a saved tree or a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// The saved peaks aren't those of a tree of that size.
    #[error("a tree of {size} leaves has {expected} peaks, found {found}")]
    Peaks {
        /// Size of the tree.
        size: u64,
        /// Peaks such a tree has.
        expected: usize,
        /// Peaks handed in.
        found: usize,
    },
    /// The text isn't a checkpoint.
    #[error("line {line} of the checkpoint isn't {expected}")]
    Checkpoint {
        /// Line, from 1.
        line: usize,
        /// What should stand there.
        expected: &'static str,
    },
}
