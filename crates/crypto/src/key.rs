//! Keys of one purpose each, and those derived from them. Wiped from memory when dropped.

use std::fmt;

use rand::CryptoRng;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::suite::Suite;

/// A key for one purpose.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Key(pub(crate) [u8; 32]);

impl Key {
    /// A new key.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut key = Self([0; 32]);
        rng.fill_bytes(&mut key.0);
        key
    }

    /// The key for a purpose: HKDF over the suite's hash, no salt, `jingui/1/` and the purpose as info.
    #[must_use]
    pub fn derive(&self, suite: Suite, purpose: &str) -> Self {
        let mut key = Self([0; 32]);
        suite.hkdf(None, &self.0, &[b"jingui/1/", purpose.as_bytes()], &mut key.0);
        key
    }

    /// The bytes, for the library that uses them.
    pub const fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::HEXLOWER;

    /// A change here would lock every office out of its own database, so the derived bytes themselves are held. They
    /// were worked out apart from this crate, with HMAC from another language's library.
    #[test]
    fn derived_keys_never_change() {
        let root = Key([7; 32]);
        for (purpose, expected) in [
            ("database", "3c5bd52b8228fb5babcc45481345c0484746938832bdeac795c9b258c76307bc"),
            ("entries", "0475a2c35986103fd279860c7ea55755266123dec6f5815ebb85d8eb18ad1013"),
        ] {
            assert_eq!(
                HEXLOWER.encode(root.derive(Suite::International, purpose).expose()),
                expected,
                "{purpose}"
            );
        }
        assert_eq!(
            HEXLOWER.encode(Key([7; 32]).derive(Suite::Guomi, "database").expose()),
            "3cb4187e8f80791f74e0912a92fa468391c5ba3b5e07a6a7301175161bd4f10d"
        );
    }

    #[test]
    fn debugging_a_key_shows_nothing_of_it() {
        let root = Key([7; 32]);
        assert_eq!(format!("{root:?} {:?}", root.derive(Suite::International, "database")), "Key Key");
    }
}
