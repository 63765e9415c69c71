//! Session tokens: 256 random bits, of which the server keeps only a digest.

use data_encoding::BASE64URL_NOPAD;
use rand::RngCore;
use sha2::{Digest, Sha256};

/// A new token, 43 characters of URL-safe base 64.
pub fn token(rng: &mut dyn RngCore) -> String {
    let mut bytes = [0; 32];
    rng.fill_bytes(&mut bytes);
    BASE64URL_NOPAD.encode(&bytes)
}

/// The digest under which a token is kept and looked up.
pub fn token_digest(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn tokens_differ_and_carry_256_bits() {
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(8);
        let (one, other) = (token(&mut rng), token(&mut rng));
        assert_ne!(one, other);
        assert_eq!(BASE64URL_NOPAD.decode(one.as_bytes()).unwrap().len(), 32);
        assert_ne!(token_digest(&one), token_digest(&other));
    }

    /// FIPS 180-4, the example "abc".
    #[test]
    fn the_digest_is_sha_256() {
        assert_eq!(
            data_encoding::HEXLOWER.encode(&token_digest("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
