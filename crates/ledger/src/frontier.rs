//! The growing edge of a tree: the roots of its complete subtrees, largest first. Enough to append and to know the
//! root, in at most 2 KiB whatever the size. Never keeps a leaf, and can't prove that one is there.

use crate::LedgerError;
use crate::hash::{Hash, TreeHash};
use crate::proof::STEP;

/// The growing edge of a tree of `size` leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frontier<H> {
    size: u64,
    peaks: Vec<Hash>,
    hash: H,
}

impl<H: TreeHash + Default> Default for Frontier<H> {
    fn default() -> Self {
        Self::new()
    }
}

impl<H: TreeHash + Default> Frontier<H> {
    /// The empty tree.
    pub fn new() -> Self {
        Self::with(H::default())
    }

    /// [`Self::restore_with`] for a hash function known by its type.
    pub fn restore(size: u64, peaks: Vec<Hash>) -> Result<Self, LedgerError> {
        Self::restore_with(H::default(), size, peaks)
    }
}

impl<H: TreeHash> Frontier<H> {
    /// The empty tree over that hash function.
    pub const fn with(hash: H) -> Self {
        Self { size: 0, peaks: Vec::new(), hash }
    }

    /// A tree as it was saved; refuses peaks that don't fit the size in number. Whether they are the right ones shows
    /// only against a root known otherwise.
    pub fn restore_with(hash: H, size: u64, peaks: Vec<Hash>) -> Result<Self, LedgerError> {
        let expected = size.count_ones() as usize;
        if peaks.len() == expected {
            Ok(Self { size, peaks, hash })
        } else {
            Err(LedgerError::Peaks { size, expected, found: peaks.len() })
        }
    }

    /// Appends a leaf of these bytes; answers its hash. One leaf costs one hash of its bytes and, on average, one node.
    pub fn append(&mut self, data: &[u8]) -> Hash {
        self.append_with(data, |_, _, _| {})
    }

    /// Appends as [`Self::append`] does and reports the root of each complete subtree of height 8, 16, 24 … that this
    /// leaf completes: height, number among those of its height from 0, root. Whoever keeps these can make proofs with
    /// [`crate::inclusion`] and [`crate::consistency`].
    pub fn append_with(&mut self, data: &[u8], mut report: impl FnMut(u8, u64, &Hash)) -> Hash {
        let leaf = self.hash.leaf(data);
        let mut peak = leaf;
        let mut height = 0;
        // Each trailing one of the old size is a complete subtree as large as the one that grows.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.peaks.pop() {
                peak = self.hash.node(&left, &peak);
            }
            height += 1;
            if height % STEP == 0 {
                report(height, self.size >> height, &peak);
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
        peaks.next().map_or_else(
            || self.hash.empty(),
            |last| peaks.fold(*last, |right, left| self.hash.node(left, &right)),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::Sha256;
    use ct_merkle::mem_backed_tree::MemoryBackedTree;
    use data_encoding::HEXLOWER;
    use proptest::prelude::*;

    /// The definition of RFC 6962, section 2.1, as it stands there.
    fn model(leaves: &[Vec<u8>]) -> Hash {
        match leaves {
            [] => Sha256.empty(),
            [leaf] => Sha256.leaf(leaf),
            _ => {
                let split = leaves.len().next_power_of_two() / 2;
                let (left, right) = leaves.split_at(split);
                Sha256.node(&model(left), &model(right))
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

        /// Another implementation of the tree, over another release of the hash.
        #[test]
        fn the_root_is_the_one_of_ct_merkle(leaves in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..20), 0..300)) {
            let mut frontier = Frontier::<Sha256>::new();
            let mut oracle = MemoryBackedTree::<sha2_next::Sha256, Vec<u8>>::new();
            for leaf in leaves {
                frontier.append(&leaf);
                oracle.push(leaf);
                prop_assert_eq!(frontier.size(), oracle.len());
                let root: Hash = oracle.root().as_bytes().as_slice().try_into().unwrap();
                prop_assert_eq!(frontier.root(), root);
            }
        }

        #[test]
        fn a_leaf_altered_left_out_or_moved_changes_the_root(
            leaves in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..20), 2..40),
            place: prop::sample::Index,
        ) {
            let place = place.index(leaves.len());
            let mut altered = leaves.clone();
            altered[place][0] ^= 1;
            prop_assert_ne!(grown(&altered).root(), grown(&leaves).root());
            let mut shorter = leaves.clone();
            shorter.remove(place);
            prop_assert_ne!(grown(&shorter).root(), grown(&leaves).root());
            let mut moved = leaves.clone();
            moved.rotate_left(1);
            prop_assert_eq!(moved == leaves, grown(&moved).root() == grown(&leaves).root());
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
        let roots = [
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        for (size, root) in roots.into_iter().enumerate() {
            let leaves: Vec<Vec<u8>> = leaves.iter().take(size).map(|leaf| leaf.to_vec()).collect();
            assert_eq!(HEXLOWER.encode(&grown(&leaves).root()), root, "{size} leaves");
        }
    }

    fn grown(leaves: &[Vec<u8>]) -> Frontier<Sha256> {
        let mut frontier = Frontier::new();
        for leaf in leaves {
            frontier.append(leaf);
        }
        frontier
    }

    #[test]
    fn peaks_that_do_not_fit_are_refused() {
        for (size, found) in [(0, 1), (1, 0), (1, 2), (3, 1), (4, 2), (u64::MAX, 63)] {
            let expected = size.count_ones() as usize;
            assert_eq!(
                Frontier::<Sha256>::restore(size, vec![[0; 32]; found]),
                Err(LedgerError::Peaks { size, expected, found })
            );
        }
    }
}
