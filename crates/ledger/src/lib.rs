//! The Merkle tree over sealed entries (RFC 6962), and checkpoints in C2SP form.
//!
//! Owns hashing and the tree's growing edge. Does no I/O and knows no office, no store and no key: whoever has the
//! sealed bytes can work out the same root. Proofs aren't here yet.

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
    #[error("a tree of {size} leaves has {expected} peaks, found {found}; work it out again from the leaves")]
    Peaks {
        /// Size of the tree.
        size: u64,
        /// Peaks such a tree has.
        expected: usize,
        /// Peaks handed in.
        found: usize,
    },
    /// The text isn't a checkpoint.
    #[error("line {line} of the checkpoint isn't {expected}; ask for it again from where it came")]
    Checkpoint {
        /// Line, from 1.
        line: usize,
        /// What should stand there.
        expected: &'static str,
    },
}
