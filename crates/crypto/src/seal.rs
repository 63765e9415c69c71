//! Sealing small messages: AES-256-GCM with a random nonce and associated data that binds them to their place.

use std::sync::Arc;

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use rand::RngCore;
use serde::{Deserialize, Serialize};

use crate::CryptoError;
use crate::key::Key;

/// The set of algorithms, chosen when an office is set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Suite {
    /// AES-256-GCM and SHA-256.
    International,
}

const VERSION: u8 = 1;
const NONCE: usize = 12;

/// Seals and opens. Form: version byte, 12 bytes of nonce, ciphertext with tag.
///
/// Nonces are random and not sequence numbers: a journal that was put back to an older state writes other entries
/// under the same numbers, and a repeated nonce would betray both. With random nonces one key serves 2³² messages
/// before a repetition is as likely as one in 2³² (NIST SP 800-38D, 8.3).
#[derive(Clone)]
pub struct Sealer(Arc<Aes256Gcm>);

impl Sealer {
    /// A sealer of that suite with that key.
    pub fn new(suite: Suite, key: Key) -> Self {
        match suite {
            Suite::International => Self(Arc::new(Aes256Gcm::new(key.expose().into()))),
        }
    }

    /// Seals `plain` and binds it to `aad`.
    pub fn seal(&self, aad: &[u8], plain: &[u8], rng: &mut dyn RngCore) -> Vec<u8> {
        let mut nonce = [0; NONCE];
        rng.fill_bytes(&mut nonce);
        let mut sealed = Vec::with_capacity(1 + NONCE + plain.len() + 16);
        sealed.push(VERSION);
        sealed.extend_from_slice(&nonce);
        // Fails only beyond 64 GiB; the empty ciphertext then opens nowhere.
        let bytes =
            self.0.encrypt(Nonce::from_slice(&nonce), Payload { msg: plain, aad }).unwrap_or_default();
        sealed.extend_from_slice(&bytes);
        sealed
    }

    /// Opens what [`Self::seal`] made with the same associated data; refuses everything else.
    pub fn open(&self, aad: &[u8], sealed: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let (version, rest) = sealed.split_first().ok_or(CryptoError::Sealed)?;
        if *version != VERSION || rest.len() < NONCE {
            return Err(CryptoError::Sealed);
        }
        let (nonce, bytes) = rest.split_at(NONCE);
        self.0.decrypt(Nonce::from_slice(nonce), Payload { msg: bytes, aad }).map_err(|_| CryptoError::Sealed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RootKey;
    use rand::SeedableRng;

    #[test]
    fn every_altered_byte_and_every_other_place_is_refused() {
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(7);
        let root = RootKey::generate(&mut rng);
        let sealer = Sealer::new(Suite::International, root.derive("entries"));
        let sealed = sealer.seal(b"log 1", "第一笔账".as_bytes(), &mut rng);
        assert_eq!(sealer.open(b"log 1", &sealed).unwrap(), "第一笔账".as_bytes());
        assert_eq!(sealer.open(b"log 2", &sealed), Err(CryptoError::Sealed));
        for place in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[place] ^= 1;
            assert_eq!(sealer.open(b"log 1", &altered), Err(CryptoError::Sealed), "byte {place}");
        }
        for length in 0..sealed.len() {
            assert_eq!(sealer.open(b"log 1", &sealed[..length]), Err(CryptoError::Sealed));
        }
        let other = Sealer::new(Suite::International, root.derive("database"));
        assert_eq!(other.open(b"log 1", &sealed), Err(CryptoError::Sealed));
    }

    /// Test case 16 of the GCM specification by McGrew and Viega: AES-256 with associated data.
    #[test]
    fn published_vector() {
        let hex = |text: &str| data_encoding::HEXLOWER.decode(text.as_bytes()).unwrap();
        let key = hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
        let cipher = Aes256Gcm::new_from_slice(&key).unwrap();
        let plain = hex(
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
        );
        let aad = hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
        let expected = hex(
            "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b",
        );
        let nonce = hex("cafebabefacedbaddecaf888");
        let sealed = cipher.encrypt(Nonce::from_slice(&nonce), Payload { msg: &plain, aad: &aad }).unwrap();
        assert_eq!(sealed, expected);
    }
}
