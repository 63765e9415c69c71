//! The keys of an office, all of them together: what a running office holds in memory, and what its seal keeps closed.
//! Knows nothing of how it is opened.

use std::fmt;

use rand::CryptoRng;
use zeroize::Zeroizing;

use crate::CryptoError;
use crate::entry::EntrySealer;
use crate::key::Key;
use crate::seal::Sealer;
use crate::signing::SigningKey;
use crate::suite::Suite;

/// Form of the bytes.
const FORM: u8 = 1;
/// Levels of items, 1 to 4.
const LEVELS: usize = 4;

/// All keys of an office; wiped from memory when dropped.
///
/// The root never changes: what is sealed under keys derived from it (the database, the names in the vault) stays. Entry
/// keys and the keys of levels are random for each epoch, so that a key which became known tells nothing of the next.
#[derive(Clone)]
pub struct Keyring {
    suite: Suite,
    root: Key,
    entries: Vec<Key>,
    levels: Vec<[Key; LEVELS]>,
    signing: SigningKey,
}

impl Keyring {
    /// The keys of a new office, in their first epoch.
    pub fn generate(suite: Suite, rng: &mut impl CryptoRng) -> Self {
        Self {
            suite,
            root: Key::generate(rng),
            entries: vec![Key::generate(rng)],
            levels: vec![level_keys(rng)],
            signing: SigningKey::generate(suite, rng),
        }
    }

    /// The suite of all of them.
    pub const fn suite(&self) -> Suite {
        self.suite
    }

    /// The key for a purpose, the same for good: see [`Key::derive`].
    pub fn derive(&self, purpose: &str) -> Key {
        self.root.derive(self.suite, purpose)
    }

    /// Begins a new epoch of entries: those to come are sealed under a new key. At most 65,536 in the life of an office.
    pub fn rotate_entries(&mut self, rng: &mut impl CryptoRng) {
        self.entries.push(Key::generate(rng));
    }

    /// Begins a new epoch of levels: keys of files are wrapped under new keys from here on, and those wrapped before can
    /// be wrapped again. At most 65,536 in the life of an office.
    pub fn rotate_levels(&mut self, rng: &mut impl CryptoRng) {
        self.levels.push(level_keys(rng));
    }

    /// Number of the newest epoch of entries and of levels, from 0.
    pub const fn epochs(&self) -> (usize, usize) {
        (self.entries.len().saturating_sub(1), self.levels.len().saturating_sub(1))
    }

    /// What seals and opens the journal's entries.
    pub fn entry_sealer(&self) -> EntrySealer {
        EntrySealer::new(self.suite, self.entries.clone())
    }

    /// What wraps the keys of files at that level, 1 to 4; nothing for any other number.
    pub fn level_sealer(&self, level: u8) -> Option<Sealer> {
        let at = usize::from(level).checked_sub(1)?;
        let keys: Option<Vec<Key>> = self.levels.iter().map(|epoch| epoch.get(at).cloned()).collect();
        Some(Sealer::ring(self.suite, keys?))
    }

    /// What signs the journal's checkpoints.
    pub const fn signing(&self) -> &SigningKey {
        &self.signing
    }

    /// Form, suite, root, signing key, entry keys and level keys, each list with its number of epochs before it.
    pub(crate) fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let keys = 2 + self.entries.len() + LEVELS * self.levels.len();
        let mut bytes = Zeroizing::new(Vec::with_capacity(6 + 32 * keys));
        bytes.extend_from_slice(&[FORM, self.suite.byte()]);
        bytes.extend_from_slice(self.root.expose());
        bytes.extend_from_slice(&*self.signing.to_bytes());
        bytes.extend_from_slice(&epochs(self.entries.len()));
        bytes.extend(self.entries.iter().flat_map(Key::expose));
        bytes.extend_from_slice(&epochs(self.levels.len()));
        bytes.extend(self.levels.iter().flatten().flat_map(Key::expose));
        bytes
    }

    /// Reads what [`Self::to_bytes`] wrote.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, CryptoError> {
        let (head, rest) = bytes.split_first_chunk().ok_or(CryptoError::Damaged)?;
        let &[FORM, suite] = head else { return Err(CryptoError::Damaged) };
        let suite = Suite::from_byte(suite).ok_or(CryptoError::Damaged)?;
        let (root, rest) = rest.split_first_chunk().ok_or(CryptoError::Damaged)?;
        let (signing, rest) = rest.split_first_chunk().ok_or(CryptoError::Damaged)?;
        let (entries, rest) = epochs_of(rest)?;
        let (levels, rest) = epochs_of(rest)?;
        if !rest.is_empty() {
            return Err(CryptoError::Damaged);
        }
        let signing = SigningKey::from_bytes(suite, signing)?;
        let entries = entries.into_iter().map(|[key]| key).collect();
        Ok(Self { suite, root: Key(*root), entries, levels, signing })
    }
}

fn level_keys(rng: &mut impl CryptoRng) -> [Key; LEVELS] {
    [(); LEVELS].map(|()| Key::generate(rng))
}

/// A number of epochs, less one so that all of them fit into two bytes.
fn epochs(count: usize) -> [u8; 2] {
    // A keyring has at least one epoch; beyond 65,536 there would be no number for it. Ending here is better than
    // losing a key.
    let Some(newest) = count.checked_sub(1).and_then(|newest| u16::try_from(newest).ok()) else {
        std::process::abort()
    };
    newest.to_be_bytes()
}

/// Keys of all epochs, `EACH` of them in one, and what follows.
fn epochs_of<const EACH: usize>(bytes: &[u8]) -> Result<(Vec<[Key; EACH]>, &[u8]), CryptoError> {
    let (newest, mut rest) = bytes.split_first_chunk().ok_or(CryptoError::Damaged)?;
    let mut epochs = Vec::new();
    for _ in 0..=u16::from_be_bytes(*newest) {
        let mut keys = [(); EACH].map(|()| Key([0; 32]));
        for key in &mut keys {
            let (bytes, after) = rest.split_first_chunk().ok_or(CryptoError::Damaged)?;
            (key.0, rest) = (*bytes, after);
        }
        epochs.push(keys);
    }
    Ok((epochs, rest))
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keyring")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;

    const SUITES: [Suite; 2] = [Suite::International, Suite::Guomi];

    #[test]
    fn a_keyring_comes_back_from_its_bytes_and_from_nothing_else() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        for suite in SUITES {
            let mut keyring = Keyring::generate(suite, &mut rng);
            keyring.rotate_entries(&mut rng);
            keyring.rotate_entries(&mut rng);
            keyring.rotate_levels(&mut rng);
            assert_eq!(keyring.epochs(), (2, 1));
            let bytes = keyring.to_bytes();
            let again = Keyring::from_bytes(&bytes).unwrap();
            assert_eq!(*again.to_bytes(), *bytes);
            assert_eq!(again.derive("database").expose(), keyring.derive("database").expose());
            for length in 0..bytes.len() {
                assert!(Keyring::from_bytes(&bytes[..length]).is_err(), "{length}");
            }
            assert!(Keyring::from_bytes(&[&bytes[..], &[0]].concat()).is_err());
            assert_eq!(format!("{keyring:?}"), "Keyring");
        }
    }

    #[test]
    fn what_was_sealed_opens_after_rotations() {
        let mut rng = ChaCha20Rng::seed_from_u64(2);
        for suite in SUITES {
            let mut keyring = Keyring::generate(suite, &mut rng);
            let entry = keyring.entry_sealer().seal("log", 1, b"x", &mut rng);
            let wrapped = keyring.level_sealer(3).unwrap().seal(b"", b"key", &mut rng);
            let database = keyring.derive("database");
            keyring.rotate_entries(&mut rng);
            keyring.rotate_levels(&mut rng);
            assert_eq!(keyring.entry_sealer().open("log", 1, &entry).unwrap(), b"x");
            assert_eq!(keyring.level_sealer(3).unwrap().open(b"", &wrapped).unwrap(), b"key");
            assert!(keyring.level_sealer(2).unwrap().open(b"", &wrapped).is_err());
            assert_eq!(keyring.derive("database").expose(), database.expose());
            let later = keyring.entry_sealer().seal("log", 2, b"y", &mut rng);
            assert_ne!(entry[..4], later[..4], "the new entry names another epoch");
        }
    }

    #[test]
    fn there_are_four_levels() {
        let keyring = Keyring::generate(Suite::International, &mut ChaCha20Rng::seed_from_u64(3));
        for level in 0..=u8::MAX {
            assert_eq!(keyring.level_sealer(level).is_some(), (1..=4).contains(&level));
        }
    }

    /// One keyring's keys are all different, whatever they are for.
    #[test]
    fn no_key_serves_twice() {
        let mut rng = ChaCha20Rng::seed_from_u64(4);
        let mut keyring = Keyring::generate(Suite::Guomi, &mut rng);
        keyring.rotate_entries(&mut rng);
        keyring.rotate_levels(&mut rng);
        let keys = keyring.entries.iter().chain(keyring.levels.iter().flatten()).chain([&keyring.root]);
        let distinct: std::collections::HashSet<_> = keys.map(|key| *key.expose()).collect();
        assert_eq!(distinct.len(), 2 + 8 + 1);
    }
}
