//! RFC 6962 hashing: leaves and nodes are told apart by their first byte. Owns the seam for another hash function;
//! knows nothing of the tree's shape.

use sha2::Digest as _;

/// A hash of 32 bytes.
pub type Hash = [u8; 32];

/// The hash function of a tree (RFC 6962, section 2.1). Another suite is another implementation.
pub trait TreeHash {
    /// Hash of a leaf's bytes.
    fn leaf(data: &[u8]) -> Hash;
    /// Hash of two subtrees.
    fn node(left: &Hash, right: &Hash) -> Hash;
    /// Root of the empty tree.
    fn empty() -> Hash;
}

/// SHA-256, the international suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sha256;

impl TreeHash for Sha256 {
    fn leaf(data: &[u8]) -> Hash {
        sha2::Sha256::new_with_prefix([0]).chain_update(data).finalize().into()
    }

    fn node(left: &Hash, right: &Hash) -> Hash {
        sha2::Sha256::new_with_prefix([1]).chain_update(left).chain_update(right).finalize().into()
    }

    fn empty() -> Hash {
        sha2::Sha256::digest([]).into()
    }
}
