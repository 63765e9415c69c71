//! RFC 6962 hashing: leaves and nodes are told apart by their first byte. Owns the two hash functions and the choice
//! between them; knows nothing of the tree's shape.

use sha2::Digest as _;
use sm3::Digest as _;

use crate::LedgerError;

/// A hash of 32 bytes.
pub type Hash = [u8; 32];

/// The hash function of a tree (RFC 6962, section 2.1). Another suite is another implementation.
pub trait TreeHash: Copy {
    /// Hash of a leaf's bytes.
    fn leaf(self, data: &[u8]) -> Hash;
    /// Hash of two subtrees.
    fn node(self, left: &Hash, right: &Hash) -> Hash;
    /// Root of the empty tree.
    fn empty(self) -> Hash;
}

/// SHA-256, the international suite.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sha256;

impl TreeHash for Sha256 {
    fn leaf(self, data: &[u8]) -> Hash {
        sha2::Sha256::new_with_prefix([0]).chain_update(data).finalize().into()
    }

    fn node(self, left: &Hash, right: &Hash) -> Hash {
        sha2::Sha256::new_with_prefix([1]).chain_update(left).chain_update(right).finalize().into()
    }

    fn empty(self) -> Hash {
        sha2::Sha256::digest([]).into()
    }
}

/// SM3 (GB/T 32905), the guomi suite.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sm3;

impl TreeHash for Sm3 {
    fn leaf(self, data: &[u8]) -> Hash {
        sm3::Sm3::new_with_prefix([0]).chain_update(data).finalize().into()
    }

    fn node(self, left: &Hash, right: &Hash) -> Hash {
        sm3::Sm3::new_with_prefix([1]).chain_update(left).chain_update(right).finalize().into()
    }

    fn empty(self) -> Hash {
        sm3::Sm3::digest([]).into()
    }
}

/// The hash function chosen when a journal was begun, for callers that learn it only then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TreeSuite {
    /// SHA-256.
    International,
    /// SM3.
    Guomi,
}

impl TreeSuite {
    /// The byte that stands for it in exported ledgers and sealed entries.
    pub const fn byte(self) -> u8 {
        match self {
            Self::International => 1,
            Self::Guomi => 2,
        }
    }

    /// Reads that byte; refuses every other.
    pub const fn from_byte(byte: u8) -> Result<Self, LedgerError> {
        match byte {
            1 => Ok(Self::International),
            2 => Ok(Self::Guomi),
            _ => Err(LedgerError::Suite),
        }
    }

    /// Its name in texts: `international` or `guomi`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::International => "international",
            Self::Guomi => "guomi",
        }
    }
}

impl TreeHash for TreeSuite {
    fn leaf(self, data: &[u8]) -> Hash {
        match self {
            Self::International => Sha256.leaf(data),
            Self::Guomi => Sm3.leaf(data),
        }
    }

    fn node(self, left: &Hash, right: &Hash) -> Hash {
        match self {
            Self::International => Sha256.node(left, right),
            Self::Guomi => Sm3.node(left, right),
        }
    }

    fn empty(self) -> Hash {
        match self {
            Self::International => Sha256.empty(),
            Self::Guomi => Sm3.empty(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::HEXLOWER;

    /// GB/T 32905-2016, appendix A, and the empty message as published with other implementations; a leaf begins
    /// with a byte of its own, so that "abc" can't be reached through it and the library is asked directly.
    #[test]
    fn published_vectors_of_sm3() {
        for (message, digest) in [
            ("abc".to_owned(), "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"),
            ("abcd".repeat(16), "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"),
        ] {
            assert_eq!(HEXLOWER.encode(&sm3::Sm3::digest(message.as_bytes())), digest);
        }
        assert_eq!(
            HEXLOWER.encode(&Sm3.empty()),
            "1ab21d8355cfa17f8e61194831e81a8f22bec8c728fefb747ed035eb5082aa2b"
        );
    }

    #[test]
    fn leaves_and_nodes_are_told_apart_by_their_first_byte() {
        let (left, right) = ([3; 32], [4; 32]);
        let nodes = [&[1][..], &left, &right].concat();
        assert_eq!(Sm3.leaf(b"x"), <Hash>::from(sm3::Sm3::digest(b"\0x")));
        assert_eq!(Sm3.node(&left, &right), <Hash>::from(sm3::Sm3::digest(&nodes)));
        assert_eq!(Sha256.leaf(b"x"), <Hash>::from(sha2::Sha256::digest(b"\0x")));
        assert_eq!(Sha256.node(&left, &right), <Hash>::from(sha2::Sha256::digest(&nodes)));
    }

    #[test]
    fn the_chosen_suite_hashes_as_its_function() {
        let (left, right) = ([3; 32], [4; 32]);
        assert_eq!(TreeSuite::International.leaf(b"x"), Sha256.leaf(b"x"));
        assert_eq!(TreeSuite::International.node(&left, &right), Sha256.node(&left, &right));
        assert_eq!(TreeSuite::Guomi.leaf(b"x"), Sm3.leaf(b"x"));
        assert_eq!(TreeSuite::Guomi.node(&left, &right), Sm3.node(&left, &right));
        assert_eq!(TreeSuite::Guomi.empty(), Sm3.empty());
        for suite in [TreeSuite::International, TreeSuite::Guomi] {
            assert_eq!(TreeSuite::from_byte(suite.byte()), Ok(suite));
        }
        assert_eq!(TreeSuite::from_byte(0), Err(LedgerError::Suite));
    }
}
