//! The tree of RFC 6962: grown leaf by leaf, and a leaf's way to the root followed as section 2.1.1 defines it.

use crate::suite::{Hash, Suite};

/// A tree of which only the complete subtrees' roots are kept.
pub struct Tree {
    suite: Suite,
    size: u64,
    /// Height and root, highest first.
    complete: Vec<(u32, Hash)>,
}

impl Tree {
    pub const fn new(suite: Suite) -> Self {
        Self { suite, size: 0, complete: Vec::new() }
    }

    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Adds the hash of the next leaf.
    pub fn push(&mut self, leaf: Hash) {
        let mut grown = (0, leaf);
        while let Some((_, left)) = self.complete.pop_if(|last| last.0 == grown.0) {
            grown = (grown.0 + 1, self.suite.node(&left, &grown.1));
        }
        self.complete.push(grown);
        self.size += 1;
    }

    pub fn root(&self) -> Hash {
        let mut parts = self.complete.iter().map(|part| part.1).rev();
        match parts.next() {
            None => self.suite.empty(),
            Some(last) => parts.fold(last, |right, left| self.suite.node(&left, &right)),
        }
    }
}

/// The root to which a proof leads from leaf `index` (from 0) of a tree of `size` leaves; nothing when it is too long,
/// too short, or there is no such leaf.
pub fn root_from(suite: Suite, leaf: Hash, index: u64, size: u64, proof: &[Hash]) -> Option<Hash> {
    if index >= size {
        return None;
    }
    if size == 1 {
        return proof.is_empty().then_some(leaf);
    }
    let (top, below) = proof.split_last()?;
    // The largest power of two below the size.
    let half = 1 << (size - 1).ilog2();
    Some(if index < half {
        suite.node(&root_from(suite, leaf, index, half, below)?, top)
    } else {
        suite.node(top, &root_from(suite, leaf, index - half, size - half, below)?)
    })
}
