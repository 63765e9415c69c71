//! The growing edge of a tree: the roots of its complete subtrees, largest first. Enough to append and to know the
//! root, at a few hundred bytes whatever the size.

use std::marker::PhantomData;

use crate::LedgerError;
use crate::hash::{Hash, TreeHash};

/// The growing edge of a tree of `size` leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frontier<H> {
    size: u64,
    peaks: Vec<Hash>,
    hash: PhantomData<H>,
}

impl<H: TreeHash> Default for Frontier<H> {
    fn default() -> Self {
        Self::new()
    }
}

impl<H: TreeHash> Frontier<H> {
    /// The empty tree.
    pub const fn new() -> Self {
        Self { size: 0, peaks: Vec::new(), hash: PhantomData }
    }

    /// A tree as it was saved; refuses peaks that don't fit the size.
    pub fn restore(size: u64, peaks: Vec<Hash>) -> Result<Self, LedgerError> {
        let expected = size.count_ones() as usize;
        if peaks.len() == expected {
            Ok(Self { size, peaks, hash: PhantomData })
        } else {
            Err(LedgerError::Peaks { size, expected, found: peaks.len() })
        }
    }

    /// Appends a leaf; answers its hash.
    pub fn append(&mut self, data: &[u8]) -> Hash {
        let leaf = H::leaf(data);
        let mut peak = leaf;
        // Each trailing one of the old size is a complete subtree as large as the one that grows.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.peaks.pop() {
                peak = H::node(&left, &peak);
            }
        }
        self.peaks.push(peak);
        self.size += 1;
        leaf
    }

    /// Number of leaves.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Roots of the complete subtrees, largest first.
    pub fn peaks(&self) -> &[Hash] {
        &self.peaks
    }

    /// The root over all leaves.
    pub fn root(&self) -> Hash {
        let mut peaks = self.peaks.iter().rev();
        peaks.next().map_or_else(H::empty, |last| peaks.fold(*last, |right, left| H::node(left, &right)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::Sha256;
    use proptest::prelude::*;

    /// The definition of RFC 6962, section 2.1, as it stands there.
    fn model(leaves: &[Vec<u8>]) -> Hash {
        match leaves {
            [] => Sha256::empty(),
            [leaf] => Sha256::leaf(leaf),
            _ => {
                let split = leaves.len().next_power_of_two() / 2;
                let (left, right) = leaves.split_at(split);
                Sha256::node(&model(left), &model(right))
            }
        }
    }

    proptest! {
        #[test]
        fn the_root_is_the_models(leaves in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..20), 0..70)) {
            let mut frontier = Frontier::<Sha256>::new();
            for (place, leaf) in leaves.iter().enumerate() {
                prop_assert_eq!(frontier.root(), model(&leaves[..place]));
                frontier.append(leaf);
                let restored = Frontier::restore(frontier.size(), frontier.peaks().to_vec()).unwrap();
                prop_assert_eq!(&restored, &frontier);
            }
            prop_assert_eq!(frontier.root(), model(&leaves));
        }
    }

    /// Roots published with the Certificate Transparency test vectors.
    #[test]
    fn published_roots() {
        let leaves: [&[u8]; 8] = [
            b"",
            b"\x00",
            b"\x10",
            b"\x20\x21",
            b"\x30\x31",
            b"\x40\x41\x42\x43",
            b"\x50\x51\x52\x53\x54\x55\x56\x57",
            b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
        ];
        let mut frontier = Frontier::<Sha256>::new();
        assert_eq!(hex(&frontier.root()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        for leaf in leaves {
            frontier.append(leaf);
        }
        assert_eq!(hex(&frontier.root()), "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
    }

    fn hex(hash: &Hash) -> String {
        hash.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn peaks_that_do_not_fit_are_refused() {
        assert!(Frontier::<Sha256>::restore(3, vec![[0; 32]]).is_err());
    }
}
