//! The two hash functions of trees, as RFC 6962 uses them.

use sha2_next::{Digest, Sha256};
use sm3::Sm3;

pub type Hash = [u8; 32];

/// Which algorithms a journal was begun with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suite {
    International,
    Guomi,
}

impl Suite {
    pub const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            1 => Some(Self::International),
            2 => Some(Self::Guomi),
            _ => None,
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "international" => Some(Self::International),
            "guomi" => Some(Self::Guomi),
            _ => None,
        }
    }

    pub const fn byte(self) -> u8 {
        match self {
            Self::International => 1,
            Self::Guomi => 2,
        }
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::International => "international (SHA-256)",
            Self::Guomi => "guomi (SM3)",
        }
    }

    pub fn leaf(self, bytes: &[u8]) -> Hash {
        self.digest(&[&[0], bytes])
    }

    pub fn node(self, left: &Hash, right: &Hash) -> Hash {
        self.digest(&[&[1], left, right])
    }

    pub fn empty(self) -> Hash {
        self.digest(&[])
    }

    fn digest(self, parts: &[&[u8]]) -> Hash {
        fn of<D: Digest>(parts: &[&[u8]]) -> D {
            parts.iter().fold(D::new(), D::chain_update)
        }
        match self {
            Self::International => of::<Sha256>(parts).finalize().into(),
            Self::Guomi => of::<Sm3>(parts).finalize().into(),
        }
    }
}
