//! Proofs about the tree, made and verified: that an entry is in it, that a later tree continues an earlier one, and its
//! root at any past size (RFC 9162, section 2.1, which takes over RFC 6962's tree).
//!
//! Making one asks a [`Source`] for stored hashes; verifying one asks for nothing. Never trusts a size or a length that
//! a proof brings along.

use std::ops::Range;

use crate::LedgerError;
use crate::hash::{Hash, TreeHash};

/// Levels between the subtrees a [`Source`] keeps: one stored root for every 256 below it.
pub(crate) const STEP: u8 = 8;

/// Where the hashes of a tree are read from. A proof in a tree of ten million leaves asks for at most a few times 256
/// hashes, in runs that lie together.
pub trait Source {
    /// What can go wrong while reading.
    type Error: From<LedgerError>;

    /// Hashes of these leaves, numbered from 0.
    fn leaves(&self, range: Range<u64>) -> Result<Vec<Hash>, Self::Error>;

    /// Roots of these complete subtrees of that height, which is 8, 16, 24 …, as [`crate::Frontier::append_with`]
    /// reported them.
    fn subtrees(&self, height: u8, range: Range<u64>) -> Result<Vec<Hash>, Self::Error>;
}

/// Proof that leaf `index` (from 0) is in the tree of `size` leaves, from the leaf's sibling upwards. Refuses a leaf
/// that isn't in it.
pub fn inclusion<S: Source>(
    source: &S,
    hash: impl TreeHash,
    index: u64,
    size: u64,
) -> Result<Vec<Hash>, S::Error> {
    if index >= size {
        return Err(LedgerError::Range { asked: index, size }.into());
    }
    let mut proof = Vec::new();
    let mut tree = 0..size;
    while tree.end - tree.start > 1 {
        let split = split(&tree);
        if index < split {
            proof.push(range_root(source, hash, split..tree.end)?);
            tree.end = split;
        } else {
            proof.push(range_root(source, hash, tree.start..split)?);
            tree.start = split;
        }
    }
    proof.reverse();
    Ok(proof)
}

/// Proof that the tree of `size` leaves continues the one of `old` leaves; empty when there is nothing to prove, which
/// is at `old` 0 and `old` equal to `size`. Refuses an `old` beyond `size`.
pub fn consistency<S: Source>(
    source: &S,
    hash: impl TreeHash,
    old: u64,
    size: u64,
) -> Result<Vec<Hash>, S::Error> {
    if old > size {
        return Err(LedgerError::Range { asked: old, size }.into());
    }
    let mut proof = Vec::new();
    if old == 0 {
        return Ok(proof);
    }
    let mut tree = 0..size;
    while tree.end > old {
        let split = split(&tree);
        if old <= split {
            proof.push(range_root(source, hash, split..tree.end)?);
            tree.end = split;
        } else {
            proof.push(range_root(source, hash, tree.start..split)?);
            tree.start = split;
        }
    }
    // The old tree is known as a whole to whoever verifies; a part of it has to be told.
    if tree.start > 0 {
        proof.push(range_root(source, hash, tree)?);
    }
    proof.reverse();
    Ok(proof)
}

/// The root that the tree had at `size` leaves.
pub fn root_at<S: Source>(source: &S, hash: impl TreeHash, size: u64) -> Result<Hash, S::Error> {
    if size == 0 { Ok(hash.empty()) } else { range_root(source, hash, 0..size) }
}

/// Verifies that a leaf of this hash is leaf `index` of the tree with that size and root (RFC 9162, 2.1.3.2).
pub fn verify_inclusion(
    hash: impl TreeHash,
    leaf: &Hash,
    index: u64,
    size: u64,
    proof: &[Hash],
    root: &Hash,
) -> Result<(), LedgerError> {
    if index >= size {
        return Err(LedgerError::Range { asked: index, size });
    }
    let (mut place, mut last, mut found) = (index, size - 1, *leaf);
    for step in proof {
        if last == 0 {
            return Err(LedgerError::Inclusion { index, size });
        }
        if place & 1 == 1 || place == last {
            found = hash.node(step, &found);
            up_to_the_left_edge(&mut place, &mut last);
        } else {
            found = hash.node(&found, step);
        }
        place >>= 1;
        last >>= 1;
    }
    if last == 0 && found == *root { Ok(()) } else { Err(LedgerError::Inclusion { index, size }) }
}

/// Verifies that the tree `new` (size and root) continues the tree `old` (RFC 9162, 2.1.4.2).
pub fn verify_consistency(
    hash: impl TreeHash,
    (old, old_root): (u64, &Hash),
    (new, new_root): (u64, &Hash),
    proof: &[Hash],
) -> Result<(), LedgerError> {
    let wrong = LedgerError::Consistency { old, new };
    if old > new {
        return Err(LedgerError::Range { asked: old, size: new });
    }
    if old == new || old == 0 {
        let whole =
            proof.is_empty() && if old == new { old_root == new_root } else { *old_root == hash.empty() };
        return if whole { Ok(()) } else { Err(wrong) };
    }
    // An old tree that is one complete subtree begins the proof itself.
    let mut steps = old.is_power_of_two().then_some(old_root).into_iter().chain(proof);
    let (mut place, mut last) = (old - 1, new - 1);
    while place & 1 == 1 {
        place >>= 1;
        last >>= 1;
    }
    let Some(first) = steps.next() else { return Err(wrong) };
    let (mut before, mut after) = (*first, *first);
    for step in steps {
        if last == 0 {
            return Err(wrong);
        }
        if place & 1 == 1 || place == last {
            before = hash.node(step, &before);
            after = hash.node(step, &after);
            up_to_the_left_edge(&mut place, &mut last);
        } else {
            after = hash.node(&after, step);
        }
        place >>= 1;
        last >>= 1;
    }
    if last == 0 && before == *old_root && after == *new_root { Ok(()) } else { Err(wrong) }
}

/// On the right edge levels without a sibling are passed over.
const fn up_to_the_left_edge(place: &mut u64, last: &mut u64) {
    while *place & 1 == 0 && *place != 0 {
        *place >>= 1;
        *last >>= 1;
    }
}

/// Where RFC 6962 splits a tree of two or more leaves: its left half is the largest complete subtree that isn't all.
const fn split(tree: &Range<u64>) -> u64 {
    tree.start + (1 << (tree.end - tree.start - 1).ilog2())
}

/// Root over a range that the tree's own splits lead to, so that its left parts are complete and aligned.
fn range_root<S: Source>(source: &S, hash: impl TreeHash, range: Range<u64>) -> Result<Hash, S::Error> {
    let mut rest = range;
    let mut parts = Vec::new();
    loop {
        let count = rest.end - rest.start;
        if count.is_power_of_two() {
            parts.push(subtree(source, hash, count.ilog2(), rest.start)?);
            break;
        }
        let split = split(&rest);
        parts.push(subtree(source, hash, (split - rest.start).ilog2(), rest.start)?);
        rest.start = split;
    }
    parts
        .into_iter()
        .rev()
        .reduce(|right, left| hash.node(&left, &right))
        .ok_or_else(|| LedgerError::Source.into())
}

/// Root of the complete subtree of that height which begins at a leaf, from the kept ones next below it.
fn subtree<S: Source>(source: &S, hash: impl TreeHash, height: u32, start: u64) -> Result<Hash, S::Error> {
    let step = u32::from(STEP);
    let kept = height / step * step;
    let first = start >> kept;
    let count = 1_u64 << (height - kept);
    let range = first..first + count;
    let mut level = match u8::try_from(kept) {
        Ok(kept) if kept > 0 => source.subtrees(kept, range)?,
        _ => source.leaves(range)?,
    };
    if level.len() as u64 != count {
        return Err(LedgerError::Source.into());
    }
    while level.len() > 1 {
        level = level
            .chunks(2)
            .map(|pair| match pair {
                [left, right] => hash.node(left, right),
                // Not reached: the length is a power of two.
                _ => hash.empty(),
            })
            .collect();
    }
    level.pop().ok_or_else(|| LedgerError::Source.into())
}
