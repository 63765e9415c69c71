//! Opens one disclosed entry: its key must be the one that its sealed bytes commit to.
//!
//! Form of a sealed entry (`docs/sealed-entry.md`): version 3, suite, epoch (2), nonce (12), commitment (32), ciphertext, tag (16).

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::aes::cipher::consts::U12;
use aes_gcm::{Aes256Gcm, AesGcm};
use hkdf::Hkdf;
use sha2_next::Sha256;
use sm3::Sm3;
use sm4::Sm4;

use crate::suite::Suite;

const HEAD: usize = 4;
const NONCE: usize = 12;
const COMMITMENT: usize = 32;
const INFO: &[u8] = b"jingui/entry-keys/1";

/// What the entry with that number of that log says; nothing when the key isn't the one it was sealed with, or it was
/// sealed for another place.
pub fn open(suite: Suite, opening: &[u8; 32], log: &str, seq: u64, sealed: &[u8]) -> Option<Vec<u8>> {
    let (before, ciphertext) = sealed.split_at_checked(HEAD + NONCE + COMMITMENT)?;
    let (head, rest) = before.split_at_checked(HEAD)?;
    let (nonce, commitment) = rest.split_first_chunk::<NONCE>()?;
    if !matches!(head, [3, byte, _, _] if *byte == suite.byte()) {
        return None;
    }
    let mut derived = [0; 64];
    match suite {
        Suite::International => Hkdf::<Sha256>::new(None, opening).expand(INFO, &mut derived).ok()?,
        Suite::Guomi => Hkdf::<Sm3>::new(None, opening).expand(INFO, &mut derived).ok()?,
    }
    let (key, committed) = derived.split_at(32);
    if committed != commitment {
        return None;
    }
    let length = u64::try_from(log.len()).ok()?.to_be_bytes();
    let bound = [before, &length, log.as_bytes(), &seq.to_be_bytes()].concat();
    let payload = Payload { msg: ciphertext, aad: &bound };
    match suite {
        Suite::International => Aes256Gcm::new_from_slice(key).ok()?.decrypt(nonce.into(), payload).ok(),
        Suite::Guomi => {
            AesGcm::<Sm4, U12>::new_from_slice(key.get(..16)?).ok()?.decrypt(nonce.into(), payload).ok()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::HEXLOWER;

    /// The vectors of `docs/sealed-entry.md`, worked out apart from this project's code.
    #[test]
    fn published_entries_open_with_their_key_and_in_their_place() {
        for (suite, opening, sealed) in [
            (
                Suite::International,
                "54292506179215234476ac0077bf8e7a401e5b00007f6595bae097bdbe205add",
                "03010000202122232425262728292a2bd11d612b669a8f2fe49d0809d5febb5aab0aa1c143b4c21a12f8d38049d1d2f9e46c6a5deda7f734a8896a61bb4a9f6602869c90a0f92b79fdc8c732",
            ),
            (
                Suite::Guomi,
                "8f6c5620442d3e116dafe74f315e707ac2b422a08ba2b94516e39280c63eb84c",
                "03020000202122232425262728292a2b2bc186d710076b41b772fe2392676a651c39c6e2e18423f733f16b13546e155c897445991e5f5e7143b4968a4321498d6f7480e9c02190aad8a21c25",
            ),
        ] {
            let log = "0123456789abcdef0123456789abcdef";
            let opening: [u8; 32] = HEXLOWER.decode(opening.as_bytes()).unwrap().try_into().unwrap();
            let sealed = HEXLOWER.decode(sealed.as_bytes()).unwrap();
            assert_eq!(open(suite, &opening, log, 7, &sealed).unwrap(), "第一笔账".as_bytes());
            assert_eq!(open(suite, &opening, log, 8, &sealed), None);
            assert_eq!(open(suite, &opening, "another", 7, &sealed), None);
            assert_eq!(open(suite, &[0; 32], log, 7, &sealed), None);
            for place in 0..sealed.len() {
                let mut altered = sealed.clone();
                altered[place] ^= 1;
                assert_eq!(open(suite, &opening, log, 7, &altered), None, "byte {place}");
                assert_eq!(open(suite, &opening, log, 7, &sealed[..place]), None);
            }
        }
    }
}
