//! The root key and the keys derived from it, one for each purpose. Wiped from memory when dropped.

use std::fmt;

use hkdf::Hkdf;
use rand::CryptoRng;
use sha2::Sha256;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// The key from which all others come. Never on disk in the clear, unless the operator chose a plain key file.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct RootKey(pub(crate) [u8; 32]);

/// A key for one purpose.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Key(pub(crate) [u8; 32]);

impl RootKey {
    /// A new root key.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut bytes = [0; 32];
        rng.fill_bytes(&mut bytes);
        Self(bytes)
    }

    /// The key for a purpose: HKDF-SHA256 (RFC 5869), no salt, `jingui/1/` and the purpose as info.
    pub fn derive(&self, purpose: &str) -> Key {
        let mut key = Key([0; 32]);
        let info = format!("jingui/1/{purpose}");
        // HKDF refuses only outputs beyond 255 hash lengths, and this is one. Should a library ever refuse it all the
        // same, ending here is better than an office sealed under a key of zeros.
        if Hkdf::<Sha256>::new(None, &self.0).expand(info.as_bytes(), &mut key.0).is_err() {
            std::process::abort();
        }
        key
    }
}

impl Key {
    /// The bytes, for the library that uses them.
    pub const fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for RootKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RootKey")
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

    /// RFC 5869, appendix A.1 (with salt) and A.3 (without, as keys are derived here).
    #[test]
    fn published_vectors_of_hkdf() {
        let info = HEXLOWER.decode(b"f0f1f2f3f4f5f6f7f8f9").unwrap();
        let salt = HEXLOWER.decode(b"000102030405060708090a0b0c").unwrap();
        for (salt, info, expected) in [
            (
                Some(&salt[..]),
                &info[..],
                "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
            ),
            (
                None,
                &[],
                "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
            ),
        ] {
            let mut derived = [0; 42];
            Hkdf::<Sha256>::new(salt, &[0x0b; 22]).expand(info, &mut derived).unwrap();
            assert_eq!(HEXLOWER.encode(&derived), expected);
        }
    }

    /// A change here would lock every office out of its own database, so the derived bytes themselves are held. They
    /// were worked out apart from this crate, with HMAC from another language's library.
    #[test]
    fn derived_keys_never_change() {
        let root = RootKey([7; 32]);
        for (purpose, expected) in [
            ("database", "3c5bd52b8228fb5babcc45481345c0484746938832bdeac795c9b258c76307bc"),
            ("entries", "0475a2c35986103fd279860c7ea55755266123dec6f5815ebb85d8eb18ad1013"),
        ] {
            assert_eq!(HEXLOWER.encode(root.derive(purpose).expose()), expected, "{purpose}");
        }
    }

    #[test]
    fn debugging_a_key_shows_nothing_of_it() {
        let root = RootKey([7; 32]);
        assert_eq!(format!("{root:?} {:?}", root.derive("database")), "RootKey Key");
    }
}
