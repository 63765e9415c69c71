//! The Merkle tree over sealed entries (RFC 6962), proofs about it, and checkpoints in C2SP form.
//!
//! Owns hashing, the tree's growing edge, proofs made and verified, and checkpoints as texts. Does no I/O and knows no
//! office, no store and no secret key: whoever has the sealed bytes can work out the same root.

mod checkpoint;
mod export;
mod frontier;
mod hash;
mod note;
mod note_key;
mod proof;
mod proof_text;

pub use checkpoint::Checkpoint;
pub use export::{Evidence, EvidenceWriter, LONGEST_ENTRY, SegmentWriter, origin, segment_name};
pub use frontier::Frontier;
pub use hash::{Hash, Sha256, Sm3, TreeHash, TreeSuite};
pub use note::{Note, NoteSignature};
pub use note_key::{NoteKey, NoteKeyKind};
pub use proof::{Source, consistency, inclusion, root_at, verify_consistency, verify_inclusion};
pub use proof_text::{InclusionProof, witness_request};

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
    /// No suite has that number.
    #[error("no suite of this release has that number; read it with the release that wrote it")]
    Suite,
    /// A leaf or a size beyond the tree.
    #[error("{asked} lies beyond a tree of {size} leaves; ask again with a newer checkpoint")]
    Range {
        /// Leaf or size asked for.
        asked: u64,
        /// Size of the tree.
        size: u64,
    },
    /// The source of hashes gave another number of them than it was asked for.
    #[error("stored hashes of the tree are missing; work them out again from the entries")]
    Source,
    /// The proof doesn't lead from the leaf to the root.
    #[error("leaf {index} isn't proven to be in the tree of {size} leaves; ask for the proof again")]
    Inclusion {
        /// The leaf, from 0.
        index: u64,
        /// Size of the tree.
        size: u64,
    },
    /// The proof doesn't lead from the old root to the new one.
    #[error(
        "the tree of {new} leaves isn't proven to continue the one of {old}; keep both checkpoints as evidence"
    )]
    Consistency {
        /// Old size.
        old: u64,
        /// New size.
        new: u64,
    },
    /// The text isn't a signed note.
    #[error("the signed note isn't {expected}; ask for it again from where it came")]
    Note {
        /// What should stand there.
        expected: &'static str,
    },
    /// The text or the bytes aren't a public key.
    #[error("this isn't a key of the form name+id+key; copy it again, whole")]
    NoteKey,
    /// A line under the note bears the key's name and id and isn't its signature.
    #[error("the signature of {name} doesn't fit the note; keep the note as evidence and ask for another")]
    Signature {
        /// Name of the key.
        name: String,
    },
    /// No line under the note is the key's.
    #[error("{name} didn't sign the note; ask for one that it signed")]
    Unsigned {
        /// Name of the key.
        name: String,
    },
    /// The text isn't a proof.
    #[error("line {line} of the proof isn't {expected}; ask for it again from where it came")]
    ProofText {
        /// Line, from 1.
        line: usize,
        /// What should stand there.
        expected: &'static str,
    },
}
