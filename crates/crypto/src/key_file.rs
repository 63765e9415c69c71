//! Key files: the root key wrapped by a passphrase, or plain for a separate medium. Owns their text; where a file
//! lies and who may read it is the caller's.

use std::fmt;

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use argon2::{Algorithm, Argon2, Params, Version};
use data_encoding::BASE32_NOPAD;
use rand::CryptoRng;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::CryptoError;
use crate::key::RootKey;

/// How dear a guess at the passphrase is (Argon2id, RFC 9106).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PassphraseCost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

impl Default for PassphraseCost {
    /// 64 MiB, three passes, one lane.
    fn default() -> Self {
        Self { memory_kib: 64 * 1024, passes: 3, lanes: 1 }
    }
}

impl PassphraseCost {
    fn bytes(self) -> Vec<u8> {
        [self.memory_kib, self.passes, self.lanes].iter().flat_map(|number| number.to_be_bytes()).collect()
    }
}

/// A key file, as JSON text.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum KeyFile {
    /// Wrapped by a passphrase.
    Passphrase {
        /// Form of the file; 1.
        jingui_key: u8,
        /// How dear a guess is.
        cost: PassphraseCost,
        /// Salt, base 32.
        salt: String,
        /// Nonce and wrapped key, base 32.
        wrapped: String,
        /// First bytes of the SHA-256 over cost, salt and wrapped key, base 32: tells damage from a wrong passphrase.
        check: String,
    },
    /// In the clear, for a medium that is kept apart.
    Plain {
        /// Form of the file; 1.
        jingui_key: u8,
        /// The key, base 32.
        key: String,
        /// First bytes of its SHA-256, base 32: finds a mistyped character.
        check: String,
    },
}

impl fmt::Debug for KeyFile {
    /// The kind only: a plain file's fields are the root key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.needs_passphrase() { "KeyFile::Passphrase" } else { "KeyFile::Plain" })
    }
}

const AAD: &[u8] = b"jingui/1/root-key";

impl KeyFile {
    /// Wraps the root key by a passphrase.
    pub fn with_passphrase(
        root: &RootKey,
        passphrase: &str,
        cost: PassphraseCost,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, CryptoError> {
        let (mut salt, mut nonce) = ([0; 16], [0; 12]);
        rng.fill_bytes(&mut salt);
        rng.fill_bytes(&mut nonce);
        let cipher = cipher(passphrase, &salt, cost)?;
        let sealed = cipher
            .encrypt(Nonce::from_slice(&nonce), Payload { msg: &root.0, aad: AAD })
            .map_err(|_| CryptoError::Sealed)?;
        let wrapped = [&nonce[..], &sealed].concat();
        Ok(Self::Passphrase {
            jingui_key: 1,
            cost,
            salt: BASE32_NOPAD.encode(&salt),
            check: check(&[&cost.bytes(), &salt, &wrapped]),
            wrapped: BASE32_NOPAD.encode(&wrapped),
        })
    }

    /// The root key in the clear.
    pub fn plain(root: &RootKey) -> Self {
        Self::Plain { jingui_key: 1, key: BASE32_NOPAD.encode(&root.0), check: check(&[&root.0]) }
    }

    /// The file's text. Holds the root key itself when the file is plain.
    pub fn to_text(&self) -> String {
        // Strings and small numbers always serialize; ending here is better than writing an empty file in place of the
        // only key.
        let Ok(text) = serde_json::to_string_pretty(self) else { std::process::abort() };
        text
    }

    /// Reads a file's text.
    pub fn parse(text: &str) -> Result<Self, CryptoError> {
        serde_json::from_str(text).map_err(|_| CryptoError::NotAKeyFile)
    }

    /// Whether opening needs a passphrase.
    pub const fn needs_passphrase(&self) -> bool {
        matches!(self, Self::Passphrase { .. })
    }

    /// Opens the file. Says apart: not a key file, damaged or mistyped, no passphrase given, a wrong one. Damage that
    /// keeps the check digits right can't be told from a wrong passphrase.
    pub fn open(&self, passphrase: Option<&str>) -> Result<RootKey, CryptoError> {
        match self {
            Self::Plain { jingui_key: 1, key, check: digits } => {
                let bytes = Zeroizing::new(decode(key)?);
                if check(&[&bytes]) != *digits {
                    return Err(CryptoError::Damaged);
                }
                root(&bytes)
            }
            Self::Passphrase { jingui_key: 1, cost, salt, wrapped, check: digits } => {
                let (salt, wrapped) = (decode(salt)?, decode(wrapped)?);
                if check(&[&cost.bytes(), &salt, &wrapped]) != *digits || wrapped.len() < 12 {
                    return Err(CryptoError::Damaged);
                }
                let passphrase = passphrase.ok_or(CryptoError::NeedsPassphrase)?;
                let (nonce, sealed) = wrapped.split_at(12);
                let opened = cipher(passphrase, &salt, *cost)?
                    .decrypt(Nonce::from_slice(nonce), Payload { msg: sealed, aad: AAD })
                    .map_err(|_| CryptoError::WrongPassphrase)?;
                root(&Zeroizing::new(opened))
            }
            _ => Err(CryptoError::NotAKeyFile),
        }
    }
}

fn root(bytes: &[u8]) -> Result<RootKey, CryptoError> {
    bytes.try_into().map(RootKey).map_err(|_| CryptoError::Damaged)
}

fn decode(text: &str) -> Result<Vec<u8>, CryptoError> {
    BASE32_NOPAD.decode(text.as_bytes()).map_err(|_| CryptoError::Damaged)
}

fn check(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    BASE32_NOPAD.encode(hash.finalize().get(..5).unwrap_or_default())
}

fn cipher(passphrase: &str, salt: &[u8], cost: PassphraseCost) -> Result<Aes256Gcm, CryptoError> {
    // A file from elsewhere must not make this machine spend all its memory on a guess.
    if cost.memory_kib > 1024 * 1024 || cost.passes > 20 || cost.lanes > 8 {
        return Err(CryptoError::Cost);
    }
    let params =
        Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(32)).map_err(|_| CryptoError::Cost)?;
    let mut key = Zeroizing::new([0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase.as_bytes(), salt, key.as_mut())
        .map_err(|_| CryptoError::Damaged)?;
    Ok(Aes256Gcm::new((&*key).into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    const CHEAP: PassphraseCost = PassphraseCost { memory_kib: 64, passes: 1, lanes: 1 };

    #[test]
    fn opens_with_the_passphrase_and_tells_wrong_from_damaged() {
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1);
        let root = RootKey::generate(&mut rng);
        let file = KeyFile::with_passphrase(&root, "金匮石室", CHEAP, &mut rng).unwrap();
        let read = KeyFile::parse(&file.to_text()).unwrap();
        assert_eq!(read.open(Some("金匮石室")).unwrap().0, root.0);
        assert_eq!(read.open(Some("金匮石屋")).unwrap_err(), CryptoError::WrongPassphrase);
        assert_eq!(read.open(None).unwrap_err(), CryptoError::NeedsPassphrase);
        let KeyFile::Passphrase { salt, .. } = &file else { panic!() };
        let first = if salt.starts_with('A') { "B" } else { "A" };
        for damaged in [
            file.to_text().replace(salt.as_str(), &format!("{first}{}", &salt[1..])),
            file.to_text().replace(salt.as_str(), "1"),
            file.to_text().replace("\"memory_kib\": 64", "\"memory_kib\": 65"),
        ] {
            let read = KeyFile::parse(&damaged).unwrap();
            assert_eq!(read.open(Some("金匮石室")).unwrap_err(), CryptoError::Damaged, "{damaged}");
        }
        let later = file.to_text().replace("\"jingui_key\": 1", "\"jingui_key\": 2");
        assert_eq!(
            KeyFile::parse(&later).unwrap().open(Some("金匮石室")).unwrap_err(),
            CryptoError::NotAKeyFile
        );
    }

    /// RFC 9106, section 5.3, through the library that derives the wrapping key.
    #[test]
    fn published_vector_of_argon2id() {
        let params = argon2::ParamsBuilder::new()
            .m_cost(32)
            .t_cost(3)
            .p_cost(4)
            .data(argon2::AssociatedData::new(&[4; 12]).unwrap())
            .build()
            .unwrap();
        let argon = Argon2::new_with_secret(&[3; 8], Algorithm::Argon2id, Version::V0x13, params).unwrap();
        let mut tag = [0; 32];
        argon.hash_password_into(&[1; 32], &[2; 16], &mut tag).unwrap();
        assert_eq!(
            data_encoding::HEXLOWER.encode(&tag),
            "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659"
        );
    }

    /// Every office opens with a file of the default cost, so it is tried as it is.
    #[test]
    fn the_default_cost_is_stored_and_opens() {
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(4);
        let root = RootKey::generate(&mut rng);
        let file =
            KeyFile::with_passphrase(&root, "a passphrase", PassphraseCost::default(), &mut rng).unwrap();
        let text = file.to_text();
        assert!(text.contains("\"memory_kib\": 65536"), "{text}");
        assert_eq!(KeyFile::parse(&text).unwrap().open(Some("a passphrase")).unwrap().0, root.0);
    }

    #[test]
    fn a_cost_beyond_all_bounds_is_refused() {
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(5);
        let root = RootKey::generate(&mut rng);
        for cost in [
            PassphraseCost { memory_kib: 1024 * 1024 + 1, ..CHEAP },
            PassphraseCost { passes: 21, ..CHEAP },
            PassphraseCost { lanes: 9, ..CHEAP },
            PassphraseCost { memory_kib: 0, ..CHEAP },
        ] {
            assert_eq!(KeyFile::with_passphrase(&root, "x", cost, &mut rng).unwrap_err(), CryptoError::Cost);
        }
    }

    #[test]
    fn neither_debugging_nor_a_wrapped_file_shows_the_key() {
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(6);
        let root = RootKey::generate(&mut rng);
        let wrapped = KeyFile::with_passphrase(&root, "x", CHEAP, &mut rng).unwrap();
        assert_eq!(format!("{:?} {wrapped:?}", KeyFile::plain(&root)), "KeyFile::Plain KeyFile::Passphrase");
        assert!(!wrapped.to_text().contains(&BASE32_NOPAD.encode(&root.0)));
    }

    #[test]
    fn a_plain_file_finds_a_mistyped_character() {
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(2);
        let root = RootKey::generate(&mut rng);
        let file = KeyFile::plain(&root);
        assert_eq!(file.open(None).unwrap().0, root.0);
        let KeyFile::Plain { key, .. } = &file else { panic!() };
        let first = if key.starts_with('A') { "B" } else { "A" };
        assert!(file.to_text().contains(key.as_str()));
        let mistyped = file.to_text().replace(key.as_str(), &format!("{first}{}", &key[1..]));
        assert_eq!(KeyFile::parse(&mistyped).unwrap().open(None).unwrap_err(), CryptoError::Damaged);
        assert_eq!(KeyFile::parse("{}").unwrap_err(), CryptoError::NotAKeyFile);
    }
}
