//! The root key and the keys derived from it, one for each purpose. Wiped from memory when dropped.

use std::fmt;

use hkdf::Hkdf;
use rand::{CryptoRng, RngCore};
use sha2::Sha256;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// The key from which all others come. Never on disk in the clear, unless the operator chose a plain key file.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct RootKey(pub(crate) [u8; 32]);

/// A key for one purpose.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Key([u8; 32]);

impl RootKey {
    /// A new root key.
    pub fn generate(rng: &mut (impl CryptoRng + RngCore)) -> Self {
        let mut bytes = [0; 32];
        rng.fill_bytes(&mut bytes);
        Self(bytes)
    }

    /// The key for a purpose: HKDF-SHA256 (RFC 5869) with the purpose as info.
    pub fn derive(&self, purpose: &str) -> Key {
        let mut key = [0; 32];
        let info = format!("jingui/1/{purpose}");
        // 32 bytes are far below HKDF's limit of 255 hash lengths, so expansion can't fail; were it to, the key
        // stays all zero and opens nothing that was ever sealed.
        let _ = Hkdf::<Sha256>::new(None, &self.0).expand(info.as_bytes(), &mut key);
        Key(key)
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
