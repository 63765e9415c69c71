//! Sealing small messages: the suite's cipher with a random nonce and associated data that binds them to their place.
//! Never used for files, which want chunks and a commitment to their key, nor for entries, which have keys of their own.

use std::sync::{Arc, PoisonError, RwLock};

use rand::RngCore;

use crate::CryptoError;
use crate::key::Key;
use crate::suite::{Cipher, NONCE, Suite, TAG};

const VERSION: u8 = 2;
/// Version, epoch, nonce.
const HEAD: usize = 1 + 2 + NONCE;

/// Seals under the newest key of a ring and opens under the one that was the newest then. Form: version byte, epoch of
/// the key in two bytes (big-endian, from 0), 12 bytes of nonce, ciphertext, 16 bytes of tag. Cheap to clone, shared
/// freely between threads; clones share their keys, so that what [`Self::renew`] gives to one all of them have.
///
/// Nonces are random and not sequence numbers: a store that was put back to an older state seals other things under the
/// same numbers, and a repeated nonce would betray both and let messages be forged. With random nonces one key
/// serves 2³² messages: up to there a repetition is less likely than one in 2³² (NIST SP 800-38D, 8.3). At a thousand
/// messages a second, day and night, that is 49 days; at the ten thousand a day of a large office, a thousand years.
/// The next key of the ring begins anew.
#[derive(Clone)]
pub struct Sealer(Arc<RwLock<Arc<Vec<Cipher>>>>);

impl Sealer {
    /// A sealer of that suite with that key alone.
    pub fn new(suite: Suite, key: Key) -> Self {
        Self::ring(suite, vec![key])
    }

    /// A sealer with the keys of all epochs, the oldest first: at least one, at most 65,536.
    pub fn ring(suite: Suite, keys: Vec<Key>) -> Self {
        let ciphers = keys.iter().map(|key| suite.cipher(key.expose())).collect();
        Self(Arc::new(RwLock::new(Arc::new(ciphers))))
    }

    /// Takes the keys of a newer state of the same ring, for this sealer and all its clones. Only once the newer state is
    /// on the disk: what is sealed under a key that a crash took away never opens again.
    pub fn renew(&self, newer: &Self) {
        let ring = newer.keys();
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = ring;
    }

    fn keys(&self) -> Arc<Vec<Cipher>> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The epoch of the key under which something was sealed; nothing for what has another form.
    pub fn epoch(sealed: &[u8]) -> Option<u16> {
        let (&[version, high, low], _) = sealed.split_first_chunk()?;
        (version == VERSION).then_some(u16::from_be_bytes([high, low]))
    }

    /// Seals `plain` and binds it to `aad`. `rng` must be fit for keys: nonces that repeat give the contents away.
    pub fn seal(&self, aad: &[u8], plain: &[u8], rng: &mut dyn RngCore) -> Vec<u8> {
        let keys = self.keys();
        let newest = keys.len().checked_sub(1).and_then(|at| Some((u16::try_from(at).ok()?, keys.get(at)?)));
        // Only a ring without a key, or with more than epochs have numbers. Ending here is better than sealing under none.
        let Some((epoch, cipher)) = newest else { std::process::abort() };
        let mut nonce = [0; NONCE];
        rng.fill_bytes(&mut nonce);
        let mut sealed = Vec::with_capacity(HEAD + plain.len() + TAG);
        sealed.push(VERSION);
        sealed.extend_from_slice(&epoch.to_be_bytes());
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plain);
        let (_, body) = sealed.split_at_mut(HEAD);
        let tag = cipher.seal(&nonce, aad, body);
        sealed.extend_from_slice(&tag);
        sealed
    }

    /// Opens what [`Self::seal`] made with the same associated data; refuses everything else.
    pub fn open(&self, aad: &[u8], sealed: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let opened = || {
            let (version, rest) = sealed.split_first()?;
            let (epoch, rest) = rest.split_first_chunk()?;
            let (nonce, rest) = rest.split_first_chunk()?;
            let (body, tag) = rest.split_last_chunk()?;
            let keys = self.keys();
            let cipher = keys.get(usize::from(u16::from_be_bytes(*epoch)))?;
            let mut plain = body.to_vec();
            (*version == VERSION).then_some(())?;
            cipher.open(nonce, aad, &mut plain, tag).ok()?;
            Some(plain)
        };
        opened().ok_or(CryptoError::Sealed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::HEXLOWER;
    use rand::SeedableRng;

    const SUITES: [Suite; 2] = [Suite::International, Suite::Guomi];

    #[test]
    fn every_altered_byte_and_every_other_place_is_refused() {
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(7);
        let root = Key::generate(&mut rng);
        for suite in SUITES {
            let keeper =
                Sealer::ring(suite, vec![root.derive(suite, "entries"), root.derive(suite, "entries/1")]);
            let sealed = keeper.seal(b"log 1", "第一笔账".as_bytes(), &mut rng);
            assert_eq!(keeper.open(b"log 1", &sealed).unwrap(), "第一笔账".as_bytes());
            assert_eq!(keeper.open(b"log 2", &sealed), Err(CryptoError::Sealed));
            for place in 0..sealed.len() {
                for bit in 0..8 {
                    let mut altered = sealed.clone();
                    altered[place] ^= 1 << bit;
                    assert_eq!(keeper.open(b"log 1", &altered), Err(CryptoError::Sealed), "byte {place}");
                }
            }
            for length in 0..sealed.len() {
                assert_eq!(keeper.open(b"log 1", &sealed[..length]), Err(CryptoError::Sealed));
            }
            let other =
                Sealer::ring(suite, vec![root.derive(suite, "entries"), root.derive(suite, "database")]);
            assert_eq!(other.open(b"log 1", &sealed), Err(CryptoError::Sealed));
        }
        let sealed =
            SUITES.map(|suite| Sealer::new(suite, root.derive(suite, "entries")).seal(b"", b"x", &mut rng));
        assert!(
            Sealer::new(Suite::Guomi, root.derive(Suite::Guomi, "entries")).open(b"", &sealed[0]).is_err()
        );
        assert!(
            Sealer::new(Suite::International, root.derive(Suite::International, "entries"))
                .open(b"", &sealed[1])
                .is_err()
        );
    }

    #[test]
    fn what_was_sealed_before_a_rotation_opens_after_it() {
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(8);
        let keys = [(); 3].map(|()| Key::generate(&mut rng));
        let first = Sealer::new(Suite::Guomi, keys[0].clone());
        let later = Sealer::ring(Suite::Guomi, keys.to_vec());
        let (old, new) = (first.seal(b"", b"old", &mut rng), later.seal(b"", b"new", &mut rng));
        assert_eq!((&old[..3], &new[..3]), (&[2, 0, 0][..], &[2, 0, 2][..]));
        assert_eq!(later.open(b"", &old), Ok(b"old".to_vec()));
        assert_eq!(later.open(b"", &new), Ok(b"new".to_vec()));
        assert_eq!(first.open(b"", &new), Err(CryptoError::Sealed));
        assert_eq!((Sealer::epoch(&old), Sealer::epoch(&new), Sealer::epoch(b"x")), (Some(0), Some(2), None));
        let clone = first.clone();
        first.renew(&later);
        assert_eq!(clone.open(b"", &new), Ok(b"new".to_vec()));
        assert_eq!(Sealer::epoch(&clone.seal(b"", b"x", &mut rng)), Some(2));
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
    /// 128-bit message of NIST's CAVP file gcmEncryptExtIV256. For SM4-GCM RFC 8998, appendix A.1.
    #[test]
    fn published_vectors() {
        let zeros = "0".repeat(64);
        let key = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308";
        for (suite, key, nonce, aad, plain, cipher, tag) in [
            (
                Suite::International,
                &*zeros,
                "000000000000000000000000",
                "",
                "",
                "",
                "530f8afbc74536b9a963b4f1c4cb738b",
            ),
            (
                Suite::International,
                &*zeros,
                "000000000000000000000000",
                "",
                "00000000000000000000000000000000",
                "cea7403d4d606b6e074ec5d3baf39d18",
                "d0d1c8a799996bf0265b98b5d48ab919",
            ),
            (
                Suite::International,
                key,
                "cafebabefacedbaddecaf888",
                "feedfacedeadbeeffeedfacedeadbeefabaddad2",
                "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
                "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
                "76fc6ece0f4e1768cddf8853bb2d551b",
            ),
            (
                Suite::International,
                "31bdadd96698c204aa9ce1448ea94ae1fb4a9a0b3c9d773b51bb1822666b8f22",
                "0d18e06c7c725ac9e362e1ce",
                "",
                "2db5168e932556f8089a0622981d017d",
                "fa4362189661d163fcd6a56d8bf0405a",
                "d636ac1bbedd5cc3ee727dc2ab4a9489",
            ),
            (
                Suite::Guomi,
                "0123456789abcdeffedcba987654321000000000000000000000000000000000",
                "00001234567800000000abcd",
                "feedfacedeadbeeffeedfacedeadbeefabaddad2",
                "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccddddddddddddddddeeeeeeeeeeeeeeeeffffffffffffffffeeeeeeeeeeeeeeeeaaaaaaaaaaaaaaaa",
                "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d",
                "83de3541e4c2b58177e065a9bf7b62ec",
            ),
        ] {
            let hex = |text: &str| HEXLOWER.decode(text.as_bytes()).unwrap();
            let keeper = Sealer::new(suite, Key(hex(key).try_into().unwrap()));
            let sealed = keeper.seal(&hex(aad), &hex(plain), &mut Fixed(hex(nonce)));
            assert_eq!(HEXLOWER.encode(&sealed), format!("020000{nonce}{cipher}{tag}"));
            assert_eq!(keeper.open(&hex(aad), &sealed), Ok(hex(plain)));
        }
    }

    #[test]
    fn the_same_message_never_seals_to_the_same_bytes() {
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(9);
        let keeper = Sealer::new(Suite::International, Key::generate(&mut rng));
        let sealed: std::collections::HashSet<_> =
            (0..1000).map(|_| keeper.seal(b"", b"x", &mut rng)).collect();
        assert_eq!(sealed.len(), 1000);
    }

    #[test]
    fn sealers_go_between_threads() {
        const fn shared<T: Clone + Send + Sync>() {}
        shared::<Sealer>();
    }
}
