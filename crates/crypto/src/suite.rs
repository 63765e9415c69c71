//! The two suites: which algorithms each of them is made of. The rest of the crate asks here, and never names a cipher
//! or a hash of its own for what an office seals.

use aes_gcm::aead::consts::U12;
use aes_gcm::aead::{AeadInOut, KeyInit};
use aes_gcm::{Aes256Gcm, AesGcm};
use hkdf::Hkdf;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sm3::Sm3;
use sm4::Sm4;

use crate::CryptoError;

/// The set of algorithms, chosen when an office is set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Suite {
    /// AES-256-GCM, SHA-256 and Ed25519.
    International,
    /// SM4-GCM (GB/T 32907, RFC 8998), SM3 (GB/T 32905) and SM2 (GB/T 32918).
    Guomi,
}

impl Suite {
    /// The byte that stands for it in sealed bytes.
    pub const fn byte(self) -> u8 {
        match self {
            Self::International => 1,
            Self::Guomi => 2,
        }
    }

    /// The suite of that byte.
    pub const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            1 => Some(Self::International),
            2 => Some(Self::Guomi),
            _ => None,
        }
    }

    /// HKDF (RFC 5869) over the suite's hash; the parts of `info` follow one another.
    pub(crate) fn hkdf(self, salt: Option<&[u8]>, key: &[u8], info: &[&[u8]], out: &mut [u8]) {
        let done = match self {
            Self::International => Hkdf::<Sha256>::new(salt, key).expand_multi_info(info, out).is_ok(),
            Self::Guomi => Hkdf::<Sm3>::new(salt, key).expand_multi_info(info, out).is_ok(),
        };
        // HKDF refuses only outputs beyond 255 hash lengths, and ours are one or two. Should a library ever refuse it
        // all the same, ending here is better than an office sealed under a key of zeros.
        if !done {
            std::process::abort();
        }
    }

    /// HKDF-Expand alone, for keys that are random already.
    pub(crate) fn expand(self, key: &[u8; 32], info: &[&[u8]], out: &mut [u8; 32]) {
        let done = match self {
            Self::International => {
                Hkdf::<Sha256>::from_prk(key).is_ok_and(|key| key.expand_multi_info(info, out).is_ok())
            }
            Self::Guomi => {
                Hkdf::<Sm3>::from_prk(key).is_ok_and(|key| key.expand_multi_info(info, out).is_ok())
            }
        };
        // As above: a key of one hash length and an output of one are never refused.
        if !done {
            std::process::abort();
        }
    }

    /// The suite's hash of the parts, one after another.
    pub(crate) fn digest(self, parts: &[&[u8]]) -> [u8; 32] {
        let mut digest = self.hash();
        for part in parts {
            digest.update(part);
        }
        digest.finish()
    }

    /// The suite's hash, running.
    pub(crate) fn hash(self) -> Hash {
        match self {
            Self::International => Hash::Sha256(Sha256::new()),
            Self::Guomi => Hash::Sm3(Sm3::new()),
        }
    }

    /// The suite's cipher under that key. SM4 has keys of 16 bytes and takes the first half.
    pub(crate) fn cipher(self, key: &[u8; 32]) -> Cipher {
        match self {
            Self::International => Cipher::Aes(Aes256Gcm::new(key.into())),
            Self::Guomi => {
                let (half, _) = key.split_first_chunk::<16>().unwrap_or((&[0; 16], &[]));
                Cipher::Sm4(AesGcm::new(half.into()))
            }
        }
    }
}

/// A running hash.
#[derive(Clone)]
pub(crate) enum Hash {
    Sha256(Sha256),
    Sm3(Sm3),
}

impl Hash {
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(hash) => hash.update(bytes),
            Self::Sm3(hash) => hash.update(bytes),
        }
    }

    pub(crate) fn finish(self) -> [u8; 32] {
        match self {
            Self::Sha256(hash) => hash.finalize().into(),
            Self::Sm3(hash) => hash.finalize().into(),
        }
    }
}

/// Bytes of a nonce and of a tag, the same in both suites.
pub(crate) const NONCE: usize = 12;
pub(crate) const TAG: usize = 16;

/// A cipher with its key set up; the key is wiped when it is dropped.
#[expect(
    clippy::large_enum_variant,
    reason = "an office has one suite; a box would cost a look-up for each message"
)]
pub(crate) enum Cipher {
    Aes(Aes256Gcm),
    Sm4(AesGcm<Sm4, U12>),
}

impl Cipher {
    /// Encrypts in place and answers the tag.
    pub(crate) fn seal(&self, nonce: &[u8; NONCE], aad: &[u8], body: &mut [u8]) -> [u8; TAG] {
        let tag = match self {
            Self::Aes(cipher) => cipher.encrypt_inout_detached(nonce.into(), aad, body.into()),
            Self::Sm4(cipher) => cipher.encrypt_inout_detached(nonce.into(), aad, body.into()),
        };
        // GCM refuses only a message or associated data of tens of gigabytes. Ending here is better than
        // something that nobody can ever open.
        let Ok(tag) = tag else { std::process::abort() };
        tag.into()
    }

    /// Decrypts in place what [`Self::seal`] made; refuses everything else.
    pub(crate) fn open(
        &self,
        nonce: &[u8; NONCE],
        aad: &[u8],
        body: &mut [u8],
        tag: &[u8; TAG],
    ) -> Result<(), CryptoError> {
        match self {
            Self::Aes(cipher) => cipher.decrypt_inout_detached(nonce.into(), aad, body.into(), tag.into()),
            Self::Sm4(cipher) => cipher.decrypt_inout_detached(nonce.into(), aad, body.into(), tag.into()),
        }
        .map_err(|_| CryptoError::Sealed)
    }
}

/// What something is bound to: a name for the kind, then each part with its length in eight bytes before it, so that no
/// two lists of parts are the same bytes.
pub(crate) fn bind(kind: &str, parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(kind.len() + parts.iter().map(|part| 8 + part.len()).sum::<usize>());
    bytes.extend_from_slice(kind.as_bytes());
    for part in parts {
        bytes.extend_from_slice(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        bytes.extend_from_slice(part);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::HEXLOWER;

    fn hex(text: &str) -> Vec<u8> {
        HEXLOWER.decode(text.as_bytes()).unwrap()
    }

    /// RFC 5869, appendix A.1 (with salt) and A.3 (without, as keys are derived here); then the same inputs over SM3,
    /// worked out apart from this crate with the cryptography library of another language.
    #[test]
    fn published_vectors_of_hkdf() {
        let (salt, info) = (hex("000102030405060708090a0b0c"), hex("f0f1f2f3f4f5f6f7f8f9"));
        for (suite, salt, info, expected) in [
            (
                Suite::International,
                Some(&salt[..]),
                &info[..],
                "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
            ),
            (
                Suite::International,
                None,
                &[],
                "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
            ),
            (
                Suite::Guomi,
                Some(&salt[..]),
                &info[..],
                "c69fe91b7aaee2dd5718d72dcaee0cce93f1b8e41f792da51261b6a517e68b36ed2c595572b01dfa359b",
            ),
            (
                Suite::Guomi,
                None,
                &[],
                "c8c91a38ae2fb3b023a7c38ce9f0748f28230d59b6b950ba3ba949bf0d713a5774815778801741cb2034",
            ),
        ] {
            let mut derived = [0; 42];
            suite.hkdf(salt, &[0x0b; 22], &[info], &mut derived);
            assert_eq!(HEXLOWER.encode(&derived), expected, "{suite:?}");
        }
    }

    /// The second half of HKDF alone gives what both give when the first is done apart: RFC 5869, A.1.
    #[test]
    fn expanding_is_the_second_half_of_hkdf() {
        let key = hex("077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5").try_into().unwrap();
        let mut out = [0; 32];
        Suite::International.expand(&key, &[&hex("f0f1f2f3f4"), &hex("f5f6f7f8f9")], &mut out);
        assert_eq!(HEXLOWER.encode(&out), "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf");
    }

    /// FIPS 180-4, "abc"; GB/T 32905-2016, appendix A, both examples.
    #[test]
    fn published_vectors_of_the_hashes() {
        for (suite, message, digest) in [
            (
                Suite::International,
                "abc".to_owned(),
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            ),
            (
                Suite::Guomi,
                "abc".to_owned(),
                "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0",
            ),
            (
                Suite::Guomi,
                "abcd".repeat(16),
                "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732",
            ),
        ] {
            assert_eq!(HEXLOWER.encode(&suite.digest(&[message.as_bytes()])), digest, "{suite:?}");
        }
    }

    /// GB/T 32907-2016, appendix A, example 1. The block alone isn't reached through a mode, so the library is asked.
    #[test]
    fn published_vector_of_sm4() {
        use aes_gcm::aes::cipher::BlockCipherEncrypt;
        let key = <[u8; 16]>::try_from(hex("0123456789abcdeffedcba9876543210")).unwrap();
        let mut block = key.into();
        Sm4::new(&key.into()).encrypt_block(&mut block);
        assert_eq!(HEXLOWER.encode(&block), "681edf34d206965e86b3e94f536e4246");
    }

    #[test]
    fn a_suite_is_written_by_name_and_by_byte() {
        assert_eq!(serde_json::to_string(&Suite::International).unwrap(), "\"international\"");
        assert_eq!(serde_json::to_string(&Suite::Guomi).unwrap(), "\"guomi\"");
        for suite in [Suite::International, Suite::Guomi] {
            assert_eq!(Suite::from_byte(suite.byte()), Some(suite));
        }
        assert_eq!(Suite::from_byte(0), None);
    }

    #[test]
    fn parts_that_are_cut_elsewhere_are_other_bytes() {
        assert_ne!(bind("k", &[b"ab", b"c"]), bind("k", &[b"a", b"bc"]));
    }
}
