//! Sealed entries of the journal. Each has a key of its own, so that evidence can disclose one entry by handing out its
//! key and nothing else; and its bytes commit to that key, so that nobody can show two contents for the same bytes. The
//! form is written down to the byte in `docs/sealed-entry.md`, with vectors.
//!
//! Knows nothing of what an entry says, nor which numbers follow one another.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use rand::RngCore;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::CryptoError;
use crate::key::Key;
use crate::suite::{Cipher, NONCE, Suite, TAG, bind};

const VERSION: u8 = 3;
/// Version, suite, epoch, nonce.
const HEAD: usize = 1 + 1 + 2 + NONCE;
const COMMITMENT: usize = 32;

/// What opens one entry and no other; wiped from memory when dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Opening([u8; 32]);

impl Opening {
    /// The opening that somebody disclosed.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes, to disclose.
    pub const fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// Cipher and commitment of the entry: HKDF of the opening, no salt.
    fn keys(&self, suite: Suite) -> (Cipher, [u8; COMMITMENT]) {
        let mut keys = [[0; 32]; 2];
        suite.hkdf(None, &self.0, &[b"jingui/entry-keys/1"], keys.as_flattened_mut());
        let [enc, commitment] = &keys;
        let both = (suite.cipher(enc), *commitment);
        keys.zeroize();
        both
    }
}

impl fmt::Debug for Opening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Opening")
    }
}

/// Seals entries under the newest epoch's key and opens those of every epoch. Form: version byte, suite byte, epoch in
/// two bytes (big-endian, from 0), 12 bytes of nonce, 32 of commitment, ciphertext, 16 of tag. Everything before the
/// ciphertext is authenticated, and so are journal and number. Cheap to clone, shared freely between threads; clones share
/// their keys, so that what [`Self::renew`] gives to one all of them have.
///
/// The nonce is random and part of what the entry's key is derived from: a journal that was put back to an older state
/// writes another entry under the same number, and what opens one of the two must not open the other.
#[derive(Clone)]
pub struct EntrySealer {
    suite: Suite,
    keys: Arc<RwLock<Arc<Vec<Key>>>>,
}

impl EntrySealer {
    /// A sealer with the entry keys of all epochs, the oldest first: at least one, at most 65,536.
    pub fn new(suite: Suite, keys: Vec<Key>) -> Self {
        Self { suite, keys: Arc::new(RwLock::new(Arc::new(keys))) }
    }

    /// Takes the keys of a newer state of the same keyring, for this sealer and all its clones. Only once the newer state
    /// is on the disk: an entry under a key that a crash took away would never open again.
    pub fn renew(&self, newer: &Self) {
        let keys = newer.keys();
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
    }

    fn keys(&self) -> Arc<Vec<Key>> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Seals the entry of that number in the journal `log`. `rng` must be fit for keys.
    pub fn seal(&self, log: &str, seq: u64, plain: &[u8], rng: &mut dyn RngCore) -> Vec<u8> {
        let keys = self.keys();
        let newest = keys.len().checked_sub(1).and_then(|at| Some((u16::try_from(at).ok()?, keys.get(at)?)));
        let mut nonce = [0; NONCE];
        rng.fill_bytes(&mut nonce);
        let keyed = newest.map(|(epoch, key)| (epoch, self.derive(key, log, seq, &nonce)));
        // Only without a key, or with more than epochs have numbers. Ending here is better than sealing under none.
        let Some((epoch, opening)) = keyed else { std::process::abort() };
        let (cipher, commitment) = opening.keys(self.suite);
        let mut sealed = Vec::with_capacity(HEAD + COMMITMENT + plain.len() + TAG);
        sealed.extend_from_slice(&[VERSION, self.suite.byte()]);
        sealed.extend_from_slice(&epoch.to_be_bytes());
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(&commitment);
        let aad = associated_data(&sealed, log, seq);
        sealed.extend_from_slice(plain);
        let (_, body) = sealed.split_at_mut(HEAD + COMMITMENT);
        let tag = cipher.seal(&nonce, &aad, body);
        sealed.extend_from_slice(&tag);
        sealed
    }

    /// Opens the entry of that number in the journal `log`; refuses everything else.
    pub fn open(&self, log: &str, seq: u64, sealed: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let opening = self.opening(log, seq, sealed).ok_or(CryptoError::Sealed)?;
        open_with(self.suite, &opening, log, seq, sealed)
    }

    /// What opens these sealed bytes as the entry of that number, to disclose. Nothing when they aren't a sealed entry of
    /// this suite, or there was no such epoch; whether they do open is for [`open_with`] to say.
    pub fn opening(&self, log: &str, seq: u64, sealed: &[u8]) -> Option<Opening> {
        let parts = Parts::of(self.suite, sealed)?;
        Some(self.derive(self.keys().get(usize::from(parts.epoch))?, log, seq, parts.nonce))
    }

    /// HKDF-Expand of the epoch's key, bound to the place and the nonce.
    fn derive(&self, key: &Key, log: &str, seq: u64, nonce: &[u8; NONCE]) -> Opening {
        let mut opening = Opening([0; 32]);
        let log = bind("jingui/entry/1", &[log.as_bytes()]);
        self.suite.expand(key.expose(), &[&log, &seq.to_be_bytes(), nonce], &mut opening.0);
        opening
    }
}

/// Sealed bytes, cut where their form says.
struct Parts<'a> {
    /// Everything before the ciphertext.
    header: &'a [u8],
    epoch: u16,
    nonce: &'a [u8; NONCE],
    commitment: &'a [u8; COMMITMENT],
    body: &'a [u8],
    tag: &'a [u8; TAG],
}

impl<'a> Parts<'a> {
    /// Nothing when they aren't a sealed entry of that suite.
    fn of(suite: Suite, sealed: &'a [u8]) -> Option<Self> {
        let (header, rest) = sealed.split_at_checked(HEAD + COMMITMENT)?;
        let (body, tag) = rest.split_last_chunk()?;
        let (&[version, byte, high, low], rest) = header.split_first_chunk()?;
        let (nonce, rest) = rest.split_first_chunk()?;
        let (commitment, _) = rest.split_first_chunk()?;
        let epoch = u16::from_be_bytes([high, low]);
        let ours = version == VERSION && byte == suite.byte();
        ours.then_some(Self { header, epoch, nonce, commitment, body, tag })
    }
}

/// Opens one entry with what was disclosed of it.
///
/// # Errors
/// When the bytes were altered or moved, or aren't those that the opening belongs to.
pub fn open_with(
    suite: Suite,
    opening: &Opening,
    log: &str,
    seq: u64,
    sealed: &[u8],
) -> Result<Vec<u8>, CryptoError> {
    let parts = Parts::of(suite, sealed).ok_or(CryptoError::Sealed)?;
    let (cipher, commitment) = opening.keys(suite);
    // The commitment stands in the bytes for everybody; comparing it in whatever time gives nothing away.
    if *parts.commitment != commitment {
        return Err(CryptoError::Sealed);
    }
    let mut plain = parts.body.to_vec();
    cipher.open(parts.nonce, &associated_data(parts.header, log, seq), &mut plain, parts.tag)?;
    Ok(plain)
}

/// Everything before the ciphertext, then the journal with its length before it and the number.
fn associated_data(header: &[u8], log: &str, seq: u64) -> Vec<u8> {
    let mut data = Vec::with_capacity(header.len() + 16 + log.len());
    data.extend_from_slice(header);
    data.extend_from_slice(&bind("", &[log.as_bytes()]));
    data.extend_from_slice(&seq.to_be_bytes());
    data
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::HEXLOWER;
    use proptest::{prop_assert, prop_assert_eq, proptest};
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;

    const SUITES: [Suite; 2] = [Suite::International, Suite::Guomi];

    fn sealer(suite: Suite, epochs: usize) -> EntrySealer {
        let mut rng = ChaCha20Rng::seed_from_u64(11);
        EntrySealer::new(suite, (0..epochs).map(|_| Key::generate(&mut rng)).collect())
    }

    #[test]
    fn every_altered_bit_and_every_other_place_is_refused() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        for suite in SUITES {
            let keeper = sealer(suite, 2);
            let sealed = keeper.seal("log", 7, "第一笔账".as_bytes(), &mut rng);
            assert_eq!(keeper.open("log", 7, &sealed).unwrap(), "第一笔账".as_bytes());
            assert_eq!(keeper.open("log", 8, &sealed), Err(CryptoError::Sealed));
            assert_eq!(keeper.open("log2", 7, &sealed), Err(CryptoError::Sealed));
            let opening = keeper.opening("log", 7, &sealed).unwrap();
            for place in 0..sealed.len() {
                for bit in 0..8 {
                    let mut altered = sealed.clone();
                    altered[place] ^= 1 << bit;
                    assert_eq!(keeper.open("log", 7, &altered), Err(CryptoError::Sealed), "byte {place}");
                    assert!(open_with(suite, &opening, "log", 7, &altered).is_err(), "byte {place}");
                }
            }
            for length in 0..sealed.len() {
                assert_eq!(keeper.open("log", 7, &sealed[..length]), Err(CryptoError::Sealed));
            }
        }
    }

    #[test]
    fn an_opening_opens_its_own_entry_and_no_other() {
        let mut rng = ChaCha20Rng::seed_from_u64(2);
        for (suite, other) in [(SUITES[0], SUITES[1]), (SUITES[1], SUITES[0])] {
            let keeper = sealer(suite, 1);
            let (one, two) =
                (keeper.seal("log", 1, b"one", &mut rng), keeper.seal("log", 2, b"two", &mut rng));
            let opening = Opening::from_bytes(*keeper.opening("log", 1, &one).unwrap().expose());
            assert_eq!(open_with(suite, &opening, "log", 1, &one), Ok(b"one".to_vec()));
            assert_eq!(open_with(suite, &opening, "log", 2, &two), Err(CryptoError::Sealed));
            assert_eq!(open_with(suite, &opening, "log", 2, &one), Err(CryptoError::Sealed));
            assert_eq!(open_with(other, &opening, "log", 1, &one), Err(CryptoError::Sealed));
            assert!(keeper.opening("log", 1, &[&[3, other.byte()], &one[2..]].concat()).is_none());
            assert!(keeper.opening("log", 1, &one[..HEAD + COMMITMENT + TAG - 1]).is_none());
            assert_eq!(format!("{opening:?}"), "Opening");
        }
    }

    /// A journal that was put back to an older state writes another entry under a number that was lost.
    #[test]
    fn entries_of_one_number_have_openings_of_their_own() {
        let mut rng = ChaCha20Rng::seed_from_u64(5);
        for suite in SUITES {
            let keeper = sealer(suite, 1);
            let [lost, rewritten] =
                [&b"lost"[..], b"rewritten"].map(|plain| keeper.seal("log", 1, plain, &mut rng));
            let [of_lost, of_rewritten] =
                [&lost, &rewritten].map(|sealed| keeper.opening("log", 1, sealed).unwrap());
            assert_ne!(of_lost.expose(), of_rewritten.expose());
            assert_eq!(open_with(suite, &of_lost, "log", 1, &lost), Ok(b"lost".to_vec()));
            assert_eq!(open_with(suite, &of_lost, "log", 1, &rewritten), Err(CryptoError::Sealed));
            assert_eq!(open_with(suite, &of_rewritten, "log", 1, &lost), Err(CryptoError::Sealed));
            // Nor with the other's nonce put into the head.
            let crossed = [&lost[..4], &rewritten[4..HEAD], &lost[HEAD..]].concat();
            assert!(keeper.open("log", 1, &crossed).is_err());
            assert!(open_with(suite, &of_rewritten, "log", 1, &crossed).is_err());
        }
    }

    #[test]
    fn entries_of_every_epoch_open_after_a_rotation() {
        let mut rng = ChaCha20Rng::seed_from_u64(3);
        let (before, after) = (sealer(Suite::Guomi, 1), sealer(Suite::Guomi, 3));
        let (old, new) = (before.seal("log", 1, b"old", &mut rng), after.seal("log", 2, b"new", &mut rng));
        assert_eq!((old[3], new[3]), (0, 2));
        assert_eq!(after.open("log", 1, &old), Ok(b"old".to_vec()));
        assert_eq!(after.open("log", 2, &new), Ok(b"new".to_vec()));
        assert_eq!(before.open("log", 2, &new), Err(CryptoError::Sealed));
        assert!(before.opening("log", 2, &new).is_none());
    }

    /// Whoever holds a clone sees the new epoch at once, and still opens what was sealed before.
    #[test]
    fn clones_are_renewed_together() {
        let mut rng = ChaCha20Rng::seed_from_u64(6);
        for suite in SUITES {
            let (running, newer) = (sealer(suite, 1), sealer(suite, 2));
            let clone = running.clone();
            let old = clone.seal("log", 1, b"old", &mut rng);
            running.renew(&newer);
            let new = clone.seal("log", 2, b"new", &mut rng);
            assert_eq!((old[3], new[3]), (0, 1));
            assert_eq!(clone.open("log", 1, &old), Ok(b"old".to_vec()));
            assert_eq!(newer.open("log", 2, &new), Ok(b"new".to_vec()));
        }
    }

    /// The same bytes sealed under two keys never carry the same commitment, so that none opens them twice.
    #[test]
    fn the_bytes_commit_to_their_key() {
        let mut rng = ChaCha20Rng::seed_from_u64(4);
        for suite in SUITES {
            let keeper = sealer(suite, 2);
            let sealed = keeper.seal("log", 1, b"one", &mut rng);
            let mut seen = std::collections::HashSet::new();
            for (log, seq, epoch, nonce) in
                [("log", 1, 0, 7), ("log", 1, 1, 7), ("log", 1, 1, 8), ("log", 2, 1, 7), ("lo", 1, 1, 7)]
            {
                let opening = keeper.derive(&keeper.keys()[epoch], log, seq, &[nonce; NONCE]);
                assert!(seen.insert(opening.keys(suite).1));
                assert!(open_with(suite, &opening, "log", 1, &sealed).is_err());
            }
            let opening = keeper.opening("log", 1, &sealed).unwrap();
            assert!(seen.insert(opening.keys(suite).1));
            assert!(open_with(suite, &opening, "log", 1, &sealed).is_ok());
        }
    }

    /// Hands out bytes 20, 21, 22 …
    struct Counting;

    impl RngCore for Counting {
        fn next_u32(&mut self) -> u32 {
            unreachable!("a nonce is taken as bytes")
        }

        fn next_u64(&mut self) -> u64 {
            unreachable!("a nonce is taken as bytes")
        }

        fn fill_bytes(&mut self, bytes: &mut [u8]) {
            for (byte, count) in bytes.iter_mut().zip(0x20..) {
                *byte = count;
            }
        }
    }

    /// The vectors of docs/sealed-entry.md, worked out apart from this crate.
    #[test]
    fn published_vectors_of_sealed_entries() {
        let page = include_str!("../../../docs/sealed-entry.md");
        let key: Vec<u8> = (0..32).collect();
        for suite in SUITES {
            let keeper = EntrySealer::new(suite, vec![Key(key.clone().try_into().unwrap())]);
            let log = "0123456789abcdef0123456789abcdef";
            let sealed = keeper.seal(log, 7, "第一笔账".as_bytes(), &mut Counting);
            let opening = keeper.opening(log, 7, &sealed).unwrap();
            for expected in [HEXLOWER.encode(opening.expose()), HEXLOWER.encode(&sealed)] {
                assert!(page.contains(&expected), "docs/sealed-entry.md lacks {expected}");
            }
        }
    }

    #[test]
    fn sealers_go_between_threads() {
        const fn shared<T: Clone + Send + Sync>() {}
        shared::<EntrySealer>();
    }

    proptest! {
        #[test]
        fn whatever_is_sealed_comes_back(
            log in ".*", seq: u64, plain: Vec<u8>, guomi: bool, epochs in 1_usize..4, seed: u64,
        ) {
            let keeper = sealer(SUITES[usize::from(guomi)], epochs);
            let sealed = keeper.seal(&log, seq, &plain, &mut ChaCha20Rng::seed_from_u64(seed));
            prop_assert_eq!(sealed.len(), HEAD + COMMITMENT + plain.len() + TAG);
            prop_assert_eq!(keeper.open(&log, seq, &sealed), Ok(plain));
        }

        /// Bytes from anywhere are refused, never a panic.
        #[test]
        fn whatever_wasnt_sealed_is_refused(bytes: Vec<u8>) {
            prop_assert!(sealer(Suite::Guomi, 1).open("log", 1, &bytes).is_err());
        }
    }
}
