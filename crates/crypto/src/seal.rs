//! Sealing small messages: AES-256-GCM with a random nonce and associated data that binds them to their place. Never
//! used for files, which want chunks and a commitment to their key.

use std::sync::Arc;

use aes_gcm::aead::{Aead, AeadInPlace, KeyInit, Payload};
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

/// Seals and opens. Form: version byte, 12 bytes of nonce, ciphertext, 16 bytes of tag. Cheap to clone, shared freely
/// between threads.
///
/// Nonces are random and not sequence numbers: a journal that was put back to an older state writes other entries
/// under the same numbers, and a repeated nonce would betray both and let entries be forged. With random nonces one key
/// serves 2³² messages: up to there a repetition is less likely than one in 2³² (NIST SP 800-38D, 8.3). At a thousand
/// entries a second, day and night, that is 49 days; at the ten thousand a day of a large office, a thousand years.
#[derive(Clone)]
pub struct Sealer(Arc<Aes256Gcm>);

impl Sealer {
    /// A sealer of that suite with that key.
    pub fn new(suite: Suite, key: Key) -> Self {
        match suite {
            Suite::International => Self(Arc::new(Aes256Gcm::new(key.expose().into()))),
        }
    }

    /// Seals `plain` and binds it to `aad`. `rng` must be fit for keys: nonces that repeat give the contents away.
    pub fn seal(&self, aad: &[u8], plain: &[u8], rng: &mut dyn RngCore) -> Vec<u8> {
        let mut nonce = [0; NONCE];
        rng.fill_bytes(&mut nonce);
        let mut sealed = Vec::with_capacity(1 + NONCE + plain.len() + 16);
        sealed.push(VERSION);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plain);
        let (_, body) = sealed.split_at_mut(1 + NONCE);
        // Only a message or associated data of tens of gigabytes is refused. Ending here is better than
        // an entry that nobody can ever open.
        let Ok(tag) = self.0.encrypt_in_place_detached(Nonce::from_slice(&nonce), aad, body) else {
            std::process::abort();
        };
        sealed.extend_from_slice(&tag);
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
    use data_encoding::HEXLOWER;
    use rand::SeedableRng;

    #[test]
    fn every_altered_byte_and_every_other_place_is_refused() {
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(7);
        let root = RootKey::generate(&mut rng);
        let keeper = Sealer::new(Suite::International, root.derive("entries"));
        let sealed = keeper.seal(b"log 1", "第一笔账".as_bytes(), &mut rng);
        assert_eq!(keeper.open(b"log 1", &sealed).unwrap(), "第一笔账".as_bytes());
        assert_eq!(keeper.open(b"log 2", &sealed), Err(CryptoError::Sealed));
        for place in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[place] ^= 1;
            assert_eq!(keeper.open(b"log 1", &altered), Err(CryptoError::Sealed), "byte {place}");
        }
        for length in 0..sealed.len() {
            assert_eq!(keeper.open(b"log 1", &sealed[..length]), Err(CryptoError::Sealed));
        }
        let other = Sealer::new(Suite::International, root.derive("database"));
        assert_eq!(other.open(b"log 1", &sealed), Err(CryptoError::Sealed));
    }

    /// Hands out the nonce of a published vector.
    struct Fixed(Vec<u8>);

    impl RngCore for Fixed {
        fn next_u32(&mut self) -> u32 {
            unreachable!("a nonce is taken as bytes")
        }

        fn next_u64(&mut self) -> u64 {
            unreachable!("a nonce is taken as bytes")
        }

        fn fill_bytes(&mut self, bytes: &mut [u8]) {
            bytes.copy_from_slice(&self.0);
        }
    }

    /// Test cases 13, 14 and 16 of the specification of GCM as submitted to NIST, and the first
    /// 128-bit message of NIST's CAVP file gcmEncryptExtIV256.
    #[test]
    fn published_vectors() {
        let zeros = "0".repeat(64);
        let key = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308";
        for (key, nonce, aad, plain, cipher, tag) in [
            (&*zeros, "000000000000000000000000", "", "", "", "530f8afbc74536b9a963b4f1c4cb738b"),
            (
                &*zeros,
                "000000000000000000000000",
                "",
                "00000000000000000000000000000000",
                "cea7403d4d606b6e074ec5d3baf39d18",
                "d0d1c8a799996bf0265b98b5d48ab919",
            ),
            (
                key,
                "cafebabefacedbaddecaf888",
                "feedfacedeadbeeffeedfacedeadbeefabaddad2",
                "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
                "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
                "76fc6ece0f4e1768cddf8853bb2d551b",
            ),
            (
                "31bdadd96698c204aa9ce1448ea94ae1fb4a9a0b3c9d773b51bb1822666b8f22",
                "0d18e06c7c725ac9e362e1ce",
                "",
                "2db5168e932556f8089a0622981d017d",
                "fa4362189661d163fcd6a56d8bf0405a",
                "d636ac1bbedd5cc3ee727dc2ab4a9489",
            ),
        ] {
            let hex = |text: &str| HEXLOWER.decode(text.as_bytes()).unwrap();
            let keeper = Sealer::new(Suite::International, Key(hex(key).try_into().unwrap()));
            let sealed = keeper.seal(&hex(aad), &hex(plain), &mut Fixed(hex(nonce)));
            assert_eq!(HEXLOWER.encode(&sealed), format!("01{nonce}{cipher}{tag}"));
            assert_eq!(keeper.open(&hex(aad), &sealed), Ok(hex(plain)));
        }
    }

    #[test]
    fn the_same_message_never_seals_to_the_same_bytes() {
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(9);
        let keeper = Sealer::new(Suite::International, RootKey::generate(&mut rng).derive("entries"));
        let sealed: std::collections::HashSet<_> =
            (0..1000).map(|_| keeper.seal(b"", b"x", &mut rng)).collect();
        assert_eq!(sealed.len(), 1000);
    }

    #[test]
    fn the_suite_is_written_by_name() {
        assert_eq!(serde_json::to_string(&Suite::International).unwrap(), "\"international\"");
    }

    #[test]
    fn sealers_go_between_threads() {
        const fn shared<T: Clone + Send + Sync>() {}
        shared::<Sealer>();
    }
}
